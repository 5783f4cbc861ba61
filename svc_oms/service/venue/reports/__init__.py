"""A venue's reports: decoded, matched with their orders, folded in batches, or parked."""
