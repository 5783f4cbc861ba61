"""Which books must be requested whole, and when.

A session that goes up and down, a slow reader, a venue whose messages have holes or cannot be
read: each makes us need the same snapshots again and again. A request that would come too soon
waits, and goes once when it is due, together with all others that are due.
"""

from collections.abc import Iterable

# Seconds between two requests for the snapshot of one symbol; one that comes sooner waits. Each
# time a symbol is needed again within twice the interval, the interval doubles, up to the maximum;
# a symbol that was quiet for longer begins with the first interval again.
SNAPSHOT_INTERVAL_S = 1.0
SNAPSHOT_INTERVAL_MAX_S = 10.0


class SnapshotAsks:
    """Bounds how often each symbol is requested. It has no entry for quiet symbols."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        # By symbol: when it was requested, and how long to wait from then.
        self._asked: dict[str, tuple[float, float]] = {}

    def want(self, symbols: Iterable[str]) -> None:
        """Request these as soon as possible."""
        self._wanted.update(symbols)

    def drop(self) -> None:
        """Drop waiting requests: a subscription brings every book. Past requests still count."""
        self._wanted.clear()

    def take(self, now_s: float) -> list[str]:
        """Return the symbols that may be requested now, by name; they count as requested."""
        if not (self._wanted or self._asked):
            return []
        self._asked = {
            symbol: (asked_s, interval_s)
            for symbol, (asked_s, interval_s) in self._asked.items()
            if now_s - asked_s < 2 * interval_s
        }
        due = []
        for symbol in sorted(self._wanted):
            asked = self._asked.get(symbol)
            if asked is None:
                self._asked[symbol] = (now_s, SNAPSHOT_INTERVAL_S)
            elif now_s - asked[0] >= asked[1]:
                self._asked[symbol] = (now_s, min(2 * asked[1], SNAPSHOT_INTERVAL_MAX_S))
            else:
                continue
            due.append(symbol)
        self._wanted.difference_update(due)
        return due
