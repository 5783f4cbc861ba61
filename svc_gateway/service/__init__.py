"""One session of each role at work, told to ports."""
