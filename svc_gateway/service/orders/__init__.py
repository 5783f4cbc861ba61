"""One FIX order session: its owner, its life, people's actions, the mark of the order book."""
