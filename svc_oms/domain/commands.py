"""What a client can ask for, already authorised and free of malformed fields."""

from typing import NamedTuple

from svc_oms.domain.model import OrderTerms, OrderType, Side, VenueHolds
from svc_oms.domain.numbers import Price, Quantity


class PlaceOrder(NamedTuple):
    """A new order."""

    idempotency_key: str
    account_id: str
    instrument_id: str
    side: Side
    type: OrderType
    terms: OrderTerms
    actor: str
    """Subject of the caller's token; becomes Order.placed_by."""
    regulatory: bytes = b""
    link: bytes = b""
    client_note: str = ""


class ReplaceOrder(NamedTuple):
    """A change of an open order: all terms as they should be."""

    idempotency_key: str
    order_id: str
    terms: OrderTerms
    actor: str
    expected_version: int = 0
    """Refuse unless the order has this version; 0 for any."""


class FoundExecution(NamedTuple):
    """An execution a person found at the venue."""

    exec_id: str
    quantity: Quantity
    price: Price
    venue_time_ns: int = 0


class ResolveOrder(NamedTuple):
    """What a person found out of an order in UNKNOWN."""

    idempotency_key: str
    order_id: str
    holds: VenueHolds
    actor: str
    reason: str
    executions: tuple[FoundExecution, ...] = ()
    replaced: bool = False
    """The replace in doubt took effect."""
    venue_order_id: str = ""


class CancelOrder(NamedTuple):
    """A cancel of an open order."""

    idempotency_key: str
    order_id: str
    actor: str
