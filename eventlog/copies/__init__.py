"""Copies of the append-only logs, read from Kafka or from an archive; docs/EVENTS.md."""
