"""Paths that one process serves and others are given (RFC 8615)."""

from typing import Final

JWKS_PATH: Final = "/.well-known/jwks.json"
"""The public keys of access tokens, as a JSON Web Key Set (RFC 7517)."""
