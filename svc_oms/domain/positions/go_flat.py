"""How a position is closed: at which venue, by which orders, and what cannot be closed."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import IntEnum
from typing import Final, NamedTuple

from kernel.decimals import plain
from kernel.side import Side
from svc_oms.domain.numbers import EXACT, ZERO, Quantity, subtract
from svc_oms.domain.order_terms.checks import Instrument

# Orders that close one position: a listing's largest order may be small.
FLAT_ORDERS_MAX: Final = 20


class Cause(IntEnum):
    """Why a position was not closed completely; numbers of ordermesh.oms.v1.FlatCause."""

    REMAINDER_OF_LOT = 1
    NOT_TRADABLE = 2
    NO_LISTING = 3
    VENUE_DOWN = 4
    OPEN_ORDERS = 5
    REFUSED = 6
    NOT_FILLED = 7
    NO_ANSWER = 8
    TOO_LARGE = 9


class Sizes(NamedTuple):
    """What the limits of an account say about the size of each closing order."""

    largest: Decimal | None = None
    """The largest quantity of one order; None: no limit."""
    distinct: bool = False
    """Two orders of one size would count as the same order sent twice."""

    def both(self, other: "Sizes") -> "Sizes":
        """Return the sizes that keep both."""
        limits = [one for one in (self.largest, other.largest) if one is not None]
        return Sizes(min(limits, default=None), self.distinct or other.distinct)


class Plan(NamedTuple):
    """Orders that close a position, and why they do not close all of it."""

    instrument_id: str = ""
    side: Side = Side.SELL
    quantities: tuple[Quantity, ...] = ()
    cause: Cause | None = None
    text: str = ""


def plan(
    position: Decimal,
    listings: Iterable[Instrument],
    up: frozenset[str],
    sizes: Callable[[Instrument], Sizes] = lambda _: Sizes(),
) -> Plan:
    """Plan how to close a position.

    Args:
        position: The quantity held; negative if short, not zero.
        listings: Where it can be closed, the preferred one first.
        up: Venues that can be reached.
        sizes: What the account's limits say about the size of an order in a listing.
    """
    choices = list(listings)
    if not choices:
        return Plan(cause=Cause.NO_LISTING, text="no venue has reported a listing of it")
    tradable = [one for one in choices if one.tradable]
    if not tradable:
        found = choices[0]
        return Plan(
            found.instrument_id,
            cause=Cause.NOT_TRADABLE,
            text=f"{found.instrument_id} is {found.trading_status or 'not tradable'}",
        )
    reachable = [one for one in tradable if one.venue_mic in up]
    if not reachable:
        found = tradable[0]
        return Plan(
            found.instrument_id,
            cause=Cause.VENUE_DOWN,
            text=f"the order session of {found.venue_mic} is down",
        )
    found = reachable[0]
    return _orders(position, found, sizes(found).both(Sizes(found.max_quantity)))


def _orders(position: Decimal, listing: Instrument, sizes: Sizes) -> Plan:
    side = Side.SELL if position > 0 else Side.BUY
    held, lot = position.copy_abs(), listing.lot_size
    remainder = EXACT.remainder(held, lot)
    left = subtract(held, remainder)
    largest = left
    if sizes.largest is not None:
        largest = subtract(sizes.largest, EXACT.remainder(sizes.largest, lot))
    quantities: list[Quantity] = []
    next_size = largest
    while left > ZERO and largest > ZERO and len(quantities) < FLAT_ORDERS_MAX:
        part = min(left, next_size)
        quantities.append(Quantity(part))
        left = subtract(left, part)
        if sizes.distinct:
            # The smallest size is a lot; after it the largest comes again.
            next_size = subtract(part, lot) if part > lot else largest
    cause, text = None, ""
    if left and largest <= ZERO:
        cause = Cause.TOO_LARGE
        text = f"one order may have {plain(sizes.largest or ZERO)}, less than a lot of {plain(lot)}"
    elif left:
        cause = Cause.TOO_LARGE
        text = f"{plain(left)} are more than {FLAT_ORDERS_MAX} orders can close"
    elif remainder:
        cause = Cause.REMAINDER_OF_LOT
        text = f"{plain(remainder)} are less than a lot of {plain(lot)}"
    return Plan(listing.instrument_id, side, tuple(quantities), cause, text)
