"""Feeds that are no FIX session: a port for any protocol, and an example (docs/FEEDS.md)."""
