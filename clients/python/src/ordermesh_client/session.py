"""A login: its tokens, how long they hold, and where they may be kept."""

import time
from dataclasses import dataclass
from typing import Protocol, Self

from ordermesh.identity.v1 import auth_service_pb2 as identity


@dataclass(frozen=True)
class Session:
    """A login. Times are seconds since 1970, UTC."""

    username: str
    accounts: tuple[str, ...]
    access_token: str
    access_expires_at: float
    refresh_token: str
    refresh_expires_at: float

    @classmethod
    def from_tokens(cls, user: identity.User, tokens: identity.TokenPair) -> Self:
        """Take what Login or Refresh answered."""
        return cls(
            username=user.username,
            accounts=tuple(user.accounts),
            access_token=tokens.access_token,
            access_expires_at=tokens.access_expires_at.seconds,
            refresh_token=tokens.refresh_token,
            refresh_expires_at=tokens.refresh_expires_at.seconds,
        )

    def fresh_for(self, seconds: float) -> bool:
        """Say whether the access token holds that long."""
        return time.time() + seconds < self.access_expires_at


class SessionStore(Protocol):
    """Keeps a login between runs of a program. Tokens are secrets: keep them private."""

    def load(self) -> Session | None:
        """Read the login; None when there is none."""

    def save(self, session: Session) -> None:
        """Keep a new login, or the new tokens of this one."""

    def forget(self) -> None:
        """Drop the login."""
