"""Price alerts: prices watched, what happens recorded once, users informed."""
