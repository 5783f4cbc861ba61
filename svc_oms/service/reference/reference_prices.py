"""Reference prices of listings: they value market orders, and collars compare with them."""

from decimal import Decimal
from typing import NamedTuple

from kernel.clock import Clock
from ordermesh.marketdata.v1 import market_data_pb2
from svc_oms.domain.numbers import EXACT, Price

# A price received longer ago does not count. While prices are streamed, that of a listing
# which does not move is as current as the stream's last message, which may be a heartbeat.
REFERENCE_AGE_MAX_S = 300.0

ZERO, HALF = Decimal(0), Decimal("0.5")


def quote_price(quote: market_data_pb2.Quote) -> Price | None:
    """Return the price of a quote: last trade, else either side, else yesterday's close."""
    for text in (quote.last_price, quote.ask_price, quote.bid_price, quote.close_price):
        if text and (price := Decimal(text)) > ZERO:
            return Price(price)
    return None


class Reference(NamedTuple):
    """The prices by which a listing's orders are checked."""

    price: Price | None
    """Values a market order."""
    collar: Price | None
    """What limit prices are compared with."""
    source: str = ""
    """"last", "mid" or "close"."""


NO_REFERENCE = Reference(None, None)


def reference_of(quote: market_data_pb2.Quote) -> Reference:
    """Return the reference of a quote; the collar's fallbacks are last, mid and close."""
    price = quote_price(quote)
    last, bid, ask, close = (
        Decimal(text or "0")
        for text in (quote.last_price, quote.bid_price, quote.ask_price, quote.close_price)
    )
    if last > ZERO:
        return Reference(price, Price(last), "last")
    if bid > ZERO and ask > ZERO:
        return Reference(price, Price(EXACT.multiply(EXACT.add(bid, ask), HALF)), "mid")
    return Reference(price, Price(close), "close") if close > ZERO else Reference(price, None)


class References:
    """The last price of each listing, while it counts.

    It is a cache of what svc_marketdata streams: `begin` at every connection, `heard` with every
    frame. Prices of an earlier connection count until they are too old or replaced; stale ones
    do not count at all.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._live: dict[str, Reference] = {}
        self._heard_at = 0.0
        self._before: dict[str, tuple[Reference, float]] = {}

    def begin(self) -> None:
        """Forget which prices are streamed: a connection sends all it has."""
        for instrument_id, reference in self._live.items():
            self._before[instrument_id] = (reference, self._heard_at)
        self._live.clear()

    def heard(self) -> None:
        """Note that the stream is alive now."""
        self._heard_at = self._clock.monotonic()

    def learn(self, instrument_id: str, quote: market_data_pb2.Quote) -> None:
        """Set a quote."""
        reference = NO_REFERENCE if quote.stale else reference_of(quote)
        self._before.pop(instrument_id, None)
        if reference.price is None:
            self._live.pop(instrument_id, None)
        else:
            self._live[instrument_id] = reference

    def price(self, instrument_id: str) -> Price | None:
        """Return the last price, or None if there is none that counts."""
        return self.reference(instrument_id).price

    def reference(self, instrument_id: str) -> Reference:
        """Return the reference prices of a listing; none if they are too old."""
        live = self._live.get(instrument_id)
        reference, heard_at = (
            (live, self._heard_at)
            if live is not None
            else self._before.get(instrument_id, (NO_REFERENCE, 0.0))
        )
        late = self._clock.monotonic() - heard_at > REFERENCE_AGE_MAX_S
        return NO_REFERENCE if late else reference
