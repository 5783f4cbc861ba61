"""What the venues of one instrument (ISIN and currency) show at one moment."""

from enum import IntEnum
from typing import NamedTuple

from kernel.ticks import TickBand
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import Price, Quantity


class VenueState(IntEnum):
    """Whether a venue can be routed to. Only OPEN counts as liquidity and takes new children."""

    OPEN = 1
    HALTED = 2
    """Halted, closed or in an auction: no continuous trading now."""
    STALE = 3
    """Its prices must not be relied on: too old, or its feed is down."""
    SESSION_DOWN = 4
    """Its FIX order session is down: it takes no new orders, and cancels wait."""
    TAKEN_OUT = 5
    """Taken out of routing for a while after rejects (health.py)."""


class Level(NamedTuple):
    """A price level of a venue's book."""

    price: Price
    quantity: Quantity
    """Displayed, with our own orders in it."""


class VenueView(NamedTuple):
    """One listing of the instrument: its book, its state and its rules."""

    mic: str
    instrument_id: str
    state: VenueState
    bids: tuple[Level, ...]
    """Best first: the highest price."""
    offers: tuple[Level, ...]
    """Best first: the lowest price."""
    age_ns: int
    """Since the newest price of the book was received."""
    lot_size: Quantity
    tick_table: tuple[TickBand[Price], ...]
    min_quantity: Quantity | None = None
    """The smallest order that the venue takes."""
    max_quantity: Quantity | None = None
    """The largest order that the venue takes."""
    times_in_force: frozenset[TimeInForce] = frozenset(
        {TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}
    )
    """What limit orders at the venue may have."""


class OwnOrder(NamedTuple):
    """Displayed quantity of an order of ours at a venue; it is no liquidity for us."""

    mic: str
    is_buy: bool
    price: Price
    quantity: Quantity


class ConsolidatedView(NamedTuple):
    """The venues of one instrument, and our own displayed orders there."""

    isin: str
    currency: str
    venues: tuple[VenueView, ...]
    own_orders: tuple[OwnOrder, ...] = ()
    """Of every account that must not trade with itself, this parent's children included."""
    sequence: int = 0
    """Version of the consolidated book that this was taken from; for the record."""
