"""Redis: current orders for quick reading, and wake-ups between replicas. May be away."""
