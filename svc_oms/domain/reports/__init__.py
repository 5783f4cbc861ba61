"""What the venue and the gateway report, and which events follow for an order."""
