"""Delayed prices: quotes and last trades as they were some time ago.

To send every message of 2,000 listings again 15 minutes later would take tens of millions of kept
messages. So each value is taken once per interval, if it changed, and shown when it is old enough.
Every listing has its turn in the interval, so that no turn takes long.
"""

from collections import deque

from kernel.nanoseconds import NS_PER_S
from svc_marketdata.service.channels import DELAYED, Channel
from svc_marketdata.service.hub import Hub

DELAY_S = 900
"""Least age of a delayed value: 15 minutes."""
DELAYED_INTERVAL_S = 30
"""Seconds between two delayed values of a listing: it is taken, and shown, this much later at
most."""
VALUES_KEPT_MAX = DELAY_S // DELAYED_INTERVAL_S + 2
"""Values kept for one listing and topic; with more the oldest goes."""


class DelayedValue:
    """The delayed values of one channel: what is shown, and what waits."""

    __slots__ = ("_waiting", "channel", "shown", "source")

    def __init__(self, hub: Hub, source: Channel) -> None:
        self.source = source
        self.shown = b""
        """What readers see: the value of an update, serialised; empty if there is none."""
        self._waiting: deque[tuple[int, bytes]] = deque(maxlen=VALUES_KEPT_MAX)
        self.channel: Channel = hub.add_channel(
            source.name, DELAYED[source.topic], source.venue_mic, self
        )

    def take(self, elapsed_ns: int) -> None:
        """Take the present value, if it is another one."""
        value = self.source.value(0)
        newest = self._waiting[-1][1] if self._waiting else self.shown
        if value and value != newest:
            self._waiting.append((elapsed_ns, value))

    def release(self, elapsed_ns: int) -> bool:
        """Show the newest value that is old enough; return whether it is another one."""
        waiting, before = self._waiting, self.shown
        while waiting and elapsed_ns - waiting[0][0] >= DELAY_S * NS_PER_S:
            self.shown = waiting.popleft()[1]
        return self.shown is not before


class DelayedPrices:
    """The delayed values of all listings; gives each its turn.

    Times are nanoseconds that have elapsed since any start: a step of the wall clock must not show
    a value early or late.
    """

    def __init__(self, hub: Hub, elapsed_ns: int) -> None:
        self._hub = hub
        self._values: list[DelayedValue] = []
        self._next = 0
        self._ticked_ns = elapsed_ns
        self._due_ns = 0
        """Time that passed and was too short for a turn, times the number of values."""

    def add(self, source: Channel) -> None:
        """Keep delayed values of a channel."""
        self._values.append(DelayedValue(self._hub, source))

    def tick(self, elapsed_ns: int) -> None:
        """Take and show the values whose turn has come."""
        values, count = self._values, len(self._values)
        interval_ns = DELAYED_INTERVAL_S * NS_PER_S
        passed_ns = min(elapsed_ns - self._ticked_ns, interval_ns)
        self._ticked_ns = elapsed_ns
        turns, self._due_ns = divmod(self._due_ns + passed_ns * count, interval_ns)
        for _ in range(min(turns, count)):
            self._next = (self._next + 1) % count
            value = values[self._next]
            value.take(elapsed_ns)
            if value.release(elapsed_ns):
                self._hub.touch(value.channel)
