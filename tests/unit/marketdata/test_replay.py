"""The pace of a replay: its clock stands while the reader has no room, and trades are not early."""

import asyncio

from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import UTC_DAYS
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.history.quotes import HAS_ASK, HAS_BID, PastQuote, QuoteBlock, pack
from svc_marketdata.domain.history.reports import StoredTrade
from svc_marketdata.service.history.ports import Gap, GapCause
from svc_marketdata.service.history.replay import Replay, standing_quotes, windows
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from tests.support.clock import ManualClock
from tests.support.waiting import until

ASML = "ASML.SIMA"
START = 1_700_000_000 * NS_PER_S


def stored(number, at_ns=0):
    at_ns = at_ns or START + number * NS_PER_S
    return StoredTrade(ASML, at_ns, at_ns, f"T{number}", "10", "1", 1, 0, True, False, at_ns)


async def of(*batches):
    for batch in batches:
        yield list(batch)


def replay():
    clock = ManualClock(START)
    made = Replay(Hub(ProtoEncoder(), Limits(), "one"), clock, START, START + 100 * NS_PER_S)
    made.open([ASML], lambda _: UTC_DAYS, {}, {})
    return made


def count(made):
    return made.data.hub.channels[ASML, 3].sequence


async def test_it_waits_for_room():
    made, event, room = replay(), asyncio.Event(), []
    run = asyncio.create_task(
        made.run(of([stored(n) for n in range(3)]), 0, lambda: bool(room), event)
    )
    await asyncio.sleep(0)
    event.set()
    await asyncio.sleep(0)
    assert count(made) == 0
    room.append(True)
    event.set()
    await run
    assert count(made) == 3


async def test_no_trade_is_earlier_than_the_speed_has_it():
    made, event = replay(), asyncio.Event()
    event.set()
    begun = asyncio.get_running_loop().time()
    run = asyncio.create_task(made.run(of([stored(1), stored(20)]), 100, lambda: True, event))
    await until(lambda: count(made) == 2, "both trades are replayed")
    assert asyncio.get_running_loop().time() - begun >= 0.19
    await run
    assert made.clock.now_ns() > START + 100 * NS_PER_S


class Reader:
    """Trades, the quotes of one block, and gaps in memory."""

    def __init__(self, trades=(), quotes=(), gaps=()):
        self.trades = trades
        self.quotes = quotes
        self.gaps_of_all = gaps
        self.asked = []

    async def trades_between(self, _, from_ns, to_ns, limit):
        self.asked.append((from_ns, to_ns))
        return [one for one in self.trades if from_ns <= one.at_ns < to_ns][:limit]

    async def quotes_between(self, *_):
        return [QuoteBlock(ASML, START, pack(self.quotes))] if self.quotes else []

    async def last_quotes(self, _, before_ns):
        before = [one for one in self.quotes if one.at_ns < before_ns]
        return {ASML: before[-1]} if before else {}

    async def gaps(self, mics, from_ns, to_ns, _):
        found = [one for one in self.gaps_of_all if one.venue_mic in mics]
        return [one for one in found if one.until_ns >= from_ns and one.from_ns < to_ns]


async def test_windows_have_every_trade_once_however_many_there_are():
    few = [stored(n) for n in range(0, 90_000, 900)]
    # More than a window may have, within one second.
    many = [stored(-n, START + 40_000 * NS_PER_S + n) for n in range(30_000)]
    trades = sorted(few + many, key=lambda one: one.at_ns)
    reader = Reader(trades)
    found = [
        one
        async for window in windows(reader, [ASML], START, START + 100_000 * NS_PER_S, quotes=True)
        for one in window
    ]
    assert found == trades
    assert len(reader.asked) < 200


async def test_a_quote_is_stale_from_when_its_venue_was_not_recorded():
    def at(second):
        return START + second * NS_PER_S

    first, next_one = (PastQuote(at(n) // 10**6, 5, 1, 6, 1, HAS_BID | HAS_ASK, 0) for n in (1, 40))
    gaps = [
        Gap("SIMB", at(1), at(90), GapCause.NOT_RECORDED),
        Gap("SIMA", at(2), at(3), GapCause.DROPPED, 7),
        Gap("SIMA", at(10), at(39), GapCause.NOT_RECORDED),
    ]
    reader = Reader(quotes=[first, next_one], gaps=gaps)
    made, seen = replay(), []

    def look():
        market = made.data.listed[ASML].market
        seen.append((market.quote.bid_price, market.stale))
        return True

    await made.run(windows(reader, [ASML], START, at(100), quotes=True), 0, look, asyncio.Event())
    look()
    price = "0.000000005"
    assert seen == [("", False), (price, False), (price, True), (price, False)]

    # A replay that begins between has it stale at once; one that begins before or after, not.
    states = [(await standing_quotes(reader, [ASML], at(n)))[ASML].stale for n in (9, 20, 50)]
    assert states == [False, True, False]
