"""Positions: the fold of executions, orders that may only reduce one, and how one is closed."""
