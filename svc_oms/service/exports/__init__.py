"""Tables made of the log: RTS 24, execution quality, orders."""
