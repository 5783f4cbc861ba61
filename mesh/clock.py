"""Time as an argument: a clock for the process and one that tests move by hand."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol

NANOSECONDS_PER_SECOND = 1_000_000_000


class Timer(Protocol):
    """A call that is going to happen and may be called off."""

    def cancel(self) -> None:
        """Call it off; calling off what has happened is no error."""


class Clock(Protocol):
    """Where time comes from."""

    def now_ns(self) -> int:
        """Tell the time as UTC nanoseconds since 1970."""

    def monotonic(self) -> float:
        """Tell seconds that never run backwards, from an arbitrary start."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back on the event loop after that many seconds."""


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        """Tell the time as UTC nanoseconds since 1970."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Tell seconds that never run backwards."""
        return time.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back on the running event loop after that many seconds."""
        return asyncio.get_running_loop().call_later(max(seconds, 0.0), callback)


class _ManualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A clock that moves only when told; its timers fire inside advance()."""

    def __init__(self, now_ns: int = 1_700_000_000 * NANOSECONDS_PER_SECOND) -> None:
        self._start_ns = now_ns
        self._now_ns = now_ns
        self._order = itertools.count()
        self._timers: list[tuple[int, int, _ManualTimer]] = []

    def now_ns(self) -> int:
        """Tell the time as UTC nanoseconds since 1970."""
        return self._now_ns

    def monotonic(self) -> float:
        """Tell the seconds advanced so far."""
        return (self._now_ns - self._start_ns) / NANOSECONDS_PER_SECOND

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once the clock has been advanced by that many seconds."""
        timer = _ManualTimer(callback)
        due_ns = self._now_ns + max(0, round(seconds * NANOSECONDS_PER_SECOND))
        heapq.heappush(self._timers, (due_ns, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move on and fire, in order, every timer that becomes due."""
        target_ns = self._now_ns + round(seconds * NANOSECONDS_PER_SECOND)
        while self._timers and self._timers[0][0] <= target_ns:
            due_ns, _, timer = heapq.heappop(self._timers)
            self._now_ns = max(self._now_ns, due_ns)
            if timer.callback is not None:
                timer.callback()
        self._now_ns = target_ns
