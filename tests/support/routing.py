"""Venues, books and parents for the tests of routing, with few words."""

from decimal import Decimal

from kernel.decimals import plain
from kernel.side import Side
from kernel.ticks import TickBand
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decision import Cause, Inputs, RoutingLimits
from svc_oms.domain.routing.fees import FeeRate, FeeSchedule
from svc_oms.domain.routing.parent import Child, ChildRole, ChildState, ParentState
from svc_oms.domain.routing.request import RoutingRequest, Strategy
from svc_oms.domain.routing.view import ConsolidatedView, Level, VenueState, VenueView

D = Decimal
NOW_NS = 1_000_000_000_000
ALL_TIMES = frozenset(TimeInForce)


def levels(text):
    """Read "100@10.00 200@10.01"."""
    parts = [part.split("@") for part in text.split()]
    return tuple(Level(D(price), D(quantity)) for quantity, price in parts)


def venue(mic, offers="", bids="", state=VenueState.OPEN, tick="0.01", lot="1", **other):
    other.setdefault("age_ns", 0)
    other.setdefault("times_in_force", ALL_TIMES)
    return VenueView(
        mic,
        f"ASML.{mic}",
        state,
        levels(bids),
        levels(offers),
        lot_size=D(lot),
        tick_table=(TickBand(D(0), D(tick)),),
        **other,
    )


def rate(per_share="0", bps="0", fixed="0", minimum=None, maximum=None):
    bounds = [None if one is None else D(one) for one in (minimum, maximum)]
    return FeeRate(D(per_share), D(bps), D(fixed), *bounds)


def fees(mic, taker=None, maker=None, currency="EUR", **other):
    return FeeSchedule(mic, currency, taker or rate(), maker or rate(), **other)


def request(strategy=Strategy.BEST, limit="10.10", side=Side.BUY, **other):
    other.setdefault("time_in_force", TimeInForce.DAY)
    return RoutingRequest(strategy, side, None if limit is None else D(limit), **other)


def child(child_id, mic, quantity, price="10.00", cum="0", **other):
    other.setdefault("role", ChildRole.REST)
    other.setdefault("state", ChildState.WORKING)
    other.setdefault("time_in_force", TimeInForce.DAY)
    other.setdefault("round", 1)
    return Child(child_id, mic, quantity=D(quantity), cum_quantity=D(cum), price=D(price), **other)


def parent(quantity, *children, **other):
    other.setdefault("round", max((one.round for one in children), default=0))
    rests = [one.round for one in children if one.role is ChildRole.REST]
    other.setdefault("rest_round", max(rests, default=0))
    return ParentState("P", D(quantity), tuple(children), **other)


def inputs(asked, venues, state, *, charged=None, own=(), limits=None, cause=None, now_ns=NOW_NS):
    view = ConsolidatedView("NL0010273215", "EUR", tuple(venues), tuple(own))
    charged = tuple(charged or (fees(one.mic) for one in venues))
    limits = limits or RoutingLimits()
    return Inputs(asked, view, charged, state, limits, cause or Cause.PLACED, now_ns)


def shown(decision):
    """Return the actions as short texts: "PLACE SIMA TAKE 100@10.01 IOC"."""
    return [" ".join(_parts(action)) for action in decision.actions]


def _parts(action):
    yield action.kind.name
    yield from filter(None, (action.child_id or action.mic,))
    if action.role is not None and not action.child_id:
        yield action.role.name
    if action.quantity is not None:
        yield plain(action.quantity) + ("" if action.price is None else f"@{plain(action.price)}")
    if action.time_in_force is not None and not action.child_id:
        yield action.time_in_force.name
    if action.end is not None:
        yield action.end.name
