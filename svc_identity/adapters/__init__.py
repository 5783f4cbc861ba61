"""Postgres, argon2 and the signing keys."""
