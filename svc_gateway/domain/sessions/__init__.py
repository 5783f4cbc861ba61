"""Decisions about a FIX session: its numbers, its store, its clock, reports not yet durable."""
