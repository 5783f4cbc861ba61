"""Frequent reads, answered from copies that are proven current (docs/adr/0059)."""
