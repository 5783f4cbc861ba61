"""A login: its tokens, how long they hold, and where they may be kept."""

import base64
import binascii
import json
import time
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

from ordermesh.identity.v1 import auth_service_pb2 as identity

# An access token is renewed when less than this, or a fifth of its life, is left.
REFRESH_BEFORE_S: Final = 60.0
REFRESH_BEFORE_PART: Final = 0.2


@dataclass(frozen=True)
class Session:
    """A login. Times are seconds since 1970, by the clock of this machine.

    Attributes:
        access_life_s: How long the access token holds, from its receipt; 0 if that is not known.
    """

    username: str
    accounts: tuple[str, ...]
    access_token: str
    access_expires_at: float
    refresh_token: str
    refresh_expires_at: float
    access_life_s: float = 0.0

    @classmethod
    def from_tokens(cls, user: identity.User, tokens: identity.TokenPair) -> Self:
        """Take what Login or Refresh answered.

        The life of the token counts, not the time of its end: the clocks of this machine and of
        the mesh need not agree.
        """
        life_s = _life_s(tokens.access_token)
        ends_at = time.time() + life_s if life_s else tokens.access_expires_at.seconds
        return cls(
            username=user.username,
            accounts=tuple(user.accounts),
            access_token=tokens.access_token,
            access_expires_at=ends_at,
            refresh_token=tokens.refresh_token,
            refresh_expires_at=tokens.refresh_expires_at.seconds,
            access_life_s=life_s,
        )

    def holds(self) -> bool:
        """Say whether the access token has not ended."""
        return time.time() < self.access_expires_at

    def fresh(self) -> bool:
        """Say whether the access token is not about to end."""
        before_s = REFRESH_BEFORE_S
        if self.access_life_s:
            before_s = min(before_s, self.access_life_s * REFRESH_BEFORE_PART)
        return time.time() + before_s < self.access_expires_at


def _life_s(access_token: str) -> float:
    """Seconds from a JWT's issue to its end; 0 if the token does not say."""
    try:
        payload = access_token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return max(0.0, float(claims["exp"]) - float(claims["iat"]))
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return 0.0


class SessionStore(Protocol):
    """Keeps a login between runs of a program. Tokens are secrets: keep them private."""

    def load(self) -> Session | None:
        """Read the login; None when there is none."""

    def save(self, session: Session) -> None:
        """Keep a new login, or the new tokens of this one."""

    def forget(self) -> None:
        """Drop the login."""
