"""Checks of a stored log: the invariants, and the positions that follow from it."""
