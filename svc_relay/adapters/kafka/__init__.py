"""Owns the log in Kafka, and writes it."""
