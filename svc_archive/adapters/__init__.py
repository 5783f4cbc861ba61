"""What the archiver reads from."""
