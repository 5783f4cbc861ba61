"""The top five execution venues by class of instrument, as RTS 28 asks.

RTS 28 is delegated regulation (EU) 2017/576; the classes are those of its Annex I. Where its words
leave a choice:

An *order* is what the client gave. A routed order counts once at each venue where it was executed,
however many child orders it had there. In the total of its class it counts once, so that the shares
of the venues in it may be more than 100 % together.

An order is *aggressive* at a venue if, by value, at least half of what LastLiquidityInd(851) says
of its executions there took liquidity; otherwise *passive*. It is neither if the venue does not
report the tag, or reports other values, such as an auction.

An order is *directed* if it names its venue: each order for a listing, and a routed order that
allows one venue only.

Values in several currencies are not added: a class has a table for each currency.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, NamedTuple

from ordermesh.marketdata.v1 import instrument_pb2

TOP_VENUES: Final = 5
PERCENT_PLACES: Final = Decimal("0.01")
HUNDRED: Final = Decimal(100)
ADDED, REMOVED = 1, 2
"""Values of LastLiquidityInd(851)."""
EXACT: Final = Context(prec=200)
"""Digits enough for sums of LastQty(32), of at most 36 digits, times LastPx(31), of at most 78."""

NOT_KNOWN: Final = "Not known: no venue lists the instrument now"
OTHER: Final = "(m) Other instruments"
_EQUITY_DERIVATIVES: Final = "(g) Equity derivatives: options and futures"
_INTEREST_DERIVATIVES: Final = "(c) Interest rate derivatives: futures and options"
_CLASSES_BY_CFI: Final = {
    "E": "(a) Equities: shares and depositary receipts",
    "D": "(b) Debt instruments: bonds",
    "DY": "(b) Debt instruments: money market instruments",
    "CE": "(k) Exchange traded products",
    "RW": "(h) Securitised derivatives",
    "FFS": _EQUITY_DERIVATIVES,
    "FFV": _EQUITY_DERIVATIVES,
    "FFD": _INTEREST_DERIVATIVES,
    "FFN": _INTEREST_DERIVATIVES,
    "FFC": "(e) Currency derivatives: futures and options",
    "FC": "(i) Commodities derivatives: options and futures",
    "F": "Not known: derivatives whose CFICode(461) names no class",
}
"""By how the CFI code (ISO 10962) begins; the longest counts."""
_CFI_OF_KIND: Final = {
    instrument_pb2.INSTRUMENT_KIND_SHARE: "E",
    instrument_pb2.INSTRUMENT_KIND_ETF: "CE",
    instrument_pb2.INSTRUMENT_KIND_BOND: "D",
    instrument_pb2.INSTRUMENT_KIND_FUTURE: "F",
}
_CFI_PREFIX_MAX: Final = 3


def class_of(instrument: instrument_pb2.Instrument) -> str:
    """Return the class of an instrument by Annex I, by its CFI code, else by its kind.

    Equities are one class: the average number of transactions per day, which its three liquidity
    bands need, is not known here.
    """
    code = instrument.cfi_code or _CFI_OF_KIND.get(instrument.kind, "")
    for length in range(_CFI_PREFIX_MAX, 0, -1):
        if found := _CLASSES_BY_CFI.get(code[:length]):
            return found
    return OTHER


class Executed(NamedTuple):
    """One execution, not busted."""

    class_name: str
    currency: str
    venue_mic: str
    client_order_id: str
    """Id of the order that the client gave: of the parent if a child was executed."""
    quantity: Decimal
    price: Decimal
    liquidity: int
    """LastLiquidityInd(851); 0 if it was not reported."""
    directed: bool
    """Whether the client named the venue."""


class VenueLine(NamedTuple):
    """A venue in the table of a class. Percentages have two places."""

    venue_mic: str
    value: Decimal
    """Sum of quantity times price, without sign; exact."""
    orders: int
    value_percent: Decimal
    """Of the value of the class."""
    orders_percent: Decimal
    """Of the orders of the class."""
    passive_percent: Decimal
    """Of the orders at this venue, as the next two."""
    aggressive_percent: Decimal
    directed_percent: Decimal


class ClassTable(NamedTuple):
    """The top venues of a class in a currency."""

    class_name: str
    currency: str
    value: Decimal
    """Of all venues."""
    orders: int
    venues: tuple[VenueLine, ...]
    """At most TOP_VENUES, the largest value first; equal values by MIC."""


class _OrderAtVenue:
    """What one order of a client has done at a venue."""

    __slots__ = ("added", "directed", "removed", "value")

    def __init__(self) -> None:
        self.value = self.added = self.removed = Decimal(0)
        self.directed = False

    def add(self, one: Executed) -> None:
        """Add an execution of the order at the venue."""
        value = EXACT.multiply(one.quantity, one.price).copy_abs()
        self.value = EXACT.add(self.value, value)
        if one.liquidity == ADDED:
            self.added = EXACT.add(self.added, value)
        elif one.liquidity == REMOVED:
            self.removed = EXACT.add(self.removed, value)
        self.directed = one.directed

    @property
    def is_aggressive(self) -> bool:
        return bool(self.removed) and self.removed >= self.added

    @property
    def is_passive(self) -> bool:
        return self.added > self.removed


class _AtVenue:
    """The orders of a class that were executed at a venue, by id."""

    def __init__(self, mic: str, orders: Iterable[_OrderAtVenue]) -> None:
        self.mic = mic
        self.orders = list(orders)
        self.value = _sum(order.value for order in self.orders)


def tables(executed: Iterable[Executed]) -> list[ClassTable]:
    """Fold executions to a table for each class and currency, in the order of their names."""
    classes: defaultdict[tuple[str, str], dict[tuple[str, str], _OrderAtVenue]] = defaultdict(dict)
    for one in executed:
        orders = classes[one.class_name, one.currency]
        key = one.venue_mic, one.client_order_id
        orders.setdefault(key, _OrderAtVenue()).add(one)
    return [_table(*names, orders) for names, orders in sorted(classes.items())]


def _table(
    class_name: str, currency: str, orders: dict[tuple[str, str], _OrderAtVenue]
) -> ClassTable:
    by_venue: defaultdict[str, list[_OrderAtVenue]] = defaultdict(list)
    for (mic, _), order in orders.items():
        by_venue[mic].append(order)
    venues = [_AtVenue(mic, found) for mic, found in by_venue.items()]
    total = _sum(venue.value for venue in venues)
    venues.sort(key=lambda venue: (venue.value.copy_negate(), venue.mic))
    count = len({order_id for _, order_id in orders})
    lines = tuple(_line(venue, total, count) for venue in venues[:TOP_VENUES])
    return ClassTable(class_name, currency, total, count, lines)


def _line(venue: _AtVenue, total: Decimal, orders_total: int) -> VenueLine:
    count = len(venue.orders)
    return VenueLine(
        venue.mic,
        venue.value,
        count,
        _percent(venue.value, total),
        _percent(Decimal(count), Decimal(orders_total)),
        *(
            _percent(Decimal(sum(flags)), Decimal(count))
            for flags in (
                [order.is_passive for order in venue.orders],
                [order.is_aggressive for order in venue.orders],
                [order.directed for order in venue.orders],
            )
        ),
    )


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    """Return a share in percent, rounded half even; 0 of nothing."""
    share = EXACT.divide(EXACT.multiply(part, HUNDRED), whole) if whole else Decimal(0)
    return share.quantize(PERCENT_PLACES, ROUND_HALF_EVEN, EXACT)
