"""Rows of routing: the records of decisions, and the venues that are out of it."""

from typing import NamedTuple


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
    read_after: int = 0
    """The next decision reads the children that are open or changed after this account sequence."""


class RoutingVenueRow(NamedTuple):
    """A venue that is out of routing, or was."""

    venue_mic: str
    out_until_us: int
    text: str
    """Why."""
    out_since_us: int
    rejects: int
    """How many took it out."""
    put_back_us: int = 0
    """When a person put it back the last time; 0: nobody did."""
