"""Pre-trade controls at work: the gate, the follower, and the office that changes them."""
