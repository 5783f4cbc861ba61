"""Messages for destinations: what they carry, and what became of an attempt."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from svc_notify.domain.notification import Kind, Notification, Severity, Viewer
from svc_notify.domain.rules import QuietHours, Rule

SHOWN_MAX: Final = 100
"""Notifications that a message carries in full; further ones are counted."""


class Collected(NamedTuple):
    """Notifications of one look at a log that a rule passes on to a destination."""

    rule: Rule
    destination_id: str
    urgent: bool
    sequences: tuple[int, ...]
    """The first SHOWN_MAX."""
    counts: tuple[int, ...]
    """All of them, by kind: the first number is that of kind 1."""


class Destination(NamedTuple):
    """A destination as a channel needs it."""

    destination_id: str
    channel: int
    """ChannelKind of the contract."""
    name: str
    address: str
    secret: str


class Message(NamedTuple):
    """A message that a channel delivers.

    It has the same content in every attempt, but for what its user may not see any more.
    """

    message_id: str
    """Idempotency id for the receiver, a ULID."""
    destination: Destination
    rule_name: str
    created_ns: int
    notifications: tuple[Notification, ...]
    """The first SHOWN_MAX that are still kept, by sequence."""
    counts: Mapping[Kind, int]
    """All of them, by kind."""
    attempt: int
    """From 1."""
    quiet: QuietHours | None = None
    """In which it is not sent; None for a message with CRITICAL notifications."""

    @property
    def total(self) -> int:
        """Number of notifications."""
        return sum(self.counts.values())


class Delivered(NamedTuple):
    """The receiver has the message."""


class RetryAfter(NamedTuple):
    """The receiver does not have it, or it is not known: send it again."""

    cause: str
    after_s: float | None = None
    """Seconds that the receiver asked to wait; None if it asked for nothing."""


class Dead(NamedTuple):
    """The receiver will never take it: it becomes a dead letter."""

    cause: str


class Held(NamedTuple):
    """It is not sent in the quiet hours of its rule."""

    until_ns: int


Outcome = Delivered | RetryAfter | Dead | Held


def collect(
    rules: Iterable[Rule], viewers: Mapping[str, Viewer], notifications: Iterable[Notification]
) -> list[Collected]:
    """Return what the rules pass on to destinations.

    Args:
        rules: Rules with destinations.
        viewers: What the owners of these rules may see now, by user id.
        notifications: New notifications by sequence.
    """
    every = list(notifications)
    found: list[Collected] = []
    for rule in rules:
        viewer = viewers.get(rule.owner)
        passed = [one for one in every if rule.passes_to(viewer, one.draft)]
        for urgent in (True, False):
            some = [one for one in passed if (one.draft.severity is Severity.CRITICAL) is urgent]
            if some:
                sequences = tuple(one.sequence for one in some[:SHOWN_MAX])
                counts = [0] * len(Kind)
                for one in some:
                    counts[one.draft.kind - 1] += 1
                found += [
                    Collected(rule, to, urgent, sequences, tuple(counts))
                    for to in rule.destinations
                ]
    return found


def permitted(message: Message, owner: Viewer | None) -> Message:
    """Return a message as it may be sent now: without what the owner of its rule may not see.

    If something is left out, what was only counted is left out too: nothing says what it is about.

    Args:
        message: Of a user's rule.
        owner: The user as of now; None if there is no such user any more.
    """
    if owner is None:
        return message._replace(notifications=(), counts={})
    kept = tuple(one for one in message.notifications if owner.may_see(one.draft))
    if len(kept) == len(message.notifications):
        return message
    return message._replace(notifications=kept, counts=Counter(one.draft.kind for one in kept))


def by_kind(counts: Iterable[int]) -> dict[Kind, int]:
    """Return the numbers of notifications by kind, without those of which there are none."""
    return {Kind(number): count for number, count in enumerate(counts, 1) if count}
