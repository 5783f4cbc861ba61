"""Price alerts in PostgreSQL."""
