"""Cancel on disconnect: orders of a client whose order flow is lost."""
