"""VenueLinkService: the gateway's stream of one FIX order session."""

import asyncio
from collections.abc import AsyncIterator

import grpc
from google.protobuf.duration_pb2 import Duration

from mesh.access import Access, peer
from mesh.call import Call
from mesh.errors import refuse
from mesh.validation import validate
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.type.v1 import stream_pb2
from svc_oms.service.book import Book
from svc_oms.service.link import VenueLink
from svc_oms.service.ports import FencedError, StoreUnavailableError
from svc_oms.service.submissions import database_away

SERVICE = "ordermesh.gateway.v1.VenueLinkService"
ACCESS: dict[str, Access] = {"Link": peer("svc-gateway")}

DRAIN_RETRY_S = 1


class GatewayGoneError(Exception):
    """The gateway ended its side in good order."""


class VenueLinkServicer:
    """See the comments in venue_link_service.proto."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def Link(  # noqa: N802
        self, frames: AsyncIterator[gw.LinkRequest], call: Call
    ) -> AsyncIterator[gw.LinkResponse | bytes]:
        """Own a session for as long as the stream lives."""
        first = await anext(frames, None)
        if first is None or not first.HasField("open"):
            raise refuse(
                "INVALID_FIELD",
                "open is not set; the first frame of a link opens it",
                "open",
                value="",
                expected="open",
            )
        validate(first.open)
        self._book.require_ready()
        link = await self._take(first.open, call)
        tasks = [
            asyncio.create_task(link.run()),
            asyncio.create_task(_read(link, first, frames)),
        ]
        why = "the gateway's link ended"
        try:
            async for frame in link.frames(call.drain):
                yield frame
            why = "the order book's replica stops"
            drain = stream_pb2.Drain(
                retry_after=Duration(seconds=DRAIN_RETRY_S), cause=stream_pb2.DRAIN_CAUSE_SHUTDOWN
            )
            yield gw.LinkResponse(drain=drain)
            raise refuse("DRAINING", "this replica stops; dial again", retry_after_s=DRAIN_RETRY_S)
        except GatewayGoneError:
            return
        except FencedError as error:
            await call.context.abort(grpc.StatusCode.ABORTED, str(error))
        except StoreUnavailableError as error:
            why = "the order book's database is away"
            raise database_away() from error
        finally:
            for task in tasks:
                task.cancel()
            # The call may be cancelled already; that the session is down must still be told.
            await asyncio.shield(self._book.links.release(link, why))

    async def _take(self, opened: gw.LinkOpen, call: Call) -> VenueLink:
        try:
            link = await self._book.links.take(opened)
        except StoreUnavailableError as error:
            raise database_away() from error
        if link is None:
            await call.context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"session {opened.session_id} to {opened.venue_mic} is not known to the order "
                "book and may not be added, or that venue has another session",
            )
            raise AssertionError("abort always raises")
        return link


async def _read(
    link: VenueLink, first: gw.LinkRequest, frames: AsyncIterator[gw.LinkRequest]
) -> None:
    if first.messages or first.receipts or first.HasField("status"):
        await link.receive(first)
    try:
        async for frame in frames:
            await link.receive(frame)
    except Exception as error:  # noqa: BLE001 - whatever ends the reading ends the link
        link.fail(error)
    else:
        link.fail(GatewayGoneError())
