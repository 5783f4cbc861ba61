"""Reading a stream for as long as somebody wants it: docs/STREAMS.md, rule 10."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

import grpc
import grpc.aio

from ordermesh.type.v1 import stream_pb2
from ordermesh_client.errors import MeshRefusedError, MeshUnreachableError, refused_error
from ordermesh_client.settings import ClientSettings
from ordermesh_rpc.backoff import PERMANENT_CODES, Backoff
from ordermesh_rpc.refusals import RemoteRefusal, read_refusal

ItemT = TypeVar("ItemT")


class Login(Protocol):
    """What of a login a stream needs."""

    async def refresh(self) -> None:
        """Get a new access token."""


class ReopenError(Exception):
    """The reader cannot go on with this connection; the next one begins where it says."""


async def resumed(
    open_stream: Callable[[], Awaitable[Any]],
    login: Login,
    gap_item: Callable[[stream_pb2.Gap], ItemT],
    now_ns: Callable[[], int],
    backoff: Backoff | None = None,
    take: Callable[[Any], bool] = lambda _: True,
    settings: ClientSettings | None = None,
) -> AsyncIterator[ItemT]:
    """Give the items of a stream over any number of broken connections.

    Args:
        open_stream: Opens the stream after what was read so far.
        login: Refreshed once when the mesh no longer accepts the token, and when it says that
            the token is about to end.
        gap_item: Makes an item of a gap; a broken connection shows as LINK_DOWN with an
            empty channel, its end as LINK_UP. A drain that is resumed at once is no gap.
        now_ns: Returns the time for those gaps.
        backoff: Delays between attempts.
        take: Sees each item first and says whether the caller gets it; ReopenError opens the
            stream again.
        settings: How long a connection may be silent.

    Raises:
        MeshRefusedError: The mesh refuses this stream for good.
        NotLoggedInError: The login has ended.
    """
    settings = settings or ClientSettings()
    backoff, ending = backoff or Backoff(), _Ending(login, settings.silence_s_max)
    down = False
    loop = asyncio.get_running_loop()
    while True:
        begun, cause, call = loop.time(), "the mesh ended the stream", None
        ending.begin()
        try:
            call = await open_stream()
            async for frame in _frames(call, settings.silence_s_max):
                if down:
                    down = False
                    yield gap_item(_gap(stream_pb2.GAP_KIND_LINK_UP, "connected again", now_ns()))
                ending.refreshed = False
                for item in frame.items:
                    ending.note(item)
                    if take(item):
                        yield item
        except _ENDINGS as error:
            cause = await ending.judge(error)
        finally:
            if call is not None:
                call.cancel()
        if not down and ending.drain is None:
            down = True
            yield gap_item(_gap(stream_pb2.GAP_KIND_LINK_DOWN, cause, now_ns()))
        await ending.renew_before_expiry()
        backoff.note_health(loop.time() - begun)
        await asyncio.sleep(max(backoff.next_delay(), ending.wait_s))


_ENDINGS: Final = (
    TimeoutError,
    MeshUnreachableError,
    MeshRefusedError,
    ReopenError,
    grpc.aio.AioRpcError,
)


class _Ending:
    """Judges how a stream ended: worth another attempt, or for good.

    Attributes:
        refreshed: The login was refreshed and nothing has come since.
        drain: The server said that it ends this stream, and it was the last item.
        wait_s: The server asked to wait so long before the next attempt.
    """

    def __init__(self, login: Login, silence_s_max: float) -> None:
        self._login = login
        self._silence_s_max = silence_s_max
        self.refreshed = False
        self.begin()

    def begin(self) -> None:
        """Another connection."""
        self.drain: stream_pb2.Drain | None = None
        self.wait_s = 0.0

    def note(self, item: Any) -> None:
        """Look at an item for what it says of the end."""
        self.drain = item.drain if item.WhichOneof("item") == "drain" else None
        self.wait_s = self.drain.retry_after.ToMilliseconds() / 1000 if self.drain else 0.0

    async def judge(self, error: BaseException) -> str:
        """Say in words why it ended; raises when another attempt would end the same way."""
        if not isinstance(error, grpc.RpcError):
            self.drain = None
            if isinstance(error, MeshRefusedError):
                if not error.retryable:
                    raise error
                self.wait_s = error.retry_after_s or 0.0
            return str(error) or f"nothing came for {self._silence_s_max:g} s"
        refusal = read_refusal(error)
        self.wait_s = max(self.wait_s, refusal.retry_after_s or 0.0)
        if error.code() is grpc.StatusCode.UNAUTHENTICATED and not self.refreshed:
            self.refreshed = True
            await _refresh(self._login)
        elif error.code() in PERMANENT_CODES and not _passing(refusal):
            raise refused_error(error) from error
        return refusal.text

    async def renew_before_expiry(self) -> None:
        """Refresh a token that the server says is about to end."""
        if self.drain and self.drain.cause == stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY:
            await _refresh(self._login)


def _passing(refusal: RemoteRefusal) -> bool:
    """Say whether the mesh calls a refusal worth another attempt; never one of the login."""
    retryable = refusal.metadata.get("retry_class") == "RETRYABLE"
    return retryable and refusal.code is not grpc.StatusCode.UNAUTHENTICATED


async def _frames(call: Any, silence_s_max: float) -> AsyncIterator[Any]:
    while True:
        frame = await asyncio.wait_for(call.read(), silence_s_max)
        if frame is grpc.aio.EOF:
            return
        yield frame


async def _refresh(login: Login) -> None:
    """Refresh; a mesh that does not answer now is asked again with the next attempt."""
    try:
        await login.refresh()
    except MeshUnreachableError:
        return
    except MeshRefusedError as refused:
        if not refused.retryable:
            raise


def _gap(kind: stream_pb2.GapKind, text: str, now_ns: int) -> stream_pb2.Gap:
    gap = stream_pb2.Gap(kind=kind, text=text)
    gap.since.FromNanoseconds(now_ns)
    return gap
