"""What the gateway decides: pacing, the fate of commands, what is not yet durable. Stdlib only."""
