"""Passes a source on to svc_marketdata: ``ordermesh.marketdata.v1.FeedService``.

Nothing here is durable. When the stream breaks it is dialled again, and the listings and whole
books are sent anew; a trade that was on its way may be lost.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from feeds.source import Changes, Source
from kernel.clock import Clock
from kernel.feed_limits import (
    HEARTBEAT_S,
    LISTINGS_PER_FRAME_MAX,
    UNACKNOWLEDGED_FRAMES_MAX,
    UPDATES_PER_FRAME_MAX,
)
from kernel.ulid import new_ulid
from mesh.log import get_logger
from mesh.streams.peer_call import CallEndedError, PeerCall
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1.feed_service_pb2_grpc import FeedServiceStub
from ordermesh.type.v1 import stream_pb2
from ordermesh_rpc.backoff import PERMANENT_CODES, Backoff

FeedCall = PeerCall[feed.FeedRequest, feed.FeedResponse]

_log = get_logger(__name__)
T = TypeVar("T")


class Publisher:
    """Keeps the stream of one source.

    Args:
        stub: Of a channel with the certificate of a feed or gateway.
        opening: Session, venue and calendar; the epoch is set here, anew for each stream.
        source: The prices.
        clock: For epochs, delays and heartbeats.
    """

    def __init__(
        self, stub: FeedServiceStub, opening: feed.FeedOpen, source: Source, clock: Clock
    ) -> None:
        self._stub = stub
        self._opening = opening
        self._source = source
        self._clock = clock
        self._sent = self._acknowledged = 0
        self._acks = asyncio.Event()
        self._refresh = asyncio.Event()
        self._pending: asyncio.Task[Changes | None] | None = None

    async def run(self, backoff: Backoff) -> None:
        """Feed until the source has ended and svc_marketdata has everything.

        Raises:
            CallEndedError: svc_marketdata refuses this feed; to try again is no use.
        """
        try:
            while True:
                await asyncio.sleep(backoff.next_delay())
                begun = self._clock.monotonic()
                try:
                    if await self._one_stream():
                        return
                    why = "svc_marketdata drains"
                except CallEndedError as error:
                    if error.code in PERMANENT_CODES:
                        raise
                    why = str(error)
                _log.warning("the feed is dialled again", session=self._opening.session_id, why=why)
                backoff.note_health(self._clock.monotonic() - begun)
        finally:
            if self._pending is not None:
                self._pending.cancel()

    async def _one_stream(self) -> bool:
        """Return whether the source has ended; False if the server drains."""
        call: FeedCall = PeerCall(self._stub.Feed())
        self._sent = self._acknowledged = 0
        self._refresh.set()
        self._opening.epoch = new_ulid(self._clock.now_ns())
        writer = asyncio.create_task(self._write(call))
        reader = asyncio.create_task(self._read(call))
        try:
            done, _ = await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
            return (reader if reader in done else writer).result()
        finally:
            call.cancel()
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)

    async def _read(self, call: FeedCall) -> bool:
        while True:
            response = await call.receive()
            self._acknowledged = max(self._acknowledged, response.acknowledged_frame_sequence)
            self._acks.set()
            if response.refresh:
                self._refresh.set()
            if response.HasField("drain"):
                return False

    async def _write(self, call: FeedCall) -> bool:
        await call.send(feed.FeedRequest(open=self._opening))
        while True:
            if self._refresh.is_set():
                self._refresh.clear()
                for frame in self._everything():
                    await self._send(call, frame)
            changes = await self._next(call)
            if changes is None:
                await self._until(lambda: self._acknowledged == self._sent)
                # A refresh that was asked for meanwhile came with an acknowledgement.
                if not self._refresh.is_set():
                    return True
                continue
            for frame in frames_of(changes):
                await self._send(call, frame)

    async def _next(self, call: FeedCall) -> Changes | None:
        """Wait for changes or a refresh, with heartbeats; a break of the stream loses none."""
        refresh = asyncio.create_task(self._refresh.wait())
        if self._pending is None:
            self._pending = asyncio.create_task(self._source.next_changes())
        try:
            while not (self._pending.done() or refresh.done()):
                await asyncio.wait(
                    (self._pending, refresh),
                    timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED,
                )  # fmt: skip
                if not (self._pending.done() or refresh.done()):
                    beat = stream_pb2.Heartbeat(server_time=to_timestamp(self._clock.now_ns()))
                    await self._send(call, feed.FeedRequest(heartbeat=beat))
            if not self._pending.done():
                return Changes()
            changes, self._pending = self._pending.result(), None
            return changes
        finally:
            refresh.cancel()

    def _everything(self) -> Iterator[feed.FeedRequest]:
        yield from frames_of(
            Changes(listings=self._source.listings(), status=self._source.status()), whole=True
        )
        yield from frames_of(Changes(updates=self._source.books()))

    async def _send(self, call: FeedCall, frame: feed.FeedRequest) -> None:
        await self._until(lambda: self._sent - self._acknowledged < UNACKNOWLEDGED_FRAMES_MAX)
        self._sent += 1
        frame.frame_sequence = self._sent
        await call.send(frame)

    async def _until(self, condition: Any) -> None:
        while not condition():
            self._acks.clear()
            await self._acks.wait()


def frames_of(changes: Changes, *, whole: bool = False) -> Iterator[feed.FeedRequest]:
    """Put changes into frames of bounded size.

    Args:
        changes: Listings go first, so that no update is of an unknown one.
        whole: The listings are all that the venue has.
    """
    parts = list(_parts(changes.listings, LISTINGS_PER_FRAME_MAX)) or ([[]] if whole else [])
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        yield feed.FeedRequest(
            instruments=part, list_begins=whole and number == 1, list_complete=whole and last
        )
    if changes.status is not None:
        yield feed.FeedRequest(venue_status=changes.status)
    for updates in _parts(changes.updates, UPDATES_PER_FRAME_MAX):
        yield feed.FeedRequest(updates=updates)


def _parts(items: Sequence[T], most: int) -> Iterator[list[T]]:
    rest = iter(items)
    while part := list(islice(rest, most)):
        yield part
