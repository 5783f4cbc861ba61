"""Orders and positions as they stood at an instant, folded from the log."""
