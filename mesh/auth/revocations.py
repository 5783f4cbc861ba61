"""Tokens that were revoked before they expired: their calls are refused, their streams end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol


class OfSession(Protocol):
    """What a token says of its origin."""

    @property
    def subject(self) -> str:
        """The user's id."""

    @property
    def session_id(self) -> str:
        """The session that the token belongs to; empty if it says none."""

    @property
    def user_version(self) -> int:
        """The version of the user's roles and accounts when it was issued."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """A list of what was revoked.

    Attributes:
        as_of_s: When svc_identity read it, seconds since 1970.
        sessions: Sessions that ended.
        users: Least version of a user's tokens that counts, by user id.
        prices: The rights to prices of users who changed lately, by user id: "SIMA=REAL_TIME".
    """

    as_of_s: int = 0
    sessions: frozenset[str] = frozenset()
    users: Mapping[str, int] = field(default_factory=dict)
    prices: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Revocations:
    """The newest list, and the streams that look at it."""

    def __init__(self) -> None:
        self._revoked = Revoked()
        self._calls: dict[Callable[[], None], None] = {}

    @property
    def prices(self) -> Mapping[str, frozenset[str]]:
        """The rights to prices of users who changed lately, by user id."""
        return self._revoked.prices

    def covers(self, token: OfSession) -> bool:
        """Return whether a token was revoked."""
        revoked = self._revoked
        return token.session_id in revoked.sessions or token.user_version < revoked.users.get(
            token.subject, 0
        )

    def put(self, revoked: Revoked) -> None:
        """Take a newer list; if it says anything new, make the calls that joined."""
        known, self._revoked = self._revoked, revoked
        if replace(known, as_of_s=revoked.as_of_s) != revoked:
            for call in tuple(self._calls):
                call()

    def join(self, call: Callable[[], None]) -> None:
        """Call this whenever something more was revoked."""
        self._calls[call] = None

    def leave(self, call: Callable[[], None]) -> None:
        """Do not call it any more."""
        self._calls.pop(call, None)
