"""Tokens that no longer count although they have not expired."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

RIGHTS_LISTED_S: Final = 86_400
"""Seconds after a change of a user for which the present rights to prices are listed: a service
that keeps what a user asked for learns of them, also after it was away for some hours."""


@dataclass(frozen=True, slots=True)
class Revocations:
    """What was revoked within the life of an access token.

    Attributes:
        sessions: Sessions that ended: by logout, by reuse of a refresh token, or with their user.
        users: By user id the version of users whose roles, accounts or state changed: tokens of
            an earlier version do not count.
        prices: By user id the rights to prices that users have now, of those who changed within
            `RIGHTS_LISTED_S`; none for one that is disabled.
    """

    sessions: frozenset[str] = frozenset()
    users: Mapping[str, int] = field(default_factory=dict)
    prices: Mapping[str, frozenset[str]] = field(default_factory=dict)
