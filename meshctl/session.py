"""The login on this machine: tokens in a private file, refreshed before they expire."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from meshctl.stack.home import Home, write_private
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
        """Make a login from the answer of Login or Refresh."""
        return cls(
            username=user.username,
            accounts=tuple(user.accounts),
            access_token=tokens.access_token,
            access_expires_at=tokens.access_expires_at.seconds,
            refresh_token=tokens.refresh_token,
            refresh_expires_at=tokens.refresh_expires_at.seconds,
        )

    def fresh_for(self, seconds: float) -> bool:
        """Return whether the access token stays valid that long."""
        return time.time() + seconds < self.access_expires_at


class SessionFile:
    """Keeps the login of the terminal between commands."""

    def __init__(self, home: Home) -> None:
        self._path: Path = home.root / "cli" / "session.json"

    def load(self) -> Session | None:
        """Read the login; None when there is none."""
        try:
            values = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        values["accounts"] = tuple(values["accounts"])
        return Session(**values)

    def save(self, session: Session) -> None:
        """Keep the login, readable by its owner only."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._path, json.dumps(asdict(session)))

    def forget(self) -> None:
        """Drop the login."""
        self._path.unlink(missing_ok=True)
