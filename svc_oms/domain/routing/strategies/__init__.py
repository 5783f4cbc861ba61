"""How each strategy uses the venues: who can be used, what is taken, what rests and moves."""
