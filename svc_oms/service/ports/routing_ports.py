"""Ports of routing: the records of decisions, and the venues that are out of it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class RoutingDecisionRow(NamedTuple):
    """The record of one decision."""

    order_id: str
    """Of the routed order."""
    number: int
    account_id: str
    decided_at_us: int
    record: bytes
    record_hash: bytes
    """SHA-256 of the record; the event RoutingDecided has the same."""


class RoutingVenueRow(NamedTuple):
    """A venue that is out of routing, or was."""

    venue_mic: str
    out_until_us: int
    text: str
    """Why."""


class RoutingStore(Protocol):
    """Reads what routing has stored."""

    async def decisions(
        self, order_id: str, after_number: int, limit: int
    ) -> list[RoutingDecisionRow]:
        """Read the records about a routed order, by number."""
        ...

    async def members(self, account_id: str, order_id: str) -> list[bytes]:
        """Read a routed order and its children as readers get them, oldest first."""
        ...

    async def venues(self) -> Sequence[RoutingVenueRow]:
        """Read the venues that are or were out of routing."""
        ...
