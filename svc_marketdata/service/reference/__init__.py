"""Use cases of reference data, and their place beside live listings."""
