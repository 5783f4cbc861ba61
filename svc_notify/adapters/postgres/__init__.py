"""The schema `notify`, and what is read of the schemas of other services."""
