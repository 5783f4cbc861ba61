"""Names that svc_marketdata does not know: they are left out of subscriptions for a while.

A subscription with one unknown name is refused whole, which ends the stream of all others.
"""

from collections.abc import Iterable

from kernel.clock import Clock


class UnknownNames:
    """Names that are left out, each for twice as long as the last time.

    Args:
        clock: Of the process.
        first_s: Seconds for which a name is left out at first.
        most_s: Seconds for which it is left out at most.
    """

    def __init__(self, clock: Clock, first_s: float, most_s: float) -> None:
        self._clock = clock
        self._first_s = first_s
        self._most_s = most_s
        self._left_out: dict[str, tuple[float, float]] = {}
        """Until when, and for how many seconds."""

    def leave_out(self, name: str) -> None:
        """Leave a name out from now on."""
        _, before_s = self._left_out.get(name, (0.0, 0.0))
        wait_s = min(max(2 * before_s, self._first_s), self._most_s)
        self._left_out[name] = self._clock.monotonic() + wait_s, wait_s

    def found(self, name: str) -> None:
        """Note that a name is known."""
        self._left_out.pop(name, None)

    def others(self, names: Iterable[str]) -> list[str]:
        """Return the names that may be tried now."""
        now = self._clock.monotonic()
        return [name for name in names if now >= self._left_out.get(name, (now, 0.0))[0]]
