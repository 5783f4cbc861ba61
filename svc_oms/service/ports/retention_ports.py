"""What retention needs of the outside: the database as its owner, and a folder for archives."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import NamedTuple, Protocol

from svc_oms.service.ports import FillReader, OpeningsRow


class Source(StrEnum):
    """What is archived, by the name of its files."""

    EVENTS = "order_events"
    ORDERS = "orders"
    EXECUTIONS = "executions"
    ROUTING = "routing_decisions"
    KEYS = "idempotency"
    AUDIT = "audit_log"
    PARKED = "parked_messages"


class LogEnd(NamedTuple):
    """The last entry of a key of a log that is older than the age."""

    key: str
    sequence: int
    hash: bytes


class Archived(NamedTuple):
    """A file of an archive."""

    file: str
    source: str
    rows: int
    sha256: bytes


class Opening(NamedTuple):
    """An order that stays although its first events go: as it was after the last of them."""

    order_id: str
    body: bytes
    fold: bytes


class Archive(Protocol):
    """Writes files that are there whole, and on the disk, when the call returns."""

    async def write(self, source: Source, lines: AsyncIterator[str]) -> Archived | None:
        """Write lines as a new file; None if there are none."""
        ...


class RetentionView(FillReader, Protocol):
    """One view of the database."""

    async def position_keys(self, account_id: str) -> list[tuple[str, str]]:
        """Return ISIN and currency of an account's positions."""
        ...

    async def last_sequence(self, account_id: str) -> int:
        """Return the sequence of an account's newest event."""
        ...


class RetentionStore(Protocol):
    """The database as the role that owns the tables."""

    async def month_before(self, days: int) -> str:
        """Return the first day of the newest month, UTC, that is at least these days ago."""
        ...

    async def event_ends(self, before: str) -> list[LogEnd]:
        """Return per account the last event recorded before a day.

        Raises:
            RuntimeError: An account has events in another order than they were recorded in.
        """
        ...

    async def audit_ends(self, days: int) -> list[LogEnd]:
        """Return per writer the last entry before the first that is younger than these days."""
        ...

    async def counts(self, before: str, ends: Sequence[LogEnd]) -> dict[Source, int]:
        """Count the events before a day, and the orders, executions and keys that may go."""
        ...

    async def audit_count(self, ends: Sequence[LogEnd]) -> int:
        """Count the entries of the audit log that may go."""
        ...

    async def announce(self, before: str) -> None:
        """Record that orders from before a day may be missing from now on."""
        ...

    def view(self) -> AbstractAsyncContextManager[RetentionView]:
        """Open one view of the database."""
        ...

    async def set_openings(self, account_id: str, openings: OpeningsRow) -> bool:
        """Replace an account's opening positions, while no batch of it is under way.

        Returns False if a bust or a correction came that the openings do not have.
        """
        ...

    def rows(self, source: Source, before: str, ends: Sequence[LogEnd] = ()) -> AsyncIterator[str]:
        """Read what is to be archived as JSON, a row a line."""
        ...

    async def remove_orders(self, account_id: str, after: str) -> tuple[int, str]:
        """Remove some closed orders with their executions; return how many, and the last id.

        The id is empty when there are no more after `after`.
        """
        ...

    async def remove_keys(self, account_id: str, after: str) -> tuple[int, str]:
        """Remove some idempotency keys whose event is archived; as `remove_orders`."""
        ...

    async def kept_orders(self, account_id: str, end: LogEnd) -> list[str]:
        """Return the orders that are here and have events up to an end."""
        ...

    def events_of(
        self, account_id: str, order_ids: Sequence[str], until: int
    ) -> AsyncIterator[tuple[bytes, bytes]]:
        """Read payload and hash of the orders' events after the base and up to a sequence."""
        ...

    async def base_orders(self, account_id: str) -> list[tuple[bytes, bytes]]:
        """Return body and fold of the opening orders of an account."""
        ...

    async def move_base(self, end: LogEnd, openings: Sequence[Opening]) -> None:
        """Let an account's log begin after an end, with these opening orders."""
        ...

    async def drop_events(self, before: str) -> list[str]:
        """Drop the partitions before a day in which every event is below its account's base."""
        ...

    async def remove_audit(self, end: LogEnd) -> int:
        """Remove some entries of a writer up to an end; return how many; 0: there are no more."""
        ...

    async def remove_parked(self, before: str) -> int:
        """Remove settled parked messages that were settled before a day."""
        ...

    async def record(self, archived: Archived) -> None:
        """Record a file of the archive in the database."""
        ...

    async def archives(self) -> dict[str, bytes]:
        """Return the SHA-256 of every file that was recorded."""
        ...

    async def bases(self, log: str) -> list[LogEnd]:
        """Return the last entry of each key that was removed from a log."""
        ...
