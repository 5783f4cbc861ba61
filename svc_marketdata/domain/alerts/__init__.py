"""Price alerts: what makes one fire, and which of many a price reaches."""
