"""Pre-trade controls as pure functions: limits, windows, exposure and the checks themselves."""
