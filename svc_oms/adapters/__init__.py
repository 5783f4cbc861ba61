"""The outside of the order book: Postgres, Redis, and the services it asks."""
