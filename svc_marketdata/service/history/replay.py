"""Replays stored trades and quotes into prices of their own, at the speed that is asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from heapq import merge
from operator import attrgetter
from typing import Final, NamedTuple

from kernel.clock import Clock, Timer
from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import TradingCalendar
from svc_marketdata.domain.book import Level
from svc_marketdata.domain.candles import CANDLE_GRACE_NS
from svc_marketdata.domain.history.quotes import STALE, PastQuote, QuoteBlock, unpack
from svc_marketdata.domain.history.reports import StoredTrade
from svc_marketdata.domain.listing import Listing
from svc_marketdata.domain.market import Aggressor, OffMarket, Trade
from svc_marketdata.service.feed_session import FeedIdentity, FeedSession
from svc_marketdata.service.history.ports import GapCause, HistoryReader
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.market_data import MarketData

WINDOW_NS_MIN: Final = NS_PER_S
WINDOW_NS_FIRST: Final = 60 * NS_PER_S
WINDOW_NS_MAX: Final = 24 * 3600 * NS_PER_S
WINDOW_TRADES_MAX: Final = 20_000
"""Trades of one window, which are in memory together."""
WINDOW_BLOCKS_MAX: Final = 2_000
"""Blocks of at most 30 quotes of one window, which are in memory together. A window of a second has
at most two for each of the 200 listings of a replay."""
WINDOW_FEW: Final = 2_000
"""With fewer trades and quotes than this in a window, the next one is twice as long."""
NOT_LISTED: Final = Listing("", "", "")
GAPS_MAX: Final = 1_000
"""Gaps of one window, or since the quotes that stand when a replay begins: the newest ones."""
STEP_MAX: Final = 200
"""Trades and quotes that are replayed before the reader gets a turn."""
QUIET_STEP_S_MAX: Final = 1.0
"""Longest wait between two looks at the time while no trade is due."""


class QuoteAt(NamedTuple):
    """A stored quote of a listing."""

    instrument_id: str
    quote: PastQuote

    @property
    def at_ns(self) -> int:
        """When it stood."""
        return self.quote.at_ns


class LostAt(NamedTuple):
    """From when on no replica recorded a venue: the quotes that stood then may stand no more."""

    venue_mic: str
    at_ns: int


Event = StoredTrade | QuoteAt | LostAt


class ReplayClock(Clock):
    """The time of the replay for what depends on the time of trades; timers run in ours."""

    def __init__(self, clock: Clock, now_ns: int) -> None:
        self._clock = clock
        self.at_ns = now_ns

    def now_ns(self) -> int:
        """Return the time of the replay."""
        return self.at_ns

    def monotonic(self) -> float:
        """Return our seconds."""
        return self._clock.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back after our seconds."""
        return self._clock.call_later(seconds, callback)


