"""A feed of scripted changes: each update changes the size of the best bid of a listing."""

import asyncio
import time
from collections.abc import Callable, Sequence

import grpc
import grpc.aio

from bench.bare.quote_frame import LOW_PRICE, UPDATES_PER_FRAME
from ordermesh.marketdata.v1 import feed_service_pb2, instrument_pb2, market_data_pb2

FRAMES_AHEAD_MAX = 64
"""Frames that the feed may be ahead of the service, or of the slowest reader."""
PACED_AHEAD_MAX = 16
"""The same of a feed with a rate: what waits is old when it is read."""
PUSH_PAUSE_S = 0.001
"""Much shorter than these frames take; a busy loop would take CPU from the readers."""
SCRIPT_ROUNDS = 20
FEED = "/ordermesh.marketdata.v1.FeedService/Feed"
PLACEHOLDER_NS = 1_700_000_000_987_654_321


class ScriptedFeed:
    """A gateway that changes the best bid of its listings in turn, 50 in a frame.

    Attributes:
        pushed: Updates that were pushed.
    """

    def __init__(self, channel: grpc.aio.Channel, mic: str, listings: int) -> None:
        self._call = channel.stream_stream(
            FEED, response_deserializer=feed_service_pb2.FeedResponse.FromString
        )()
        self.pushed = 0
        self.names = [f"S{n:04}.{mic}" for n in range(listings)]
        self._mic = mic
        self._pushes = False
        self._sequence = 0
        self._acknowledged = 0
        self._reader: asyncio.Task[None] | None = None
        self._script = script_frames(self.names)

    @property
    def ahead(self) -> int:
        """Frames that the service has not acknowledged."""
        return self._sequence - self._acknowledged

    async def open(self) -> None:
        """Open the feed and send all listings and books."""
        opened = feed_service_pb2.FeedOpen(session_id="bench", venue_mic=self._mic, epoch="bench")
        await self._call.write(feed_service_pb2.FeedRequest(open=opened).SerializeToString())
        self._reader = asyncio.create_task(self._read())
        for frame in opening_frames(self.names, self._mic):
            await self._send(frame)
        while self.ahead:  # noqa: ASYNC110  # once, at the start
            await asyncio.sleep(0.01)

    async def push(
        self, taken: Callable[[], int] | None = None, updates_s: float | None = None
    ) -> None:
        """Push frames until stop().

        Args:
            taken: Updates that the slowest reader took since now; no more than a bound is pushed
                ahead of it. None: readers get the latest values only.
            updates_s: Updates a second; None for as fast as the service takes them.
        """
        # Not cancelled from outside: that would end the whole stream.
        self._pushes, self.pushed, sent, begun = True, 0, 0, time.monotonic()
        frames_s = None if updates_s is None else updates_s / UPDATES_PER_FRAME
        ahead_max = FRAMES_AHEAD_MAX if updates_s is None else PACED_AHEAD_MAX
        while self._pushes:
            ahead = self.ahead
            if taken is not None:
                ahead = max(ahead, sent - taken() // UPDATES_PER_FRAME)
            late = frames_s is None or sent < (time.monotonic() - begun) * frames_s
            if ahead >= ahead_max or not late:
                await asyncio.sleep(PUSH_PAUSE_S)
                continue
            await self._send(_stamped(self._script[sent % len(self._script)]))
            sent += 1
            self.pushed += UPDATES_PER_FRAME

    def stop(self) -> None:
        """Have push() return."""
        self._pushes = False

    async def close(self) -> None:
        """End the feed."""
        self._call.cancel()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _send(self, frame: bytes) -> None:
        self._sequence += 1
        number = feed_service_pb2.FeedRequest(frame_sequence=self._sequence)
        # Fields may come in any order and messages may be joined.
        await self._call.write(frame + number.SerializeToString())

    async def _read(self) -> None:
        async for response in self._call:
            self._acknowledged = response.acknowledged_frame_sequence


def opening_frames(names: Sequence[str], mic: str) -> list[bytes]:
    """Serialise frames with the state of a venue, its listings, and their books."""
    frame = feed_service_pb2.FeedRequest
    status = market_data_pb2.VenueStatus(venue_mic=mic, feed_up=True)
    frames = [frame(venue_status=status).SerializeToString()]
    for part in _parts(names):
        instruments = [
            instrument_pb2.Instrument(
                instrument_id=name, symbol=name.partition(".")[0], venue_mic=mic
            )
            for name in part
        ]
        updates = [update for name in part for update in _first_updates(name)]
        frames.append(frame(instruments=instruments, updates=updates).SerializeToString())
    return frames


def script_frames(names: Sequence[str]) -> list[bytes]:
    """Serialise frames that change the best bid of each listing in turn."""
    return [_frame(part, n) for n in range(SCRIPT_ROUNDS) for part in _parts(names)]


def _parts(names: Sequence[str]) -> list[Sequence[str]]:
    size = UPDATES_PER_FRAME
    return [names[begin : begin + size] for begin in range(0, len(names), size)]


def _first_updates(name: str) -> list[feed_service_pb2.FeedUpdate]:
    """All fields of a quote, so that frames are as large as those of the bare fan-out."""
    update = feed_service_pb2.FeedUpdate
    return [
        update(
            instrument_id=name,
            book=market_data_pb2.Book(
                bids=[market_data_pb2.BookLevel(price="650.25", size="1")],
                asks=[market_data_pb2.BookLevel(price="650.35", size="900")],
            ),
        ),
        update(
            instrument_id=name,
            trade=market_data_pb2.Trade(trade_id="1", price="650.3", size="100"),
        ),
        update(
            instrument_id=name,
            statistics=feed_service_pb2.Statistics(
                open_price="648",
                high_price="655.5",
                low_price=LOW_PRICE,
                close_price="647.9",
                volume="1204500",
            ),
        ),
    ]


def _frame(names: Sequence[str], number: int) -> bytes:
    updates = []
    for name in names:
        update = feed_service_pb2.FeedUpdate(
            instrument_id=name,
            level=feed_service_pb2.LevelChange(
                side=feed_service_pb2.BOOK_SIDE_BID, price="650.25", size=str(1000 + number)
            ),
        )
        update.venue_time.FromNanoseconds(PLACEHOLDER_NS)
        update.received_at.FromNanoseconds(PLACEHOLDER_NS)
        updates.append(update)
    return feed_service_pb2.FeedRequest(updates=updates).SerializeToString()


def _stamped(frame: bytes) -> bytes:
    """Have the present time in all updates of a frame that is serialised already."""
    return frame.replace(_PLACEHOLDER, _timestamp(time.time_ns()))


def _timestamp(at_ns: int) -> bytes:
    """Serialise a Timestamp, always in as many bytes: a whole number may have bytes to spare."""
    seconds, nanos = divmod(at_ns, 1_000_000_000)
    return b"\x08" + _padded(seconds) + b"\x10" + _padded(nanos)


def _padded(value: int) -> bytes:
    parts = [value >> shift & 127 | 128 for shift in (0, 7, 14, 21)]
    return bytes((*parts, value >> 28))


_PLACEHOLDER = _timestamp(PLACEHOLDER_NS)
