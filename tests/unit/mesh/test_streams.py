"""The life of streams, handover, backoff and cursors, by a clock moved by hand."""

import asyncio
import random
import threading

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from mesh.auth.revocations import Revocations, Revoked
from mesh.auth.tokens import Principal
from mesh.errors import MeshError
from mesh.rpc.call import NEVER_NS, Call, DrainEvent
from mesh.streams.backoff import Backoff, is_permanent, keep_connected
from mesh.streams.cursor import Kept, cursor, resync, resync_cause
from mesh.streams.handover import AHEAD_MAX, AHEAD_WAIT_S, ThreadHandover
from mesh.streams.life import StreamLife, drain_message, draining, slow_consumer
from mesh.timestamps import from_timestamp
from ordermesh.type.v1 import stream_pb2
from tests.support.clock import ManualClock

SHUTDOWN = stream_pb2.DRAIN_CAUSE_SHUTDOWN
TOKEN_EXPIRY = stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY
MAX_AGE = stream_pb2.DRAIN_CAUSE_MAX_AGE


async def turn():
    """Let every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


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


async def test_a_flood_leaves_other_tasks_their_turn():
    handover = ThreadHandover(10_000, "h", asyncio.get_running_loop())
    for number in range(1_000):
        handover.put(number)
    turns = 0

    async def beat():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    for _ in range(100):
        await handover.get_batch(10)
    beating.cancel()
    assert turns >= 99


async def test_a_producer_that_is_far_ahead_waits_and_loses_nothing(monkeypatch):
    waits = []
    monkeypatch.setattr("mesh.streams.handover.time.sleep", waits.append)
    handover = ThreadHandover(10_000, "h", asyncio.get_running_loop())
    for number in range(AHEAD_MAX + 5):
        assert handover.put_in_step(number)
    assert waits == [AHEAD_WAIT_S] * 5
    assert await handover.get_batch(10_000) == list(range(AHEAD_MAX + 5))


PRINCIPAL = Principal("alice", "Alice", frozenset(), frozenset(), NEVER_NS, session_id="S1")


class Living:
    """A stream that sends the items of a list; a test collects what it sends."""

    def __init__(self, *, ends_in_s=None, cause=MAX_AGE):
        self.clock = ManualClock()
        self.drain = DrainEvent()
        ends = NEVER_NS if ends_in_s is None else self.clock.now_ns() + int(ends_in_s * 1e9)
        self.revocations = Revocations()
        self.call = Call(
            "/s/Watch", None, PRINCIPAL, drain=self.drain, ends_at_ns=ends, ends_cause=cause,
            revocations=self.revocations,
        )  # fmt: skip
        self.items, self.sent = [], []
        self.wake = asyncio.Event()
        self.life = StreamLife(self.call, self.clock, 5, self.wake.set)
        self.task = asyncio.ensure_future(self._run())

    async def _run(self):
        with self.life as life:
            while not life.is_over:
                self.wake.clear()
                while self.items:
                    self.sent.append(self.items.pop(0))
                if life.heartbeat_due():
                    self.sent.append(life.heartbeat())
                await self.wake.wait()
            self.sent += self.items
            self.sent.append(life.drain())
            raise life.end_error("over")

    def put(self, item):
        self.items.append(item)
        self.wake.set()

    async def advance(self, seconds):
        await turn()
        self.clock.advance(seconds)
        await turn()

    @property
    def beats(self):
        return [item for item in self.sent if isinstance(item, stream_pb2.Heartbeat)]

    @property
    def drained(self):
        """The cause of the drain that ended the stream, after all else it sent."""
        assert isinstance(self.task.exception(), MeshError)
        assert isinstance(self.sent[-1], stream_pb2.Drain)
        return self.sent[-1].cause


async def test_a_stream_ends_when_the_token_of_its_user_is_revoked():
    living = Living()
    await turn()
    living.revocations.put(Revoked(sessions=frozenset({"S2"}), users={"bob": 9}))
    await turn()
    assert not living.task.done()
    living.revocations.put(Revoked(sessions=frozenset({"S1"})))
    await turn()
    assert living.drained == stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY
    assert living.revocations._calls == {}


async def finish(living):
    living.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living.task
    living.sent.clear()
    living.drain.set()
    living.clock.advance(100)
    assert not living.wake.is_set(), "nothing wakes a stream that has ended"


async def test_stream_sends_at_once_what_it_is_woken_for():
    living = Living()
    await turn()
    living.put(1)
    await turn()
    assert living.sent == [1]
    await finish(living)


async def test_stream_beats_when_idle_and_when_busy():
    living = Living()
    await living.advance(4.9)
    assert living.sent == []
    await living.advance(0.1)
    assert len(living.sent) == 1
    assert from_timestamp(living.sent[0].server_time) == living.clock.now_ns()
    for number in range(10):
        living.put(number)
        await living.advance(1)
    assert len(living.beats) == 3
    assert len(living.sent) == 13
    await finish(living)


async def test_heartbeat_can_be_hastened_and_put_off():
    living = Living()
    await living.advance(3)
    living.life.put_off_heartbeat()
    await living.advance(4.9)
    assert living.sent == []
    await living.advance(0.1)
    assert len(living.beats) == 1
    living.life.hasten_heartbeat()
    living.wake.set()
    await living.advance(0)
    assert len(living.beats) == 2
    await living.advance(4.9)
    assert len(living.beats) == 2
    await living.advance(0.1)
    assert len(living.beats) == 3
    await finish(living)


async def test_stream_ends_at_its_time():
    living = Living(ends_in_s=12, cause=TOKEN_EXPIRY)
    for _ in range(11):
        await living.advance(1)
    assert not living.task.done()
    await living.advance(1)
    assert len(living.beats) == 2
    assert living.drained == TOKEN_EXPIRY


async def test_stream_whose_time_is_over_ends_at_once():
    living = Living(ends_in_s=-1)
    await turn()
    assert living.drained == MAX_AGE
    assert len(living.sent) == 1


async def test_stream_drains_after_what_it_has():
    living = Living()
    await turn()
    living.put(1)
    living.drain.set()
    await turn()
    assert living.sent[0] == 1
    assert living.drained == SHUTDOWN


async def test_stream_of_a_process_that_stops_already_ends_at_once():
    living = Living()
    living.drain.set()
    await turn()
    assert living.drained == SHUTDOWN


def test_ends_have_a_status_clients_resume_on():
    for cause in (SHUTDOWN, TOKEN_EXPIRY, MAX_AGE):
        assert not is_permanent(draining("over", cause))
    assert not is_permanent(slow_consumer("too slow", 5))
    assert slow_consumer("too slow", 5).metadata == {"limit_items": "5"}
    assert drain_message(TOKEN_EXPIRY, cursor("e", 7)).resume.sequence == 7


@pytest.mark.parametrize(("cause", "wait_ms"), [(SHUTDOWN, 1000), (TOKEN_EXPIRY, 0), (MAX_AGE, 0)])
def test_only_a_process_that_stops_asks_for_patience(cause, wait_ms):
    assert drain_message(cause).retry_after.ToMilliseconds() == wait_ms
    assert draining("over", cause).retry_after_s == wait_ms / 1000


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
