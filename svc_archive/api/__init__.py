"""What the archiver shows of itself."""
