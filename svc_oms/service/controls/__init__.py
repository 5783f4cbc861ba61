"""Pre-trade controls at work: the protocols, limits in force, changes to them, their use."""
