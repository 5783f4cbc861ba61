"""What the venue and the gateway report or a person states, and which events follow."""
