"""The pace of deliveries: at once while there is time, together under load.

A write to a stream costs about the same whatever its size, mostly one system call. So the cost
of a frame of the feed to many readers is the number of writes. A delivery is one pass over all
groups with news; the next one begins no sooner after its end than it took itself. While a pass
is short against the time between two frames of the feed, every frame is delivered at once. When
it is not, the frames that come meanwhile go out in one write for each reader: a backlog makes
writes larger, and the process faster. The pause has a limit, and so has the delay.
"""

import asyncio
from collections.abc import Callable
from time import monotonic


class Pace:
    """Decides when to deliver."""

    __slots__ = ("_begins_s", "_deliver", "_due", "_pause_s_max", "_scheduled")

    def __init__(self, deliver: Callable[[], None], pause_s_max: float) -> None:
        """Make a pace.

        Args:
            deliver: Wakes the streams that have news. What they write until the event loop comes
                to its next callback is part of the delivery.
            pause_s_max: Longest pause after a delivery, seconds; 0 for none, which needs no event
                loop.
        """
        self._deliver = deliver
        self._pause_s_max = pause_s_max
        self._begins_s = 0.0
        self._due = False
        self._scheduled = False

    def due(self) -> None:
        """Deliver now, or at the end of the pause."""
        if not self._pause_s_max:
            self._deliver()
            return
        self._due = True
        if not self._scheduled:
            self._deliver_now()

    def _deliver_now(self) -> None:
        self._due = False
        self._scheduled = True
        self._begins_s = monotonic()
        try:
            self._deliver()
        finally:
            # The streams that were woken are served before this callback. It comes after a failed
            # delivery too: without it nothing would ever be delivered again.
            asyncio.get_running_loop().call_soon(self._served)

    def _served(self) -> None:
        took_s = monotonic() - self._begins_s
        pause_s = min(took_s, self._pause_s_max)
        asyncio.get_running_loop().call_later(pause_s, self._over)

    def _over(self) -> None:
        self._scheduled = False
        if self._due:
            self._deliver_now()
