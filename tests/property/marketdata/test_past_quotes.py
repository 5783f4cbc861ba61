"""Stored quotes: exact, one for each interval, and replayed as they stood."""

import asyncio

from hypothesis import example, given
from hypothesis import strategies as st

from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import UTC_DAYS
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.book import Level
from svc_marketdata.domain.history.quotes import (
    BLOCK_S,
    HAS_ASK,
    HAS_BID,
    PastQuote,
    block_start,
    merged,
    pack,
    unpack,
)
from svc_marketdata.domain.listing import Listing, TradingStatus
from svc_marketdata.service.feed_session import FeedIdentity
from svc_marketdata.service.history.quote_recorder import BLOCKS_WAITING_MAX
from svc_marketdata.service.history.recorder import Recorder
from svc_marketdata.service.history.replay import Replay, windows
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from tests.support.clock import ManualClock

NAMES = ("ASML.SIMA", "ING.SIMA")
START = 1_700_000_000 * NS_PER_S
NUMBERS = st.integers(-(10**12), 10**12) | st.integers(0, 10**27)


@st.composite
def quotes(draw):
    at_ms, found = START // 10**6, []
    for gap in draw(st.lists(st.integers(0, 40_000), min_size=1, max_size=12)):
        at_ms += gap
        state = draw(st.integers(0, 7))
        bid = [draw(NUMBERS) if state & HAS_BID else 0, draw(st.integers(0, 10**20))]
        ask = [draw(NUMBERS) if state & HAS_ASK else 0, draw(st.integers(0, 10**12))]
        found.append(PastQuote(at_ms, *bid, *ask, state, draw(st.integers(0, 7))))
    return found


@given(quotes())
def test_a_block_is_exact(some):
    assert unpack(pack(some)) == some


@given(quotes(), quotes(), st.sampled_from([1, 5, 30]))
def test_a_block_of_several_processes_has_one_quote_for_each_interval(one, other, interval_s):
    interval_ns = interval_s * NS_PER_S
    both = merged(one, other, interval_ns)
    keys = [quote.at_ns // interval_ns for quote in both]
    assert keys == sorted(set(keys))
    assert {quote.at_ns // interval_ns for quote in [*one, *other]} == set(keys)
    # Written again, by whichever process, it stays as it is.
    assert merged(both, other, interval_ns) == merged(both, one, interval_ns) == both


SIZES = st.sampled_from(["0", "5", "100", "700000000000000000"])
STEP = st.one_of(
    st.tuples(st.just("book"), st.integers(95, 105), SIZES, st.integers(95, 105), SIZES),
    st.tuples(st.sampled_from(["lost", "wait", "wait", "back"])),
    st.tuples(st.just("status"), st.sampled_from([TradingStatus.OPEN, TradingStatus.HALTED])),
)
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 2_500), STEP), max_size=60)


class Live:
    """Prices as they are recorded, and what stood when each interval had ended."""

    def __init__(self, interval_s):
        self.clock = ManualClock(START)
        self.data = MarketData(Hub(ProtoEncoder(), Limits(), "live"), self.clock)
        self.recorder = self.data.recorder = Recorder(
            self.clock, 1_000, lambda _: UTC_DAYS, interval_s
        )
        self.session = self.data.open_feed(FeedIdentity("feed", "SIMA", "", "one"), lambda: None)
        for name in NAMES:
            self.session.listing(Listing(name, name[:-5], "SIMA"))
        self.stood = {name: [] for name in NAMES}
        self._interval = START // NS_PER_S // interval_s
        self._interval_s = interval_s

    def step(self, name, pause_ms, step):
        now_ns = self.clock.now_ns()
        kind, *values = step
        if kind == "book":
            bid, bid_size, ask, ask_size = values
            sides = [[Level(str(bid), bid_size, 1)], [Level(str(ask), ask_size, 1)]]
            self.session.book(name, *sides, now_ns, now_ns)
        elif kind == "lost":
            self.session.book_incomplete(name, now_ns)
        elif kind == "back":
            self.session.book(name, [], [], now_ns, now_ns)
        elif kind == "status":
            self.session.trading_status(name, values[0], now_ns)
        self.session.end_frame()
        self.clock.advance(pause_ms / 1_000)
        self.data.tick()
        interval = self.clock.now_ns() // NS_PER_S // self._interval_s
        if interval != self._interval:
            self._interval = interval
            for one, stood in self.stood.items():
                now = shown(self.data, one)
                if now[0] and differs(stood, now):
                    stood.append(now)


