"""Outside parts this service talks to."""
