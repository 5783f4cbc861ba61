"""Connecting again, forever or until an error says that it is useless."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import grpc.aio

from kernel.clock import Clock, SystemClock
from mesh.errors import MeshError
from mesh.log import get_logger
from ordermesh_rpc.backoff import PERMANENT_CODES, Backoff

_log = get_logger(__name__)


def is_permanent(error: BaseException) -> bool:
    """Return whether a repeat of the call would fail in the same way."""
    if isinstance(error, grpc.RpcError):
        return error.code() in PERMANENT_CODES
    return isinstance(error, MeshError) and error.rule.code in PERMANENT_CODES


async def keep_connected(
    connect: Callable[[], Awaitable[None]],
    backoff: Backoff | None = None,
    name: str = "link",
    *,
    permanent: Callable[[BaseException], bool] | None = None,
    clock: Clock | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Connect, and again whenever the connection ends, until a cancellation or a permanent error.

    Args:
        connect: Connects and returns, or raises, when the connection has ended.
        backoff: Delays between attempts.
        name: Names the connection in the log.
        permanent: Returns whether an error ends the loop; by default none does. Links of
            the mesh try forever, because the other side may be misconfigured only for now.
        clock: Measures how long a connection lasted.
        sleep: Waits; tests replace it.
    """
    backoff, clock = backoff or Backoff(), clock or SystemClock()
    while True:
        begun = clock.monotonic()
        cause = "ended"
        try:
            await connect()
        except (grpc.RpcError, OSError, TimeoutError, MeshError) as error:
            if permanent is not None and permanent(error):
                raise
            cause = _in_words(error)
        backoff.note_health(clock.monotonic() - begun)
        delay_s = backoff.next_delay()
        _log.info("connecting again", link=name, cause=cause, delay_s=round(delay_s, 3))
        await sleep(delay_s)


def _in_words(error: BaseException) -> str:
    if isinstance(error, grpc.RpcError):
        return f"{error.code()}: {error.details()}"
    return f"{type(error).__name__}: {error}"
