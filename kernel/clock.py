"""Time as an argument: what a clock is, and the machine's clock.

Domains take times as arguments and do not import this module.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call in the future that can be cancelled."""

    def cancel(self) -> None:
        """Cancel the call; it is no error if the call was already made."""


class Clock(Protocol):
    """Where time comes from."""

    def now_ns(self) -> int:
        """Return UTC nanoseconds since 1970."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start, which never run backwards."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back on the event loop after that many seconds."""


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        """Return UTC nanoseconds since 1970."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back on the running event loop after that many seconds."""
        return asyncio.get_running_loop().call_later(max(seconds, 0.0), callback)


class Lag:
    """Counts the seconds since a process was last seen to have passed on everything."""

    def __init__(self, clock: Clock) -> None:
        """Begin up to date."""
        self._clock = clock
        self._since: float | None = None

    def note(self, *, waits: bool) -> None:
        """Note whether anything waits, or whether that is not known."""
        if not waits:
            self._since = None
        elif self._since is None:
            self._since = self._clock.monotonic()

    @property
    def seconds(self) -> float:
        """Return the seconds since something waits; 0 if nothing does."""
        return 0.0 if self._since is None else self._clock.monotonic() - self._since
