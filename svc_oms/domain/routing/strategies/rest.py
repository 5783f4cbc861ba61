"""Where an order rests best, and when a resting child has to be moved."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import EXACT, NO_QUANTITY, ZERO, Price, Quantity, multiply
from svc_oms.domain.routing.decision import Verdict
from svc_oms.domain.routing.fees import Fill, share_fee
from svc_oms.domain.routing.quantities import plus
from svc_oms.domain.routing.request import RoutingRequest, Strategy
from svc_oms.domain.routing.strategies.contenders import Contender, on_tick

_PER_BASIS_POINT: Final = Decimal("0.0001")


class Place(NamedTuple):
    """A venue to rest at, the price there, and how good it is: the smallest is the best."""

    cost: Decimal
    """The maker's fee on a share, less the price of a buy, or plus the price of a sell."""
    queue: Quantity
    """Displayed there at this price or a better one of our side."""
    contender: Contender
    price: Price
    time_in_force: TimeInForce


def places(request: RoutingRequest, venues: Sequence[Contender], quantity: Quantity) -> list[Place]:
    """Return where a quantity can rest, best first.

    At equal prices the best cost is the best net price. Where tick tables, or the offers that
    POST stays away from, make the prices differ, a price that others meet earlier counts as much
    better as it is nearer to them. Ties go to the shorter queue, then to the earlier contender.
    """
    found = [
        place for one in venues if isinstance(place := place_of(request, one, quantity), Place)
    ]
    if request.strategy is Strategy.LIST:
        return found
    found.sort(key=lambda place: (place.cost, place.queue, place.contender.place))
    return found


def place_of(request: RoutingRequest, contender: Contender, quantity: Quantity) -> Place | Verdict:
    """Return the place that a quantity could rest at with a venue, or why it cannot."""
    if contender.barred is not None:
        return contender.barred
    in_force = rest_time_in_force(request, contender)
    if in_force is None:
        return Verdict.NOT_OFFERED
    price = rest_price(request, contender)
    if price is None:
        return Verdict.NOTHING_SHOWN
    if not contender.takes(contender.whole_lots(quantity)):
        return Verdict.BELOW_LOT
    queue = _queue(request, contender, price)
    return Place(cost_at(request, contender, price), queue, contender, price, in_force)


def write_places(
    request: RoutingRequest, venues: Sequence[Contender], found: Sequence[Place], quantity: Quantity
) -> None:
    """Write down for the record where a quantity could rest, and why not elsewhere."""
    for one in venues:
        verdict = place_of(request, one, quantity)
        one.rests, one.price, one.rank = True, None, 0
        one.verdict = verdict if isinstance(verdict, Verdict) else Verdict.NOT_NEEDED
    for rank, place in enumerate(found, 1):
        place.contender.rank, place.contender.price = rank, place.price


def rest_time_in_force(request: RoutingRequest, contender: Contender) -> TimeInForce | None:
    """Return the parent's time in force, else DAY, as far as the venue offers it.

    The parent is watched here: a DAY child of a GTC or GTD parent is placed again the next day.
    """
    for in_force in (request.time_in_force, TimeInForce.DAY):
        if in_force in contender.view.times_in_force:
            return in_force
    return None


def rest_price(request: RoutingRequest, contender: Contender) -> Price | None:
    """Return the limit price on the venue's tick; for POST, one that takes nothing there."""
    limit = request.limit_price
    if limit is None:
        return None
    table = contender.view.tick_table
    price = on_tick(limit, table, up=not request.is_buy)
    if request.strategy is Strategy.POST:
        opposite = contender.view.offers if request.is_buy else contender.view.bids
        if opposite:
            step = min(band.tick_size for band in table)
            best = opposite[0].price
            if request.is_buy and price >= best:
                price = on_tick(Price(EXACT.subtract(best, step)), table, up=False)
            elif not request.is_buy and price <= best:
                price = on_tick(Price(EXACT.add(best, step)), table, up=True)
    return price if price > 0 else None


def cost_at(request: RoutingRequest, contender: Contender, price: Price) -> Decimal:
    """Return the cost of resting there at a price; see `Place.cost`."""
    fee = share_fee(contender.fees.maker, price)
    return EXACT.subtract(fee, price) if request.is_buy else EXACT.add(fee, price)


def _queue(request: RoutingRequest, contender: Contender, price: Price) -> Quantity:
    queue = NO_QUANTITY
    for level in contender.view.bids if request.is_buy else contender.view.offers:
        if level.price < price if request.is_buy else level.price > price:
            break
        queue = plus(queue, level.quantity)
    return queue


def choose_place(place: Place, quantity: Quantity) -> None:
    """Write down that a quantity is to rest at a place, as much of it as one order may have."""
    whole = place.contender.whole_lots(quantity)
    place.contender.fills, place.contender.quantity = (Fill(whole, place.price),), whole
    place.contender.verdict = Verdict.CHOSEN


def margin(price: Price, basis_points: int) -> Decimal:
    """Return a share of a price, in currency units; exact."""
    if not basis_points:
        return ZERO
    return multiply(multiply(price, Decimal(basis_points)), _PER_BASIS_POINT)
