"""The recovery of an order book whose database was restored to an earlier state."""
