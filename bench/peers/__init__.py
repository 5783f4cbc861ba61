"""Programs that a team would build instead, measured in the same run."""
