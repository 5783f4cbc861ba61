"""MarketDataService: live prices."""

import asyncio
from collections.abc import AsyncIterator

from mesh.errors import refuse
from mesh.rpc.server import Call
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.encoding import update_bytes, varint
from svc_marketdata.api.streaming import LiveStream
from svc_marketdata.api.subscriptions import interest_of, known_instruments, topics_of
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.market_data import MarketData

_UPDATES = b"\x0a"  # GetSnapshotResponse.updates = 1


class MarketDataServicer:
    """Serves ``ordermesh.marketdata.v1.MarketDataService``."""

    def __init__(self, data: MarketData) -> None:
        self._data = data

    def Watch(  # noqa: N802  # rpc names are the contract's
        self, request: pb.WatchRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """The stream for browsers."""
        interest = interest_of(self._data, request.subscription, "subscription")
        stream = LiveStream(self._data, call, request.heartbeat_s)
        cursor = request.cursor if request.HasField("cursor") else None
        return stream.run(interest, cursor)

    async def Stream(  # noqa: N802
        self, requests: AsyncIterator[pb.StreamRequest], call: Call
    ) -> AsyncIterator[bytes]:
        """Like Watch, with subscriptions that can change while the stream is open."""
        first = await anext(aiter(requests), None)
        if first is None or not first.HasField("open"):
            raise refuse(
                "INVALID_FIELD",
                "open is not set; the first frame must open the stream",
                "open",
                value="",
                expected="a WatchRequest in the first frame",
            )
        subscription, field = first.open.subscription, "open.subscription"
        if first.HasField("subscribe"):
            subscription, field = first.subscribe, "subscribe"
        interest = interest_of(self._data, subscription, field)
        stream = LiveStream(self._data, call, first.open.heartbeat_s)
        cursor = first.open.cursor if first.open.HasField("cursor") else None
        reader = asyncio.create_task(self._read(requests, stream))
        try:
            async for frame in stream.run(interest, cursor):
                yield frame
        finally:
            reader.cancel()

    async def _read(self, requests: AsyncIterator[pb.StreamRequest], stream: LiveStream) -> None:
        """Apply the reader's subscriptions; the stream continues after the last one."""
        try:
            async for request in requests:
                self._change(stream, request)
        except Exception as error:  # noqa: BLE001  # raised again by the stream
            stream.fail(error)

    def _change(self, stream: LiveStream, request: pb.StreamRequest) -> None:
        if request.HasField("open"):
            raise refuse(
                "INVALID_FIELD",
                "open is set again; expected in the first frame only",
                "open",
                expected="the first frame only",
            )
        if request.HasField("subscribe"):
            stream.change(interest_of(self._data, request.subscribe, "subscribe"))

    async def GetSnapshot(  # noqa: N802
        self,
        request: pb.GetSnapshotRequest,
        call: Call,  # noqa: ARG002  # handlers have one shape
    ) -> pb.GetSnapshotResponse:
        """Return current values."""
        hub = self._data.hub
        ids = known_instruments(self._data, request.instrument_ids, "instrument_ids")
        topics = topics_of(request.topics, "topics")
        depth = request.depth or hub.limits.depth_default
        channels = [hub.channels[name, topic] for name in sorted(ids) for topic in sorted(topics)]
        parts: list[bytes] = []
        for channel in channels:
            value = channel.value(depth if channel.topic is Topic.BOOK else 0)
            if value:
                update = update_bytes(channel.name, channel.sequence, 0, value, snapshot=True)
                parts += (_UPDATES, varint(len(update)), update)
        response = pb.GetSnapshotResponse.FromString(b"".join(parts))
        response.cursor.CopyFrom(stream_pb2.Cursor(epoch=hub.epoch, sequence=hub.total(channels)))
        return response
