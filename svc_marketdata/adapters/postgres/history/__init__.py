"""The price history on PostgreSQL."""
