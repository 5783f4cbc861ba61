"""Users, sessions and failures in PostgreSQL, schema `identity`."""
