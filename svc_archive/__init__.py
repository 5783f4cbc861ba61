"""Writes the log in Kafka to the event archive: hash-chained Parquet files."""
