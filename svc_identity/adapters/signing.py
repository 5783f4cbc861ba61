"""Signing keys in files, tokens signed with them, and the JWKS that verifies them."""

import datetime as dt
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from kernel.nanoseconds import NS_PER_S
from mesh.certificates.expiry import made_line
from mesh.settings import SettingsError
from svc_identity.domain.users import User
from svc_identity.service.ports import AccessToken

ALGORITHM: Final = "ES256"
KEY_FILES_MAX: Final = 8


class SigningKeyError(SettingsError):
    """A key file cannot be used; the text says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Claims that are equal in all tokens, and their lifetime."""

    issuer: str
    audience: str
    lifetime_s: int


class Es256Signer:
    """Signs with the first key; publishes all, so that keys can change without a gap."""

    def __init__(self, keys: list[ECKey], rules: TokenRules) -> None:
        if not keys:
            raise SigningKeyError("no signing key")
        self._keys = keys
        self._rules = rules
        self._header = {"alg": ALGORITHM, "typ": "JWT", "kid": keys[0].kid}
        self._jwks = json.dumps(
            {"keys": [_public(key) for key in keys]}, separators=(",", ":"), sort_keys=True
        )

    def sign(self, user: User, session_id: str, now_ns: int) -> AccessToken:
        """Sign a token of a session with a user's identity, roles and accounts."""
        now_s = now_ns // NS_PER_S
        expires_s = now_s + self._rules.lifetime_s
        claims = {
            "iss": self._rules.issuer,
            "aud": self._rules.audience,
            "sub": user.user_id,
            "iat": now_s,
            "nbf": now_s,
            "exp": expires_s,
            "sid": session_id,
            "ver": user.version,
            "jti": secrets.token_urlsafe(16),
            "name": user.display_name,
            "preferred_username": user.username,
            "roles": sorted(role.value for role in user.roles),
            "accounts": sorted(user.accounts),
            "prices": sorted(user.price_rights),
        }
        text = jwt.encode(self._header, claims, self._keys[0], algorithms=[ALGORITHM])
        return AccessToken(text, expires_s * NS_PER_S)

    def jwks_json(self) -> str:
        """Write the public keys as an RFC 7517 document."""
        return self._jwks

    def public_keys(self) -> KeySet:
        """Return the public keys."""
        return KeySet.import_key_set(json.loads(self._jwks))

    def key_ids(self) -> list[str]:
        """Return the ids of the keys, the one that signs first."""
        return [str(key.kid) for key in self._keys]


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.pem")) if path.is_dir() else [path]


def load_keys(path: Path) -> list[ECKey]:
    """Read the key of a file, or of every *.pem in a folder by name.

    Raises:
        SigningKeyError: A file is missing, readable by others, or not a P-256 private key.
    """
    files = _files(path)
    if not files:
        raise SigningKeyError(f"{path}: no *.pem in this folder")
    if len(files) > KEY_FILES_MAX:
        raise SigningKeyError(f"{path}: {len(files)} keys, at most {KEY_FILES_MAX}")
    return [_load_key(file) for file in files]


def write_new_key(path: Path) -> str:
    """Make a key in a new file only its owner can read; return its key id.

    Raises:
        SigningKeyError: The file is there already, or its folder is not.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SigningKeyError(f"{path} is there already; keys are never overwritten") from None
    except OSError as error:
        raise SigningKeyError(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(made_line(dt.datetime.now(dt.UTC)))
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return str(_load_key(path).kid)


def _load_key(path: Path) -> ECKey:
    try:
        status = path.stat()
        pem = path.read_bytes()
    except OSError as error:
        raise SigningKeyError(
            f"{path}: {error.strerror}; make one with "
            "`python -m svc_identity.admin new-signing-key PATH`"
        ) from error
    _check_mode(path, status)
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SigningKeyError(f"{path}: not an unencrypted PEM private key") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise SigningKeyError(f"{path}: not a P-256 key, which ES256 needs")
    key = ECKey.import_key(pem)
    # RFC 7638: the same key has the same id wherever it is loaded.
    return ECKey.import_key(pem, {"kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM})


def _check_mode(path: Path, status: os.stat_result) -> None:
    """Refuse what others can read.

    A group may read a file that is not ours: so Kubernetes mounts secrets for a process
    that is not root (root's file, the pod's fsGroup).
    """
    refused = 0o077 if status.st_uid == os.geteuid() else 0o037
    mode = stat.S_IMODE(status.st_mode)
    if mode & refused:
        raise SigningKeyError(f"{path}: mode {mode:04o} lets others in; do `chmod 600 {path}`")


def _public(key: ECKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False))
