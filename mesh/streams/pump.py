"""The loop of every stream a server answers: batches, heartbeats, the end.

    async for step in pump_call(call, queue, max_items=200, heartbeat_s=5, clock=clock):
        match step:
            case Batch(items): yield pb.WatchResponse(items=items)
            case Tick(): yield heartbeat()
            case End(cause): yield pb.WatchResponse(drain=drain_message(cause))

A queue that overflowed ends the stream at once with SLOW_CONSUMER; items that still wait
in it are not sent, because the reader resumes from the last item it received.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar

from kernel.clock import Clock, Timer
from kernel.nanoseconds import NS_PER_S
from mesh.call import NEVER_NS, Call
from mesh.errors import MeshError, refuse
from mesh.streams.queues import BoundedQueue
from ordermesh.type.v1 import stream_pb2

T = TypeVar("T")

HEARTBEAT_DEFAULT_S: Final = 5
# Delay a reader is asked for when the process stops; the reader adds its own jitter. After any
# other orderly end it may connect at once.
DRAIN_RETRY_AFTER_S: Final = 0.2


class EndCause(Enum):
    """Why a stream ends without a failure."""

    SHUTDOWN = "shutdown"
    TOKEN_EXPIRY = "token expiry"  # noqa: S105  # a cause, not a password
    MAX_AGE = "maximum age"
    SLOW_CONSUMER = "slow consumer"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """Items to send, in order."""

    items: list[T]


@dataclass(frozen=True, slots=True)
class Tick:
    """A heartbeat is due."""


@dataclass(frozen=True, slots=True)
class End:
    """The stream ends; nothing follows."""

    cause: EndCause


def heartbeat_interval_s(asked_s: int) -> int:
    """Return the interval for a reader's request: 0 means the default."""
    return asked_s or HEARTBEAT_DEFAULT_S


def pump_call(
    call: Call, queue: BoundedQueue[T], *, max_items: int, heartbeat_s: float, clock: Clock
) -> AsyncIterator[Batch[T] | Tick | End]:
    """Run pump() with the end time of a call."""
    token = call.ends_cause == stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY
    return pump(
        queue,
        max_items=max_items,
        heartbeat_s=heartbeat_s,
        ends_at_ns=call.ends_at_ns,
        drain=call.drain,
        clock=clock,
        ends_cause=EndCause.TOKEN_EXPIRY if token else EndCause.MAX_AGE,
    )


async def pump(
    queue: BoundedQueue[T],
    *,
    max_items: int,
    heartbeat_s: float,
    ends_at_ns: int,
    drain: asyncio.Event,
    clock: Clock,
    ends_cause: EndCause = EndCause.MAX_AGE,
) -> AsyncIterator[Batch[T] | Tick | End]:
    """Yield what a stream sends next, until it ends.

    Args:
        queue: Source of the items; close it to end the stream after its items.
        max_items: Most items in a batch.
        heartbeat_s: Seconds between ticks, also while items are sent.
        ends_at_ns: When to end with ``ends_cause``; NEVER_NS for never.
        drain: The stream ends with SHUTDOWN once it is set.
        clock: Gives the time and starts timers.
        ends_cause: Why the stream ends at ``ends_at_ns``.
    """
    alarm = _Alarm(queue, clock)
    # One task per stream; items need none.
    drained = asyncio.ensure_future(drain.wait())
    drained.add_done_callback(lambda _: queue.wake())
    heartbeat_at = clock.monotonic() + heartbeat_s
    try:
        while True:
            if queue.overflowed:
                yield End(EndCause.SLOW_CONSUMER)
                return
            items = queue.take(max_items)
            if items:
                yield Batch(items)
            now_ns = clock.now_ns()
            if drain.is_set():
                yield End(EndCause.SHUTDOWN)
                return
            if now_ns >= ends_at_ns:
                yield End(ends_cause)
                return
            now = clock.monotonic()
            if now >= heartbeat_at:
                heartbeat_at = now + heartbeat_s
                yield Tick()
                continue
            if items or len(queue):
                continue
            if queue.closed:
                yield End(EndCause.CLOSED)
                return
            alarm.set(min(heartbeat_at, _monotonic_end(ends_at_ns, now_ns, now)))
            await queue.wait()
    finally:
        alarm.cancel()
        drained.cancel()


def _monotonic_end(ends_at_ns: int, now_ns: int, now: float) -> float:
    if ends_at_ns >= NEVER_NS:
        return float("inf")
    return now + (ends_at_ns - now_ns) / NS_PER_S


class _Alarm:
    """Wakes the queue's consumer at a given time; restarted only if that time changes."""

    def __init__(self, queue: BoundedQueue[T], clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._at = float("inf")
        self._timer: Timer | None = None

    def set(self, at: float) -> None:
        # Waking too early is harmless: the loop sets the next time.
        if self._timer is not None and self._at <= at:
            return
        self.cancel()
        self._at = at
        self._timer = self._clock.call_later(at - self._clock.monotonic(), self._wake)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._timer = None
        self._queue.wake()


def drain_message(cause: EndCause, resume: stream_pb2.Cursor | None = None) -> stream_pb2.Drain:
    """Make the Drain message that a stream sends before it ends."""
    message = stream_pb2.Drain(resume=resume, cause=_DRAIN_CAUSES[cause])
    message.retry_after.FromMilliseconds(int(_retry_after_s(cause) * 1000))
    return message


def _retry_after_s(cause: EndCause) -> float:
    stops = _DRAIN_CAUSES[cause] == stream_pb2.DRAIN_CAUSE_SHUTDOWN
    return DRAIN_RETRY_AFTER_S if stops else 0.0


def end_error(cause: EndCause, limit_items: int = 0) -> MeshError:
    """Make the status that ends a stream after its last message."""
    if cause is EndCause.SLOW_CONSUMER:
        return refuse(
            "SLOW_CONSUMER",
            f"the reader is too slow: more than {limit_items} items waited; resume from the cursor",
            limit_items=limit_items,
        )
    return refuse(
        "DRAINING",
        f"the stream ended ({cause.value}); connect again and resume from the cursor",
        retry_after_s=_retry_after_s(cause),
        cause=cause.value,
    )


_DRAIN_CAUSES: Final = {
    EndCause.SHUTDOWN: stream_pb2.DRAIN_CAUSE_SHUTDOWN,
    EndCause.TOKEN_EXPIRY: stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY,
    EndCause.MAX_AGE: stream_pb2.DRAIN_CAUSE_MAX_AGE,
    EndCause.CLOSED: stream_pb2.DRAIN_CAUSE_SHUTDOWN,
}
