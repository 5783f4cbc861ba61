"""Reconnect delays (STREAMS.md rule 10): none first, then exponential with full jitter."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import grpc
import grpc.aio

from mesh.clock import Clock, SystemClock
from mesh.errors import MeshError
from mesh.log import get_logger

BASE_S: Final = 0.1
CAP_S: Final = 5.0
RESET_AFTER_S: Final = 30.0
# Another attempt would end the same way; after any other code an attempt may succeed.
PERMANENT_CODES: Final = frozenset({
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.NOT_FOUND,
})  # fmt: skip

_log = get_logger(__name__)


class Backoff:
    """Returns the delay before each attempt.

    The n-th delay after ``first`` is drawn evenly from 0 to ``min(cap, base * 2**n)``.
    """

    def __init__(
        self,
        first: float = 0.0,
        base: float = BASE_S,
        cap_s: float = CAP_S,
        reset_after_s: float = RESET_AFTER_S,
        rng: random.Random | None = None,
    ) -> None:
        self._first = first
        self._base = base
        self._cap_s = cap_s
        self.reset_after_s = reset_after_s
        # Spreads reconnects; not used for secrets.
        self._rng = rng or random.Random()  # noqa: S311
        self._failures = 0

    def next_delay(self) -> float:
        """Return the seconds to wait before the next attempt."""
        failures = self._failures
        self._failures += 1
        if failures == 0:
            return self._first
        # The exponent is limited: 2**n for a day of failures is too large for a float.
        ceiling = min(self._cap_s, self._base * 2.0 ** min(failures - 1, 32))
        return self._rng.uniform(0.0, ceiling)

    def reset(self) -> None:
        """Start over: the next delay is ``first``."""
        self._failures = 0

    def note_health(self, seconds: float) -> None:
        """Start over if the connection lasted long enough."""
        if seconds >= self.reset_after_s:
            self.reset()


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
            the mesh try for ever, because the other side may be misconfigured only for now.
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
