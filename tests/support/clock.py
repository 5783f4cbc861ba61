"""A clock that tests move by hand."""

import heapq
import itertools
from collections.abc import Callable

from kernel.clock import Timer
from kernel.nanoseconds import NS_PER_S


class _ManualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A clock that moves only in advance(), which also calls the timers that are due."""

    def __init__(self, now_ns: int = 1_700_000_000 * NS_PER_S) -> None:
        self._start_ns = now_ns
        self._now_ns = now_ns
        self._step_ns = 0
        self._order = itertools.count()
        self._timers: list[tuple[int, int, _ManualTimer]] = []

    def now_ns(self) -> int:
        """Return UTC nanoseconds since 1970."""
        return self._now_ns + self._step_ns

    def step(self, seconds: float) -> None:
        """Set the wall clock: only UTC jumps, by so many seconds."""
        self._step_ns += round(seconds * NS_PER_S)

    def monotonic(self) -> float:
        """Return the seconds advanced so far."""
        return (self._now_ns - self._start_ns) / NS_PER_S

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once the clock has been advanced by that many seconds."""
        timer = _ManualTimer(callback)
        due_ns = self._now_ns + max(0, round(seconds * NS_PER_S))
        heapq.heappush(self._timers, (due_ns, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move on and fire, in order, every timer that becomes due."""
        target_ns = self._now_ns + round(seconds * NS_PER_S)
        while self._timers and self._timers[0][0] <= target_ns:
            due_ns, _, timer = heapq.heappop(self._timers)
            self._now_ns = max(self._now_ns, due_ns)
            if timer.callback is not None:
                timer.callback()
        self._now_ns = target_ns
