"""The relay on its ports."""
