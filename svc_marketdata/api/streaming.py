"""One stream of market data, from opening to end, by the stream contract."""

from collections.abc import AsyncIterator

from google.protobuf.duration_pb2 import Duration

from kernel.nanoseconds import NS_PER_S
from mesh.errors import refuse
from mesh.server import Call
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.encoding import ProtoEncoder, candle_bytes, item_bytes
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.frames import Frame, FrameBuilder
from svc_marketdata.service.groups import Interest, Subscriber
from svc_marketdata.service.market_data import MarketData

HEARTBEAT_S_DEFAULT = 5
RETRY_S = 1
"""Seconds a reader is asked to wait before it connects again if the process stops."""


class LiveStream:
    """A subscriber, its call and its heartbeats."""

    def __init__(self, streams: "LiveStreams", call: Call, heartbeat_s: int) -> None:
        self.subscriber = Subscriber()
        self.call = call
        self.failure: Exception | None = None
        self._data = streams.data
        self._hub = streams.data.hub
        self._streams = streams
        self._changed: Interest | None = None
        self._interest: Interest | None = None
        self._heartbeat_ns = (heartbeat_s or HEARTBEAT_S_DEFAULT) * NS_PER_S
        self.heartbeat_due_ns = self._data.clock.now_ns() + self._heartbeat_ns

    @property
    def is_ending(self) -> bool:
        """Whether the server drains, or the token or the stream's age runs out."""
        return self.call.drain.is_set() or self._data.clock.now_ns() >= self.call.ends_at_ns

    @property
    def _drain_retry_s(self) -> int:
        """Seconds to wait before connecting again; only if the process stops."""
        return RETRY_S if self.call.drain.is_set() else 0

    def change(self, interest: Interest) -> None:
        """Replace the subscription."""
        self._changed = interest
        self.subscriber.call()

    def fail(self, error: Exception) -> None:
        """End the stream with this error."""
        self.failure = error
        self.subscriber.call()

    async def run(
        self, interest: Interest, cursor: stream_pb2.Cursor | None
    ) -> AsyncIterator[bytes]:
        """Yield frames until the stream ends."""
        hub, subscriber = self._hub, self.subscriber
        limit = hub.limits.subscribers_max
        if len(hub.subscribers) >= limit:
            raise refuse(
                "OVERLOADED",
                f"{limit} streams are open, which is the limit of this process",
                retry_after_s=RETRY_S,
                limit=limit,
            )
        self._streams.open[self] = None
        try:
            for data in self._open(interest, cursor):
                yield data
            while True:
                frame = await subscriber.take()
                if frame is not None:
                    yield frame.data
                    continue
                subscriber.attention = False
                for data in self._attend():
                    yield data
                self._raise_if_over()
        finally:
            del self._streams.open[self]
            hub.close(subscriber)

    def _open(self, interest: Interest, cursor: stream_pb2.Cursor | None) -> list[bytes]:
        before, self._interest = self._interest, interest
        opening = self._hub.open(self.subscriber, interest)
        history = self._history(interest, before)
        frames = [frame.data for frame in history + opening.frames]
        resync = self._resync(cursor, opening.high_water)
        if resync:
            frames.insert(0, resync)
        count = opening.item_count + sum(frame.item_count for frame in history)
        complete = stream_pb2.SnapshotComplete(
            cursor=self._cursor(opening.high_water), item_count=count
        )
        frames.append(item_bytes(market_data_pb2.MarketDataItem(snapshot_complete=complete)))
        return frames

    def _attend(self) -> list[bytes]:
        """Return the frames due besides updates."""
        frames: list[bytes] = []
        changed, self._changed = self._changed, None
        if changed is not None and changed != self._interest and not self.subscriber.overflowed:
            frames += self._open(changed, None)
        now_ns = self._data.clock.now_ns()
        if self.subscriber.overflowed:
            frames.append(self._slow_consumer())
        elif self.is_ending:
            frames.append(self._drain())
        elif now_ns >= self.heartbeat_due_ns:
            self.heartbeat_due_ns = now_ns + self._heartbeat_ns
            frames.append(self._heartbeat(now_ns))
        return frames

    def _raise_if_over(self) -> None:
        if self.failure is not None:
            raise self.failure
        if self.subscriber.overflowed:
            limit = self._hub.limits.subscriber_queue_updates_max
            raise refuse(
                "SLOW_CONSUMER",
                f"the reader is too slow: more than {limit} updates waited; resume from the cursor",
                retry_after_s=RETRY_S,
                limit=limit,
            )
        if self.is_ending:
            raise refuse(
                "DRAINING",
                "the stream has ended; connect again and resume from the cursor",
                retry_after_s=self._drain_retry_s,
            )

    def _history(self, interest: Interest, before: Interest | None) -> list[Frame]:
        """Completed candles of the listings named in the subscription."""
        if Topic.CANDLE not in interest.topics or interest.instruments is None:
            return []
        names = interest.instruments
        if before is not None and Topic.CANDLE in before.topics:
            names -= before.instruments if before.instruments is not None else names
        builder = FrameBuilder(self._hub.limits.frame_bytes_max)
        encoder = ProtoEncoder()
        for name in sorted(names):
            series = self._data.listed[name].market.candles
            for kept in series.completed:
                if kept.candle is not series.latest:
                    value = candle_bytes(kept.candle)
                    builder.add(encoder.update(name, kept.sequence, 0, value, snapshot=True))
        return builder.finish(0)

    def _resync(self, cursor: stream_pb2.Cursor | None, high_water: int) -> bytes:
        if cursor is None or not cursor.epoch:
            return b""
        if cursor.epoch != self._hub.epoch:
            cause = stream_pb2.RESYNC_CAUSE_EPOCH_CHANGED
        elif cursor.sequence > high_water:
            cause = stream_pb2.RESYNC_CAUSE_CURSOR_UNKNOWN
        else:
            return b""
        resync = stream_pb2.Resync(cause=cause, requested=cursor)
        return item_bytes(market_data_pb2.MarketDataItem(resync=resync))

    def _cursor(self, sequence: int) -> stream_pb2.Cursor:
        return stream_pb2.Cursor(epoch=self._hub.epoch, sequence=sequence)

    def _heartbeat(self, now_ns: int) -> bytes:
        heartbeat = stream_pb2.Heartbeat(
            server_time=to_timestamp(now_ns),
            high_water=self._cursor(self._hub.high_water(self.subscriber)),
        )
        return item_bytes(market_data_pb2.MarketDataItem(heartbeat=heartbeat))

    def _slow_consumer(self) -> bytes:
        slow = stream_pb2.SlowConsumer(
            resume=self._cursor(self.subscriber.high_water),
            limit_items=self._hub.limits.subscriber_queue_updates_max,
        )
        return item_bytes(market_data_pb2.MarketDataItem(slow_consumer=slow))

    def _drain(self) -> bytes:
        drains = self.call.drain.is_set()
        cause = stream_pb2.DRAIN_CAUSE_SHUTDOWN if drains else self.call.ends_cause
        drain = stream_pb2.Drain(
            resume=self._cursor(self._hub.high_water(self.subscriber)),
            retry_after=Duration(seconds=self._drain_retry_s),
            cause=cause,
        )
        return item_bytes(market_data_pb2.MarketDataItem(drain=drain))


class LiveStreams:
    """Open streams of the process; one timer serves all of them."""

    def __init__(self, data: MarketData) -> None:
        self.data = data
        self.open: dict[LiveStream, None] = {}

    def attend(self) -> None:
        """Wake the streams whose heartbeat or end is due."""
        now_ns = self.data.clock.now_ns()
        for stream in self.open:
            if now_ns >= stream.heartbeat_due_ns or stream.is_ending:
                stream.subscriber.call()
