"""Reading a stream for as long as somebody wants it: docs/STREAMS.md, rule 10."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

import grpc
import grpc.aio

from ordermesh.type.v1 import stream_pb2
from ordermesh_client.errors import MeshRefusedError, MeshUnreachableError, refused_error
from ordermesh_rpc.backoff import PERMANENT_CODES, Backoff
from ordermesh_rpc.refusals import read_refusal

HEARTBEAT_S: Final = 5
# No frame for this long, heartbeats included: the connection is dead.
SILENCE_MAX_S: Final = 2.5 * HEARTBEAT_S

ItemT = TypeVar("ItemT")


class Login(Protocol):
    """What of a login a stream needs."""

    async def refresh(self) -> None:
        """Get a new access token."""


async def resumed(
    open_stream: Callable[[], Awaitable[Any]],
    login: Login,
    gap_item: Callable[[stream_pb2.Gap], ItemT],
    now_ns: Callable[[], int],
    backoff: Backoff | None = None,
) -> AsyncIterator[ItemT]:
    """Give the items of a stream over any number of broken connections.

    Args:
        open_stream: Opens the stream after what was read so far.
        login: Refreshed once when the mesh no longer accepts the token.
        gap_item: Makes an item of a gap; a broken connection shows as LINK_DOWN with an
            empty channel, its end as LINK_UP. A drain that is resumed at once is no gap.
        now_ns: Returns the time for those gaps.
        backoff: Delays between attempts.

    Raises:
        MeshRefusedError: The mesh refuses this stream for good.
        NotLoggedInError: The login has ended.
    """
    backoff, ending = backoff or Backoff(), _Ending(login)
    down, draining = False, False
    loop = asyncio.get_running_loop()
    while True:
        begun, cause, call = loop.time(), "the mesh ended the stream", None
        try:
            call = await open_stream()
            async for frame in _frames(call):
                if down:
                    down = False
                    yield gap_item(_gap(stream_pb2.GAP_KIND_LINK_UP, "connected again", now_ns()))
                ending.refreshed = False
                for item in frame.items:
                    draining = item.WhichOneof("item") == "drain"
                    yield item
        except _ENDINGS as error:
            cause = await ending.judge(error)
            draining = draining and isinstance(error, grpc.RpcError)
        finally:
            if call is not None:
                call.cancel()
        if not down and not draining:
            down = True
            yield gap_item(_gap(stream_pb2.GAP_KIND_LINK_DOWN, cause, now_ns()))
        draining = False
        backoff.note_health(loop.time() - begun)
        await asyncio.sleep(backoff.next_delay())


_ENDINGS: Final = (TimeoutError, MeshUnreachableError, MeshRefusedError, grpc.aio.AioRpcError)


class _Ending:
    """Judges how a stream ended: worth another attempt, or for good."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self.refreshed = False

    async def judge(self, error: BaseException) -> str:
        """Say in words why it ended; raises when another attempt would end the same way."""
        if isinstance(error, MeshRefusedError) and not error.retryable:
            raise error
        if not isinstance(error, grpc.RpcError):
            return str(error) or f"nothing came for {SILENCE_MAX_S:.0f} s"
        if error.code() is grpc.StatusCode.UNAUTHENTICATED and not self.refreshed:
            self.refreshed = True
            await _refresh(self._login)
        elif error.code() in PERMANENT_CODES:
            raise refused_error(error) from error
        return read_refusal(error).text


async def _frames(call: Any) -> AsyncIterator[Any]:
    while True:
        frame = await asyncio.wait_for(call.read(), SILENCE_MAX_S)
        if frame is grpc.aio.EOF:
            return
        yield frame


async def _refresh(login: Login) -> None:
    """Refresh; a mesh that does not answer now is asked again with the next attempt."""
    try:
        await login.refresh()
    except MeshUnreachableError:
        return


def _gap(kind: stream_pb2.GapKind, text: str, now_ns: int) -> stream_pb2.Gap:
    gap = stream_pb2.Gap(kind=kind, text=text)
    gap.since.FromNanoseconds(now_ns)
    return gap
