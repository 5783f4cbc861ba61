"""An older tree and this one, measured in turn."""
