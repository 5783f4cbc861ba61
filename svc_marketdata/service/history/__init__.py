"""Use cases of the price history: record, read, replay."""
