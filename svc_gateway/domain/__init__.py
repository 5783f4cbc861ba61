"""The gateway's decisions: pacing, the fate of commands, what is not yet durable. Stdlib only."""
