"""What the logs are, and when an entry may be passed on. Standard library and kernel only."""
