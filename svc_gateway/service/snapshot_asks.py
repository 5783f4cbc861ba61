"""Which books are to be asked for whole, and when they may be.

A session that flaps, a reader that is slow, a venue whose messages have holes or cannot be
read: each makes us want the same snapshots again and again. What is wanted too soon waits,
and is asked for once when its time has come, together with all others whose time has.
"""

from collections.abc import Iterable

# Seconds between two requests for the snapshot of one symbol. Wanted sooner: it waits. Each time
# it is wanted again within twice the interval, the interval doubles, up to the maximum;
# a symbol that was quiet for longer begins with the first interval anew.
SNAPSHOT_INTERVAL_S = 1.0
SNAPSHOT_INTERVAL_MAX_S = 10.0


class SnapshotAsks:
    """Bounds how often each symbol is asked for. It has no entry for quiet symbols."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        # By symbol: when it was asked for, and how long to wait from there.
        self._asked: dict[str, tuple[float, float]] = {}

    def want(self, symbols: Iterable[str]) -> None:
        """Have these asked for as soon as they may be."""
        self._wanted.update(symbols)

    def drop(self) -> None:
        """Want nothing any more: a subscription brings every book. What was asked still counts."""
        self._wanted.clear()

    def take(self, now_s: float) -> list[str]:
        """Give the wanted symbols that may be asked for now, by name; they count as asked."""
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
