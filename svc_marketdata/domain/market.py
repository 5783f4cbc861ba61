"""The prices of one listing, and what each report of the venue changes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from kernel.decimals import format_nano, parse_nano
from kernel.trading_calendar import UTC_DAYS, TradingCalendar, TradingDay
from svc_marketdata.domain.auction import NO_AUCTION
from svc_marketdata.domain.book import BookFlags, Level, PriceBook, Side
from svc_marketdata.domain.candles import CandleSeries, candle_start
from svc_marketdata.domain.day_statistics import NO_FIGURES, DayStatistics
from svc_marketdata.domain.kept_trades import KeptTrade, KeptTrades
from svc_marketdata.domain.own_day import OwnDay, Traded
from svc_marketdata.domain.packed.known_trades import KnownTrades

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
    NO_PRICE = 6


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
    last_of_snapshot: bool = False
    """It is the last trade of a snapshot and has no id of the venue: it may be known already."""

    @property
    def counts(self) -> bool:
        """Whether it says what the market is now."""
        return self.off_market is OffMarket.NOT and not self.withdrawn


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
    day: DayStatistics = NO_FIGURES
    venue_time_ns: int = 0
    received_ns: int = 0
    flags: BookFlags = BookFlags.NONE
    traded: Traded | None = None
    """Of an earlier process, to be restored: the sums of the day's trades."""


NO_DAY = TradingDay(0, 0)


class _TakenOut(NamedTuple):
    """A trade that was taken out, to put a corrected one in its place."""

    place: int
    kept: KeptTrade
    day: DayStatistics
    """The figures of the day before."""


