"""What the relay needs of PostgreSQL and Kafka."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from svc_relay.domain.logs import Entry, Log, Position
from svc_relay.domain.state import State


class SourceError(Exception):
    """The logs cannot be read now; the text is the cause."""


class SinkError(Exception):
    """Kafka cannot be used now: everything begins again with `Sink.join`."""

    def __init__(self, state: State) -> None:
        super().__init__(state.text)
        self.state = state


class LogRefusedError(Exception):
    """Kafka does not take the entries of one log; the transaction was aborted."""

    def __init__(self, state: State) -> None:
        super().__init__(state.text)
        self.state = state


class OwnerLostError(Exception):
    """Another relay has the logs now."""


class Page(NamedTuple):
    """Committed entries after a place; lower numbers may be missing."""

    horizon: int
    """The oldest transaction that was open as they were read."""
    entries: list[Entry]


class Source(Protocol):
    """The logs in PostgreSQL. Every method may raise SourceError."""

    async def heads(self) -> dict[Log, int]:
        """Return the highest number that each log has given to a transaction."""

    async def page(self, log: Log, after: int) -> Page:
        """Read the next entries."""

    async def new_transaction_id(self) -> int:
        """Return an id above those of all transactions that have one."""

    async def has(self, log: Log, position: Position) -> bool:
        """Return whether a log has this entry, or had it until its time was over."""


class Sink(Protocol):
    """The logs in Kafka. Every method may raise SinkError."""

    async def join(self) -> bool:
        """Wait a moment for the ownership; return whether it is here."""

    async def take_over(self) -> Mapping[Log, Position]:
        """Shut out earlier owners, and return how far each log is."""

    async def keep(self) -> None:
        """Show that this owner lives. Raises OwnerLostError if another relay has the logs."""

    async def publish(self, log: Log, entries: Sequence[Entry], position: Position) -> None:
        """Write entries and position in one transaction.

        Raises:
            LogRefusedError: Kafka refuses these entries; the other logs can go on.
            OwnerLostError: Another relay has the logs now.
        """

    async def close(self) -> None:
        """Give everything up; `join` begins again."""
