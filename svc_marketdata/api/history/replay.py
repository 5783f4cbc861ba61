"""One replay, from opening to end, by the stream contract."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final

from kernel.clock import Clock
from kernel.ulid import new_ulid
from mesh.errors import refuse
from mesh.rpc.server import Call
from mesh.rpc.user_limits import OpenPerUser
from mesh.streams.life import RETRY_S, StreamLife
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.answering import answered
from svc_marketdata.api.encoding import ProtoEncoder, item_bytes
from svc_marketdata.api.history.requests import invalid
from svc_marketdata.api.subscriptions import interest_of
from svc_marketdata.domain.price_rights import ALL_PRICES
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.history.candles import CalendarOf
from svc_marketdata.service.history.ports import HistoryReader
from svc_marketdata.service.history.replay import Replay, standing_quotes, windows
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.market_data import MarketData

REPLAYS_MAX: Final = 32
"""Replays of one process at a time; further ones are refused with OVERLOADED."""
REPLAYS_PER_USER_MAX: Final = 4
"""Replays of one user in one process at a time; further ones are refused with OVERLOADED."""
INSTRUMENTS_MAX: Final = 200
"""Listings of one replay."""
TOPICS: Final = (
    market_data_pb2.TOPIC_QUOTE, market_data_pb2.TOPIC_TRADE, market_data_pb2.TOPIC_CANDLE
)  # fmt: skip
AHEAD_UPDATES_MAX: Final = 2_000
"""Updates that wait for a reader of every event; then the replay waits for it."""


class ReplayStream:
    """A replay with its one reader."""

    _per_user = OpenPerUser("replays", REPLAYS_PER_USER_MAX)

    def __init__(self, live: MarketData, reader: HistoryReader, clock: Clock, call: Call) -> None:
        self._live = live
        self._reader = reader
        self._clock = clock
        self._subscriber = Subscriber()
        self._call = call
        self._made_room = asyncio.Event()

    async def run(
        self,
        request: pb.ReplayRequest,
        names: Sequence[str],
        bounds: tuple[int, int],
        calendar_of: CalendarOf,
    ) -> AsyncIterator[bytes]:
        """Yield frames until the last trade.

        Args:
            request: What was asked for.
            names: Its listings, known ones.
            bounds: From when to when, UTC nanoseconds.
            calendar_of: The trading days of a listing.
        """
        _check(request)
        if ReplayStream._per_user.total >= REPLAYS_MAX:
            raise refuse(
                "OVERLOADED",
                f"{REPLAYS_MAX} replays are under way, which is the limit of this process",
                retry_after_s=RETRY_S,
                limit=REPLAYS_MAX,
            )
        ReplayStream._per_user.enter(self._call.principal)
        try:
            async for frame in self._replayed(request, names, bounds, calendar_of):
                yield frame
        finally:
            ReplayStream._per_user.leave(self._call.principal)

    async def _replayed(
        self,
        request: pb.ReplayRequest,
        names: Sequence[str],
        bounds: tuple[int, int],
        calendar_of: CalendarOf,
    ) -> AsyncIterator[bytes]:
        epoch = new_ulid(self._clock.now_ns())
        hub = Hub(ProtoEncoder(), self._live.hub.limits, epoch)
        replay = Replay(hub, self._clock, *bounds)
        topics = request.subscription.topics
        quotes = not topics or market_data_pb2.TOPIC_QUOTE in topics
        standing = await answered(standing_quotes(self._reader, names, bounds[0])) if quotes else {}
        listings = {one.instrument_id: one for one in self._live.listings()}
        replay.open(names, calendar_of, standing, listings)
        # The listings and the time were compared with the rights of the reader before.
        interest = interest_of(replay.data, request.subscription, "subscription", ALL_PRICES)
        stored = windows(self._reader, names, *bounds, quotes=quotes)
        pump = asyncio.create_task(
            answered(replay.run(stored, request.speed, self._room, self._made_room))
        )
        pump.add_done_callback(lambda _: self._subscriber.call())
        try:
            async for frame in self._frames(hub, interest, request.heartbeat_s, pump):
                yield frame
        finally:
            pump.cancel()
            hub.close(self._subscriber)

    async def _frames(
        self, hub: Hub, interest: Interest, heartbeat_s: int, pump: "asyncio.Task[None]"
    ) -> AsyncIterator[bytes]:
        subscriber = self._subscriber
        opening = hub.open(subscriber, _without_venues(interest))
        for frame in opening.frames:
            yield frame.data
        cursor = stream_pb2.Cursor(epoch=hub.epoch, sequence=opening.high_water)
        complete = stream_pb2.SnapshotComplete(cursor=cursor, item_count=opening.item_count)
        yield _framed(snapshot_complete=complete)
        with StreamLife(self._call, self._clock, heartbeat_s, subscriber.call) as life:
            while True:
                self._made_room.set()
                taken = await subscriber.take()
                if taken is not None:
                    yield taken.data
                    continue
                subscriber.attention = False
                received = stream_pb2.Cursor(epoch=hub.epoch, sequence=hub.high_water(subscriber))
                if life.is_over:
                    yield _framed(drain=life.drain(received))
                    raise life.end_error("the replay has ended early; begin at its last trade")
                if pump.done():
                    break
                if life.heartbeat_due():
                    yield _framed(heartbeat=life.heartbeat(received))
            pump.result()
            for data in self._rest():
                yield data
            total = hub.total(one for one in hub.channels.values() if interest.wants(one))
            end = stream_pb2.Cursor(epoch=hub.epoch, sequence=total)
            yield _framed(heartbeat=life.heartbeat(end))

    def _rest(self) -> list[bytes]:
        """Return what the reader has not got yet."""
        subscriber = self._subscriber
        frames = [] if subscriber.group is None else subscriber.group.leave(subscriber)
        return [frame.data for frame in frames]

    def _room(self) -> bool:
        """Return whether the reader is ready for more."""
        subscriber = self._subscriber
        group = subscriber.group
        if group is not None and group.interest.mode is Mode.EVERY_EVENT:
            return subscriber.queued_updates < AHEAD_UPDATES_MAX
        waiter = subscriber.waiter
        return waiter is not None and not waiter.done()


def _without_venues(interest: Interest) -> Interest:
    """Leave out the state of venues, which is not stored."""
    return replace(interest, topics=interest.topics - {Topic.VENUE})


def _check(request: pb.ReplayRequest) -> None:
    """Refuse what a replay does not have.

    Raises:
        MeshError: INVALID_FIELD.
    """
    subscription = request.subscription
    count = len(subscription.instrument_ids)
    if not 1 <= count <= INSTRUMENTS_MAX:
        expected = f"1 to {INSTRUMENTS_MAX} listings"
        raise invalid("subscription.instrument_ids", f"{count} items", expected)
    for index, topic in enumerate(subscription.topics):
        if topic not in TOPICS:
            expected = "TOPIC_QUOTE, TOPIC_TRADE or TOPIC_CANDLE: books are not stored"
            name = market_data_pb2.Topic.Name(topic)
            raise invalid(f"subscription.topics[{index}]", name, expected)
    if subscription.instruments:
        raise invalid("subscription.instruments", "set", "nothing: books are not stored")
    if subscription.fields.paths:
        expected = "nothing: a replay sends whole messages"
        raise invalid("subscription.fields", ", ".join(subscription.fields.paths), expected)


def _framed(**item: Any) -> bytes:
    return item_bytes(market_data_pb2.MarketDataItem(**item))
