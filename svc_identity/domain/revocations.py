"""Tokens that no longer count although they have not expired."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Revocations:
    """What was revoked within the life of an access token.

    Attributes:
        sessions: Sessions that ended: by logout, by reuse of a refresh token, or with their user.
        users: By user id the version of users whose roles, accounts or state changed: tokens of
            an earlier version do not count.
    """

    sessions: frozenset[str] = frozenset()
    users: Mapping[str, int] = field(default_factory=dict)
