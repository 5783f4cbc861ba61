"""The whole mesh on one machine: embedded real servers, services, two simulated venues."""