def shown(data, name):
    """Whether something is known of a listing; quote, staleness and status as readers see them."""
    entry = data.listed[name]
    quote, status = entry.market.quote, TradingStatus.UNSPECIFIED
    if entry.listing is not None:
        status = entry.listing.trading_status
    prices = (quote.bid_price, quote.bid_size, quote.ask_price, quote.ask_size)
    flags = quote.flags if entry.market.book_told else None
    known = entry.market.told or status is not TradingStatus.UNSPECIFIED
    return known, prices, entry.market.stale, status, flags


def differs(rows, now):
    """Whether something that is stored changed: an empty book has no flags of its own."""
    return not rows or rows[-1][:4] != now[:4]


class Stored:
    """The blocks that were recorded, as the database gives them."""

    def __init__(self, blocks):
        self.blocks = sorted(blocks, key=lambda block: block.start_ns)

    async def trades_between(self, *_):
        return []

    async def gaps(self, *_):
        return []

    async def quotes_between(self, names, from_ns, to_ns, limit):
        begin_ns = from_ns - BLOCK_S * NS_PER_S
        found = [one for one in self.blocks if begin_ns < one.start_ns < to_ns]
        return [one for one in found if one.instrument_id in names][:limit]


@given(STEPS, st.sampled_from([1, 5]))
@example(
    [("ASML.SIMA", 1_000, ("book", 99, "700000000000000000", 101, "5"))] * 2
    + [("ASML.SIMA", 1_000, ("lost",)), ("ASML.SIMA", 1_000, ("status", TradingStatus.HALTED))],
    1,
)
@example(
    [
        ("ASML.SIMA", 616, ("status", TradingStatus.OPEN)),
        ("ING.SIMA", 934, ("lost",)),
        ("ASML.SIMA", 1, ("back",)),
        ("ASML.SIMA", 449, ("lost",)),
    ],
    1,
)
def test_replayed_quotes_are_the_conflated_live_ones(steps, interval_s):
    live = Live(interval_s)
    for step in steps:
        live.step(*step)
    live.recorder.quotes.end_all()  # what changed in the last interval is not part of the test
    blocks = live.recorder.quotes.ended()
    assert all(
        one.start_ns == block_start(one.instrument_id, quote.at_ns)
        for one in blocks
        for quote in unpack(one.body)
    )
    to_ns = live.clock.now_ns() + NS_PER_S
    replay = Replay(Hub(ProtoEncoder(), Limits(), "past"), live.clock, START, to_ns)
    replay.open(NAMES, lambda _: UTC_DAYS, {}, {})
    found = {name: [] for name in NAMES}

    def look():
        for name, seen in found.items():
            now = shown(replay.data, name)
            if now[0] and differs(seen, now):
                seen.append(now)
        return True

    async def play():
        stored = windows(Stored(blocks), NAMES, START, to_ns, quotes=True)
        await replay.run(stored, 0, look, asyncio.Event())
        look()

    asyncio.run(play())

    def seen(rows):
        return [(prices, stale, status) for _, prices, stale, status, _ in rows]

    assert {name: seen(rows) for name, rows in found.items()} == {
        name: seen(rows) for name, rows in live.stood.items()
    }
    # Flags are those of the best prices.
    for name, rows in found.items():
        for before, after in zip(live.stood[name], rows, strict=True):
            assert before[4] is None or before[4] == after[4]


def test_blocks_above_the_limit_are_dropped_and_counted(monkeypatch):
    assert BLOCKS_WAITING_MAX > 0
    monkeypatch.setattr("svc_marketdata.service.history.quote_recorder.BLOCKS_WAITING_MAX", 1)
    live = Live(1)
    for name in NAMES:
        live.step(name, 1_000, ("book", 99, "5", 101, "5"))
    live.recorder.quotes.end_all()
    assert (live.recorder.quotes.waiting, live.recorder.quotes.dropped) == (1, 1)


def test_nothing_is_kept_if_no_interval_is_set():
    live = Live(1)
    live.recorder.quotes.interval_ns = 0
    live.step("ASML.SIMA", 1_000, ("book", 99, "5", 101, "5"))
    live.recorder.quotes.end_all()
    assert live.recorder.quotes.waiting == 0
