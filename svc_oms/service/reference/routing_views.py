"""What a decision sees of the venues: books, sessions, trading hours, rules and fees."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from kernel.clock import Clock
from mesh.errors import MeshError, refuse
from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.model import InstrumentKey, Order, OrderType, TimeInForce
from svc_oms.domain.numbers import NO_QUANTITY, Quantity
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.order_terms.trading_hours import IN_CALL, takes
from svc_oms.domain.refusal import invalid
from svc_oms.domain.routing.decision import RoutingLimits
from svc_oms.domain.routing.fees import FeeSchedule
from svc_oms.domain.routing.quantities import total
from svc_oms.domain.routing.view import ConsolidatedView, OwnOrder, VenueState, VenueView
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.routing_books import NO_BOOK, RoutingBooks
from svc_oms.service.reference.venue_health import VenueHealths
from svc_oms.service.reference.venue_sessions import VenueSessions

LIMITS = RoutingLimits()


@dataclass(frozen=True, slots=True)
class RoutingParts:
    """What routing uses.

    Attributes:
        limits: Bounds of each decision.
    """

    books: RoutingBooks
    healths: VenueHealths
    market: Market
    venues: VenueSessions
    clock: Clock
    limits: RoutingLimits = LIMITS


def currency_of(market: Market, isin: str, currency: str) -> str:
    """Return the currency in which an instrument is routed.

    Raises:
        MeshError: INSTRUMENT_NOT_FOUND.
        OrderRefused: INVALID_FIELD: It is listed in several currencies, or not in this one.
    """
    found = sorted({listing.currency for listing in market.listings(isin)} - {""})
    if not found:
        raise refuse(
            "INSTRUMENT_NOT_FOUND",
            f"isin is {isin!r}: no venue has reported a listing of it",
            "isin",
            isin=isin,
        )
    if currency in found:
        return currency
    if currency or len(found) > 1:
        invalid("currency", currency, f"one in which {isin} is listed: {', '.join(found)}")
    return found[0]


def view_of(
    parts: RoutingParts, isin: str, currency: str, own: OpenBook | None, now_ns: int
) -> ConsolidatedView:
    """Return what the venues of an instrument show now.

    Args:
        parts: What routing uses.
        isin: Of the instrument.
        currency: In which it is listed there.
        own: The account's open orders; None: none are known.
        now_ns: The present time.
    """
    book = parts.books.book(f"{isin}/{currency}")
    age_ns = parts.books.age_ns()
    venues = []
    for listing in parts.market.listings(isin, currency):
        shown = book.listings.get(listing.instrument_id, NO_BOOK)
        mic = listing.venue_mic
        capabilities = parts.venues.capabilities(mic)
        times = capabilities.times_in_force
        if OrderType.LIMIT not in capabilities.order_types:
            times = frozenset()
        venues.append(
            VenueView(
                mic,
                listing.instrument_id,
                _state(parts, listing, shown.state, now_ns),
                shown.bids,
                shown.offers,
                age_ns,
                listing.lot_size,
                listing.tick_table,
                listing.min_quantity,
                listing.max_quantity,
                times,
            )
        )
    owned = () if own is None else owned_of(own, InstrumentKey(isin, currency), venues)
    return ConsolidatedView(isin, currency, tuple(venues), owned, book.sequence)


def owned_of(
    own: OpenBook, key: InstrumentKey, venues: Iterable[VenueView]
) -> tuple[OwnOrder, ...]:
    """Return what is ours of the levels shown; so there are no more of them than levels."""
    found = []
    for venue in venues:
        for is_buy, side in ((True, venue.bids), (False, venue.offers)):
            for level in side:
                orders = own.own_at(key, venue.mic, buy=is_buy, price=level.price)
                shown = total(map(shown_quantity, orders))
                if shown:
                    found.append(OwnOrder(venue.mic, is_buy, level.price, shown))
    return tuple(found)


def shown_quantity(order: Order) -> Quantity:
    """Return how much of an own order may be displayed."""
    if order.terms.display_quantity is not None:
        return min(order.terms.display_quantity, order.leaves_quantity)
    return NO_QUANTITY if order.terms.stop_price is not None else order.leaves_quantity


def _state(parts: RoutingParts, listing: Instrument, shown: VenueState, now_ns: int) -> VenueState:
    mic = listing.venue_mic
    if not parts.venues.is_up(mic):
        return VenueState.SESSION_DOWN
    if parts.healths.is_out(mic, now_ns):
        return VenueState.TAKEN_OUT
    taken = takes(parts.venues.trading(mic), TimeInForce.IOC, now_ns)
    in_call = listing.trading_status in IN_CALL
    return shown if listing.tradable and taken and not in_call else VenueState.HALTED


def fees_of(
    parts: RoutingParts, listings: Sequence[Instrument], currency: str
) -> tuple[FeeSchedule, ...]:
    """Return the fee schedules of the venues that have one."""
    found = (parts.venues.fees(listing.venue_mic, currency) for listing in listings)
    return tuple(schedule for schedule in found if schedule is not None)


def traded_at(parts: RoutingParts, listings: Iterable[Instrument]) -> dict[str, Quantity]:
    """Return the quantity of the trading day at each venue, where it is followed and known."""
    found = ((one.venue_mic, parts.books.traded(one.instrument_id)) for one in listings)
    return {mic: traded for mic, traded in found if traded is not None}


def states_of(parts: RoutingParts, keys: Collection[str], now_ns: int) -> dict[str, object]:
    """Return, by instrument, the states of its venues: what a change of is an event of routing."""
    states: dict[str, object] = {}
    for key in keys:
        isin, _, currency = key.partition("/")
        book = parts.books.book(key)
        states[key] = tuple(
            (
                listing.venue_mic,
                _state(
                    parts,
                    listing,
                    book.listings.get(listing.instrument_id, NO_BOOK).state,
                    now_ns,
                ),
                parts.venues.fees(listing.venue_mic, currency),
                parts.books.traded(listing.instrument_id) is not None,
            )
            for listing in parts.market.listings(isin, currency)
        )
    return states


def not_now(error: MeshError) -> bool:
    """Return whether a refusal passes by itself."""
    return error.reason in {"RATE_LIMITED", "RECOVERING"}
