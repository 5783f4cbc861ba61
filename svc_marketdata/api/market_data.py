"""MarketDataService: live prices."""

import asyncio
from collections.abc import AsyncIterator

from mesh.errors import refuse
from mesh.rpc.server import Call
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.encoding import update_bytes, varint
from svc_marketdata.api.rights import not_entitled, rights_of
from svc_marketdata.api.streaming import LiveStream
from svc_marketdata.api.subscriptions import books_of, interest_of, known_instruments, topics_of
from svc_marketdata.domain.price_rights import PriceRight, PriceRights
from svc_marketdata.service.channels import DELAYED, Channel, Form, Topic
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
        interest = interest_of(self._data, request.subscription, "subscription", rights_of(call))
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
        rights = rights_of(call)
        interest = interest_of(self._data, subscription, field, rights)
        stream = LiveStream(self._data, call, first.open.heartbeat_s)
        cursor = first.open.cursor if first.open.HasField("cursor") else None
        reader = asyncio.create_task(self._read(requests, stream, rights))
        try:
            async for frame in stream.run(interest, cursor):
                yield frame
        finally:
            reader.cancel()

    async def _read(
        self, requests: AsyncIterator[pb.StreamRequest], stream: LiveStream, rights: PriceRights
    ) -> None:
        """Apply the reader's subscriptions; the stream continues after the last one."""
        try:
            async for request in requests:
                self._change(stream, request, rights)
        except Exception as error:  # noqa: BLE001  # raised again by the stream
            stream.fail(error)

    def _change(self, stream: LiveStream, request: pb.StreamRequest, rights: PriceRights) -> None:
        if request.HasField("open"):
            raise refuse(
                "INVALID_FIELD",
                "open is set again; expected in the first frame only",
                "open",
                expected="the first frame only",
            )
        if request.HasField("subscribe"):
            stream.change(interest_of(self._data, request.subscribe, "subscribe", rights))

    async def GetSnapshot(  # noqa: N802
        self, request: pb.GetSnapshotRequest, call: Call
    ) -> pb.GetSnapshotResponse:
        """Return current values."""
        hub = self._data.hub
        rights = rights_of(call)
        depth = request.depth or hub.limits.depth_default
        channels = self._channels(request, rights)
        parts: list[bytes] = []
        for channel in channels:
            form: int | Form = 0
            if channel.topic is Topic.BOOK:
                form = depth
            elif channel.topic is Topic.CONSOLIDATED_BOOK:
                form = Form(depth, rights)
            value = channel.value(form)
            if value:
                update = update_bytes(channel.name, channel.sequence, 0, value, snapshot=True)
                parts += (_UPDATES, varint(len(update)), update)
        response = pb.GetSnapshotResponse.FromString(b"".join(parts))
        response.cursor.CopyFrom(stream_pb2.Cursor(epoch=hub.epoch, sequence=hub.total(channels)))
        return response

    def _channels(self, request: pb.GetSnapshotRequest, rights: PriceRights) -> list[Channel]:
        """Return the channels of a request.

        Raises:
            MeshError: INVALID_FIELD, INSTRUMENT_NOT_FOUND, or PERMISSION_DENIED: an answer has no
                place to say that values are missing for want of a right.
        """
        channels = self._data.hub.channels
        if not request.instrument_ids and not request.instruments:
            raise refuse(
                "INVALID_FIELD",
                "instrument_ids had 0 items; expected at least 1, or instruments",
                "instrument_ids",
                value=0,
                expected="at least 1 item, or instruments",
            )
        ids = known_instruments(self._data, request.instrument_ids, "instrument_ids")
        topics = topics_of(request, "")
        found: list[Channel] = []
        for name in sorted(ids):
            for topic in sorted(topics - {Topic.CONSOLIDATED_BOOK}):
                mic = name.rpartition(".")[2]
                right = rights.of(mic)
                given = topic if right is PriceRight.REAL_TIME else DELAYED.get(topic)
                if given is None or right is PriceRight.NONE:
                    what = f"TOPIC_{topic.name} of {name}"
                    raise not_entitled(rights, mic, what, "instrument_ids")
                found.append(channels[name, given])
        if Topic.CONSOLIDATED_BOOK in topics:
            keys = books_of(self._data, request, "") or ()
            names = sorted(key.text for key in keys)
            found += [channels[name, Topic.CONSOLIDATED_BOOK] for name in names]
        return found
