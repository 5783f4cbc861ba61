"""Parts of every long-lived stream; docs/STREAMS.md describes the contract."""
