"""`ordermesh notifications`, `rules`, `destinations` and `dead-letters`."""
