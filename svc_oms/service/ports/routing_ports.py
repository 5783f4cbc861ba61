"""The port of routing: the records of decisions, and the venues that are out of it."""

from collections.abc import Sequence
from typing import Protocol

from svc_oms.service.ports.rows.records import Record
from svc_oms.service.ports.rows.routing_rows import RoutingDecisionRow, RoutingVenueRow


class RoutingStore(Protocol):
    """Reads what routing has stored."""

    async def decisions(
        self, order_id: str, after_number: int, limit: int
    ) -> list[RoutingDecisionRow]:
        """Read the records about a routed order, by number."""
        ...

    async def children(
        self, account_id: str, order_id: str, after_sequence: int, until_sequence: int
    ) -> list[bytes]:
        """Read children of a routed order as readers get them, oldest first.

        Args:
            account_id: Of the routed order.
            order_id: Of the routed order.
            after_sequence: The children were made after this sequence of the account,
            until_sequence: and up to this one.
        """
        ...

    async def venues(self) -> Sequence[RoutingVenueRow]:
        """Read the venues that are or were out of routing."""
        ...

    async def put_back(self, venue_mic: str, at_us: int, record: Record) -> bool:
        """Put a venue back, and record it with that; False if it is not out at this time."""
        ...
