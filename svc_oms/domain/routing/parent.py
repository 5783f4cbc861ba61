"""A parent and its children: what is executed, and what may be live at a venue."""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import NO_QUANTITY, Price, Quantity
from svc_oms.domain.routing.quantities import above_zero, minus, plus, total


class ChildState(IntEnum):
    """What is known of a child. Everything but CLOSED may be live at its venue."""

    SENT = 1
    """Decided, without an answer of the venue: PENDING_NEW."""
    WORKING = 2
    REPLACE_PENDING = 3
    """A replace has no answer: the larger of both quantities counts as live."""
    UNKNOWN = 4
    """In doubt: it counts as live until the doubt ends."""
    CLOSED = 5
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
    """Grows with the decision that placed it; 0 if the parent has no schedule and keeps sums of its
    children, for then it does not matter."""
    placed_at_ns: int = 0
    """When it was placed, or a replace of it was requested the last time."""
    pending_quantity: Quantity | None = None
    """Of a replace without answer; the child may have it already."""
    cancel_pending: bool = False
    """A cancel has no answer, in whatever state: the child counts as live."""
    rejected: bool = False
    """Its venue rejected it. Not: expired, an IOC rest, or a resting child that the venue cancelled
    without being asked, as it does when it restarts; see `ended_early`."""
    refused_at_ns: int = 0
    """When its venue refused to cancel or replace it, if that was its last answer; or later."""
    ended_early: bool = False
    """REST: its venue closed it unasked, soon after it was placed and with nothing executed."""

    @property
    def is_live(self) -> bool:
        """It may be live at its venue."""
        return self.state is not ChildState.CLOSED

    @property
    def possibly_live(self) -> Quantity:
        """The most that may still be executed."""
        if self.state is ChildState.CLOSED:
            return NO_QUANTITY
        quantity = self.quantity
        if self.pending_quantity is not None and self.pending_quantity > quantity:
            quantity = self.pending_quantity
        return above_zero(minus(quantity, self.cum_quantity))

    @property
    def can_be_changed(self) -> bool:
        """A replace of ours would be taken: it works, and nothing is pending."""
        return self.state is ChildState.WORKING and not self.cancel_pending


class ParentState(NamedTuple):
    """The parent, and its children as the OMS has them; read from what is durable."""

    parent_id: str
    quantity: Quantity
    """In force now. A smaller quantity that was asked for is `pending_quantity` until granted."""
    children: tuple[Child, ...] = ()
    """In the order of placing, at least those that are not closed; see `compacted`."""
    closed_cum_quantity: Quantity = NO_QUANTITY
    """Executed by closed children that are not in `children`."""
    rejected_mics: frozenset[str] = frozenset()
    """Venues of rejected children that are not in `children`."""
    returned_mics: frozenset[str] = frozenset()
    """Venues of closed TAKE children that are not in `children`."""
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
    """Nothing new is placed, and what rests is cancelled."""
    market_volume: Quantity = NO_QUANTITY
    """Traded at the venues that the order may use since the schedule began; for POV."""
    early_ends: tuple[str, ...] = ()
    """Venues of children that ended early and are not in `children`, once for each in a row."""
    moves: int = 0
    """Moves of what rests for a better price, in a row."""
    moved_at_ns: int = 0
    """When it was moved the last time; 0: never."""

    @property
    def cum_quantity(self) -> Quantity:
        """Executed by all children."""
        return total((child.cum_quantity for child in self.children), self.closed_cum_quantity)

    @property
    def live_quantity(self) -> Quantity:
        """What may still be executed by children that were sent."""
        return total(child.possibly_live for child in self.children)

    @property
    def committed(self) -> Quantity:
        """Executed and possibly live: what invariant 11 bounds by `quantity`."""
        return plus(self.cum_quantity, self.live_quantity)

    def live(self, role: ChildRole) -> tuple[Child, ...]:
        """Return the children of a role that may be live, oldest first."""
        return tuple(child for child in self.children if child.role is role and child.is_live)

    @property
    def all_rejected_mics(self) -> frozenset[str]:
        """Venues that rejected a child of this parent; they get no other one."""
        return self.rejected_mics.union(child.mic for child in self.children if child.rejected)

    @property
    def all_returned_mics(self) -> frozenset[str]:
        """Venues whose IOC or FOK child has come back."""
        return self.returned_mics.union(
            child.mic
            for child in self.children
            if child.role is ChildRole.TAKE and not child.is_live
        )


def compacted(parent: ParentState, keep_from_ns: int) -> ParentState:
    """Leave out closed children that were placed before a time, and count them in the totals.

    Decisions are the same, and their records small. A parent with a schedule keeps the children
    of its present slice (`Schedule.slice_start_ns`), others need keep none.
    """
    left_out = [
        child
        for child in parent.children
        if not child.is_live and child.placed_at_ns < keep_from_ns
    ]
    if not left_out:
        return parent
    return parent._replace(
        children=tuple(
            child
            for child in parent.children
            if child.is_live or child.placed_at_ns >= keep_from_ns
        ),
        closed_cum_quantity=total(
            (child.cum_quantity for child in left_out), parent.closed_cum_quantity
        ),
        rejected_mics=parent.rejected_mics.union(c.mic for c in left_out if c.rejected),
        returned_mics=parent.returned_mics.union(
            c.mic for c in left_out if c.role is ChildRole.TAKE
        ),
        early_ends=_early_ends(parent.early_ends, left_out),
    )


def _early_ends(known: tuple[str, ...], ended: Iterable[Child]) -> tuple[str, ...]:
    """Add the early ends among children; one that rested, or was executed, begins anew."""
    for child in ended:
        if child.ended_early:
            known = (*known, child.mic)
        elif child.role is ChildRole.REST and child.mic in known:
            known = tuple(mic for mic in known if mic != child.mic)
    return known
