"""Kill switches in PostgreSQL."""
