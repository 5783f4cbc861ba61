"""The scratch book of a replay in PostgreSQL."""
