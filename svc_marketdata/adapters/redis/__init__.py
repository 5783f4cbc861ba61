"""Last values in Redis, so that a restart has something to show."""
