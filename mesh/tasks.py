"""Tasks that end, events with a limit, and parts of a process that are started again."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

from kernel.clock import Clock
from mesh.log import get_logger
from ordermesh_rpc.backoff import Backoff

# Seconds between cancellations of a task that does not end.
CANCEL_INTERVAL_S: Final = 0.2
RESTART_S_MAX: Final = 5.0
"""Longest delay before a part that failed is started again; delays grow up to it, and are drawn
evenly from 0 to it."""
HEALTHY_S: Final = 30.0
"""Seconds after which a part that was started again counts as healthy."""

_log = get_logger(__name__)


async def cancel_until_done(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they end; their results and exceptions are ignored.

    One cancellation is not enough: redis-py replaces one that coincides with its time
    limit by its own TimeoutError, and the task continues.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_INTERVAL_S)


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event for at most so many seconds; return whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


class Supervised:
    """A part of a process that is started again when it fails, while all others go on.

    For parts without which the process is still of use. What the part had not written when it
    failed must be safe to write again.
    """

    def __init__(self, name: str, part: Callable[[], Awaitable[None]], clock: Clock) -> None:
        """Take a part.

        Args:
            name: Names the part for people, in the log and in metrics.
            part: Works until it is cancelled. Returning is a failure, too.
            clock: Measures how long it worked.
        """
        self.name = name
        self.failures = 0
        """How often it failed since the process began."""
        self.cause = ""
        """Why it failed last; empty while it is healthy."""
        self._part = part
        self._clock = clock
        self._begun = 0.0
        self._runs = False

    @property
    def healthy(self) -> bool:
        """Whether it works, and has not failed for `HEALTHY_S`."""
        long_ago = self._runs and self._clock.monotonic() - self._begun >= HEALTHY_S
        return not self.cause or long_ago

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Run the part until cancelled; `sleep` waits before it is started again."""
        backoff = Backoff(first=0.0, cap_s=RESTART_S_MAX, reset_after_s=HEALTHY_S)
        while True:
            self._begun, self._runs = self._clock.monotonic(), True
            try:
                await self._part()
            except Exception as error:  # noqa: BLE001  whatever it is, the others go on
                self._runs = False
                cause = f"{type(error).__name__}: {error}"
                # The same cause again and again needs its lines of code only once.
                trace = error if cause != self.cause else None
            else:
                self._runs, cause, trace = False, "it ended by itself", None
            self.cause = cause
            self.failures += 1
            backoff.note_health(self._clock.monotonic() - self._begun)
            delay_s = backoff.next_delay()
            _log.error(
                "a part failed and is started again; the others go on",
                part=self.name, cause=cause, failures=self.failures, delay_s=round(delay_s, 3),
                exc_info=trace,
            )  # fmt: skip
            await sleep(delay_s)
