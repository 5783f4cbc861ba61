"""The consolidated books of instruments that are routed, as svc_marketdata streams them.

For POV orders also the traded quantity of the day, listing by listing.

A cache that may be lost at any time. It knows which instruments are needed, and the adapter
subscribes to those; an instrument stays for a while after it was last needed.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from decimal import Decimal
from typing import NamedTuple

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from ordermesh.marketdata.v1 import market_data_pb2
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.routing.decision import RoutingLimits
from svc_oms.domain.routing.view import Level, VenueState

# Instruments whose books are kept; the one that was needed longest ago gives way.
INSTRUMENTS_MAX = 500
# How long a new order waits for the first book of its instrument, in seconds.
FIRST_BOOK_S = 2.0
# How long a replica that has no prices of an instrument any more ends no order for want of them, in
# seconds: so long another replica, which reads what changed every 5 s, can go on with it.
PRICES_AWAITED_S = 15.0

# A book that was not confirmed for so long is no liquidity, in seconds.
STALE_BOOK_S = RoutingLimits().book_age_ns_max / NS_PER_S

_L = market_data_pb2.LeftOut
_STATES = {
    _L.LEFT_OUT_UNSPECIFIED: VenueState.OPEN,
    _L.LEFT_OUT_HALTED: VenueState.HALTED,
    _L.LEFT_OUT_CLOSED: VenueState.HALTED,
    _L.LEFT_OUT_AUCTION: VenueState.HALTED,
    _L.LEFT_OUT_DELISTED: VenueState.HALTED,
}
"""Every other reason is STALE: there is no price that counts."""


class VenueBook(NamedTuple):
    """What one venue shows of an instrument."""

    state: VenueState
    bids: tuple[Level, ...] = ()
    offers: tuple[Level, ...] = ()


class InstrumentBook(NamedTuple):
    """The books of an instrument's listings at one moment."""

    listings: dict[str, VenueBook]
    sequence: int


NO_BOOK = VenueBook(VenueState.STALE)
NO_BOOKS = InstrumentBook({}, 0)


def read_book(update: market_data_pb2.MarketDataUpdate) -> InstrumentBook:
    """Take a consolidated book apart into those of its listings."""
    message = update.consolidated_book
    bids = _shares(message.bids)
    offers = _shares(message.asks)
    listings = {
        venue.instrument_id: VenueBook(
            _STATES.get(venue.left_out, VenueState.STALE),
            tuple(bids.get(venue.instrument_id, ())),
            tuple(offers.get(venue.instrument_id, ())),
        )
        for venue in message.venues
    }
    return InstrumentBook(listings, update.sequence)


def _shares(levels: Iterable[market_data_pb2.ConsolidatedLevel]) -> dict[str, list[Level]]:
    found: dict[str, list[Level]] = {}
    for level in levels:
        price = Price(Decimal(level.price))
        for share in level.shares:
            shown = Level(price, Quantity(Decimal(share.size)))
            found.setdefault(share.instrument_id, []).append(shown)
    return found


class RoutingBooks:
    """The books; see the head of this file.

    Attributes:
        needed_moved: Set when other instruments are needed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._needed: dict[str, float] = {}
        """In the order in which they were last needed; each with the time since when its book is
        awaited."""
        self._books: dict[str, InstrumentBook] = {}
        self._heard_at = float("-inf")
        self._listeners: list[Callable[[str], None]] = []
        self._first: dict[str, asyncio.Event] = {}
        self._followed: tuple[str, ...] = ()
        self._traded: dict[str, Quantity] = {}
        self.needed_moved = asyncio.Event()

    def on_moved(self, listener: Callable[[str], None]) -> None:
        """Call this with the key of each instrument whose book changed."""
        self._listeners.append(listener)

    # For those that route.

    def need(self, key: str) -> None:
        """Keep the book of an instrument from now on; its key is "ISIN/currency"."""
        since = self._needed.pop(key, None)
        self._needed[key] = self._clock.monotonic() if since is None else since
        if since is None:
            if len(self._needed) > INSTRUMENTS_MAX:
                gone = next(iter(self._needed))
                del self._needed[gone]
                self._books.pop(gone, None)
            self.needed_moved.set()

    def keep(self, keys: Iterable[str]) -> None:
        """Let those of these instruments that are needed give way after all others."""
        for key in keys:
            since = self._needed.pop(key, None)
            if since is not None:
                self._needed[key] = since

    def is_coming(self, key: str) -> bool:
        """Return whether the book of an instrument is not here yet, but may come soon."""
        since = self._needed.get(key)
        if since is None or key in self._books:
            return False
        return self._clock.monotonic() - since < FIRST_BOOK_S

    def are_awaited(self, key: str) -> bool:
        """Return whether the prices of an instrument are not here, but were or may be soon."""
        now = self._clock.monotonic()
        if key not in self._books:
            return now - self._needed.get(key, float("-inf")) < PRICES_AWAITED_S
        return STALE_BOOK_S < now - self._heard_at < PRICES_AWAITED_S

    async def ready(self, keys: Collection[str]) -> None:
        """Wait until the books of instruments have come, but for none longer than FIRST_BOOK_S.

        A decision without them says which venues have no prices.
        """
        for key in keys:
            self.need(key)
        coming = [key for key in keys if self.is_coming(key)]
        if not coming:
            return
        waits = [self._first.setdefault(key, asyncio.Event()).wait() for key in coming]
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_BOOK_S):
                await asyncio.gather(*waits)

    def book(self, key: str) -> InstrumentBook:
        """Return the book of an instrument; without listings if none has come."""
        return self._books.get(key, NO_BOOKS)

    def age_ns(self) -> int:
        """Return how long ago svc_marketdata last said that the books are as they are."""
        silent_s = self._clock.monotonic() - self._heard_at
        return min(int(silent_s * NS_PER_S), _NEVER_NS) if silent_s != float("inf") else _NEVER_NS

    def follow(self, instrument_ids: Iterable[str]) -> None:
        """Follow the traded quantity of these listings, and of no others."""
        followed = tuple(sorted(set(instrument_ids)))
        if followed != self._followed:
            self._followed = followed
            self._traded = {one: self._traded[one] for one in followed if one in self._traded}
            self.needed_moved.set()

    def traded(self, instrument_id: str) -> Quantity | None:
        """Return the quantity of the trading day of a listing; None: not followed, or not known."""
        return self._traded.get(instrument_id)

    # For the adapter.

    def followed(self) -> tuple[str, ...]:
        """Return the listings whose traded quantity is followed."""
        return self._followed

    def take_quote(self, instrument_id: str, quote: market_data_pb2.Quote) -> None:
        """Set the traded quantity of a listing."""
        if quote.volume and instrument_id in self._followed:
            self._traded[instrument_id] = Quantity(Decimal(quote.volume))

    def needed(self) -> list[str]:
        """Return the keys of the instruments whose books are needed."""
        return sorted(self._needed)

    def heard(self) -> None:
        """Note that the stream is alive now."""
        self._heard_at = self._clock.monotonic()

    def take(self, update: market_data_pb2.MarketDataUpdate) -> None:
        """Set the book of an instrument."""
        key = update.instrument_id
        if key not in self._needed:
            return
        self._books[key] = read_book(update)
        first = self._first.pop(key, None)
        if first is not None:
            first.set()
        for listener in self._listeners:
            listener(key)

    def silent(self) -> None:
        """Forget all books and traded quantities: their stream begins anew, or ended."""
        self._needed |= dict.fromkeys(self._books, self._clock.monotonic())
        self._books.clear()
        self._traded.clear()


_NEVER_NS = 2**62
