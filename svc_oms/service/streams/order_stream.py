"""One reader of the logs of some accounts: snapshot or replay, then live.

The reader keeps a number per account and nothing else. Until it has caught up it reads pages of
the log; then it reads the account's tail. A live reader that lacks more events than the tail
has is disconnected.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S, US_PER_S
from mesh.errors import MeshError, refuse
from ordermesh.oms.v1.event_pb2 import OrderStreamItem
from ordermesh.type.v1 import stream_pb2
from svc_oms.service import metrics
from svc_oms.service.codec.stream_frames import event_item, joined, snapshot_item, stream_item
from svc_oms.service.codec.values import timestamp
from svc_oms.service.ports import OrderStore
from svc_oms.service.readiness import Readiness
from svc_oms.service.streams.notices import Notices
from svc_oms.service.streams.publisher import Publisher
from svc_oms.service.streams.tails import TAIL_ITEMS_MAX, Tail
from svc_oms.service.venue.venue_sessions import VenueSessions

# Items in one frame of events, and in one of a snapshot.
FRAME_EVENTS_MAX = 250
FRAME_ORDERS_MAX = 100
# Orders of an account's snapshot: open ones first, then the last closed.
SNAPSHOT_ORDERS_MAX = 10_000
# Closed orders are part of a snapshot for this long.
SNAPSHOT_CLOSED_US = 24 * 3600 * US_PER_S
# News that a reader has not fetched; the oldest is dropped, the newest has the state.
NOTICES_MAX = 64
# The delay readers are asked for when the process stops; at any other end there is none.
DRAIN_RETRY_S = 1


@dataclass(frozen=True, slots=True)
class StreamParts:
    """What order streams use."""

    store: OrderStore
    clock: Clock
    publisher: Publisher
    notices: Notices
    venues: VenueSessions
    readiness: Readiness
    lag_events_max: int = TAIL_ITEMS_MAX


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """When and why a stream must end."""

    drain: asyncio.Event
    ends_at_ns: int
    cause: stream_pb2.DrainCause


class _Position:
    """The reader's position in one account's log."""

    __slots__ = ("account_id", "cursor", "live", "requested", "tail")

    def __init__(self, account_id: str, requested: stream_pb2.Cursor | None, tail: Tail) -> None:
        self.account_id = account_id
        self.requested = requested
        self.tail = tail
        self.cursor = 0
        self.live = False


class OrderStream:
    """One reader; `wake` may be set by anybody who has more for the same reader."""

    def __init__(
        self,
        parts: StreamParts,
        wanted: Sequence[tuple[str, stream_pb2.Cursor | None]],
        heartbeat_s: float,
        end: StreamEnd,
    ) -> None:
        self._parts = parts
        self._wanted = wanted
        self._heartbeat_s = heartbeat_s
        self._end = end
        self._notices: deque[bytes] = deque(maxlen=NOTICES_MAX)
        self._positions: list[_Position] = []
        self.wake = asyncio.Event()

    def notice(self, item: bytes) -> None:
        """See `notices.NoticeReader`."""
        self._notices.append(item)
        self.wake.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield frames of framed items forever; an empty one when only woken.

        Raises:
            MeshError: SLOW_CONSUMER, DRAINING, DEPENDENCY_UNAVAILABLE (by way of the store).
        """
        parts = self._parts
        drain_watch = asyncio.create_task(self._watch_drain())
        parts.notices.join(self)
        metrics.STREAMS.inc()
        try:
            await self._join()
            for position in self._positions:
                async for frame in self._begin(position):
                    yield frame
            yield self._link_states()
            async for frame in self._live():
                yield frame
        finally:
            metrics.STREAMS.dec()
            drain_watch.cancel()
            parts.notices.leave(self)
            for position in self._positions:
                self._leave(position)

    async def _watch_drain(self) -> None:
        await self._end.drain.wait()
        self.wake.set()

    async def _join(self) -> None:
        tails = self._parts.publisher.accounts
        for account_id, requested in self._wanted:
            tail = tails.get(account_id)
            if tail is None:
                # Below every number: the first look at the log or the next commit raises it.
                tail = tails[account_id] = Tail(0)
            tail.join(self.wake)
            self._positions.append(_Position(account_id, requested, tail))
        marks = await self._parts.store.high_waters([a for a, _ in self._wanted])
        for position in self._positions:
            position.tail.advance(marks.get(position.account_id, 0))

    def _leave(self, position: _Position) -> None:
        position.tail.leave(self.wake)
        tails = self._parts.publisher.accounts
        if not position.tail.read and tails.get(position.account_id) is position.tail:
            del tails[position.account_id]

    def _cursor(self, sequence: int) -> stream_pb2.Cursor:
        return stream_pb2.Cursor(epoch=self._parts.readiness.epoch, sequence=sequence)

    async def _begin(self, position: _Position) -> AsyncIterator[bytes]:
        """Replay the events after the reader's cursor, or send a snapshot."""
        requested = position.requested
        if requested is not None:
            cause = self._refusal(requested, position.tail.high)
            if cause is None:
                position.cursor = requested.sequence
                return
            resync = stream_pb2.Resync(
                cause=cause, channel=position.account_id, requested=requested
            )
            yield _framed(OrderStreamItem(resync=resync))
        now_us = self._parts.clock.now_ns() // 1000
        snapshot = await self._parts.store.snapshot(
            position.account_id, now_us - SNAPSHOT_CLOSED_US, SNAPSHOT_ORDERS_MAX
        )
        bodies = [] if snapshot is None else snapshot.bodies
        for start in range(0, len(bodies), FRAME_ORDERS_MAX):
            yield joined(snapshot_item(body) for body in bodies[start : start + FRAME_ORDERS_MAX])
        position.cursor = 0 if snapshot is None else snapshot.last_sequence
        complete = stream_pb2.SnapshotComplete(
            cursor=self._cursor(position.cursor),
            channel=position.account_id,
            item_count=len(bodies),
        )
        yield _framed(OrderStreamItem(snapshot_complete=complete))

    def _refusal(self, requested: stream_pb2.Cursor, high: int) -> stream_pb2.ResyncCause | None:
        if requested.epoch != self._parts.readiness.epoch:
            return stream_pb2.RESYNC_CAUSE_EPOCH_CHANGED
        if requested.sequence > high:
            return stream_pb2.RESYNC_CAUSE_CURSOR_UNKNOWN
        return None

    def _link_states(self) -> bytes:
        """Return which venues are reachable: a reader that missed the news must know, too."""
        parts = self._parts
        self._notices.clear()
        return joined(parts.notices.link_item(session) for session in parts.venues.all())

    async def _live(self) -> AsyncIterator[bytes]:
        clock = self._parts.clock
        heartbeat_at = clock.monotonic() + self._heartbeat_s
        # Sent once, when nothing is left to replay: from here on the reader is live.
        to_say_live = bool(self._positions)
        while True:
            # Also what came while a frame was written: it must not wait for the next wake-up.
            woken = self.wake.is_set()
            self.wake.clear()
            moved = False
            for position in self._positions:
                fragments = await self._next(position)
                if fragments:
                    moved = True
                    yield joined(fragments)
                elif position.live and position.cursor < position.tail.high:
                    yield self._too_slow(position)
                    raise self._slow_consumer()
            news = self._news()
            turns_live = to_say_live and all(position.live for position in self._positions)
            if turns_live or clock.monotonic() >= heartbeat_at:
                to_say_live = to_say_live and not turns_live
                heartbeat_at = clock.monotonic() + self._heartbeat_s
                news += self._heartbeats()
            if news or (woken and not moved):
                # May be empty: then other users of the stream can send their items. With events
                # they send them in the same frame.
                yield news
            if self._must_end(moved=moved):
                stops = self._end.drain.is_set()
                retry_s = DRAIN_RETRY_S if stops else 0
                yield self._drain_item(
                    stream_pb2.DRAIN_CAUSE_SHUTDOWN if stops else self._end.cause, retry_s
                )
                raise _draining(retry_s)
            if not moved:
                await self._woken(heartbeat_at)

    def _news(self) -> bytes:
        news = joined(self._notices)
        self._notices.clear()
        return news

    def _must_end(self, *, moved: bool) -> bool:
        """Return whether the stream ends: at once if the process stops, else if nothing waits."""
        if self._end.drain.is_set():
            return True
        return not moved and self._parts.clock.now_ns() >= self._end.ends_at_ns

    async def _woken(self, heartbeat_at: float) -> None:
        """Wait for more, until the next heartbeat or the end is due."""
        clock = self._parts.clock
        left_s = (self._end.ends_at_ns - clock.now_ns()) / NS_PER_S
        with suppress(TimeoutError):
            async with asyncio.timeout(max(min(heartbeat_at - clock.monotonic(), left_s), 0)):
                await self.wake.wait()

    async def _next(self, position: _Position) -> list[bytes]:
        """Return the next framed events; none when there are none, or the reader is too slow."""
        tail = position.tail
        if position.cursor >= tail.high:
            position.live = True
            return []
        if position.live and tail.high - position.cursor > self._parts.lag_events_max:
            return []
        fragments = tail.after(position.cursor, FRAME_EVENTS_MAX)
        if fragments is None:
            rows = await self._parts.store.events(
                position.account_id, position.cursor, FRAME_EVENTS_MAX
            )
            assert not rows or rows[0].sequence == position.cursor + 1, "the log has no holes"
            fragments = [event_item(row.payload, row.order) for row in rows]
        position.cursor += len(fragments)
        return fragments

    def _heartbeats(self) -> bytes:
        now = timestamp(self._parts.clock.now_ns())
        if not self._positions:
            return _framed(OrderStreamItem(heartbeat=stream_pb2.Heartbeat(server_time=now)))
        return joined(
            _framed(
                OrderStreamItem(
                    heartbeat=stream_pb2.Heartbeat(
                        server_time=now,
                        high_water=self._cursor(position.cursor),
                        channel=position.account_id,
                    )
                )
            )
            for position in self._positions
        )

    def _resume(self) -> stream_pb2.Cursor | None:
        """Return where to resume; with several accounts the events themselves say it."""
        if len(self._positions) != 1:
            return None
        return self._cursor(self._positions[0].cursor)

    def _too_slow(self, position: _Position) -> bytes:
        metrics.SLOW_CONSUMERS.inc()
        slow = stream_pb2.SlowConsumer(
            resume=self._cursor(position.cursor), limit_items=self._parts.lag_events_max
        )
        return _framed(OrderStreamItem(slow_consumer=slow))

    def _slow_consumer(self) -> MeshError:
        limit = self._parts.lag_events_max
        return refuse(
            "SLOW_CONSUMER",
            f"you have more than {limit} events to read; resume from the cursor",
            retry_after_s=1.0,
            limit_items=limit,
        )

    def _drain_item(self, cause: stream_pb2.DrainCause, retry_s: int) -> bytes:
        drain = stream_pb2.Drain(
            resume=self._resume(), retry_after=Duration(seconds=retry_s), cause=cause
        )
        return _framed(OrderStreamItem(drain=drain))


def _framed(item: OrderStreamItem) -> bytes:
    return stream_item(item.SerializeToString())


def _draining(retry_s: int) -> MeshError:
    return refuse(
        "DRAINING",
        "the server ends this stream; connect again and resume from the cursor",
        retry_after_s=float(retry_s),
    )
