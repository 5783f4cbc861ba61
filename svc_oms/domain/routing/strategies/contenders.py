"""The venues of one decision: which can be used, and what they show within the limit price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kernel.ticks import TickBand, band_at
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import EXACT, NO_QUANTITY, Price, Quantity
from svc_oms.domain.routing.decision import Candidate, Inputs, Verdict
from svc_oms.domain.routing.fees import FeeRate, FeeSchedule, Fill, net_average, net_price
from svc_oms.domain.routing.parent import ChildRole
from svc_oms.domain.routing.quantities import beyond_lots, minus, plus
from svc_oms.domain.routing.view import Level, VenueState, VenueView

_VERDICT_OF_STATE: Final = {
    VenueState.OPEN: None,
    VenueState.HALTED: Verdict.NOT_OPEN,
    VenueState.STALE: Verdict.STALE,
    VenueState.SESSION_DOWN: Verdict.SESSION_DOWN,
    VenueState.TAKEN_OUT: Verdict.TAKEN_OUT,
}


@dataclass(slots=True)
class Contender:
    """A venue in one decision. What decides about it writes the last seven fields."""

    view: VenueView
    place: int
    """Its place in the client's order of venues, or else by MIC: it breaks ties."""
    schedule: FeeSchedule | None
    barred: Verdict | None
    """Why it cannot be used at all; None if it can."""
    levels: tuple[Level, ...] = ()
    """What can be taken: within the limit price, best first, without our own orders."""
    displayed: Quantity = NO_QUANTITY
    """The sum of `levels`."""
    verdict: Verdict = Verdict.NOT_NEEDED
    """What the record says of it, unless it is barred."""
    fills: tuple[Fill, ...] = ()
    """What the decision expects of a new child there."""
    quantity: Quantity = NO_QUANTITY
    """The sum of `fills`: of the new child."""
    price: Price | None = None
    """Of the new child, or of the one that it could have."""
    rank: int = 0
    rests: bool = False
    """`fills` would rest: the maker's fee applies."""

    @property
    def mic(self) -> str:
        """MIC of the venue."""
        return self.view.mic

    @property
    def fees(self) -> FeeSchedule:
        """The schedule; only of a venue that can be used."""
        assert self.schedule is not None
        return self.schedule

    def whole_lots(self, quantity: Quantity) -> Quantity:
        """Return the largest quantity up to this one, in lots, that one order may have."""
        if self.view.max_quantity is not None and quantity > self.view.max_quantity:
            quantity = self.view.max_quantity
        return minus(quantity, beyond_lots(quantity, self.view.lot_size))

    def takes(self, quantity: Quantity) -> bool:
        """Return whether one order may have the quantity, which is in lots."""
        smallest = self.view.min_quantity
        return quantity > 0 and (smallest is None or quantity >= smallest)

    def rate(self) -> FeeRate:
        """Return the rate that applies to `fills`."""
        return self.fees.maker if self.rests else self.fees.taker

    def evidence(self, *, is_buy: bool) -> Candidate:
        """Return what the record says about the venue."""
        price, net = self.price, None
        if price is None and self.levels:
            price = self.levels[0].price
        if self.schedule is not None and price is not None:
            if self.fills or self.rate().depends_on_size:
                fills = self.fills or (Fill(self.view.lot_size, price),)
                net = net_average(self.schedule, self.rate(), fills, is_buy=is_buy)
            else:
                net = net_price(self.rate(), price, is_buy=is_buy)
        return Candidate(
            self.view.mic,
            self.verdict if self.barred is None else self.barred,
            self.displayed,
            self.quantity,
            price,
            net,
            self.view.age_ns,
            self.rank,
        )


