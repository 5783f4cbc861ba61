"""One session of each role, built on ports."""
