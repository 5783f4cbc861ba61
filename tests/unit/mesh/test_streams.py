"""Queues, pump, backoff and cursors, by a clock moved by hand."""

import asyncio
import random
import threading

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from mesh.call import NEVER_NS
from mesh.streams.backoff import Backoff, is_permanent, keep_connected
from mesh.streams.cursor import Kept, cursor, resync, resync_cause
from mesh.streams.pump import Batch, End, EndCause, Tick, drain_message, end_error, pump
from mesh.streams.queues import BoundedQueue, QueueClosedError, ThreadHandover
from tests.support.clock import ManualClock


async def turn():
    """Let every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_queue_takes_in_order_and_in_batches():
    queue = BoundedQueue(5, "q")
    assert queue.extend([1, 2, 3])
    assert queue.put_nowait(4)
    assert await queue.get_batch(3) == [1, 2, 3]
    assert await queue.get_batch(3) == [4]
    assert queue.depth == 0


async def test_full_queue_takes_nothing_and_says_so():
    queue = BoundedQueue(2, "q")
    assert queue.extend([1])
    assert not queue.extend([2, 3])
    assert queue.take(10) == [1]
    assert queue.overflowed
    assert queue.extend([1, 2])
    assert not queue.put_nowait(3)


async def test_queue_wakes_its_consumer_and_ends_after_its_items():
    queue = BoundedQueue(2, "q")
    waiting = asyncio.ensure_future(queue.get_batch(9))
    await turn()
    assert not waiting.done()
    queue.put_nowait("item")
    assert await waiting == ["item"]
    queue.put_nowait("last")
    queue.close()
    assert not queue.put_nowait("too late")
    assert not queue.overflowed
    assert await queue.get_batch(9) == ["last"]
    with pytest.raises(QueueClosedError):
        await queue.get_batch(9)


async def test_cancelled_consumer_leaves_the_queue_usable():
    queue = BoundedQueue(2, "q")
    waiting = asyncio.ensure_future(queue.get_batch(9))
    await turn()
    waiting.cancel()
    await turn()
    queue.put_nowait(1)
    assert await queue.get_batch(9) == [1]


def test_queue_without_room_is_a_mistake():
    with pytest.raises(ValueError, match="at least one"):
        BoundedQueue(0, "q")


async def test_handover_keeps_the_order_of_each_thread():
    handover = ThreadHandover(100_000, "h", asyncio.get_running_loop())
    count = 5_000

    def produce(name):
        for number in range(count):
            assert handover.put((name, number))

    threads = [threading.Thread(target=produce, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    taken = []
    while len(taken) < 2 * count:
        taken += await handover.get_batch(256)
    for thread in threads:
        await asyncio.to_thread(thread.join)
    for name in "ab":
        assert [number for who, number in taken if who == name] == list(range(count))


async def test_handover_is_bounded():
    handover = ThreadHandover(1, "h", asyncio.get_running_loop())
    assert handover.put(1)
    assert not handover.put(2)
    assert handover.overflowed
    assert await handover.get_batch(9) == [1]
    assert handover.put(3)
    assert await handover.get_batch(9) == [3]


class Pumping:
    """A pump whose steps a test collects."""

    def __init__(self, *, limit_items=100, ends_in_s=None, cause=EndCause.MAX_AGE):
        self.clock = ManualClock()
        self.queue = BoundedQueue(limit_items, "q")
        self.drain = asyncio.Event()
        ends = NEVER_NS if ends_in_s is None else self.clock.now_ns() + int(ends_in_s * 1e9)
        self.steps = []
        self._pump = pump(
            self.queue,
            max_items=3,
            heartbeat_s=5,
            ends_at_ns=ends,
            drain=self.drain,
            clock=self.clock,
            ends_cause=cause,
        )
        self.task = asyncio.ensure_future(self._collect())

    async def _collect(self):
        async for step in self._pump:
            self.steps.append(step)

    async def advance(self, seconds):
        await turn()
        self.clock.advance(seconds)
        await turn()


async def finish(pumping):
    pumping.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pumping.task
    await pumping._pump.aclose()


async def test_pump_sends_batches_at_once():
    pumping = Pumping()
    await turn()
    pumping.queue.extend([1, 2, 3, 4])
    await turn()
    assert pumping.steps == [Batch([1, 2, 3]), Batch([4])]
    await finish(pumping)


async def test_pump_ticks_when_idle_and_when_busy():
    pumping = Pumping()
    await pumping.advance(4.9)
    assert pumping.steps == []
    await pumping.advance(0.1)
    assert pumping.steps == [Tick()]
    for number in range(10):
        pumping.queue.put_nowait(number)
        await pumping.advance(1)
    assert pumping.steps.count(Tick()) == 3
    assert sum(isinstance(step, Batch) for step in pumping.steps) == 10
    await finish(pumping)


async def test_pump_ends_at_its_time():
    pumping = Pumping(ends_in_s=12, cause=EndCause.TOKEN_EXPIRY)
    for _ in range(11):
        await pumping.advance(1)
    assert not pumping.task.done()
    await pumping.advance(1)
    assert pumping.steps == [Tick(), Tick(), End(EndCause.TOKEN_EXPIRY)]
    assert pumping.task.done()


async def test_pump_whose_time_is_over_ends_at_once():
    pumping = Pumping(ends_in_s=-1)
    await turn()
    assert pumping.steps == [End(EndCause.MAX_AGE)]


async def test_pump_drains_after_what_it_has():
    pumping = Pumping()
    await turn()
    pumping.queue.put_nowait(1)
    pumping.drain.set()
    await turn()
    assert pumping.steps == [Batch([1]), End(EndCause.SHUTDOWN)]


async def test_pump_informs_a_slow_reader_and_sends_no_more():
    pumping = Pumping(limit_items=2)
    pumping.queue.extend([1, 2])
    assert not pumping.queue.put_nowait(3)
    await turn()
    assert pumping.steps == [End(EndCause.SLOW_CONSUMER)]


async def test_pump_of_a_closed_queue_sends_the_rest():
    pumping = Pumping()
    pumping.queue.extend([1, 2, 3, 4])
    pumping.queue.close()
    await turn()
    assert pumping.steps == [Batch([1, 2, 3]), Batch([4]), End(EndCause.CLOSED)]


def test_ends_are_reported_with_a_status_clients_resume_on():
    for cause in EndCause:
        assert not is_permanent(end_error(cause, 5))
    assert drain_message(EndCause.TOKEN_EXPIRY, cursor("e", 7)).resume.sequence == 7


@pytest.mark.parametrize(
    ("cause", "wait_ms"),
    [(EndCause.SHUTDOWN, 200), (EndCause.TOKEN_EXPIRY, 0), (EndCause.MAX_AGE, 0)],
)
def test_only_a_process_that_stops_asks_for_patience(cause, wait_ms):
    assert drain_message(cause).retry_after.ToMilliseconds() == wait_ms
    assert end_error(cause).retry_after_s == wait_ms / 1000


def test_backoff_is_at_once_then_jittered_below_a_doubling_ceiling():
    backoff = Backoff(base=0.1, cap_s=5, rng=random.Random(7))
    delays = [backoff.next_delay() for _ in range(200)]
    assert delays[0] == 0
    for number, delay in enumerate(delays[1:]):
        assert 0 <= delay <= min(5, 0.1 * 2**number)
    assert max(delays) > 4
    assert len({round(delay, 6) for delay in delays}) > 190


def test_backoff_starts_over_after_health_only():
    backoff = Backoff(reset_after_s=30)
    backoff.next_delay()
    backoff.note_health(29)
    assert backoff._failures == 1
    backoff.note_health(30)
    assert backoff.next_delay() == 0


def rpc_error(code):
    return AioRpcError(code, Metadata(), Metadata(), "")


@pytest.mark.parametrize(
    "code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
)
def test_all_but_a_short_list_of_statuses_are_worth_another_try(code):
    permanent = {"UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED",
                 "NOT_FOUND"}  # fmt: skip
    assert is_permanent(rpc_error(code)) == (code.name in permanent)


async def test_keep_connected_comes_back_until_a_permanent_error():
    clock, slept, lives = ManualClock(), [], iter([0, 0, 40, 0])

    async def connect():
        lived = next(lives, None)
        if lived is None:
            raise rpc_error(grpc.StatusCode.PERMISSION_DENIED)
        clock.advance(lived)
        raise rpc_error(grpc.StatusCode.UNKNOWN)

    async def sleep(seconds):
        slept.append(seconds)

    with pytest.raises(AioRpcError):
        await keep_connected(
            connect, Backoff(base=1), "test", permanent=is_permanent, clock=clock, sleep=sleep
        )
    assert len(slept) == 4
    assert slept[0] == 0
    assert slept[1] <= 1
    assert slept[2] == 0  # healthy for 40 s


def test_cursors_are_served_or_answered_with_a_cause():
    kept = Kept(epoch="life-2", oldest=10, newest=20)
    assert resync_cause(cursor("life-2", 9), kept) is None
    assert resync_cause(cursor("life-2", 20), kept) is None
    assert resync_cause(cursor("life-2", 8), kept) == 2
    assert resync_cause(cursor("life-2", 21), kept) == 3
    assert resync_cause(cursor("life-1", 15), kept) == 1
    answer = resync(cursor("life-1", 15), 1, "ACC")
    assert (answer.channel, answer.requested.sequence) == ("ACC", 15)
