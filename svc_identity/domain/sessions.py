"""Sessions and their refresh tokens.

A session is a family of refresh tokens of which only the last is good. Each works once.
Whoever comes with one that was used has it from somebody, or somebody has it from them;
which of the two is honest is not known, so the whole family ends.
"""

import hashlib
import secrets
from dataclasses import dataclass
from enum import Enum

REFRESH_TOKEN_BYTES = 32
SESSIONS_PER_USER_MAX = 32  # a further login ends the oldest session


class EndCause(Enum):
    """Why a session ended."""

    LOGOUT = "LOGOUT"
    REUSE = "REUSE"
    USER_DISABLED = "USER_DISABLED"
    TOO_MANY = "TOO_MANY"


@dataclass(frozen=True, slots=True)
class Session:
    """One login."""

    session_id: str
    user_id: str
    created_at_ns: int
    expires_at_ns: int
    ended: EndCause | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as stored: its hash, never the token."""

    token_hash: bytes
    session_id: str
    expires_at_ns: int
    used: bool = False


class Verdict(Enum):
    """Whether a refresh token is valid."""

    GOOD = "GOOD"
    WORTHLESS = "WORTHLESS"
    REUSED = "REUSED"


def new_secret() -> str:
    """Make a refresh token: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(REFRESH_TOKEN_BYTES)


def hash_secret(secret: str) -> bytes:
    """Hash a refresh token for storing. It is random, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def judge(session: Session, token: RefreshToken, now_ns: int) -> Verdict:
    """Decide whether a refresh token of a session is valid."""
    if session.ended is not None or now_ns >= session.expires_at_ns:
        return Verdict.WORTHLESS
    if token.used:
        return Verdict.REUSED
    return Verdict.WORTHLESS if now_ns >= token.expires_at_ns else Verdict.GOOD
