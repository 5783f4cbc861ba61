"""The prices of one listing, and what each report of the venue changes."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import Enum

from kernel.decimals import add_nano, parse_nano
from kernel.nanoseconds import NS_PER_DAY
from svc_marketdata.domain.book import BookFlags, Level, PriceBook, Side
from svc_marketdata.domain.candles import CandleSeries

NO_LEVEL = Level("", "", 0)
TRADE_IDS_KEPT_MAX = 256
"""Trade ids kept per listing, to recognise a trade that is reported twice."""


class Changed:
    """What a report changed, as bits of an int: an or of ``IntFlag`` costs a microsecond."""

    NOTHING = 0
    QUOTE = 1
    BOOK = 2
    TRADE = 4
    CANDLE = 8


class Aggressor(Enum):
    """Side that took liquidity, AggressorSide(2446)."""

    UNSPECIFIED = 0
    BUY = 1
    SELL = 2


class OffMarket(Enum):
    """Why a trade does not say what the market is now."""

    NOT = 0
    CONDITION = 1
    NO_SIZE = 2
    OLD = 3
    AHEAD = 4
    CORRECTED = 5


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade at the venue; canonical decimals."""

    trade_id: str
    price: str
    size: str
    aggressor: Aggressor
    venue_time_ns: int
    received_ns: int = 0
    """When the gateway received it; 0 if not known."""
    off_market: OffMarket = OffMarket.NOT
    withdrawn: bool = False
    """The venue withdrew it; price and size may be empty."""

    @property
    def counts(self) -> bool:
        """Whether it says what the market is now."""
        return self.off_market is OffMarket.NOT and not self.withdrawn


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """Figures of the day; an empty text means not known."""

    open_price: str = ""
    high_price: str = ""
    low_price: str = ""
    close_price: str = ""
    volume: str = ""

    def checked(self) -> "DayStatistics":
        """Return this object after a check.

        Raises:
            ValueError: A figure is not a canonical decimal.
        """
        for field in fields(self):
            text: str = getattr(self, field.name)
            if text:
                add_nano(text, "0")
        return self

    def told(self, other: "DayStatistics") -> "DayStatistics":
        """Return this with the figures the other knows."""
        known = {f.name: v for f in fields(other) if (v := getattr(other, f.name))}
        return replace(self, **known)

    def traded(self, price: str, size: str, *, add_volume: bool) -> "DayStatistics":
        """Return this with a trade added. The close is that of the previous day and stays."""
        at = parse_nano(price)
        high, low, volume = self.high_price, self.low_price, self.volume
        if add_volume:
            volume = add_nano(volume or "0", size)
        return DayStatistics(
            open_price=self.open_price or price,
            high_price=price if not high or at > parse_nano(high) else high,
            low_price=price if not low or at < parse_nano(low) else low,
            close_price=self.close_price,
            volume=volume,
        )


@dataclass(slots=True)
class Quote:
    """Best prices and figures of the day, as texts ready for readers."""

    bid_price: str = ""
    bid_size: str = ""
    ask_price: str = ""
    ask_size: str = ""
    last_price: str = ""
    last_size: str = ""
    last_off_market: bool = False
    """The last price does not say what the market is now."""
    day: DayStatistics = DayStatistics()
    venue_time_ns: int = 0
    received_ns: int = 0
    flags: BookFlags = BookFlags.NONE


