"""What an order stream yields when it is woken by those who share it."""

import asyncio

from kernel.clock import SystemClock
from mesh.rpc.call import Call
from svc_oms.service.book.known_orders import KnownOrders
from svc_oms.service.readiness import Readiness
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.streams.notices import Notices
from svc_oms.service.streams.order_stream import OrderStream, StreamParts
from svc_oms.service.streams.publisher import Publisher
from tests.support.oms_memory import MemoryStore

ACCOUNT = "ACC-ALICE"
NEVER_S = 3600.0


class Nobody:
    """Takes every word to other replicas, and what is kept."""

    def wake_accounts(self, account_ids):
        del account_ids

    def wake_sessions(self, session_ids):
        del session_ids

    def keep(self, orders):
        del orders


def parts() -> StreamParts:
    clock = SystemClock()
    publisher = Publisher(KnownOrders(), Nobody())
    readiness = Readiness()
    readiness.epoch = "epoch"
    return StreamParts(MemoryStore(), clock, publisher, Notices(clock), VenueSessions(), readiness)


def stream(made: StreamParts, *accounts: str) -> OrderStream:
    call = Call("/s/Watch", None)
    return OrderStream(made, [(name, None) for name in accounts], NEVER_S, call)


async def test_a_word_that_comes_while_a_frame_is_written_is_not_put_off():
    reader = stream(parts())
    frames = reader.frames()
    assert await anext(frames) == b"", "no links to report"
    reader.notice(b"news")
    async with asyncio.timeout(10):
        assert await anext(frames) == b"news"
        # The frame is being written: nothing waits for the word yet.
        reader.wake.set()
        assert await anext(frames) == b""
    await frames.aclose()


async def test_events_and_what_else_a_reader_was_woken_for_are_one_frame():
    made = parts()
    reader = stream(made, ACCOUNT)
    frames = reader.frames()
    async with asyncio.timeout(10):
        assert await anext(frames), "the end of the snapshot"
        assert await anext(frames) == b"", "no links to report"
        assert await anext(frames), "a heartbeat: from here on it is live"
        made.publisher.accounts[ACCOUNT].append(1, [b"event"])
        assert await anext(frames) == b"event"
        following = asyncio.create_task(anext(frames))
        await asyncio.sleep(0)
        assert not following.done(), "it was sent already"
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    await frames.aclose()
