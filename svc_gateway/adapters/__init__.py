"""The outside of the gateway: QuickFIX and the links to our own services."""
