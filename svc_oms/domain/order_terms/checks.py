"""Checks of an order against its instrument and the account's limits.

Every refusal names the field, what it was and what it should be; its metadata has each
value that the text names.
"""

from decimal import Decimal
from typing import NamedTuple, NoReturn

from kernel.decimals import plain
from kernel.ticks import TickBand, band_at
from svc_oms.domain.model import OrderTerms, OrderType, TimeInForce
from svc_oms.domain.numbers import EXACT, ZERO, Price, Quantity, multiply
from svc_oms.domain.order_terms.terms import check_kind
from svc_oms.domain.order_terms.trading_hours import AT_ONCE, IN_CALL
from svc_oms.domain.refusal import OrderRefused, invalid

__all__ = [
    "Instrument",
    "Limits",
    "OrderRefused",
    "check_terms",
]


class Instrument(NamedTuple):
    """The data of a listing that orders are checked against."""

    instrument_id: str
    symbol: str
    venue_mic: str
    isin: str
    currency: str
    lot_size: Quantity
    tick_table: tuple[TickBand[Price], ...]
    """Lowest first, the first from zero; the last one has no upper bound."""
    tradable: bool
    """TradingStatus OPEN, PRE_OPEN or AUCTION, or not known."""
    trading_status: str = ""
    """Name of the TradingStatus without prefix, for the text of a refusal."""
    max_quantity: Quantity | None = None
    venue_symbol: str = ""
    """Symbol(55) as the venue writes it; empty if it is the same as symbol."""
    status_known: bool = True
    """False if the venue was asked for its trading status and did not answer."""
    min_quantity: Quantity | None = None
    """The smallest order that the venue takes."""
    calendar: str = ""
    """MIC whose trading days it has, of the library; empty: those of its venue."""


class Limits(NamedTuple):
    """Largest single order. None: no limit."""

    max_quantity: Quantity | None = None
    max_value: Decimal | None = None
    """Quantity times price, in the instrument's currency."""


def check_terms(
    type_: OrderType,
    terms: OrderTerms,
    instrument: Instrument,
    limits: Limits,
    now_ns: int,
    reference_price: Price | None = None,
    standing: OrderTerms | None = None,
) -> None:
    """Raise OrderRefused unless an order of these terms may go to the venue.

    Args:
        type_: Of the order.
        terms: The requested ones.
        instrument: The listing.
        limits: The account's.
        now_ns: The present time.
        reference_price: Values an order without a limit price. Needed only where there is a
            limit of value.
        standing: In a replace, the present terms.
    """
    check_kind(type_, terms, now_ns, standing)
    if not instrument.tradable and not _passes(terms, instrument, standing):
        status = instrument.trading_status or "not reported"
        raise OrderRefused(
            "INSTRUMENT_NOT_TRADABLE",
            f"instrument_id {instrument.instrument_id} cannot be traded now: "
            f"its trading status is {status}",
            "instrument_id",
            {"instrument_id": instrument.instrument_id, "trading_status": status},
        )
    if instrument.trading_status in IN_CALL and terms.time_in_force in AT_ONCE and standing is None:
        _refuse_at_once(terms, instrument)
    if not instrument.currency and standing is None:
        raise OrderRefused(
            "INSTRUMENT_NOT_TRADABLE",
            f"instrument_id {instrument.instrument_id} cannot be traded: its currency is not "
            "known, and limits are in currencies; the venue reports no Currency(15), and "
            "default_currency of its session is not set",
            "instrument_id",
            {"instrument_id": instrument.instrument_id, "currency": ""},
        )
    _check_quantity(terms.quantity, instrument, limits)
    least = instrument.min_quantity
    if least is not None and terms.quantity < least and not _stays(terms, standing):
        expected = f"at least {plain(least)}, the smallest order that the venue takes"
        invalid("terms.quantity", plain(terms.quantity), expected)
    price = terms.limit_price
    if price is not None:
        _check_tick("terms.limit_price", price, instrument)
    # stop_price is the first of the terms before time in force: one comparison is enough for
    # most orders.
    if terms[2:4] != _NOTHING or terms[6:8] != _NOTHING:
        _check_special(terms, instrument)
    if limits.max_value is not None:
        price = price or _dearer(terms.stop_price, reference_price)
        _check_value(price, terms.quantity, limits.max_value, instrument)


_NOTHING = (None, None)


def _refuse_at_once(terms: OrderTerms, instrument: Instrument) -> NoReturn:
    name, status = terms.time_in_force.name, instrument.trading_status
    taken = ", ".join(each.name for each in sorted(set(TimeInForce) - AT_ONCE))
    raise OrderRefused(
        "INSTRUMENT_NOT_TRADABLE",
        f"instrument_id {instrument.instrument_id} trades nothing at once now: its trading status "
        f"is {status}, and terms.time_in_force is {name}; now it takes {taken}",
        "terms.time_in_force",
        {
            "instrument_id": instrument.instrument_id,
            "trading_status": status,
            "value": name,
            "expected": taken,
        },
    )


def _passes(terms: OrderTerms, instrument: Instrument, standing: OrderTerms | None) -> bool:
    """Return whether terms may go to a listing that is not traded now.

    A replace only changes what is there, and the venue decides about it. An order for the next
    opening waits there for it.
    """
    if standing is not None:
        return True
    at_open = terms.time_in_force is TimeInForce.AT_OPEN
    return at_open and instrument.trading_status in _OPENS_AGAIN


