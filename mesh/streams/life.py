"""The life of a stream that a server answers: heartbeats, its end, and why (docs/STREAMS.md).

    wake = asyncio.Event()
    with StreamLife(call, clock, heartbeat_s, wake.set) as life:
        while not life.is_over:
            wake.clear()
            yield frames of what is new
            if life.heartbeat_due():
                yield WatchResponse(heartbeat=life.heartbeat())
            await wake.wait()
        yield WatchResponse(drain=life.drain())
        raise life.end_error("this stream ends; open another")

Whatever has news for the reader calls ``wake`` too. A stream costs one timer, which is
restarted once per heartbeat, and no task. How items are framed is the stream's own affair.
"""

from collections.abc import Callable
from typing import Final, Self

from google.protobuf.duration_pb2 import Duration

from kernel.clock import Clock, Timer
from kernel.nanoseconds import NS_PER_S
from mesh.errors import MeshError, refuse
from mesh.rpc.call import Call
from mesh.timestamps import to_timestamp
from ordermesh.type.v1 import stream_pb2

HEARTBEAT_DEFAULT_S: Final = 5
# Seconds a reader is asked to wait when the process stops, or when it was too slow. After any
# other orderly end it may connect at once.
RETRY_S: Final = 1
# Event loops may call back up to a millisecond early.
EARLY_S_MAX: Final = 0.001


class StreamLife:
    """When a heartbeat is due, and when and why the stream must end.

    As a context manager it calls ``wake`` when a heartbeat is due, when the stream must end,
    and when the process begins to stop.
    """

    __slots__ = ("_call", "_clock", "_due_at", "_interval_s", "_timer", "_wake")

    def __init__(
        self, call: Call, clock: Clock, heartbeat_s: float, wake: Callable[[], None]
    ) -> None:
        """Make the life of a stream.

        Args:
            call: Gives the end of the stream and the drain of the process.
            clock: Gives the time and starts the timer.
            heartbeat_s: Seconds between heartbeats as the reader asked for; 0 for the default.
            wake: Wakes the stream. It then calls heartbeat_due().
        """
        self._call = call
        self._clock = clock
        self._interval_s = heartbeat_s or HEARTBEAT_DEFAULT_S
        self._wake = wake
        self._due_at = clock.monotonic() + self._interval_s
        self._timer: Timer | None = None

    def __enter__(self) -> Self:
        self._call.drain.join(self._wake)
        if self._call.revocations is not None:
            self._call.revocations.join(self._wake)
        self._start_timer()
        return self

    def __exit__(self, *_: object) -> None:
        self._call.drain.leave(self._wake)
        if self._call.revocations is not None:
            self._call.revocations.leave(self._wake)
        if self._timer is not None:
            self._timer.cancel()

    @property
    def drains(self) -> bool:
        """Whether the process stops."""
        return self._call.drain.is_set()

    @property
    def is_over(self) -> bool:
        """Whether the stream must end: shutdown, revocation, expiry of the token, or age."""
        call = self._call
        return call.drain.is_set() or self._clock.now_ns() >= call.ends_at_ns or call.is_revoked

    @property
    def cause(self) -> stream_pb2.DrainCause:
        """Why the stream ends."""
        if self.drains:
            return stream_pb2.DRAIN_CAUSE_SHUTDOWN
        if self._call.is_revoked:
            return stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY
        return self._call.ends_cause

    def heartbeat_due(self) -> bool:
        """Return whether to send a heartbeat now; the next is due an interval later."""
        now = self._clock.monotonic()
        due = now >= self._due_at
        if due:
            self._due_at = now + self._interval_s
        if self._timer is None:
            self._start_timer()
        return due

    def hasten_heartbeat(self) -> None:
        """Make a heartbeat due at once."""
        self._due_at = self._clock.monotonic()

    def put_off_heartbeat(self) -> None:
        """Make the next heartbeat due an interval from now: something else was sent."""
        self._due_at = self._clock.monotonic() + self._interval_s

    def heartbeat(
        self, high_water: stream_pb2.Cursor | None = None, channel: str = ""
    ) -> stream_pb2.Heartbeat:
        """Make a heartbeat."""
        now = to_timestamp(self._clock.now_ns())
        return stream_pb2.Heartbeat(server_time=now, high_water=high_water, channel=channel)

    def drain(self, resume: stream_pb2.Cursor | None = None) -> stream_pb2.Drain:
        """Make the message that a stream sends before it ends."""
        return drain_message(self.cause, resume)

    def end_error(self, text: str) -> MeshError:
        """Make the status that follows that message."""
        return draining(text, self.cause)

    def _start_timer(self, at_least_s: float = 0.0) -> None:
        heartbeat_s = self._due_at - self._clock.monotonic()
        end_s = (self._call.ends_at_ns - self._clock.now_ns()) / NS_PER_S
        delay_s = max(min(heartbeat_s, end_s), at_least_s)
        self._timer = self._clock.call_later(delay_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._clock.monotonic() >= self._due_at or self.is_over:
            # heartbeat_due() starts it again: a stream that waits for its reader needs none.
            self._wake()
        else:
            self._start_timer(EARLY_S_MAX)


def drain_message(
    cause: stream_pb2.DrainCause, resume: stream_pb2.Cursor | None = None
) -> stream_pb2.Drain:
    """Make the message that a stream sends before it ends in good order."""
    retry_after = Duration(seconds=_retry_s(cause))
    return stream_pb2.Drain(resume=resume, retry_after=retry_after, cause=cause)


def draining(text: str, cause: stream_pb2.DrainCause) -> MeshError:
    """Make the status with which a stream ends in good order."""
    return refuse("DRAINING", text, retry_after_s=float(_retry_s(cause)))


def slow_consumer(text: str, limit_items: int) -> MeshError:
    """Make the status with which the stream of a reader ends that is too slow."""
    return refuse("SLOW_CONSUMER", text, retry_after_s=float(RETRY_S), limit_items=limit_items)


def _retry_s(cause: stream_pb2.DrainCause) -> int:
    return RETRY_S if cause == stream_pb2.DRAIN_CAUSE_SHUTDOWN else 0
