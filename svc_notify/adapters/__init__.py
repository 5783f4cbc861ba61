"""PostgreSQL, and the channels to destinations."""
