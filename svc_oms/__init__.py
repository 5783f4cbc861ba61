"""The order book of record: commands, venue reports, the log, and who may read it."""
