"""What a client can request, already authorised and free of malformed fields."""

from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.model import Link, OrderTerms, OrderType, Routing, VenueHolds
from svc_oms.domain.numbers import Price, Quantity


class PlaceOrder(NamedTuple):
    """A new order."""

    idempotency_key: str
    account_id: str
    instrument_id: str
    """Empty if it is routed: isin and currency name the instrument."""
    side: Side
    type: OrderType
    terms: OrderTerms
    actor: str
    """Subject of the caller's token; becomes Order.placed_by."""
    regulatory: bytes = b""
    link: Link | None = None
    client_note: str = ""
    hold_for_approval: bool = False
    reduce_only: bool = False
    isin: str = ""
    currency: str = ""
    """Empty: the only one in which the instrument is listed."""
    routing: Routing | None = None


class ReplaceOrder(NamedTuple):
    """A change of an open order; it carries all terms."""

    idempotency_key: str
    order_id: str
    terms: OrderTerms
    actor: str
    expected_version: int = 0
    """Refuse unless the order has this version; 0 for any."""


class FoundExecution(NamedTuple):
    """An execution that a person found at the venue."""

    exec_id: str
    quantity: Quantity
    price: Price
    venue_time_ns: int = 0


class ResolveOrder(NamedTuple):
    """A person's statement of what the venue has of an order."""

    idempotency_key: str
    order_id: str
    holds: VenueHolds
    actor: str
    reason: str
    executions: tuple[FoundExecution, ...] = ()
    replaced: bool = False
    """The pending replace took effect."""
    venue_order_id: str = ""
    parked_id: int = 0
    """The parked message that it settles; 0: none."""
    actor_name: str = ""
    """Name of the actor at this time, kept with what they state."""
    statement_id: str = ""
    """Set where a second person, the actor, confirms an earlier statement."""


class CancelOrder(NamedTuple):
    """A cancel of an open order."""

    idempotency_key: str
    order_id: str
    actor: str


class PauseOrder(NamedTuple):
    """A pause of a TWAP or POV order, or its end."""

    idempotency_key: str
    order_id: str
    actor: str
    paused: bool


class ApproveOrder(NamedTuple):
    """A second person approves a held order."""

    idempotency_key: str
    order_id: str
    actor: str
    expected_version: int = 0
    """Refuse unless the order has this version; 0 for any."""


class DeclineOrder(NamedTuple):
    """A second person declines a held order."""

    idempotency_key: str
    order_id: str
    actor: str
    text: str = ""


class TriggerOrder(NamedTuple):
    """From the OMS itself: what a waiting order waits for may have happened."""

    account_id: str
    order_id: str
    price: Price | None = None
    """The price that reached the stop; None for an order that waits for the venue."""
    extreme_price: Price | None = None
    """For trailing stops: the best price seen."""
    idempotency_key: str = ""
    actor: str = "oms"


class MoveTrigger(NamedTuple):
    """From the OMS itself: store the present trigger of a trailing stop."""

    account_id: str
    order_id: str
    extreme_price: Price
    """The best price seen."""
    idempotency_key: str = ""
    actor: str = "oms"


class DoubtOrder(NamedTuple):
    """From the OMS itself: the venue has perhaps not answered a request in time."""

    account_id: str
    order_id: str
    age_s: float
    """How long the venue may take."""
    idempotency_key: str = ""
    actor: str = "oms"


class CheckReduceOnly(NamedTuple):
    """From the OMS itself: the position of some reduce-only orders may be gone."""

    account_id: str
    order_ids: tuple[str, ...]
    idempotency_key: str = ""
    actor: str = "oms"


class ExpireOrder(NamedTuple):
    """From the OMS itself: the time in force of a waiting order may have ended."""

    account_id: str
    order_id: str
    idempotency_key: str = ""
    actor: str = "oms"
