"""Users, sessions and throttling as pure values and functions."""
