"""What a routed parent order asks for."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from kernel.decimals import plain
from kernel.side import Side
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.order_terms.times import utc
from svc_oms.domain.refusal import OrderRefused, invalid, unsupported
from svc_oms.domain.routing.fees import FeeSchedule
from svc_oms.domain.routing.paced.schedule import PARTICIPATION_BPS_MAX, Pace, Schedule
from svc_oms.domain.routing.quantities import beyond_lots, minus, plus
from svc_oms.domain.routing.view import ConsolidatedView, VenueState, VenueView


class Strategy(IntEnum):
    """How a parent is routed."""

    BEST = 1
    """Sweep: IOC children at what is displayed, best net price first; the rest by the TIF."""
    POST = 2
    """Rest, without taking, where net price and queue are best."""
    SPLIT = 3
    """IOC children in proportion to the displayed quantities; the rest by the TIF."""
    LIST = 4
    """One venue after the other in the order of `venues`; next if one rejects or is down."""


class RoutingRequest(NamedTuple):
    """What the client asked for, and what account and firm allow. Quantities: see ParentState."""

    strategy: Strategy
    side: Side
    limit_price: Price | None
    """No child has a worse price. None: a market parent, which only takes what is displayed."""
    time_in_force: TimeInForce
    """TimeInForce(59) of the parent: DAY, GTC, GTD, IOC or FOK."""
    venues: tuple[str, ...] = ()
    """MICs that may be used, in the client's order, which breaks ties; LIST needs them. Empty:
    every venue of the view, by MIC."""
    denied: frozenset[str] = frozenset()
    """MICs that are not used: those of the order, the account and the firm together."""
    schedule: Schedule | None = None
    """TWAP, POV: when how much is placed. None: all at once."""

    @property
    def is_buy(self) -> bool:
        """True for buys; every other side sells."""
        return self.side is Side.BUY


_F = TimeInForce
_TIMES: Final = {
    Strategy.BEST: (_F.DAY, _F.GTC, _F.GTD, _F.IOC, _F.FOK),
    Strategy.POST: (_F.DAY, _F.GTC, _F.GTD),
    Strategy.SPLIT: (_F.DAY, _F.GTC, _F.GTD, _F.IOC),
    Strategy.LIST: (_F.DAY, _F.GTC, _F.GTD, _F.IOC, _F.FOK),
}
"""FOK is one order at one venue, which SPLIT is not; what is immediate does not rest."""
_SCHEDULED: Final = {Pace.TWAP: (_F.DAY, _F.GTC, _F.GTD), Pace.POV: (_F.DAY,)}
"""The volume that POV follows is that of a trading day."""
SLICES_MAX: Final = 10_000
"""Slices of a schedule."""


def check_request(
    request: RoutingRequest, view: ConsolidatedView, fees: Iterable[FeeSchedule], now_ns: int
) -> None:
    """Refuse a request that cannot be routed. A schedule that begins later needs no open venue now.

    Raises:
        OrderRefused: Names the field, what it was and what would do: an unknown or denied venue, no
            venue left, a venue without fee schedule or with one in another currency, a time in
            force or limit price that the strategy cannot have, no venue open now.
    """
    strategy, times = request.strategy, _TIMES[request.strategy]
    schedule = request.schedule
    if schedule is not None:
        times = _SCHEDULED[schedule.pace]
        _check_schedule(schedule)
    if request.time_in_force not in times:
        offered = ", ".join(one.name for one in times)
        unsupported("terms.time_in_force", request.time_in_force.name, offered)
    if strategy is Strategy.POST and request.limit_price is None:
        invalid("terms.limit_price", "", "a price, because routing POST rests at one")
    if strategy is Strategy.LIST and not request.venues:
        invalid("routing.venues", "", "at least one MIC, because routing LIST follows them")
    used = _check_venues(request, view)
    _check_fees(used, view.currency, {one.mic: one for one in fees})
    states = {one.mic: one.state for one in view.venues if one.mic in used}
    if VenueState.OPEN not in states.values() and (schedule is None or schedule.start_ns <= now_ns):
        found = ", ".join(f"{mic} {state.name}" for mic, state in sorted(states.items()))
        raise OrderRefused(
            "VENUE_UNAVAILABLE",
            f"routing.venues: no venue of {view.isin} in {view.currency} can be used now: {found}; "
            "at least one should be OPEN",
            "routing.venues",
            {"isin": view.isin, "currency": view.currency, "venues": found},
        )


def _check_venues(request: RoutingRequest, view: ConsolidatedView) -> list[str]:
    """Return the MICs that may be used."""
    listed = sorted(one.mic for one in view.venues)
    where = f"a venue of {view.isin} in {view.currency}: {', '.join(listed) or 'there is none'}"
    for mic in request.venues:
        if mic not in listed:
            invalid("routing.venues", mic, where)
        if request.venues.count(mic) > 1:
            invalid("routing.venues", mic, "each venue once")
    used = [mic for mic in request.venues or listed if mic not in request.denied]
    if not used:
        denied = ", ".join(sorted(request.denied)) or "none"
        invalid("routing.venues", ", ".join(request.venues), f"{where}; denied here: {denied}")
    return used


def _check_fees(used: list[str], currency: str, fees: Mapping[str, FeeSchedule]) -> None:
    for mic in used:
        schedule = fees.get(mic)
        if schedule is None or schedule.currency != currency:
            found = "no fee schedule" if schedule is None else f"fees in {schedule.currency}"
            raise OrderRefused(
                "VENUE_UNAVAILABLE",
                f"routing.venues {mic} has {found}: the net price in {currency} is not known; add "
                f"fees in {currency} to the venue's orders session in the venues file, or deny "
                "the venue",
                "routing.venues",
                {"venue": mic, "currency": currency, "found": found},
            )


def _check_schedule(schedule: Schedule) -> None:
    at = "routing.schedule"
    longest_ns = SLICES_MAX * schedule.slice_ns
    if not 0 < schedule.end_ns - schedule.start_ns <= longest_ns:
        expected = f"after {utc(schedule.start_ns)}, the start, at most {SLICES_MAX} slices later"
        invalid(f"{at}.end_time", utc(schedule.end_ns), expected)
    parts = schedule.participation_bps
    if schedule.pace is Pace.POV and not 1 <= parts <= PARTICIPATION_BPS_MAX:
        expected = f"1 to {PARTICIPATION_BPS_MAX}, because the strategy is POV"
        invalid(f"{at}.participation_bps", str(parts), expected)
    if schedule.pace is Pace.TWAP and parts:
        invalid(f"{at}.participation_bps", str(parts), "0, because the strategy is TWAP")


def _check_slice(request: RoutingRequest, used: Iterable[VenueView]) -> None:
    """Refuse a bound within which no venue takes an order."""
    most = None if request.schedule is None else request.schedule.slice_quantity_max
    if most is None:
        return
    least = min(max(one.lot_size, one.min_quantity or one.lot_size) for one in used)
    if most < least:
        expected = f"at least {plain(least)}, the smallest order that a venue takes"
        invalid("routing.schedule.slice_quantity_max", plain(most), expected)


def check_quantity(request: RoutingRequest, view: ConsolidatedView, quantity: Quantity) -> None:
    """Refuse a quantity that no venue can fill, because of lots or smallest orders.

    Several venues may fill it together: it is enough that it is in lots of the venue with the
    smallest lot, and not below the smallest order that some venue takes.

    Raises:
        OrderRefused: QUANTITY_OFF_LOT, naming the venues' lots and the nearest quantities.
    """
    used = [
        one
        for one in view.venues
        if one.mic not in request.denied and (not request.venues or one.mic in request.venues)
    ]
    _check_slice(request, used)
    lots = ", ".join(f"{one.mic} {plain(one.lot_size)}" for one in used)
    lot = min(one.lot_size for one in used)
    beyond = beyond_lots(quantity, lot)
    if beyond:
        below = minus(quantity, beyond)
        nearest = " or ".join(plain(n) for n in (below, plus(below, lot)) if n > 0)
        expected = f"a multiple of the smallest lot of the venues ({lots}): nearest is {nearest}"
    elif any(one.min_quantity is None or one.min_quantity <= quantity for one in used):
        return
    else:
        nearest = plain(min(one.min_quantity for one in used if one.min_quantity is not None))
        expected = f"at least {nearest}, the smallest order that a venue takes"
    raise OrderRefused(
        "QUANTITY_OFF_LOT",
        f"terms.quantity {plain(quantity)} can be filled by no venue: it should be {expected}",
        "terms.quantity",
        {"value": plain(quantity), "lots": lots, "nearest": nearest},
    )
