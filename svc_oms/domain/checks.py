"""Checks of an order against its instrument and the account's limits.

Every refusal names the field, what it was and what it should be; metadata holds
each value the text names.
"""

from decimal import Decimal
from typing import NamedTuple, NoReturn

from svc_oms.domain.model import OrderTerms, OrderType, TimeInForce
from svc_oms.domain.numbers import EXACT, ZERO, Price, Quantity, multiply, plain


class OrderRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A command that is not taken; nothing changed.

    Attributes:
        reason: Name of an ErrorReason without prefix.
        text: A sentence: the field, what it was, what it should be.
        field: Proto path of the field at fault, as in "terms.limit_price"; may be empty.
        metadata: Every value the text names.
    """

    def __init__(
        self, reason: str, text: str, field: str = "", metadata: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.text = text
        self.field = field
        self.metadata = metadata or {}


class TickBand(NamedTuple):
    """From this price on, prices are multiples of tick_size."""

    from_price: Price
    tick_size: Price


class Instrument(NamedTuple):
    """A listing, as far as orders are checked against it."""

    instrument_id: str
    symbol: str
    venue_mic: str
    isin: str
    currency: str
    lot_size: Quantity
    tick_table: tuple[TickBand, ...]
    """Lowest first, the first from zero; the last one holds without bound."""
    tradable: bool
    """TradingStatus OPEN or AUCTION."""
    trading_status: str = ""
    """Name of the TradingStatus without prefix, for the refusal's text."""
    max_quantity: Quantity | None = None


class Limits(NamedTuple):
    """Largest single order. None: no limit."""

    max_quantity: Quantity | None = None
    max_value: Decimal | None = None
    """Quantity times price, in the instrument's currency."""


SUPPORTED_TYPES = frozenset({OrderType.MARKET, OrderType.LIMIT})
SUPPORTED_TIMES_IN_FORCE = frozenset(
    {TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}
)
# Of OrderTerms, those that none of the supported types has a use for.
_UNUSED_TERMS = ("stop_price", "display_quantity", "expire_time_ns", "trailing_offset", "peg")


def check_terms(
    type_: OrderType,
    terms: OrderTerms,
    instrument: Instrument,
    limits: Limits,
    reference_price: Price | None = None,
) -> None:
    """Raise OrderRefused unless an order of these terms may go to the venue.

    Args:
        type_: Of the order.
        terms: Asked for.
        instrument: The listing.
        limits: The account's.
        reference_price: Values a market order for the limit; needed only where there is one.
    """
    _check_kind(type_, terms)
    if not instrument.tradable:
        status = instrument.trading_status or "not told"
        raise OrderRefused(
            "INSTRUMENT_NOT_TRADABLE",
            f"instrument_id {instrument.instrument_id} cannot be traded now: "
            f"its trading status is {status}",
            "instrument_id",
            {"instrument_id": instrument.instrument_id, "trading_status": status},
        )
    _check_quantity(terms.quantity, instrument, limits)
    price = terms.limit_price
    if price is not None:
        _check_tick(price, instrument)
    if limits.max_value is not None:
        _check_value(price or reference_price, terms.quantity, limits.max_value, instrument)


def _check_kind(type_: OrderType, terms: OrderTerms) -> None:
    """Check the type, the time in force, and which prices belong to them."""
    if type_ not in SUPPORTED_TYPES:
        _unsupported("type", type_.name, "MARKET, LIMIT")
    if terms.time_in_force not in SUPPORTED_TIMES_IN_FORCE:
        _unsupported("terms.time_in_force", terms.time_in_force.name, "DAY, GTC, IOC, FOK")
    if type_ is OrderType.LIMIT:
        if terms.limit_price is None:
            _invalid("terms.limit_price", "", "a price, because the type is LIMIT")
        if terms.limit_price <= 0:
            _invalid("terms.limit_price", plain(terms.limit_price), "above 0")
    elif terms.limit_price is not None:
        _invalid("terms.limit_price", plain(terms.limit_price), "empty, because the type is MARKET")
    # stop_price to the end but time_in_force: one comparison for the usual case.
    if terms[2:4] != (None, None) or terms[5:8] != (None, None, None):
        _refuse_unused(type_, terms)


def _refuse_unused(type_: OrderType, terms: OrderTerms) -> NoReturn:
    name = next(name for name in _UNUSED_TERMS if getattr(terms, name) is not None)
    value = getattr(terms, name)
    _invalid(
        f"terms.{name.removesuffix('_ns')}",
        plain(value) if isinstance(value, Decimal) else str(value),
        f"empty, because the type is {type_.name} and the time in force {terms.time_in_force.name}",
    )


def _check_quantity(quantity: Quantity, instrument: Instrument, limits: Limits) -> None:
    if quantity <= 0:
        _invalid("terms.quantity", plain(quantity), "above 0")
    lot = instrument.lot_size
    if EXACT.remainder(quantity, lot):
        below, above = _neighbours(quantity, lot)
        nearest = " or ".join(plain(number) for number in (below, above) if number > 0)
        raise OrderRefused(
            "QUANTITY_OFF_LOT",
            f"terms.quantity {plain(quantity)} is not a multiple of the lot size {plain(lot)}: "
            f"nearest is {nearest}",
            "terms.quantity",
            {"value": plain(quantity), "lot_size": plain(lot), "nearest": nearest},
        )
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


def tick_band(price: Decimal, instrument: Instrument) -> TickBand:
    """Return the band a positive price lies in."""
    table = instrument.tick_table
    found = table[0]
    for band in table:
        if band.from_price > price:
            break
        found = band
    return found


def _check_tick(price: Price, instrument: Instrument) -> None:
    band = tick_band(price, instrument)
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
        f"terms.limit_price {plain(price)} is not a multiple of the tick size "
        f"{plain(band.tick_size)} that {instrument.instrument_id} has at this price: "
        f"nearest is {nearest}",
        "terms.limit_price",
        {"value": plain(price), "tick_size": plain(band.tick_size), "nearest": nearest},
    )


def _neighbours(number: Decimal, step: Decimal) -> tuple[Decimal, Decimal]:
    """Return the multiples of step next below and above a number that is none."""
    below = EXACT.subtract(number, EXACT.remainder(number, step))
    return below, EXACT.add(below, step)


def _check_value(
    price: Price | None, quantity: Quantity, max_value: Decimal, instrument: Instrument
) -> None:
    if price is None or price <= ZERO:
        raise OrderRefused(
            "REFERENCE_PRICE_MISSING",
            f"{instrument.instrument_id} has no reference price now, and the value of a market "
            f"order must be held against the account's limit of {plain(max_value)} "
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


def _invalid(field: str, value: str, expected: str) -> NoReturn:
    raise OrderRefused(
        "INVALID_FIELD",
        f"{field} {value or 'is missing'}: it should be {expected}",
        field,
        {"field": field, "value": value, "expected": expected},
    )


def _unsupported(field: str, value: str, offered: str) -> NoReturn:
    raise OrderRefused(
        "UNSUPPORTED_ORDER_CHARACTERISTIC",
        f"{field} {value} is not offered: it should be one of {offered}",
        field,
        {"field": field, "value": value, "expected": offered},
    )