class InstrumentMarket:
    """Book, quote, trades and candles of one listing.

    Every method that applies a report returns what it changed; a report that cannot be
    read raises ``ValueError``, and the caller flags the listing.
    """

    __slots__ = (
        "_day",
        "_last_at_ns",
        "_own",
        "_recent",
        "_trade_ids",
        "_volume_told_at_ns",
        "aged",
        "book",
        "book_told",
        "candles",
        "instrument_id",
        "late_trades",
        "quote",
        "refreshed",
        "silent",
        "told",
        "trade",
        "venue_mic",
    )

    def __init__(self, instrument_id: str, venue_mic: str) -> None:
        self.instrument_id = instrument_id
        self.venue_mic = venue_mic
        self.book = PriceBook()
        self.quote = Quote()
        self.trade: Trade | None = None
        self.candles = CandleSeries()
        self.refreshed = False
        """True after the first full book since the feed came up; until then the book is stale."""
        self.aged = False
        """True if the quote is older than its limit."""
        self.silent = False
        """True while the venue is silent: nothing, or no prices, came from it for too long."""
        self.told = False
        """True after the first report of the listing."""
        self.book_told = False
        self.late_trades = 0
        self._trade_ids: deque[str] = deque(maxlen=TRADE_IDS_KEPT_MAX)
        self._recent: deque[Trade] = deque(maxlen=TRADE_IDS_KEPT_MAX)
        """The last trades that count, for one that is withdrawn."""
        self._last_at_ns = 0
        """When the trade of the last price was made."""
        self._own = DayStatistics()
        """Figures of the day of the trades alone, without what the venue reported."""
        self._day = 0
        self._volume_told_at_ns = -1

    @property
    def stale(self) -> bool:
        """Whether readers must not rely on the quote."""
        return self.aged or self.book_stale

    @property
    def book_stale(self) -> bool:
        """Whether readers must not rely on the book."""
        return self.silent or not self.refreshed

    def replace_book(
        self, bids: Iterable[Level], asks: Iterable[Level], venue_ns: int, received_ns: int
    ) -> int:
        """Apply a full book."""
        self.book_told = True
        self._begin_day(received_ns)
        self.book.replace(bids, asks)
        self.refreshed = True
        self._stamp(venue_ns, received_ns)
        self._take_best()
        return Changed.QUOTE | Changed.BOOK

    def set_level(self, side: Side, level: Level, venue_ns: int, received_ns: int) -> int:
        """Apply a changed level."""
        best_changed = self.book.set(side, level)
        self.book_told = True
        aged = self._stamp(venue_ns, received_ns)
        if not best_changed and self.book.flags is self.quote.flags:
            return Changed.BOOK | aged
        self._take_best()
        return Changed.QUOTE | Changed.BOOK

    def add_trade(self, trade: Trade, received_ns: int) -> int:
        """Apply a trade; one that was reported before changes nothing.

        The candle is not touched; see ``add_to_candle``.
        """
        if trade.withdrawn:
            return self._withdraw(trade, received_ns)
        parse_nano(trade.price)
        parse_nano(trade.size)
        if trade.trade_id:
            if trade.trade_id in self._trade_ids:
                return Changed.NOTHING
            self._trade_ids.append(trade.trade_id)
        at_ns = trade.venue_time_ns or received_ns
        quote = self.quote
        self.trade = trade
        if not trade.counts:
            self._stamp(0, received_ns)
            if trade.off_market is OffMarket.OLD and at_ns > self._last_at_ns:
                # Nothing was traded since: it is the last price, but not the market now.
                self._last_at_ns = at_ns
                quote.last_price, quote.last_size = trade.price, trade.size
                quote.last_off_market = True
            return Changed.TRADE | Changed.QUOTE
        self._begin_day(at_ns)
        self._last_at_ns = max(self._last_at_ns, at_ns)
        self._recent.append(trade)
        quote.last_price, quote.last_size = trade.price, trade.size
        quote.last_off_market = False
        # A venue that reports the volume in the same message has counted the trade already.
        add_volume = self._volume_told_at_ns != received_ns
        quote.day = quote.day.traded(trade.price, trade.size, add_volume=add_volume)
        self._own = self._own.traded(trade.price, trade.size, add_volume=True)
        self._stamp(trade.venue_time_ns, received_ns)
        return Changed.TRADE | Changed.QUOTE

    def _begin_day(self, at_ns: int) -> int:
        """Forget the figures of the day before, if a new day has begun."""
        if at_ns // NS_PER_DAY <= self._day:
            return Changed.NOTHING
        quote = self.quote
        if self._day:
            quote.day = DayStatistics(close_price=quote.last_price or quote.day.close_price)
        self._own = DayStatistics()
        self._day = at_ns // NS_PER_DAY
        return Changed.QUOTE

    def _withdraw(self, withdrawal: Trade, received_ns: int) -> int:
        """Take a trade back; one that is not known changes nothing."""
        for index in range(len(self._recent) - 1, -1, -1):
            if self._recent[index].trade_id == withdrawal.trade_id:
                break
        else:
            return Changed.NOTHING
        trade = self._recent[index]
        was_last = index == len(self._recent) - 1
        del self._recent[index]
        # It may be reported again, corrected.
        if trade.trade_id in self._trade_ids:
            self._trade_ids.remove(trade.trade_id)
        self.trade = replace(withdrawal, price=trade.price, size=trade.size)
        quote = self.quote
        if was_last and quote.last_price == trade.price:
            before = self._recent[-1] if self._recent else None
            quote.last_off_market = before is None
            if before is not None:
                quote.last_price, quote.last_size = before.price, before.size
        self._take_from_day(trade)
        self._stamp(0, received_ns)
        return Changed.TRADE | Changed.QUOTE

    def _take_from_day(self, trade: Trade) -> None:
        """Have the figures of the day without a trade, as far as the trades kept show them."""
        own = DayStatistics()
        for kept in self._recent:
            if (kept.venue_time_ns or kept.received_ns) // NS_PER_DAY == self._day:
                own = own.traded(kept.price, kept.size, add_volume=True)
        self._own = own
        day = self.quote.day
        self.quote.day = replace(
            day,
            open_price=own.open_price if day.open_price == trade.price else day.open_price,
            high_price=own.high_price if day.high_price == trade.price else day.high_price,
            low_price=own.low_price if day.low_price == trade.price else day.low_price,
        )

    def add_to_candle(self, trade: Trade, received_ns: int) -> int:
        """Add a trade to its candle, unless the candle is complete."""
        at_ns = trade.venue_time_ns or received_ns
        if self.candles.add(parse_nano(trade.price), parse_nano(trade.size), at_ns):
            return Changed.CANDLE
        self.late_trades += 1
        return Changed.NOTHING

    def tell_statistics(
        self, told: DayStatistics, venue_ns: int, received_ns: int, *, complete: bool = False
    ) -> int:
        """Apply figures of the day from the venue, which take precedence over our sums.

        Args:
            told: What the venue reported.
            venue_ns: Time of the report by the venue.
            received_ns: When the gateway received it.
            complete: What the venue reported before and leaves out now is not known any more.
        """
        told.checked()
        begun = self._begin_day(received_ns)
        known = self.quote.day
        if complete:
            known = replace(self._own, close_price=known.close_price)
        day = known.told(told)
        if told.volume:
            self._volume_told_at_ns = received_ns
        aged = self._stamp(venue_ns, received_ns)
        if day == self.quote.day:
            return aged | begun
        self.quote.day = day
        return Changed.QUOTE

    def lose_feed(self) -> int:
        """Note that the feed is down or changes were lost: keep the prices, flag them as stale."""
        if not self.refreshed:
            return Changed.NOTHING
        self.refreshed = False
        return Changed.QUOTE | Changed.BOOK

    def set_silent(self, silent: bool) -> int:
        """Note whether the venue is silent; what is known is right again as soon as it is not."""
        if silent == self.silent:
            return Changed.NOTHING
        self.silent = silent
        return Changed.QUOTE | Changed.BOOK if self.told else Changed.NOTHING

    def cut_book(self) -> None:
        """Remove what the changes of one message pushed out of the book."""
        if self.book.cut() and self.book.flags is not self.quote.flags:
            self._take_best()

    def forget_book(self) -> int:
        """Clear the book, because the feed has started again."""
        if not self.refreshed and not len(self.book.bids) and not len(self.book.asks):
            return Changed.NOTHING
        self.book.clear()
        self.refreshed = False
        self._take_best()
        return Changed.QUOTE | Changed.BOOK

    def grow_old(self, now_ns: int, age_max_ns: int) -> int:
        """Flag the quote if it is older than its limit, and begin the day."""
        begun = self._begin_day(now_ns) if self._day else Changed.NOTHING
        aged = bool(self.quote.received_ns) and now_ns - self.quote.received_ns > age_max_ns
        if aged == self.aged:
            return begun
        self.aged = aged
        return Changed.QUOTE

    def restore(self, quote: Quote) -> None:
        """Restore the last quote of an earlier process; it is stale until the feed refreshes."""
        self.quote = quote
        self.told = True
        self._day = quote.venue_time_ns // NS_PER_DAY
        self._own = quote.day
        self.refreshed = False

    def _stamp(self, venue_ns: int, received_ns: int) -> int:
        quote = self.quote
        self.told = True
        quote.venue_time_ns = max(quote.venue_time_ns, venue_ns)
        quote.received_ns = max(quote.received_ns, received_ns)
        if not self.aged:
            return Changed.NOTHING
        self.aged = False
        return Changed.QUOTE

    def _take_best(self) -> None:
        quote, bid, ask = self.quote, self.book.bids.best, self.book.asks.best
        quote.bid_price, quote.bid_size, _ = bid or NO_LEVEL
        quote.ask_price, quote.ask_size, _ = ask or NO_LEVEL
        quote.flags = self.book.flags
