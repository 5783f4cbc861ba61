"""Settings of svc_identity: one frozen value, read once."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from mesh.certificates.expiry import SIGNING_KEY_DAYS
from mesh.settings import MeshSettings


class IdentitySettings(MeshSettings):
    """Keys besides those of every process; environment prefix ``ORDERMESH_``."""

    service: ClassVar[str] = "svc-identity"

    bind: str = "127.0.0.1:50053"
    ops_bind: str = "127.0.0.1:9153"
    identity_keys_bind: str = "127.0.0.1:9159"
    """Address of the public keys of tokens over HTTPS with mutual TLS."""
    identity_signing_key: Path = Path("identity-signing-key.pem")
    """PEM file with a P-256 private key, or a folder of such files: the first by name signs,
    all are published."""
    identity_signing_key_days: int = Field(default=SIGNING_KEY_DAYS, ge=1, le=3_650)
    """Days after which a signing key is to be replaced: the log and a metric warn before."""
    identity_access_token_s: int = Field(default=600, ge=60, le=3_600)
    """Lifetime of an access token in seconds. A disabled user has access until it expires."""
    identity_refresh_token_s: int = Field(default=43_200, ge=60, le=2_592_000)
    """Lifetime of a refresh token in seconds: the longest time between two refreshes."""
    identity_session_s: int = Field(default=604_800, ge=60, le=7_776_000)
    """Lifetime of a session in seconds, however often it is refreshed."""
