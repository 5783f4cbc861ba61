"""The archiver on its ports."""
