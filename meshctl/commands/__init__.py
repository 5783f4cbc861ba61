"""Commands that trade and look, one module per subject."""
