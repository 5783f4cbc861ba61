"""Checks an archive: manifest, files, entries, and what signed checkpoints say of them."""