def contenders(inputs: Inputs) -> list[Contender]:
    """Return every venue of the view, in the order that breaks ties."""
    request = inputs.request
    places = {mic: place for place, mic in enumerate(request.venues)}
    fees = {schedule.mic: schedule for schedule in inputs.fees}
    rejected = inputs.parent.all_rejected_mics
    own, flying = _own_displayed(inputs), _in_flight(inputs)
    found = []
    for number, view in enumerate(sorted(inputs.view.venues, key=_mic)):
        mic = view.mic
        schedule = fees.get(mic)
        verdict = _VERDICT_OF_STATE[view.state]
        if mic in request.denied or (places and mic not in places):
            verdict = Verdict.DENIED
        elif mic in rejected:
            verdict = Verdict.REJECTED_BEFORE
        elif inputs.parent.early_ends.count(mic) >= inputs.limits.early_ends_max:
            verdict = Verdict.ENDED_EARLY
        elif schedule is None or schedule.currency != inputs.view.currency:
            verdict, schedule = Verdict.NO_FEES, None
        elif verdict is None and view.age_ns > inputs.limits.book_age_ns_max:
            verdict = Verdict.STALE
        one = Contender(view, places.get(mic, len(places) + number), schedule, verdict)
        if verdict is None:
            _find_levels(one, inputs, own, flying.get(mic, NO_QUANTITY))
        found.append(one)
    if places:
        found.sort(key=_place)
    return found


def _mic(view: VenueView) -> str:
    return view.mic


def _place(contender: Contender) -> int:
    return contender.place


def _own_displayed(inputs: Inputs) -> Mapping[tuple[str, Price], Quantity]:
    """Return our own orders on the side that would be taken from."""
    own: dict[tuple[str, Price], Quantity] = {}
    for order in inputs.view.own_orders:
        if order.is_buy != inputs.request.is_buy:
            key = order.mic, order.price
            own[key] = plus(own.get(key, NO_QUANTITY), order.quantity)
    return own


def _in_flight(inputs: Inputs) -> Mapping[str, Quantity]:
    """Return what IOC children without answer may be taking at each venue: it is spoken for."""
    flying: dict[str, Quantity] = {}
    for child in inputs.parent.children:
        if child.role is ChildRole.TAKE and child.is_live:
            before = flying.get(child.mic, NO_QUANTITY)
            flying[child.mic] = plus(before, child.possibly_live)
    return flying


def _find_levels(
    contender: Contender,
    inputs: Inputs,
    own: Mapping[tuple[str, Price], Quantity],
    flying: Quantity,
) -> None:
    is_buy, limit = inputs.request.is_buy, inputs.request.limit_price
    view = contender.view
    levels = []
    displayed = NO_QUANTITY
    for level in (view.offers if is_buy else view.bids)[: inputs.limits.levels_max]:
        price, quantity = level
        if limit is not None and (price > limit if is_buy else price < limit):
            break
        if own:
            ours = own.get((view.mic, price))
            if ours is not None:
                quantity = minus(quantity, ours)
        if flying:
            spoken_for = min(flying, quantity)
            flying = minus(flying, spoken_for)
            quantity = minus(quantity, spoken_for)
        if quantity > 0:
            levels.append(level if quantity is level.quantity else Level(price, quantity))
            displayed = plus(displayed, quantity)
    contender.levels = tuple(levels)
    contender.displayed = displayed


def can_take(contender: Contender, time_in_force: TimeInForce) -> bool:
    """Return whether something can be taken there now, and write down why not."""
    if contender.barred is not None:
        return False
    if time_in_force not in contender.view.times_in_force:
        contender.verdict = Verdict.NOT_OFFERED
    elif not contender.levels:
        contender.verdict = Verdict.NOTHING_SHOWN
    else:
        return True
    return False


def on_tick(price: Price, table: tuple[TickBand[Price], ...], *, up: bool) -> Price:
    """Return the nearest price that the tick table allows: at or above, or at or below."""
    band = band_at(table, price)
    beyond = EXACT.remainder(price, band.tick_size)
    if not beyond:
        return price
    below = EXACT.subtract(price, beyond)
    if not up:
        return Price(below)
    above = EXACT.add(below, band.tick_size)
    for other in table:
        if price < other.from_price < above:
            return other.from_price
    return Price(above)
