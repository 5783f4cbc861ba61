"""Use cases on their ports."""
