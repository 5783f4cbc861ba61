"""Values that every package may use, domains included: standard library only."""
