"""The servicer and its mappings."""
