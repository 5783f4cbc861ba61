"""Replays stored trades into prices of their own, at the speed that the reader asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from kernel.clock import Clock, Timer
from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import TradingCalendar
from svc_marketdata.domain.candles import CANDLE_GRACE_NS
from svc_marketdata.domain.history.reports import StoredTrade
from svc_marketdata.domain.market import Aggressor, OffMarket, Trade
from svc_marketdata.service.feed_session import FeedIdentity, FeedSession
from svc_marketdata.service.history.ports import HistoryReader
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.market_data import MarketData

WINDOW_NS_MIN: Final = NS_PER_S
WINDOW_NS_FIRST: Final = 60 * NS_PER_S
WINDOW_NS_MAX: Final = 24 * 3600 * NS_PER_S
WINDOW_TRADES_MAX: Final = 20_000
"""Trades of one window, which are in memory together."""
WINDOW_TRADES_FEW: Final = 2_000
"""With fewer trades than this in a window, the next one is twice as long."""
STEP_TRADES_MAX: Final = 200
"""Trades that are replayed before the reader gets a turn."""
QUIET_STEP_S_MAX: Final = 1.0
"""Longest wait between two looks at the time while no trade is due."""


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
    reader: HistoryReader, names: Sequence[str], from_ns: int, to_ns: int
) -> AsyncIterator[list[StoredTrade]]:
    """Yield the trades of a time in order, a window at a time, as long as memory allows."""
    length_ns, begin_ns = WINDOW_NS_FIRST, from_ns
    limit = WINDOW_TRADES_MAX
    while begin_ns < to_ns:
        end_ns = min(begin_ns + length_ns, to_ns)
        trades = await reader.trades_between(names, begin_ns, end_ns, limit)
        if len(trades) == limit and length_ns > WINDOW_NS_MIN:
            length_ns = max(length_ns // 4, WINDOW_NS_MIN)
            continue
        if len(trades) == limit:
            # More than the limit in a second: all of it, since what is one instant is not divided.
            limit *= 2
            continue
        yield trades
        limit = WINDOW_TRADES_MAX
        begin_ns = end_ns
        if len(trades) < WINDOW_TRADES_FEW:
            length_ns = min(length_ns * 2, WINDOW_NS_MAX)


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

    def open(self, names: Sequence[str], calendar_of: Callable[[str], TradingCalendar]) -> None:
        """Make the listings known."""
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
        self.data.hub.flush()

    async def run(
        self,
        stored: AsyncIterator[list[StoredTrade]],
        speed: int,
        room: Callable[[], bool],
        made_room: asyncio.Event,
    ) -> None:
        """Feed the trades; return after the last one.

        Args:
            stored: The trades in order, in windows.
            speed: How many times faster than they were made; 0: as fast as possible.
            room: Whether the reader has room for more.
            made_room: Set whenever the reader took something.
        """
        async for trades in stored:
            for at in range(0, len(trades), STEP_TRADES_MAX):
                await self._step(trades[at : at + STEP_TRADES_MAX], speed, room, made_room)
        self.clock.at_ns = max(self.clock.at_ns, self._to_ns + CANDLE_GRACE_NS)
        self._tick()

    async def _step(
        self,
        trades: Sequence[StoredTrade],
        speed: int,
        room: Callable[[], bool],
        made_room: asyncio.Event,
    ) -> None:
        for trade in trades:
            while not room():
                # The clock of the replay stands while the reader does not read.
                self._flush()
                made_room.clear()
                await made_room.wait()
            if speed:
                await self._until(trade.at_ns, speed)
            self._feed(trade)
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

    def _feed(self, stored: StoredTrade) -> None:
        self.clock.at_ns = max(self.clock.at_ns, stored.at_ns)
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
