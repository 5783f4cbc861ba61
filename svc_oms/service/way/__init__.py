"""The way of an order: what happened to it, who did it, and which controls were in force."""
