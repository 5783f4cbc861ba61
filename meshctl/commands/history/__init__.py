"""Commands about prices of the past."""
