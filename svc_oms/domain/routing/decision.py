"""What a decision takes in, and what comes out of it: plain values that go into the record."""

from enum import IntEnum
from typing import NamedTuple

from kernel.nanoseconds import NS_PER_MS, NS_PER_S
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.routing.fees import FeeSchedule
from svc_oms.domain.routing.parent import ChildRole, ParentState
from svc_oms.domain.routing.request import RoutingRequest
from svc_oms.domain.routing.view import ConsolidatedView


class Cause(IntEnum):
    """What makes a parent be decided about, again and again until it ends."""

    PLACED = 1
    """The parent was accepted."""
    CHILD = 2
    """A child was executed, closed, rejected, replaced, or its doubt ended."""
    BOOK = 3
    """The book of a venue changed in a way that a wake-up of the last decision names."""
    VENUE = 4
    """The state of a venue changed: halted, stale, session down or up, taken out or back."""
    TIMER = 5
    """The time that a wake-up of the last decision names has come."""
    AMENDED = 6
    """The client changed quantity, limit price or expiry of the parent."""
    CANCEL = 7
    """The parent is to end."""
    RESUMED = 8
    """A replica looks at the parent anew: it took it over, had no prices before, looks again at one
    that ends at once, or a person paused or resumed it."""


class RoutingLimits(NamedTuple):
    """Named bounds of routing, the same for every parent of a firm."""

    rounds_max: int = 8
    """Rounds of IOC children in a row, until the rest rests or ends."""
    levels_max: int = 10
    """Price levels of a venue that are looked at."""
    children_per_round_max: int = 16
    """Venues that one round uses."""
    book_age_ns_max: int = 5 * NS_PER_S
    """An older book is no liquidity."""
    move_margin_bps: int = 2
    """A rest moves to another venue if its net price there is better by this share of the price,
    in 1/100 of a percent; 0: if it is better at all."""
    rest_time_ns_min: int = 500 * NS_PER_MS
    """A rest is not moved for a better price before it has rested this long."""
    take_margin_bps: int = 0
    """A rest gives way to what another venue displays if that is better than the rest's price by
    this share of it, in 1/100 of a percent; 0: also at the same price."""
    rests_max: int = 4
    """Resting children of a parent at a time; then the newest one is replaced instead."""
    retry_ns_min: int = NS_PER_S
    """A child whose cancel or replace was refused is not changed again before this time."""
    move_interval_ns_max: int = 60 * NS_PER_S
    """Each move of what rests for a better price has to wait twice as long after the one before as
    that had to, from `rest_time_ns_min` up to this."""
    moves_forgotten_ns: int = 300 * NS_PER_S
    """After this time without a move, the next one counts as the first."""
    early_ends_max: int = 3
    """Resting children in a row that a venue may end early; then it gets no more of this parent."""


class Inputs(NamedTuple):
    """All that a decision depends on."""

    request: RoutingRequest
    view: ConsolidatedView
    fees: tuple[FeeSchedule, ...]
    """One for each venue that may be used."""
    parent: ParentState
    limits: RoutingLimits
    cause: Cause
    now_ns: int
    prices_awaited: bool = False
    """Who decides has lost all prices a moment ago: nothing ends now for want of them."""
    held: str = ""
    """Why controls let nothing more go to any venue; what rests stays. Empty: they do not."""


class ActionKind(IntEnum):
    """What is to be done."""

    PLACE = 1
    """Place a child: `mic`, `role`, `quantity`, `price`, `time_in_force`. A limit order always."""
    CANCEL = 2
    """Cancel the child `child_id`."""
    REPLACE = 3
    """Replace the child `child_id`: `quantity` (its new total) and `price`."""
    GRANT_AMEND = 4
    """Give the parent its pending `quantity`: no child can exceed it any more."""
    REFUSE_AMEND = 5
    """Refuse the pending quantity: more than it is executed already."""
    END = 6
    """End the parent as `end` says. Nothing of it is live; `quantity` remains unexecuted."""


class EndReason(IntEnum):
    """Why a parent ends."""

    FILLED = 1
    CANCELED = 2
    EXPIRED = 3
    """DAY, GTD: the time in force is over."""
    IMMEDIATE = 4
    """IOC, FOK and market parents: what cannot be had at once ends."""
    REJECTED = 5
    """Every venue that could be used has rejected a child, or ended too many early."""


class Action(NamedTuple):
    """One thing to do. Fields that the kind does not name are None or empty."""

    kind: ActionKind
    mic: str = ""
    child_id: str = ""
    role: ChildRole | None = None
    quantity: Quantity | None = None
    price: Price | None = None
    time_in_force: TimeInForce | None = None
    end: EndReason | None = None
    why: str = ""
    """A short sentence."""


class Verdict(IntEnum):
    """What became of a venue in a decision."""

    CHOSEN = 1
    NOT_NEEDED = 2
    """It could be used; better ones were enough."""
    DENIED = 3
    NOT_OPEN = 4
    STALE = 5
    SESSION_DOWN = 6
    TAKEN_OUT = 7
    NO_FEES = 8
    """It has no fee schedule, or one in another currency."""
    NOTHING_SHOWN = 9
    """Nothing within the limit price, after our own orders."""
    BELOW_LOT = 10
    """What is left, or shown, is less than its lot or its smallest order."""
    NOT_OFFERED = 11
    """It does not take the time in force."""
    REJECTED_BEFORE = 12
    """It has rejected a child of this parent."""
    ENDED_EARLY = 13
    """It has ended too many resting children of this parent soon after they were placed."""


class Candidate(NamedTuple):
    """A venue as the decision saw it: the evidence of best execution."""

    mic: str
    verdict: Verdict
    displayed_quantity: Quantity
    """Within the limit price, after our own orders."""
    quantity: Quantity
    """Given to it by this decision."""
    price: Price | None = None
    """The gross price: the worst that was targeted, or the one to rest at."""
    net_price: Price | None = None
    """After fees: the average of `quantity`, to 9 places; else of one more share at `price`, or of
    one lot where fees depend on the size of the order."""
    age_ns: int = 0
    rank: int = 0
    """1 is the best; 0: not ranked."""


class WakeUp(NamedTuple):
    """An event that the parent must be decided about at; others may be ignored.

    Events of its children (CHILD), changes of a venue's state (VENUE), AMENDED and CANCEL always
    count and are not listed.
    """

    cause: Cause
    """BOOK or TIMER."""
    mic: str = ""
    """BOOK: of this venue's book."""
    offers: bool = True
    """BOOK: of the offers, else of the bids."""
    price: Price | None = None
    """BOOK: the best price of that side is at this price or better for us: lower for offers, higher
    for bids. None: any change of that side's best price."""
    at_ns: int = 0
    """TIMER: the time."""


class Decision(NamedTuple):
    """What is to be done, all in one batch, and why."""

    actions: tuple[Action, ...]
    """In this order: cancels, replaces, places. Empty: wait."""
    candidates: tuple[Candidate, ...]
    """Every venue of the view, best first; then by MIC."""
    wake_ups: tuple[WakeUp, ...]
    reason: str
    """A sentence for the audit."""
    overfill: Quantity
    """By how much executed and live exceed the parent. Above zero only by a venue's own fault,
    such as a fill beyond the child's quantity: an anomaly to record."""
    moved: bool = False
    """Something that rests is moved for a better price, or gives way to one."""
