"""The pace of a replay: its clock stands while the reader has no room, and trades are not early."""

import asyncio

from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import UTC_DAYS
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.history.reports import StoredTrade
from svc_marketdata.service.history.replay import Replay, windows
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
    """Trades in memory."""

    def __init__(self, trades):
        self.trades = trades
        self.asked = []

    async def trades_between(self, _, from_ns, to_ns, limit):
        self.asked.append((from_ns, to_ns))
        return [one for one in self.trades if from_ns <= one.at_ns < to_ns][:limit]

    async def quotes_between(self, *_):
        return []


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
