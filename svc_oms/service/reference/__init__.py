"""What orders are checked against: listings, reference prices, venues and their sessions."""
