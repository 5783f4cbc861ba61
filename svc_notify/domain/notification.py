"""Notifications, and who may see them."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

TEXT_CHARACTERS_MAX: Final = 500


class Kind(IntEnum):
    """What a notification is about; the numbers are those of the contract."""

    FILL = 1
    ORDER_CLOSED = 2
    REJECT = 3
    UNKNOWN = 4
    ANOMALY = 5
    REPORT_PARKED = 6
    LIMIT_HIT = 7
    LIMIT_NEAR = 8
    KILL_SWITCH = 9
    SESSION_DOWN = 10
    SESSION_UP = 11
    PRICE_ALERT = 12
    APPROVAL_WAITING = 13
    RECONCILE_DIFFERENCE = 14


KINDS: Final[frozenset[int]] = frozenset(Kind)
"""The kinds that a rule may name."""


class Severity(IntEnum):
    """How urgent it is; the numbers are those of the contract."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class Audience(IntEnum):
    """Who may see a notification."""

    ACCOUNT = 1
    """Who may see its account at that moment."""
    USER = 2
    """One user."""
    EVERYONE = 3
    OVERSIGHT = 4
    """RISK, AUDITOR and OPERATOR."""


class Draft(NamedTuple):
    """A notification before it is stored."""

    kind: Kind
    severity: Severity
    audience: Audience
    occurred_ns: int
    """When the event happened, UTC nanoseconds."""
    text: str
    account_id: str = ""
    user_id: str = ""
    order_id: str = ""
    instrument_id: str = ""
    venue_mic: str = ""
    session_id: str = ""
    object_id: str = ""
    amount: str = ""
    """Price times quantity of executions, a decimal."""
    once: str = ""
    """If set: it is made unless this key is noted, and notes it."""
    ends: str = ""
    """If set: it is made only if this key is noted, and ends the note."""
    silent: bool = False
    """It only notes its key, and is no notification."""


def due(drafts: Iterable[Draft], noted: set[str]) -> list[Draft]:
    """Return the drafts that are made, and bring the notes up to date.

    Args:
        drafts: In the order of their events.
        noted: Keys that are noted of those that the drafts name; changed.
    """
    made = []
    for draft in drafts:
        if draft.once in noted or (draft.ends and draft.ends not in noted):
            continue
        noted.discard(draft.ends)
        if draft.once:
            noted.add(draft.once)
        if not draft.silent:
            made.append(draft)
    return made


class Notification(NamedTuple):
    """A stored notification."""

    sequence: int
    """Rises by one with each notification of the mesh."""
    notification_id: str
    created_ns: int
    draft: Draft


class Viewer(NamedTuple):
    """A user, and what the user may see now."""

    user_id: str
    accounts: frozenset[str]
    sees_all: bool
    """Sees every account: RISK and AUDITOR."""
    oversees: bool
    """Sees what is about no account and not for everyone: RISK, AUDITOR and OPERATOR."""

    def may_see(self, draft: Draft) -> bool:
        """Return whether this user may see a notification now."""
        match draft.audience:
            case Audience.ACCOUNT:
                return self.sees_all or draft.account_id in self.accounts
            case Audience.USER:
                return draft.user_id == self.user_id
            case Audience.EVERYONE:
                return True
            case Audience.OVERSIGHT:
                return self.oversees


def viewer(user_id: str, roles: frozenset[str], accounts: frozenset[str]) -> Viewer:
    """Return what a user with these roles and accounts may see."""
    sees_all = not roles.isdisjoint(("AUDITOR", "RISK"))
    return Viewer(user_id, accounts, sees_all, sees_all or "OPERATOR" in roles)


def shortened(text: str) -> str:
    """Return a text of at most TEXT_CHARACTERS_MAX characters that PostgreSQL can store."""
    text = text.replace("\x00", "�")
    if len(text) <= TEXT_CHARACTERS_MAX:
        return text
    return text[: TEXT_CHARACTERS_MAX - 1] + "…"