class InstrumentMarket:
    """Book, quote, trades and candles of one listing.

    Every method that applies a report returns what it changed; a report that cannot be
    read raises ``ValueError``, and the caller flags the listing.
    """

    __slots__ = (
        "_calendar",
        "_day",
        "_day_at_ns",
        "_kept",
        "_known",
        "_last_at_ns",
        "_taken_out",
        "_volume_told_at_ns",
        "aged",
        "auction",
        "book",
        "book_received_ns",
        "book_told",
        "book_venue_ns",
        "candles",
        "instrument_id",
        "late_trades",
        "own",
        "quote",
        "refreshed",
        "silent",
        "told",
        "trade",
        "unknown_amendments",
        "venue_mic",
    )

    def __init__(
        self, instrument_id: str, venue_mic: str, calendar: TradingCalendar = UTC_DAYS
    ) -> None:
        self.instrument_id = instrument_id
        self.venue_mic = venue_mic
        self.book = PriceBook()
        self.quote = Quote()
        self.auction = NO_AUCTION
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
        self.book_venue_ns = self.book_received_ns = 0  # of the newest change of the book
        self.late_trades = 0
        self.unknown_amendments = 0
        """Withdrawals of trades that are not kept."""
        self._known = KnownTrades(TRADE_IDS_KEPT_MAX)
        self._kept = KeptTrades()
        self._taken_out: _TakenOut | None = None
        self._last_at_ns = 0
        """When the trade of the last price was made."""
        self.own = OwnDay()
        self._calendar = calendar
        self._day = NO_DAY
        self._day_at_ns = 0
        """An instant of the day."""
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
        self.book_venue_ns, self.book_received_ns = venue_ns, received_ns
        self._take_best()
        return Changed.QUOTE | Changed.BOOK

    def set_level(self, side: Side, level: Level, venue_ns: int, received_ns: int) -> int:
        """Apply a changed level."""
        best_changed = self.book.set(side, level)
        self.book_told = True
        self.book_venue_ns, self.book_received_ns = venue_ns, received_ns
        aged = self._stamp(venue_ns, received_ns)
        if not best_changed and self.book.flags is self.quote.flags:
            return Changed.BOOK | aged
        self._take_best()
        return Changed.QUOTE | Changed.BOOK

    def use_calendar(self, calendar: TradingCalendar) -> None:
        """Set the venue's calendar."""
        if calendar is not self._calendar:
            self._calendar = calendar
            if self._day is not NO_DAY:
                self._day = calendar.day_of(self._day_at_ns)

    def add_trade(self, trade: Trade, received_ns: int) -> int:
        """Apply a trade; one that was reported before changes nothing.

        The candle is not touched, unless a trade is withdrawn or corrected; see `add_to_candle`.
        """
        if trade.withdrawn:
            return self._withdraw(trade, received_ns)
        taken_out, self._taken_out = self._taken_out, None
        price, size = parse_nano(trade.price), parse_nano(trade.size)
        if self._is_known(trade, received_ns):
            return Changed.NOTHING
        self.trade = trade
        if trade.off_market is OffMarket.CORRECTED:
            self._stamp(0, received_ns)
            if taken_out is None:
                return Changed.TRADE | Changed.QUOTE
            return Changed.TRADE | self._correct(taken_out, trade, price, size, received_ns)
        at_ns = trade.venue_time_ns or received_ns
        if not trade.counts:
            self._stamp(0, received_ns)
            if trade.off_market is OffMarket.OLD and at_ns > self._last_at_ns:
                # Nothing was traded since: it is the last price, but not the market now.
                self._last_at_ns = at_ns
                kept = KeptTrade(trade.trade_id, price, size, at_ns, market=False, counts=False)
                self._keep(trade, kept)
            return Changed.TRADE | Changed.QUOTE
        self._begin_day(at_ns)
        self._last_at_ns = max(self._last_at_ns, at_ns)
        kept = KeptTrade(trade.trade_id, price, size, at_ns, market=True, counts=True)
        self._keep(trade, kept)
        if at_ns >= self._day.begins_ns:
            self.own.add(price, size)
            # A venue that reports the volume in the same message has counted the trade already.
            more = trade.size if self._volume_told_at_ns != received_ns else ""
            self.quote.day = self.quote.day.traded(trade.price, price, more)
        self._stamp(trade.venue_time_ns, received_ns)
        return Changed.TRADE | Changed.QUOTE

    def _is_known(self, trade: Trade, received_ns: int) -> bool:
        """Return whether a trade was reported before; note its id if not."""
        known = (self.quote.last_price, self.quote.last_size)
        if trade.last_of_snapshot and (trade.price, trade.size) == known:
            # A snapshot after a break reports the last trade again, under no id of the venue.
            return True
        if trade.trade_id:
            day = self._calendar.day_of(trade.venue_time_ns or received_ns)
            return not self._known.note(day, trade.trade_id)
        return False

    def _keep(self, trade: Trade, kept: KeptTrade) -> None:
        """Keep the trade of the last price."""
        self._kept.add(kept, self._day.begins_ns)
        quote = self.quote
        quote.last_off_market = not kept.market
        quote.last_price, quote.last_size = trade.price, trade.size

    def _take_last(self) -> None:
        """Have the last price of the newest trade; without one it is the last that was known."""
        quote, newest = self.quote, self._kept.newest
        quote.last_off_market = newest is None or not newest.market
        if newest is not None:
            quote.last_price, quote.last_size = format_nano(newest.price), format_nano(newest.size)

    def _begin_day(self, at_ns: int) -> int:
        """Forget the figures of the day before, if a new day has begun."""
        if at_ns < self._day.ends_ns:
            return Changed.NOTHING
        first = self._day is NO_DAY
        self._day, self._day_at_ns = self._calendar.day_of(at_ns), at_ns
        self.own = OwnDay()
        self._kept.begin_day()
        if first:
            return Changed.NOTHING
        quote = self.quote
        quote.day = DayStatistics(close_price=quote.last_price or quote.day.close_price)
        return Changed.QUOTE

    def _withdraw(self, withdrawal: Trade, received_ns: int) -> int:
        """Take a trade back; one that is not kept changes nothing."""
        self._taken_out = None
        sent_in = self._calendar.day_of(withdrawal.venue_time_ns or received_ns)
        found = self._kept.take(withdrawal.trade_id, sent_in.ends_ns)
        if found is None:
            self.unknown_amendments += 1
            return Changed.NOTHING
        index, kept = found
        price, quote = format_nano(kept.price), self.quote
        # It may be reported again, corrected.
        self._known.forget(self._calendar.day_of(kept.at_ns), kept.trade_id)
        self.trade = replace(withdrawal, price=price, size=format_nano(kept.size))
        self._taken_out = _TakenOut(index, kept, quote.day)
        self._take_last()
        if kept.counts and kept.at_ns >= self._day.begins_ns:
            self.own.set(self._kept.of_day(self._day.begins_ns))
            quote.day = quote.day.without(price, self.own.figures)
            if self._volume_told_at_ns != received_ns:
                quote.day = quote.day.plus(-kept.size)
        self._stamp(0, received_ns)
        return Changed.TRADE | Changed.QUOTE | self._fill(kept)

    def _correct(
        self, taken_out: "_TakenOut", trade: Trade, price: int, size: int, received_ns: int
    ) -> int:
        """Put a corrected trade in the place of the one that was taken out for it."""
        before = taken_out.kept
        kept = replace(before, trade_id=trade.trade_id, price=price, size=size, market=False)
        self._kept.put(taken_out.place, kept)
        self._take_last()
        if kept.counts and kept.at_ns >= self._day.begins_ns:
            self.own.set(self._kept.of_day(self._day.begins_ns))
            day = taken_out.day.without(format_nano(before.price), self.own.figures)
            day = day.with_prices(self.own.tally)
            day = replace(day, volume=self.quote.day.volume)
            counted = self._volume_told_at_ns == received_ns
            self.quote.day = day if counted else day.plus(size)
        return Changed.QUOTE | self._fill(kept)

    def _fill(self, kept: KeptTrade) -> int:
        """Make the candle of a trade anew."""
        if not kept.in_candle:
            return Changed.NOTHING
        start_ns = candle_start(kept.at_ns)
        self.candles.amend(start_ns, self._kept.of_candle(start_ns))
        return Changed.CANDLE

    def add_to_candle(self, trade: Trade, received_ns: int) -> int:
        """Add a trade to its candle, unless the candle is complete."""
        at_ns = trade.venue_time_ns or received_ns
        candle = self.candles.add(parse_nano(trade.price), parse_nano(trade.size), at_ns)
        if candle is None:
            self.late_trades += 1
            return Changed.NOTHING
        newest = self._kept.newest
        if newest is not None and trade is self.trade and trade.counts:
            newest.in_candle = True
        return Changed.CANDLE

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
        self._taken_out = None
        begun = self._begin_day(received_ns)
        known = self.quote.day
        if complete:
            known = replace(self.own.figures, close_price=known.close_price)
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
        """Begin the day, and flag the quote if it is older than its limit; 0 is no limit."""
        begun = Changed.NOTHING if self._day is NO_DAY else self._begin_day(now_ns)
        received_ns = self.quote.received_ns
        aged = bool(age_max_ns and received_ns) and now_ns - received_ns > age_max_ns
        if aged == self.aged:
            return begun
        self.aged = aged
        return Changed.QUOTE

    def restore(self, quote: Quote) -> None:
        """Restore the last quote of an earlier process; it is stale until the feed refreshes."""
        self.quote = quote
        self.told = True
        if quote.received_ns:
            # A time after it was received is that of a wrong clock.
            quote.venue_time_ns = min(quote.venue_time_ns, quote.received_ns)
        self._day_at_ns = quote.received_ns or quote.venue_time_ns
        self._day = self._calendar.day_of(self._day_at_ns)
        self.own.restore(quote.day, quote.traded)
        self.refreshed = False

    def _stamp(self, venue_ns: int, received_ns: int) -> int:
        quote = self.quote
        self.told = True
        # Of every update; max() takes three times as long.
        if venue_ns > quote.venue_time_ns:  # noqa: PLR1730
            quote.venue_time_ns = venue_ns
        if received_ns > quote.received_ns:  # noqa: PLR1730
            quote.received_ns = received_ns
        if not self.aged:
            return Changed.NOTHING
        self.aged = False
        return Changed.QUOTE

    def _take_best(self) -> None:
        quote, book = self.quote, self.book
        quote.bid_price, quote.bid_size, _ = book.bids.best or NO_LEVEL
        quote.ask_price, quote.ask_size, _ = book.asks.best or NO_LEVEL
        quote.flags = book.flags
