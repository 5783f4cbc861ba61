"""Orders and their events in PostgreSQL: store, statements, pages, the batched transaction."""
