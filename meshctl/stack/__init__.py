"""The whole mesh on one machine: embedded real parts, services, two simulated venues."""
