"""Names that several processes of the mesh agree on."""

from typing import Final

SERVICE_DOMAIN: Final = ".ordermesh.internal"
"""A process has the DNS name of its service in this domain in its certificate."""
JWKS_PATH: Final = "/.well-known/jwks.json"
"""Where the public keys of tokens are: a JSON Web Key Set (RFC 7517) at a well-known path."""
HEALTH_PATH: Final = "/healthz"
"""Where a process says at its health port whether it serves: 200, or 503 with the reason."""
