"""Compares the copy of one account's log with the log in PostgreSQL, event by event.

Every fault is named by itself: after one, the next events are compared with what PostgreSQL has, so
that a changed event does not make all later hashes look wrong.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple

from kernel.hashchain import GENESIS, event_hash

NOTHING = "nothing"


class Difference(NamedTuple):
    """Something that PostgreSQL and the copy do not have alike."""

    kind: str
    """"event", "account", "order", "execution" or "position"."""
    key: str
    """Which one: ACCOUNT/SEQUENCE of an event, order_id, order_id/ExecID(17)/part, ..."""
    field: str
    in_postgresql: str
    in_copy: str
    """What the copy has, or what its events make."""

    def __str__(self) -> str:
        """Return it as a line of text."""
        return (
            f"{self.kind} {self.key}, {self.field}: PostgreSQL has {self.in_postgresql}, "
            f"the copy {self.in_copy}"
        )


class Copied(NamedTuple):
    """An event as the copy has it."""

    sequence: int
    value: bytes
    hash: bytes
    place: str
    """Where the copy has it, in words."""


class StoredEvent(NamedTuple):
    """What PostgreSQL has of an event."""

    hash: bytes
    digest: bytes
    """SHA-256 of its bytes: its hash may be another one, if somebody changed them."""


class CopiedLog:
    """One account's events in the order of the copy.

    Attributes:
        sequence: Of the last event that is part of the log.
        hash: Of the same event.
        began_after: Sequence of the last event that the copy does not have any more, because of
            its age; 0 if it begins with the first one.
    """

    def __init__(
        self, account_id: str, last_sequence: int, archived_to: int, *, aged: bool
    ) -> None:
        """Begin.

        Args:
            account_id: The account.
            last_sequence: Of the newest event in PostgreSQL.
            archived_to: Up to here PostgreSQL has archived and removed the events.
            aged: The copy may have lost its oldest events to their age.
        """
        self._account_id = account_id
        self._last_sequence = last_sequence
        self._archived_to = archived_to
        self._aged = aged
        self.sequence = 0
        self.hash = GENESIS
        self.began_after = 0

    def needed(self, sequences: Iterable[int]) -> set[int]:
        """Return which events of PostgreSQL are needed, for these to be added."""
        needed, last = set(), self.sequence
        for sequence in sequences:
            needed.add(sequence)
            if sequence > last + 1:
                needed.add(sequence - 1)
            last = max(last, sequence)
        return needed

    def add(
        self, event: Copied, stored: Mapping[int, StoredEvent]
    ) -> tuple[bool, list[Difference]]:
        """Add an event, in the order of the copy.

        Args:
            event: The event.
            stored: Events in PostgreSQL by sequence; at least those `needed`, as far as there are.

        Returns:
            Whether it is the next event of the log, and what is wrong with it.
        """
        if event.sequence <= self.sequence:
            again = f"again at {event.place}"
            return False, [self._difference(event.sequence, "occurrences", "one", again)]
        differences = self._gap(event.sequence)
        previous: bytes | None = self.hash
        if event.sequence != self.sequence + 1:
            before = stored.get(event.sequence - 1)
            previous = None if before is None else before.hash
        own = stored.get(event.sequence)
        if event.sequence > self._last_sequence:
            ends = f"{NOTHING}: its log ends with event {self._last_sequence}"
            there = f"an event, at {event.place}"
            differences.append(self._difference(event.sequence, "presence", ends, there))
        elif own is None and event.sequence > self._archived_to:
            there = f"an event, at {event.place}"
            differences.append(self._difference(event.sequence, "presence", NOTHING, there))
        differences += self._wrong_hash(event, previous, own)
        self.sequence = event.sequence
        self.hash = event.hash if own is None else own.hash
        return event.sequence <= self._last_sequence, differences

    def _gap(self, sequence: int) -> list[Difference]:
        first, last = self.sequence + 1, sequence - 1
        if first > last:
            return []
        if not self.sequence and self._aged:
            self.began_after = last
            return []
        return [self.missing(first, last)]

    def missing(self, first: int, last: int) -> Difference:
        """Return the difference that these events are not in the copy."""
        what = "an event" if first == last else f"{last - first + 1} events"
        key = f"{self._account_id}/{first}" + (f"-{last}" if last > first else "")
        return Difference("event", key, "presence", what, NOTHING)

    def _wrong_hash(
        self, event: Copied, previous: bytes | None, own: StoredEvent | None
    ) -> list[Difference]:
        made = event.hash if previous is None else event_hash(previous, event.value)
        if made == event.hash and (own is None or own.hash == made):
            return self._other_bytes(event, own)
        known = own.hash.hex() if own is not None else f"{NOTHING} of this event"
        there = f"{made.hex()} of its bytes and {event.hash.hex()} in its header, at {event.place}"
        return [self._difference(event.sequence, "hash", known, there)]

    def _other_bytes(self, event: Copied, own: StoredEvent | None) -> list[Difference]:
        """Return the difference that PostgreSQL has other bytes below the same hash."""
        digest = sha256(event.value).digest()
        if own is None or own.digest == digest:
            return []
        stored = f"bytes with the SHA-256 {own.digest.hex()}"
        there = f"{digest.hex()}, at {event.place}"
        return [self._difference(event.sequence, "bytes", stored, there)]

    def _difference(self, sequence: int, field: str, stored: str, copied: str) -> Difference:
        return Difference("event", f"{self._account_id}/{sequence}", field, stored, copied)
