"""Orders that are placed bit by bit: their schedule, their pause, and the volume they follow."""

from collections.abc import Mapping
from typing import Final, NoReturn

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.decide import change_pending, require_open
from svc_oms.domain.events import OrderAcknowledged, OrderSuspended
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, Routing, TradedBefore
from svc_oms.domain.numbers import Quantity
from svc_oms.domain.order_terms.times import utc
from svc_oms.domain.refusal import OrderRefused, invalid
from svc_oms.domain.routing.paced.schedule import START_AGE_NS_MAX, Pace, Schedule

PACES: Final = {5: Pace.TWAP, 6: Pace.POV}
"""By number of ordermesh.oms.v1.RoutingStrategy."""
SLICE_S_DEFAULT: Final = 60
"""Seconds of a slice."""


def check_begin(routing: Routing, now_ns: int) -> None:
    """Refuse a schedule without its strategy, a strategy without a schedule, and a start long ago.

    Raises:
        OrderRefused: INVALID_FIELD.
    """
    schedule, paced = routing.schedule, routing.strategy in PACES
    if schedule is None:
        if paced:
            invalid("routing.schedule", "", "set, because the strategy is TWAP or POV")
        return
    if not paced:
        invalid("routing.schedule", "set", "not set, because the strategy is not TWAP or POV")
    start_ns = schedule.start_time_ns
    if 0 < start_ns < now_ns - START_AGE_NS_MAX:
        expected = f"at most {START_AGE_NS_MAX // NS_PER_S} s ago, or not set to begin at once"
        invalid("routing.schedule.start_time", utc(start_ns), expected)


def routing_from(routing: Routing | None, now_ns: int) -> Routing | None:
    """Return a routing with what its schedule leaves out: begin at once, in slices of 60 s."""
    schedule = None if routing is None else routing.schedule
    if routing is None or schedule is None:
        return routing
    begun = schedule._replace(
        start_time_ns=max(schedule.start_time_ns, now_ns),
        slice_s=schedule.slice_s or SLICE_S_DEFAULT,
    )
    return routing._replace(schedule=begun)


def schedule_of(routing: Routing) -> Schedule | None:
    """Return when how much of a routed order is placed; None: all at once."""
    schedule = routing.schedule
    if schedule is None:
        return None
    return Schedule(
        PACES[routing.strategy],
        schedule.start_time_ns,
        schedule.end_time_ns,
        schedule.slice_s * NS_PER_S,
        schedule.participation_bps,
        schedule.slice_quantity_max,
    )


def counts_volume(parent: Order) -> bool:
    """Return whether a routed order follows the volume of its venues."""
    return parent.routing is not None and PACES.get(parent.routing.strategy) is Pace.POV


def counted_from(
    parent: Order, traded: Mapping[str, Quantity], now_ns: int
) -> tuple[TradedBefore, ...]:
    """Return the venues whose volume a POV order counts from now on.

    Args:
        parent: The routed order.
        traded: Quantity of the trading day at each MIC, where it is known.
        now_ns: The present time.
    """
    routing = parent.routing
    if routing is None or routing.schedule is None or not counts_volume(parent):
        return ()
    if now_ns < routing.schedule.start_time_ns:
        return ()
    known = {one.venue_mic for one in parent.traded_before}
    return tuple(
        TradedBefore(mic, quantity)
        for mic, quantity in sorted(traded.items())
        if mic not in known
        and mic not in routing.denied_venues
        and (not routing.venues or mic in routing.venues)
    )


def is_paused(parent: Order) -> bool:
    """Return whether a client paused a TWAP or POV order."""
    return parent.base_state is OrderState.SUSPENDED


def decide_pause(order: Order) -> OrderSuspended:
    """Return the pause of a TWAP or POV order.

    Raises:
        OrderRefused: ORDER_CLOSED, ORDER_CHANGE_PENDING, OBJECT_STATE.
    """
    _require_paced(order, "paused")
    if is_paused(order):
        _object_state(order, "is paused already")
    return OrderSuspended("paused")


def decide_resume(order: Order) -> OrderAcknowledged:
    """Return the end of the pause of an order.

    Raises:
        OrderRefused: ORDER_CLOSED, ORDER_CHANGE_PENDING, OBJECT_STATE.
    """
    _require_paced(order, "resumed")
    if not is_paused(order):
        _object_state(order, "is not paused")
    return OrderAcknowledged()


def _require_paced(order: Order, what: str) -> None:
    require_open(order, what)
    if order.routing is None or order.routing.schedule is None:
        _object_state(order, f"is neither TWAP nor POV and cannot be {what}")
    if order.pending_cancel_id:
        change_pending(order)


def _object_state(order: Order, what: str) -> NoReturn:
    raise OrderRefused(
        "OBJECT_STATE",
        f"order {order.order_id} {what}",
        "order_id",
        {"order_id": order.order_id, "state": order.state.name},
    )
