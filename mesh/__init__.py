"""Infrastructure shared by all services; independent of orders."""

VERSION = "0.1.0"
"""Of all that runs; a test compares it with pyproject.toml."""
