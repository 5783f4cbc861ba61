"""Log lines that an outsider can cause without end: the first of each interval, then a count."""

import time
from collections.abc import Callable
from typing import Final

LINES_MAX: Final = 20
INTERVAL_S: Final = 60.0


class SparseLog:
    """Writes at most LINES_MAX lines per INTERVAL_S.

    The next line that is written says how many were left out before it. What happened is counted
    by a metric of the caller; the metric leaves nothing out.
    """

    def __init__(
        self, write: Callable[..., object], now: Callable[[], float] = time.monotonic
    ) -> None:
        """Make it.

        Args:
            write: Writes a line: a method of a logger.
            now: Gives the time in seconds.
        """
        self._write = write
        self._now = now
        self._begun = now()
        self._written = 0
        self._left_out = 0

    def __call__(self, event: str, **fields: object) -> None:
        """Write a line, or count it."""
        now = self._now()
        if now - self._begun >= INTERVAL_S:
            self._begun, self._written = now, 0
        if self._written >= LINES_MAX:
            self._left_out += 1
            return
        self._written += 1
        if self._left_out:
            fields["lines_left_out_before"] = self._left_out
            self._left_out = 0
        self._write(event, **fields)