async def windows(
    reader: HistoryReader, names: Sequence[str], from_ns: int, to_ns: int, *, quotes: bool
) -> AsyncIterator[list[Event]]:
    """Yield trades and quotes in the order of time, a window at a time, as memory allows.

    Args:
        reader: The history.
        names: Listings.
        from_ns: When the time begins.
        to_ns: When it ends.
        quotes: Whether quotes are wanted.
    """
    length_ns, begin_ns = WINDOW_NS_FIRST, from_ns
    quoted = names if quotes else ()
    limit = WINDOW_TRADES_MAX
    while begin_ns < to_ns:
        end_ns = min(begin_ns + length_ns, to_ns)
        trades = await reader.trades_between(names, begin_ns, end_ns, limit)
        blocks = await reader.quotes_between(quoted, begin_ns, end_ns, WINDOW_BLOCKS_MAX)
        lost = await _lost(reader, quoted, begin_ns, end_ns)
        full = len(trades) == limit or len(blocks) == WINDOW_BLOCKS_MAX
        if full and length_ns > WINDOW_NS_MIN:
            length_ns = max(length_ns // 4, WINDOW_NS_MIN)
            continue
        if len(trades) == limit:
            # More than the limit in a second: all of it, since what is one instant is not divided.
            limit *= 2
            continue
        events: list[Event] = list(
            merge(trades, _quotes(blocks, begin_ns, end_ns), lost, key=attrgetter("at_ns"))
        )
        yield events
        limit = WINDOW_TRADES_MAX
        begin_ns = end_ns
        if len(events) < WINDOW_FEW:
            length_ns = min(length_ns * 2, WINDOW_NS_MAX)


async def standing_quotes(
    reader: HistoryReader, names: Sequence[str], at_ns: int
) -> dict[str, PastQuote]:
    """Return the last quotes before an instant; stale if their venue was not recorded since."""
    found = await reader.last_quotes(names, at_ns)
    since_ns = min((quote.at_ns for quote in found.values()), default=at_ns)
    lost = dict(await _lost(reader, list(found), since_ns, at_ns))
    return {
        name: quote._replace(state=quote.state | STALE)
        if quote.at_ns <= lost.get(name.rpartition(".")[2], 0)
        else quote
        for name, quote in found.items()
    }


async def _lost(
    reader: HistoryReader, names: Sequence[str], from_ns: int, to_ns: int
) -> list[LostAt]:
    """Return when venues ceased to be recorded, by time."""
    mics = sorted({name.rpartition(".")[2] for name in names})
    gaps = await reader.gaps(mics, from_ns, to_ns, GAPS_MAX) if mics else []
    return [
        LostAt(gap.venue_mic, gap.from_ns)
        for gap in gaps
        if gap.cause is GapCause.NOT_RECORDED and gap.from_ns >= from_ns
    ]


def _quotes(blocks: Sequence[QuoteBlock], from_ns: int, to_ns: int) -> list[QuoteAt]:
    """Return the quotes of a time, in order."""
    found = [
        QuoteAt(block.instrument_id, quote)
        for block in blocks
        for quote in unpack(block.body)
        if from_ns <= quote.at_ns < to_ns
    ]
    found.sort(key=attrgetter("at_ns"))
    return found


class Replay:
    """Prices of some listings, fed from the history."""

    def __init__(self, hub: Hub, clock: Clock, from_ns: int, to_ns: int) -> None:
        """Make the prices, of which nothing is known yet.

        Args:
            hub: A hub of its own.
            clock: Our clock.
            from_ns: When the replay begins.
            to_ns: When it ends.
        """
        self.clock = ReplayClock(clock, from_ns)
        self._to_ns = to_ns
        self.data = MarketData(hub, self.clock)
        self._sessions: dict[str, FeedSession] = {}
        self._listings: Mapping[str, Listing] = {}

    def open(
        self,
        names: Sequence[str],
        calendar_of: Callable[[str], TradingCalendar],
        standing: Mapping[str, PastQuote],
        listings: Mapping[str, Listing],
    ) -> None:
        """Make the listings known.

        Args:
            names: The listings.
            calendar_of: Their trading days.
            standing: The quotes that stood when the replay begins, as far as they are stored.
            listings: What is known of the listings now.
        """
        self._listings = listings
        for name in names:
            mic = name.rpartition(".")[2]
            if mic not in self._sessions:
                identity = FeedIdentity("replay", mic, "", "replay", calendar=calendar_of(name))
                self._sessions[mic] = self.data.open_feed(identity, _never)
                self.data.feed_up(self.data.venue(mic))
            entry = self.data.entry(name)
            assert entry is not None, "the limit of listings is that of a subscription"
            # There are no books to wait for.
            entry.market.refreshed = True
        for name, quote in standing.items():
            self._show(name, quote)
        self._flush()

    async def run(
        self,
        stored: AsyncIterator[list[Event]],
        speed: int,
        room: Callable[[], bool],
        made_room: asyncio.Event,
    ) -> None:
        """Feed trades and quotes; return after the last one.

        Args:
            stored: Trades and quotes in order, in windows.
            speed: How many times faster than they were made; 0: as fast as possible.
            room: Whether the reader has room for more.
            made_room: Set whenever the reader took something.
        """
        async for events in stored:
            for at in range(0, len(events), STEP_MAX):
                await self._step(events[at : at + STEP_MAX], speed, room, made_room)
        self.clock.at_ns = max(self.clock.at_ns, self._to_ns + CANDLE_GRACE_NS)
        self._tick()

    async def _step(
        self,
        events: Sequence[Event],
        speed: int,
        room: Callable[[], bool],
        made_room: asyncio.Event,
    ) -> None:
        for event in events:
            while not room():
                # The clock of the replay stands while the reader does not read.
                self._flush()
                made_room.clear()
                await made_room.wait()
            if speed:
                await self._until(event.at_ns, speed)
            self.clock.at_ns = max(self.clock.at_ns, event.at_ns)
            if isinstance(event, QuoteAt):
                self._show(*event)
            elif isinstance(event, LostAt):
                self._lose(event)
            else:
                self._feed(event)
        self._flush()
        await asyncio.sleep(0)

    async def _until(self, at_ns: int, speed: int) -> None:
        """Let the time pass up to an instant."""
        while (left_s := (at_ns - self.clock.at_ns) / NS_PER_S / speed) > 0:
            self._flush()
            pause_s = min(left_s, QUIET_STEP_S_MAX)
            await asyncio.sleep(pause_s)
            passed_ns = int(pause_s * speed * NS_PER_S)
            self.clock.at_ns = min(self.clock.at_ns + max(passed_ns, 1), at_ns)
            self._tick()

    def _show(self, name: str, quote: PastQuote) -> None:
        """Have a quote stand as a book of one level per side."""
        session, at_ns = self._sessions[name.rpartition(".")[2]], quote.at_ns
        bid_price, bid_size, ask_price, ask_size = quote.texts
        bids = [Level(bid_price, bid_size, 0)] if bid_price else []
        asks = [Level(ask_price, ask_size, 0)] if ask_price else []
        session.book(name, bids, asks, at_ns, at_ns)
        if quote.stale:
            session.book_incomplete(name, at_ns)
        entry, status = self.data.listed[name], quote.trading_status
        if status is not (entry.listing or NOT_LISTED).trading_status:
            symbol, _, mic = name.rpartition(".")
            known = self._listings.get(name) or Listing(name, symbol, mic)
            entry.listing = replace(known, trading_status=status, updated_at_ns=at_ns)
            self.data.hub.touch(entry.listing_channel)

    def _lose(self, lost: LostAt) -> None:
        session = self._sessions[lost.venue_mic]
        for entry in self.data.of_venue(lost.venue_mic):
            session.book_incomplete(entry.market.instrument_id, lost.at_ns)

    def _feed(self, stored: StoredTrade) -> None:
        off_market = OffMarket(stored.off_market)
        if stored.counts:
            # A corrected trade is replayed as the ordinary one that it would have been.
            off_market = OffMarket.NOT
        mic = stored.instrument_id.rpartition(".")[2]
        trade = Trade(
            stored.trade_id,
            stored.price,
            stored.size,
            Aggressor(stored.aggressor),
            stored.at_ns,
            stored.amended_ns,
            off_market,
        )
        self._sessions[mic].trade(stored.instrument_id, trade, stored.at_ns)

    def _tick(self) -> None:
        """Complete candles and begin days, as the time of the replay has it."""
        self._flush()
        self.data.tick()

    def _flush(self) -> None:
        for session in self._sessions.values():
            session.begin_frame()
            session.end_frame()


def _never() -> None:
    """Ignore that another feed takes over: there is none."""
