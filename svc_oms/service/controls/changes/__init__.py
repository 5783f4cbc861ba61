"""Changes of the controls: limits, overrides, versions, and what waits for a second person."""
