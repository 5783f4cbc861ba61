"""What a control or a query can name: accounts, desks, traders, sessions, listings."""
