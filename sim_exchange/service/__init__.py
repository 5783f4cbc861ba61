"""Use cases of the venue: client orders, order flow, published market data."""
