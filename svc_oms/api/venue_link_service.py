"""VenueLinkService: the gateway's stream of one FIX order session."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import grpc

from kernel.clock import Clock
from mesh.auth.access import Access, peer
from mesh.rpc.call import Call
from mesh.rpc.validation import validate
from mesh.streams.life import StreamLife, drain_message, draining
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.type.v1 import stream_pb2
from svc_oms.service.errors import database_away, invalid_field
from svc_oms.service.ports import FencedError, SessionHeldError, StoreUnavailableError
from svc_oms.service.readiness import Readiness
from svc_oms.service.venue.downlink import (
    GATEWAY_SILENCE_MAX_S,
    HEARTBEAT_S,
    OLD_GATEWAY_SILENCE_MAX_S,
    GatewayGoneError,
)
from svc_oms.service.venue.session_leases import SessionLeases
from svc_oms.service.venue.session_link import SessionLink

SERVICE = "ordermesh.gateway.v1.VenueLinkService"
# How long the stream of a hung gateway may take to end by itself. Seconds.
STREAM_END_MAX_S = 1.0
ACCESS: dict[str, Access] = {"Link": peer("svc-gateway")}


class VenueLinkServicer:
    """See the comments in venue_link_service.proto."""

    def __init__(self, readiness: Readiness, leases: SessionLeases, clock: Clock) -> None:
        self._readiness = readiness
        self._leases = leases
        self._clock = clock

    async def Link(  # noqa: N802
        self, frames: AsyncIterator[gw.LinkRequest], call: Call
    ) -> AsyncIterator[gw.LinkResponse | bytes]:
        """Own a session for as long as the stream lives."""
        first = await anext(frames, None)
        if first is None or not first.HasField("open"):
            raise invalid_field("open", "", "set in the first frame, which opens the link")
        validate(first.open)
        self._readiness.require()
        uplink = _Uplink(frames, beats=first.open.beats)
        reading = asyncio.create_task(uplink.read())
        link: SessionLink | None = None
        try:
            async with aclosing(self._turns(first.open, call, uplink)) as turns:
                async for turn in turns:
                    if isinstance(turn, SessionLink):
                        link = turn
                        break
                    yield turn
            if link is None:
                raise _stops()
            if first.messages or first.receipts or first.HasField("status"):
                await link.receive(first)
            async with aclosing(self._owned(link, uplink, call)) as owned:
                async for frame in owned:
                    yield frame
        except GatewayGoneError:
            return
        finally:
            reading.cancel()

    async def _turns(
        self, opened: gw.LinkOpen, call: Call, uplink: "_Uplink"
    ) -> AsyncGenerator[gw.LinkResponse | SessionLink, None]:
        """Yield frames of a standby until the session is its own, or this replica stops."""
        reported = None
        with self._leases.standing_by(opened) as turn:
            uplink.on_end = turn
            with StreamLife(call, self._clock, HEARTBEAT_S, turn.set) as life:
                while not life.drains:
                    turn.clear()
                    uplink.require_alive()
                    try:
                        link = await self._take(opened, call)
                    except SessionHeldError as error:
                        row = error.row
                    else:
                        yield link
                        return
                    if reported != (row.gateway, row.fencing_token):
                        reported = row.gateway, row.fencing_token
                        yield _standby(row.gateway, row.fencing_token)
                    if life.heartbeat_due():
                        yield gw.LinkResponse(heartbeat=life.heartbeat())
                    await turn.wait()

    async def _owned(
        self, link: SessionLink, uplink: "_Uplink", call: Call
    ) -> AsyncGenerator[gw.LinkResponse | bytes, None]:
        task = asyncio.create_task(link.run())
        uplink.give_to(link)
        handler = asyncio.current_task()
        assert handler is not None
        silence = asyncio.create_task(self._end_if_silent(link, handler))
        why, keep_lease = "the gateway's link ended", False
        try:
            async with aclosing(link.frames(call)) as frames:
                async for frame in frames:
                    yield frame
            why, keep_lease = "the order book's replica stops", True
            yield gw.LinkResponse(drain=drain_message(stream_pb2.DRAIN_CAUSE_SHUTDOWN))
            raise _stops()
        except FencedError as error:
            await call.context.abort(grpc.StatusCode.ABORTED, str(error))
        except StoreUnavailableError as error:
            why = "the order book's database is away"
            raise database_away(error) from error
        finally:
            task.cancel()
            silence.cancel()
            # The call may be cancelled already; the session must still be reported as down.
            keep_lease = keep_lease or link.back_soon
            await asyncio.shield(self._leases.release(link, why, keep_lease=keep_lease))

    async def _end_if_silent(self, link: SessionLink, handler: asyncio.Task[object]) -> None:
        """Take the session from a gateway that does not answer any more."""
        why = await link.until_silent()
        await self._leases.release(link, why)
        # This ends the stream, unless a gateway that reads nothing keeps the handler in the sending
        # of a frame. To cancel that leaves the gateway without a status, so it comes last.
        link.fail(GatewayGoneError(why))
        await asyncio.wait([handler], timeout=STREAM_END_MAX_S)
        handler.cancel()

    async def _take(self, opened: gw.LinkOpen, call: Call) -> SessionLink:
        try:
            link = await self._leases.take(opened)
        except StoreUnavailableError as error:
            raise database_away(error) from error
        if link is None:
            await call.context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"session {opened.session_id} to {opened.venue_mic} is not known to the order "
                "book and may not be added, or that venue has another session",
            )
            raise AssertionError("abort always raises")
        return link


class _Uplink:
    """Reads a gateway's frames: dropped while it stands by, then passed to its link."""

    def __init__(self, frames: AsyncIterator[gw.LinkRequest], *, beats: bool) -> None:
        self._frames = frames
        self._silence_max_s = GATEWAY_SILENCE_MAX_S if beats else OLD_GATEWAY_SILENCE_MAX_S
        self._link: SessionLink | None = None
        self._ended: Exception | None = None
        self._heard_at = asyncio.get_running_loop().time()
        self.on_end = asyncio.Event()

    async def read(self) -> None:
        """Read until there is no more; the end of the reading ends the link."""
        try:
            async for frame in self._frames:
                self._heard_at = asyncio.get_running_loop().time()
                if self._link is not None:
                    await self._link.receive(frame)
            self._end(GatewayGoneError("the gateway ended its side"))
        except Exception as error:  # noqa: BLE001 - whatever it is
            self._end(error)

    def _end(self, error: Exception) -> None:
        self._ended = error
        self.on_end.set()
        if self._link is not None:
            self._link.fail(error)

    def give_to(self, link: SessionLink) -> None:
        """From now on pass frames to this link."""
        self._link = link
        if self._ended is not None:
            link.fail(self._ended)

    def require_alive(self) -> None:
        """Raise what ended the reading, or that nothing was read for too long."""
        if self._ended is not None:
            raise self._ended
        silent_s = asyncio.get_running_loop().time() - self._heard_at
        if silent_s > self._silence_max_s:
            raise GatewayGoneError(f"the standby is silent for {silent_s:.0f} s")


def _standby(owner: str, token: int) -> gw.LinkResponse:
    text = f"{owner} has the session; this gateway gets it when the link of {owner} ends"
    return gw.LinkResponse(
        standby=gw.LinkStandby(owner_instance=owner, fencing_token=token, text=text)
    )


def _stops() -> Exception:
    return draining("this replica stops; dial again", stream_pb2.DRAIN_CAUSE_SHUTDOWN)
