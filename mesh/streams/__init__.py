"""The kit every long-lived stream is built of; docs/STREAMS.md tells the contract."""
