"""Limits, positions and what positions are folded from, in PostgreSQL."""
