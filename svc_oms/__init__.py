"""The order book of record: commands, venue reports, the log and its readers."""
