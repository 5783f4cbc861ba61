"""The servers of the local stack that are not ours: PostgreSQL, Redis, Envoy; and certificates."""
