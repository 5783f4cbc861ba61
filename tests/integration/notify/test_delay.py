"""Under load, notifications are with their readers within 5 s of the event (RTS 6 Article 16)."""

import asyncio
import statistics
import time

import pytest

from ordermesh.notify.v1 import rule_service_pb2 as rules
from tests.support.notify import fill

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

READERS = 20
PAGES = 60
FILLS_IN_A_PAGE = 100
PAUSE_S = 0.1
DELAY_MAX_S = 5.0


async def test_the_delay_of_fills_under_load(notify, events, user, capsys):
    one = await notify("one").start()
    two = await notify("two").start("STANDBY")
    readers = [user(one if n % 2 else two, f"user-{n}") for n in range(READERS)]
    for who in readers:
        rule = rules.SetRuleRequest(idempotency_key="k", rule={"name": "all", "in_app": True})
        await who.rules.SetRule(rule, metadata=who.metadata)

    async def read(who):
        stream, delays = who.watch(), []
        await stream.read()
        opened.release()
        while len(delays) < PAGES * FILLS_IN_A_PAGE:
            frame, now_ns = await stream.read(), time.time_ns()
            delays += [
                (now_ns - item.event.occurred_at.ToNanoseconds()) / 1e9
                for item in frame.items
                if item.HasField("event")
            ]
        stream.cancel()
        return delays

    opened = asyncio.Semaphore(0)
    reading = [asyncio.create_task(read(who)) for who in readers]
    for _ in readers:
        await opened.acquire()
    began = time.monotonic()
    for page in range(PAGES):
        first = page * FILLS_IN_A_PAGE
        await events.write("ACC-ALICE", *(fill(first + n) for n in range(FILLS_IN_A_PAGE)))
        await asyncio.sleep(PAUSE_S)  # the load is so many fills a second
    rate = PAGES * FILLS_IN_A_PAGE / (time.monotonic() - began)
    delays = [delay for each in await asyncio.gather(*reading) for delay in each]
    cuts = statistics.quantiles(delays, n=100)
    with capsys.disabled():
        print(  # noqa: T201  what this test is for
            f"\n{rate:.0f} fills a second, each to {READERS} readers: p50 {cuts[49]:.3f} s, "
            f"p99 {cuts[98]:.3f} s, longest {max(delays):.3f} s"
        )
    assert len(delays) == READERS * PAGES * FILLS_IN_A_PAGE
    assert cuts[98] < DELAY_MAX_S
