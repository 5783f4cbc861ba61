"""What the entries of each log mean for users."""
