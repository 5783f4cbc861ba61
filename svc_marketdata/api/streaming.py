"""One stream of market data, from opening to end, by the stream contract."""

from collections.abc import AsyncIterator
from typing import Any

from mesh.errors import refuse
from mesh.rpc.server import Call
from mesh.streams.cursor import Kept, resync, resync_cause
from mesh.streams.life import RETRY_S, StreamLife, slow_consumer
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.encoding import ProtoEncoder, candle_bytes, item_bytes
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.frames import Frame, FrameBuilder
from svc_marketdata.service.delivery.interest import Interest
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.market_data import MarketData


class LiveStream:
    """A subscriber, its call and its heartbeats."""

    def __init__(self, data: MarketData, call: Call, heartbeat_s: int) -> None:
        self.subscriber = Subscriber()
        self.failure: Exception | None = None
        self._data = data
        self._hub = data.hub
        self._changed: Interest | None = None
        self._interest: Interest | None = None
        self._life = StreamLife(call, data.clock, heartbeat_s, self.subscriber.call)

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
        try:
            with self._life:
                for data in self._open(interest, cursor):
                    yield data
                while True:
                    frame = await subscriber.take()
                    if frame is not None:
                        yield frame.data
                        continue
                    subscriber.attention = False
                    frames, end = self._attend()
                    for data in frames:
                        yield data
                    if end is not None:
                        raise end
        finally:
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
        frames.append(_framed(snapshot_complete=complete))
        return frames

    def _attend(self) -> tuple[list[bytes], Exception | None]:
        """Return the frames due besides updates, and what ends the stream after them."""
        frames: list[bytes] = []
        end = self.failure
        life, overflowed = self._life, self.subscriber.overflowed
        changed, self._changed = self._changed, None
        if changed is not None and changed != self._interest and not overflowed:
            frames += self._open(changed, None)
        if overflowed:
            limit = self._hub.limits.subscriber_queue_updates_max
            text = f"more than {limit} updates waited; resume from the cursor"
            end = end or slow_consumer(f"the reader is too slow: {text}", limit)
            resume = self._cursor(self.subscriber.high_water)
            slow = stream_pb2.SlowConsumer(resume=resume, limit_items=limit)
            frames.append(_framed(slow_consumer=slow))
        elif life.is_over:
            text = "the stream has ended; connect again and resume from the cursor"
            end = end or life.end_error(text)
            frames.append(_framed(drain=life.drain(self._received())))
        elif life.heartbeat_due():
            frames.append(_framed(heartbeat=life.heartbeat(self._received())))
        return frames, end

    def _history(self, interest: Interest, before: Interest | None) -> list[Frame]:
        """Completed candles of the listings named in the subscription."""
        if Topic.CANDLE not in interest.topics or interest.instruments is None:
            return []
        names = interest.instruments
        if before is not None and Topic.CANDLE in before.topics:
            names -= before.instruments if before.instruments is not None else names
        builder = FrameBuilder(self._hub.limits.frame_bytes_max)
        encoder, fields = ProtoEncoder(), dict(interest.fields).get(Topic.CANDLE)
        for name in sorted(names):
            market = self._data.listed[name].market
            if not interest.rights.real_time(market.venue_mic):
                continue
            series = market.candles
            for kept in series.completed:
                if kept.candle is not series.latest:
                    value = candle_bytes(kept.candle)
                    if fields is not None:
                        value = encoder.masked(value, fields)
                    builder.add(encoder.update(name, kept.sequence, 0, value, snapshot=True))
        return builder.finish(0)

    def _resync(self, cursor: stream_pb2.Cursor | None, high_water: int) -> bytes:
        if cursor is None or not cursor.epoch:
            return b""
        cause = resync_cause(cursor, Kept(self._hub.epoch, high_water))
        return b"" if cause is None else _framed(resync=resync(cursor, cause))

    def _cursor(self, sequence: int) -> stream_pb2.Cursor:
        return stream_pb2.Cursor(epoch=self._hub.epoch, sequence=sequence)

    def _received(self) -> stream_pb2.Cursor:
        """Return the cursor of what the reader has."""
        return self._cursor(self._hub.high_water(self.subscriber))


def _framed(**item: Any) -> bytes:
    return item_bytes(market_data_pb2.MarketDataItem(**item))
