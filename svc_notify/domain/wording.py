"""Messages in words: the subject of an e-mail, and lines of text."""

from datetime import UTC, datetime
from typing import Final

from kernel.nanoseconds import NS_PER_S
from svc_notify.domain.notification import Kind, Notification
from svc_notify.domain.outbox import Message

SUBJECT_CHARACTERS_MAX: Final = 150
NAMES: Final[dict[Kind, tuple[str, str]]] = {
    Kind.FILL: ("fill", "fills"),
    Kind.ORDER_CLOSED: ("order closed", "orders closed"),
    Kind.REJECT: ("reject", "rejects"),
    Kind.UNKNOWN: ("order in doubt", "orders in doubt"),
    Kind.ANOMALY: ("anomaly", "anomalies"),
    Kind.REPORT_PARKED: ("report parked", "reports parked"),
    Kind.LIMIT_HIT: ("limit hit", "limits hit"),
    Kind.LIMIT_NEAR: ("limit near", "limits near"),
    Kind.KILL_SWITCH: ("kill switch", "kill switches"),
    Kind.SESSION_DOWN: ("session down", "sessions down"),
    Kind.SESSION_UP: ("session up", "sessions up"),
    Kind.PRICE_ALERT: ("price alert", "price alerts"),
    Kind.APPROVAL_WAITING: ("approval waiting", "approvals waiting"),
    Kind.RECONCILE_DIFFERENCE: ("difference", "differences"),
}
"""One and several of each kind."""


def subject(message: Message) -> str:
    """Return a line that says what a message is about, without control characters."""
    if message.total == 1 and message.notifications:
        text = message.notifications[0].draft.text
    else:
        text = f"{message.total} notifications: {summary(message)}"
    line = _one_line(text)
    if len(line) > SUBJECT_CHARACTERS_MAX:
        line = line[: SUBJECT_CHARACTERS_MAX - 1] + "…"
    return line


def summary(message: Message) -> str:
    """Return how many notifications of each kind a message has."""
    parts = []
    for kind, count in sorted(message.counts.items()):
        one, several = NAMES[kind]
        parts.append(f"{count} {one if count == 1 else several}")
    return ", ".join(parts)


def lines(message: Message, characters_max: int) -> list[str]:
    """Return a line for each notification, and one for those that have none.

    Args:
        message: What to put into words.
        characters_max: Of these lines together, with their ends; notifications that do not fit
            are counted in one line more.
    """
    found: list[str] = []
    left = characters_max
    for one in message.notifications:
        line = _line(one)
        left -= len(line) + 1
        if left < 0:
            break
        found.append(line)
    more = message.total - len(found)
    if more:
        found.append(f"and {more} more")
    return found


def _line(one: Notification) -> str:
    draft = one.draft
    return f"{utc(draft.occurred_ns)} {draft.severity.name} {_one_line(draft.text)}"


def utc(at_ns: int) -> str:
    """Return a time in UTC to the second, as in 2026-11-30 13:45:00Z."""
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y-%m-%d %H:%M:%S}Z"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
