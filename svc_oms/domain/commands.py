"""What a client can ask for, already authorised and free of malformed fields."""

from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.model import Link, OrderTerms, OrderType, VenueHolds
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
    link: Link | None = None
    client_note: str = ""
    hold_for_approval: bool = False


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


class ApproveOrder(NamedTuple):
    """A second person's yes to a held order."""

    idempotency_key: str
    order_id: str
    actor: str
    expected_version: int = 0
    """Refuse unless the order has this version; 0 for any."""


class DeclineOrder(NamedTuple):
    """A second person's no to a held order."""

    idempotency_key: str
    order_id: str
    actor: str
    text: str = ""


class TriggerOrder(NamedTuple):
    """The OMS's own: what a waiting order waits for seems to have come."""

    account_id: str
    order_id: str
    price: Price | None = None
    """The price that reached the stop; None for an order that waits for the venue."""
    extreme_price: Price | None = None
    """For trailing stops: the best price seen."""
    idempotency_key: str = ""
    actor: str = "oms"


class MoveTrigger(NamedTuple):
    """The OMS's own: a trailing stop is to be kept as it stands."""

    account_id: str
    order_id: str
    extreme_price: Price
    """The best price seen."""
    idempotency_key: str = ""
    actor: str = "oms"


class ExpireOrder(NamedTuple):
    """The OMS's own: the time in force of a waiting order seems to have ended."""

    account_id: str
    order_id: str
    idempotency_key: str = ""
    actor: str = "oms"