def _stays(terms: OrderTerms, standing: OrderTerms | None) -> bool:
    """Return whether a replace leaves the quantity as it is."""
    return standing is not None and terms.quantity == standing.quantity


_OPENS_AGAIN = frozenset({"CLOSED", "HALTED"})


def _dearer(stop_price: Price | None, reference_price: Price | None) -> Price | None:
    """Return the value of a share of an order without a limit: never less than it may cost."""
    if stop_price is None or reference_price is None:
        return stop_price or reference_price
    return max(stop_price, reference_price)


def _check_special(terms: OrderTerms, instrument: Instrument) -> None:
    """Check terms of special types against tick and lot sizes."""
    if terms.stop_price is not None:
        _check_tick("terms.stop_price", terms.stop_price, instrument)
    if terms.display_quantity is not None:
        shown = terms.display_quantity
        _check_lot("terms.display_quantity", shown, instrument.lot_size)
        if shown > terms.quantity:
            invalid(
                "terms.display_quantity",
                plain(shown),
                f"at most terms.quantity, which is {plain(terms.quantity)}",
            )
    if terms.trailing_offset is not None:
        _check_distance("terms.trailing_offset", terms.trailing_offset, instrument)
    if terms.peg is not None:
        _check_distance("terms.peg.offset", terms.peg.offset, instrument)


def _check_distance(field: str, distance: Price, instrument: Instrument) -> None:
    """Check a distance against the smallest tick, because it applies at any price."""
    tick = min(band.tick_size for band in instrument.tick_table)
    if not EXACT.remainder(distance, tick):
        return
    below, above = _neighbours(distance, tick)
    nearest = f"{plain(below)} or {plain(above)}"
    raise OrderRefused(
        "PRICE_OFF_TICK",
        f"{field} {plain(distance)} is not a multiple of the smallest tick size {plain(tick)} "
        f"of {instrument.instrument_id}: nearest is {nearest}",
        field,
        {"value": plain(distance), "tick_size": plain(tick), "nearest": nearest},
    )


def _check_quantity(quantity: Quantity, instrument: Instrument, limits: Limits) -> None:
    if quantity <= 0:
        invalid("terms.quantity", plain(quantity), "above 0")
    _check_lot("terms.quantity", quantity, instrument.lot_size)
    for limit, whose in (
        (limits.max_quantity, "the account's limit"),
        (instrument.max_quantity, "the venue's limit"),
    ):
        if limit is not None and quantity > limit:
            raise OrderRefused(
                "MAX_QUANTITY_EXCEEDED",
                f"terms.quantity {plain(quantity)} is above {whose} of {plain(limit)}",
                "terms.quantity",
                {"value": plain(quantity), "maximum": plain(limit)},
            )


def _check_lot(field: str, quantity: Quantity, lot: Quantity) -> None:
    if not EXACT.remainder(quantity, lot):
        return
    below, above = _neighbours(quantity, lot)
    nearest = " or ".join(plain(number) for number in (below, above) if number > 0)
    raise OrderRefused(
        "QUANTITY_OFF_LOT",
        f"{field} {plain(quantity)} is not a multiple of the lot size {plain(lot)}: "
        f"nearest is {nearest}",
        field,
        {"value": plain(quantity), "lot_size": plain(lot), "nearest": nearest},
    )


def _check_tick(field: str, price: Price, instrument: Instrument) -> None:
    band = band_at(instrument.tick_table, price)
    if not EXACT.remainder(price, band.tick_size):
        return
    below, above = _neighbours(price, band.tick_size)
    # Where the table steps up, the next valid price is the step itself.
    for other in instrument.tick_table:
        if price < other.from_price < above:
            above = other.from_price
            break
    nearest = " or ".join(plain(number) for number in (below, above) if number > 0)
    raise OrderRefused(
        "PRICE_OFF_TICK",
        f"{field} {plain(price)} is not a multiple of the tick size "
        f"{plain(band.tick_size)} that {instrument.instrument_id} has at this price: "
        f"nearest is {nearest}",
        field,
        {"value": plain(price), "tick_size": plain(band.tick_size), "nearest": nearest},
    )


def _neighbours(number: Decimal, step: Decimal) -> tuple[Decimal, Decimal]:
    """Return the next multiples of step below and above a number that is not a multiple."""
    below = EXACT.subtract(number, EXACT.remainder(number, step))
    return below, EXACT.add(below, step)


def _check_value(
    price: Price | None, quantity: Quantity, max_value: Decimal, instrument: Instrument
) -> None:
    if price is None or price <= ZERO:
        raise OrderRefused(
            "REFERENCE_PRICE_MISSING",
            f"{instrument.instrument_id} has no reference price now, and the value of a market "
            f"order must be compared with the account's limit of {plain(max_value)} "
            f"{instrument.currency}: send a limit order, or wait for a price",
            "",
            {"instrument_id": instrument.instrument_id, "maximum": plain(max_value)},
        )
    value = multiply(quantity, price)
    if value > max_value:
        raise OrderRefused(
            "MAX_VALUE_EXCEEDED",
            f"terms.quantity {plain(quantity)} at {plain(price)} is worth {plain(value)} "
            f"{instrument.currency}, above the account's limit of {plain(max_value)}",
            "terms.quantity",
            {
                "quantity": plain(quantity),
                "price": plain(price),
                "value": plain(value),
                "maximum": plain(max_value),
                "currency": instrument.currency,
            },
        )
