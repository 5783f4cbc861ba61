"""A parent and its children: what is executed, and what may be live at a venue."""

from enum import IntEnum
from typing import NamedTuple

from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import NO_QUANTITY, Price, Quantity


class ChildState(IntEnum):
    """What is known of a child. Everything but CLOSED may be live at its venue."""

    SENT = 1
    """Decided, without an answer of the venue: PENDING_NEW."""
    WORKING = 2
    CANCEL_PENDING = 3
    """A cancel has no answer: the child counts as live."""
    REPLACE_PENDING = 4
    """A replace has no answer: the larger of both quantities counts as live."""
    UNKNOWN = 5
    """In doubt: it counts as live until the doubt ends."""
    CLOSED = 6
    """Filled, cancelled, expired or rejected: nothing is live."""


class ChildRole(IntEnum):
    """Why a child was placed."""

    TAKE = 1
    """An IOC or FOK child at what was displayed."""
    REST = 2
    """A child that rests in the book of its venue."""


class Child(NamedTuple):
    """One child order as the OMS has it."""

    child_id: str
    mic: str
    role: ChildRole
    state: ChildState
    quantity: Quantity
    cum_quantity: Quantity
    price: Price
    time_in_force: TimeInForce
    round: int
    """Number of the decision round that placed it (ParentState.round at that time plus one)."""
    pending_quantity: Quantity | None = None
    """Of a replace without answer; the child may have it already."""
    pending_price: Price | None = None
    """Of a replace without answer."""
    rejected: bool = False
    """It was closed by a reject of its venue."""
    placed_at_ns: int = 0


class ParentState(NamedTuple):
    """The parent, and its children as the OMS has them; read from what is durable."""

    parent_id: str
    quantity: Quantity
    """In force now. A smaller quantity that was asked for is `pending_quantity` until granted."""
    children: tuple[Child, ...] = ()
    """In the order of placing. Those that are closed may be left out if `closed_*` count them."""
    closed_cum_quantity: Quantity = NO_QUANTITY
    """Executed by closed children that are not in `children`."""
    closed_rejected_mics: frozenset[str] = frozenset()
    """Venues that rejected, and by LIST did not fill, a child that is not in `children`."""
    round: int = 0
    """The highest round of any child, left-out ones included."""
    rest_round: int = 0
    """The highest round of a resting child, left-out ones included."""
    pending_quantity: Quantity | None = None
    """A smaller quantity that the client asked for and that is not granted yet."""
    cancel_requested: bool = False
    """The client, a kill switch or a person wants the parent ended."""
    expired: bool = False
    """The parent's time in force is over."""
    paused: bool = False
    """TWAP and POV: nothing new is placed, and what rests is cancelled."""
