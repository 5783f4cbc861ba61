"""The append-only logs in PostgreSQL: audit log, commit order, hash chains, the whole book."""
