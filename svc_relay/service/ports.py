"""What the relay needs of Kafka."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from eventlog.logs import Entry, Log, Position
from svc_relay.domain.state import State


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
