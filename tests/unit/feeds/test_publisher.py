"""The publisher: everything again after a break or on request, nothing twice, bounded frames."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import grpc
import pytest

from feeds.publisher import Publisher, frames_of
from feeds.source import Changes
from kernel.clock import SystemClock
from kernel.feed_limits import LISTINGS_PER_FRAME_MAX, UPDATES_PER_FRAME_MAX
from mesh.streams.peer_call import CallEndedError
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import feed_service_pb2_grpc, instrument_pb2
from ordermesh.marketdata.v1 import market_data_pb2 as md
from ordermesh_rpc.backoff import Backoff
from tests.support.calls import EndingCall

LISTING = instrument_pb2.Instrument(instrument_id="A.XITC")


class Scripted(feed_service_pb2_grpc.FeedServiceServicer):
    """A feed service: `streams` says of each stream after how many frames it does what."""

    def __init__(self, *streams):
        self.streams = list(streams)
        self.frames = []

    async def Feed(self, requests, context):  # noqa: N802
        seen = []
        self.frames.append(seen)
        after, act = self.streams.pop(0) if self.streams else (0, "")
        async for request in requests:
            seen.append(request)
            if len(seen) == after and act == "break":
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            if len(seen) == after and act == "drain":
                yield feed.FeedResponse(drain={})
                return
            yield feed.FeedResponse(
                acknowledged_frame_sequence=request.frame_sequence,
                refresh=len(seen) == after and act == "refresh",
            )


class Ticks:
    """A source of one listing whose bid is 1, 2, 3 ..., one a change."""

    def __init__(self, count):
        self.price = 0
        self._count = count

    def listings(self):
        return [LISTING]

    def status(self):
        return md.VenueStatus(venue_mic="XITC", feed_up=True)

    def books(self):
        book = md.Book(bids=[md.BookLevel(price=str(self.price), size="1")])
        return [feed.FeedUpdate(instrument_id="A.XITC", book=book)]

    async def next_changes(self):
        await asyncio.sleep(0)
        if self.price == self._count:
            return None
        self.price += 1
        level = feed.LevelChange(side=feed.BOOK_SIDE_BID, price=str(self.price), size="1")
        return Changes(updates=[feed.FeedUpdate(instrument_id="A.XITC", level=level)])


@asynccontextmanager
async def published(service, count):
    server = grpc.aio.server()
    feed_service_pb2_grpc.add_FeedServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = feed_service_pb2_grpc.FeedServiceStub(channel)
        opening = feed.FeedOpen(session_id="itch", venue_mic="XITC")
        await Publisher(stub, opening, Ticks(count), SystemClock()).run(Backoff())
    yield service.frames
    await server.stop(0)


def wholes(frames):
    return sum(frame.list_begins for frame in frames)


def last_price(frames):
    last = frames[-1].updates[-1]
    return last.level.price or last.book.bids[0].price


async def test_frames_are_numbered_and_the_last_change_arrives():
    async with published(Scripted(), 300) as (frames,):
        assert [one.frame_sequence for one in frames] == list(range(len(frames)))
        assert frames[0].open.epoch
        assert (frames[1].list_begins, frames[1].list_complete) == (True, True)
        assert last_price(frames) == "300"


async def test_after_a_break_the_whole_books_come_in_a_new_epoch():
    async with published(Scripted((9, "break"), (7, "drain")), 50) as streams:
        assert len(streams) == 3
        assert len({frames[0].open.epoch for frames in streams}) == 3
        assert [wholes(frames) for frames in streams] == [1, 1, 1]
        assert last_price(streams[-1]) == "50"


@pytest.mark.parametrize("when", ["before", "under way", "late"])
async def test_a_refusal_ends_the_feed_even_if_the_writer_notices_the_end_first(when):
    refused = (grpc.StatusCode.PERMISSION_DENIED, "no feed")
    stub = SimpleNamespace(Feed=lambda: EndingCall(refused, when))
    opening = feed.FeedOpen(session_id="itch", venue_mic="XITC")
    with pytest.raises(CallEndedError) as ended:
        await Publisher(stub, opening, Ticks(1), SystemClock()).run(Backoff())
    assert (ended.value.code, ended.value.details) == refused


async def test_on_request_everything_is_sent_again():
    async with published(Scripted((6, "refresh")), 50) as (frames,):
        assert wholes(frames) == 2
        assert last_price(frames) == "50"


async def test_a_refresh_that_is_asked_for_with_the_last_acknowledgement_is_answered():
    # The opening, the listings, the status and the books: the source has ended by then.
    async with published(Scripted((4, "refresh")), 0) as (frames,):
        assert wholes(frames) == 2


def test_frames_have_a_bounded_size_and_a_list_begins_and_ends_once():
    many = Changes(
        listings=[LISTING] * (LISTINGS_PER_FRAME_MAX + 1),
        updates=[feed.FeedUpdate()] * (UPDATES_PER_FRAME_MAX + 1),
    )
    frames = list(frames_of(many, whole=True))
    assert [len(one.instruments) for one in frames] == [LISTINGS_PER_FRAME_MAX, 1, 0, 0]
    assert [len(one.updates) for one in frames] == [0, 0, UPDATES_PER_FRAME_MAX, 1]
    assert [one.list_begins for one in frames] == [True, False, False, False]
    assert [one.list_complete for one in frames] == [False, True, False, False]
    (empty,) = frames_of(Changes(), whole=True)
    assert (empty.list_begins, empty.list_complete) == (True, True)
