"""Which prices of a listing count for alerts: never a stale one, nor one that nobody can trade at.

Prices are in the unit of `Alert.level`: 10⁻⁹, for MID half of that.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from kernel.decimals import FRACTION_DIGITS_MAX, format_scaled, parse_nano
from svc_marketdata.domain.alerts.alert import AlertPrice
from svc_marketdata.domain.book import BookFlags
from svc_marketdata.domain.consolidated import TRADES, status_of
from svc_marketdata.domain.listing import Venue
from svc_marketdata.service.channels import Channel
from svc_marketdata.service.delayed import DelayedValue
from svc_marketdata.service.listed import Listed


class Shown(NamedTuple):
    """Prices of a delayed value; an empty text is one that does not count."""

    last: str = ""
    bid: str = ""
    ask: str = ""


Decoder = Callable[[bytes], Shown]
"""Reads a delayed value as it was serialised."""


class Prices(Protocol):
    """The prices of one listing, real-time or delayed."""

    def traded(self) -> int | None:
        """Return the price of the trade that was reported just now; None if it does not count."""

    def best(self) -> tuple[int | None, int | None]:
        """Return best bid and best offer in 10⁻⁹, whether or not they count: asked most often."""

    def now(self, price: AlertPrice) -> int | None:
        """Return a price as it stands now; None if there is none, or it does not count."""


class LivePrices:
    """Prices as the venue reports them."""

    __slots__ = ("_asks", "_bids", "_entry", "_venue")

    def __init__(self, entry: Listed, venue: Venue) -> None:
        self._entry = entry
        self._venue = venue
        self._bids, self._asks = entry.market.book.bids.keys, entry.market.book.asks.keys

    def best(self) -> tuple[int | None, int | None]:
        """Return best bid and best offer; keys of bids are negated prices."""
        bids, asks = self._bids, self._asks
        return -bids[0] if bids else None, asks[0] if asks else None

    def traded(self) -> int | None:
        """Return the price of the trade that was reported just now."""
        trade = self._entry.market.trade
        return None if trade is None or not trade.counts else parse_nano(trade.price)

    def now(self, price: AlertPrice) -> int | None:
        """Return a price as it stands now."""
        market, listing = self._entry.market, self._entry.listing
        if market.stale:
            return None
        quote = market.quote
        if price is AlertPrice.LAST:
            known = quote.last_price and not quote.last_off_market
            return parse_nano(quote.last_price) if known else None
        if quote.flags is not BookFlags.NONE:
            return None
        if listing is None or status_of(listing, self._venue) not in TRADES:
            return None
        return _of_book(price, quote.bid_price, quote.ask_price)


class DelayedPrices:
    """Prices as they were 15 minutes ago, taken once every 30 s."""

    __slots__ = ("_decode", "_quote", "_trade")

    def __init__(self, quote: Channel, trade: Channel, decode: Decoder) -> None:
        self._quote = quote
        self._trade = trade
        self._decode = decode

    def best(self) -> tuple[int | None, int | None]:
        """Return best bid and best offer."""
        shown = self._read(self._quote)
        bid, ask = shown.bid, shown.ask
        return parse_nano(bid) if bid else None, parse_nano(ask) if ask else None

    def traded(self) -> int | None:
        """Return the price of the delayed trade that is shown since just now."""
        last = self._read(self._trade).last
        return parse_nano(last) if last else None

    def now(self, price: AlertPrice) -> int | None:
        """Return a price as it is shown now."""
        shown = self._read(self._quote)
        if price is AlertPrice.LAST:
            return parse_nano(shown.last) if shown.last else None
        return _of_book(price, shown.bid, shown.ask)

    def _read(self, channel: Channel) -> Shown:
        value = channel.source
        assert isinstance(value, DelayedValue)
        return self._decode(value.shown) if value.shown else Shown()


def _of_book(price: AlertPrice, bid: str, ask: str) -> int | None:
    if price is AlertPrice.MID:
        return parse_nano(bid) + parse_nano(ask) if bid and ask else None
    text = bid if price is AlertPrice.BID else ask
    return parse_nano(text) if text else None


def price_text(price: AlertPrice, value: int) -> str:
    """Write a price as a canonical decimal; half a unit of 10⁻⁹ is rounded to the even digit."""
    if price is AlertPrice.MID:
        whole, half = divmod(value, 2)
        value = whole + (half and whole % 2)
    return format_scaled(value, FRACTION_DIGITS_MAX)
