"""Copies the append-only logs of the order book to Kafka: in commit order, each entry once."""
