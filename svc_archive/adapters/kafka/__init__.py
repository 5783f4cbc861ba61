"""The topics of the log."""
