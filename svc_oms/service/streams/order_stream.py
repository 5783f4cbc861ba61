"""One reader of the logs of some accounts: snapshot or replay, then live.

The reader keeps a number per account and nothing else. Until it has caught up it reads pages of
the log; then it reads the account's tail. A live reader that lacks more events than the tail
has is disconnected.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from kernel.clock import Clock
from kernel.nanoseconds import US_PER_S, to_us
from mesh.rpc.call import Call
from mesh.streams.cursor import Kept, resync, resync_cause
from mesh.streams.life import StreamLife, slow_consumer
from ordermesh.oms.v1.event_pb2 import OrderStreamItem
from ordermesh.type.v1 import stream_pb2
from svc_oms.service import metrics
from svc_oms.service.codec.stream_frames import event_item, joined, snapshot_item, stream_item
from svc_oms.service.ports import OrderStore
from svc_oms.service.readiness import Readiness
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.streams.notices import Notices
from svc_oms.service.streams.publisher import Publisher
from svc_oms.service.streams.tails import TAIL_ITEMS_MAX, Tail

# Items in one frame of events, and in one of a snapshot.
FRAME_EVENTS_MAX = 250
FRAME_ORDERS_MAX = 100
# Orders of an account's snapshot: open ones first, then the last closed.
SNAPSHOT_ORDERS_MAX = 10_000
# Closed orders are part of a snapshot for this long.
SNAPSHOT_CLOSED_US = 24 * 3600 * US_PER_S
# News that a reader has not fetched; the oldest is dropped, the newest has the state.
NOTICES_MAX = 64


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
        call: Call,
    ) -> None:
        self._parts = parts
        self._wanted = wanted
        self._notices: deque[bytes] = deque(maxlen=NOTICES_MAX)
        self._positions: list[_Position] = []
        self._epoch = ""
        self.wake = asyncio.Event()
        self._life = StreamLife(call, parts.clock, heartbeat_s, self.wake.set)

    def notice(self, item: bytes) -> None:
        """Take a notice, and wake the reader."""
        self._notices.append(item)
        self.wake.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield frames of framed items forever; an empty one when only woken.

        Raises:
            MeshError: SLOW_CONSUMER, DRAINING, DEPENDENCY_UNAVAILABLE (by way of the store).
        """
        parts = self._parts
        parts.notices.join(self)
        metrics.STREAMS.inc()
        try:
            with self._life:
                await self._join()
                self._epoch = self._parts.readiness.epoch
                for position in self._positions:
                    async for frame in self._begin(position):
                        yield frame
                yield self._link_states()
                async for frame in self._live():
                    yield frame
        finally:
            metrics.STREAMS.dec()
            parts.notices.leave(self)
            for position in self._positions:
                self._leave(position)

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
        return stream_pb2.Cursor(epoch=self._epoch, sequence=sequence)

    async def _begin(self, position: _Position) -> AsyncIterator[bytes]:
        """Replay the events after the reader's cursor, or send a snapshot."""
        requested = position.requested
        if requested is not None:
            oldest = 1 + await self._parts.store.archived_to(position.account_id)
            kept = Kept(self._epoch, position.tail.high, oldest)
            cause = resync_cause(requested, kept)
            if cause is None:
                position.cursor = requested.sequence
                return
            answer = resync(requested, cause, position.account_id)
            yield _framed(OrderStreamItem(resync=answer))
        now_us = to_us(self._parts.clock.now_ns())
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

    def _link_states(self) -> bytes:
        """Return which venues are reachable: a reader that missed the news must know, too."""
        parts = self._parts
        self._notices.clear()
        return joined(parts.notices.link_item(session) for session in parts.venues.all())

    async def _live(self) -> AsyncIterator[bytes]:
        life = self._life
        # Said once, at once, when nothing is left to replay: from here on it is live.
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
                    limit = self._parts.lag_events_max
                    yield self._too_slow(position, limit)
                    raise slow_consumer(
                        f"you have more than {limit} events to read; resume from the cursor", limit
                    )
            news = self._news()
            if to_say_live and all(position.live for position in self._positions):
                to_say_live = False
                life.hasten_heartbeat()
            if life.heartbeat_due():
                news += self._heartbeats()
            if news or (woken and not moved):
                # May be empty: then other users of the stream can send their items. With events
                # they send them in the same frame.
                yield news
            # At once when the process stops or the book was restored, otherwise when nothing waits.
            if life.drains or self._is_of_the_past or (not moved and life.is_over):
                yield _framed(OrderStreamItem(drain=life.drain(self._resume())))
                raise life.end_error(
                    "this stream ends in good order; connect again and resume from the cursor"
                )
            if not moved:
                await self.wake.wait()

    @property
    def _is_of_the_past(self) -> bool:
        """Whether the book began a new epoch; the reader's cursor then gets a Resync."""
        return self._epoch != self._parts.readiness.epoch

    def _news(self) -> bytes:
        news = joined(self._notices)
        self._notices.clear()
        return news

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
        beat = self._life.heartbeat
        if not self._positions:
            return _framed(OrderStreamItem(heartbeat=beat()))
        beats = (beat(self._cursor(each.cursor), each.account_id) for each in self._positions)
        return joined(_framed(OrderStreamItem(heartbeat=one)) for one in beats)

    def _resume(self) -> stream_pb2.Cursor | None:
        """Return where to resume; with several accounts the events themselves say it."""
        if len(self._positions) != 1:
            return None
        return self._cursor(self._positions[0].cursor)

    def _too_slow(self, position: _Position, limit: int) -> bytes:
        metrics.SLOW_CONSUMERS.inc()
        slow = stream_pb2.SlowConsumer(resume=self._cursor(position.cursor), limit_items=limit)
        return _framed(OrderStreamItem(slow_consumer=slow))


def _framed(item: OrderStreamItem) -> bytes:
    return stream_item(item.SerializeToString())
