"""The port of a copied log: its entries in order, wherever they are read from."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple, Protocol

PAGE_ENTRIES: Final = 2_000
"""Entries of a page at most: a reader's memory does not depend on the length of the log."""


class SourceError(Exception):
    """A source cannot be read, or not to its end. The text names the source and the cause."""


class CopiedEntry(NamedTuple):
    """One entry of a log, as docs/EVENTS.md describes the record of it."""

    topic: str
    """Without the prefix: "orders"."""
    partition: int
    offset: int
    key: str
    """Whose entry it is; of "orders" the account."""
    sequence: int
    """The key's own number, from 1 without a gap."""
    log_number: int
    """Rises in commit order within a topic; some numbers are missing."""
    schema: str
    schema_version: int
    hash: bytes
    """32 bytes, as the copy says: whether it is right is for the reader to check."""
    recorded_at_us: int
    """When the entry was copied, in microseconds since 1970. When it happened is in the value."""
    value: bytes
    """The entry exactly as its hash covers it."""

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"{self.topic}/{self.partition} offset {self.offset}"


class EventSource(Protocol):
    """A copy of the logs, up to an end that was fixed when it was opened."""

    @property
    def name(self) -> str:
        """What is read, for people: "Kafka 10.0.0.1:9092" or "archive /var/archive"."""
        ...

    def pages(self, topic: str) -> AsyncIterator[list[CopiedEntry]]:
        """Read the entries of a topic, a page at a time.

        Entries of a partition come in the order of their offsets, so those of a key in the order
        of the copy. Partitions come in any order, also mixed.

        Raises:
            SourceError: The source cannot be read to its end.
        """
        ...

    async def removed(self, topic: str) -> frozenset[int]:
        """Return the partitions whose oldest entries are gone because of their age.

        A key may then begin with a later entry than its first, and this is no fault of the copy.
        """
        ...

    async def close(self) -> None:
        """Give the source up."""
        ...
