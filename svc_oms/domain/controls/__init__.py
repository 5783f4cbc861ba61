"""Pre-trade controls as pure functions: limits, windows, exposure, positions, judgement."""
