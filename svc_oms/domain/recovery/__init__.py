"""Requests without an answer, and an order book that was restored to an earlier state."""
