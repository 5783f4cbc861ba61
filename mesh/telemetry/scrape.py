"""Ages that nobody has to measure: seen from one scrape to the next."""

from collections.abc import Callable


class Standstill:
    """How long things have waited without any progress.

    A queue is as old as its oldest item only if every item has a time, which costs each of them
    something. This says since when some item waited and none was taken, as far as scrapes saw: 0
    while there is progress, and rising while there is none.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """Take a monotonic clock in seconds."""
        self._now = now
        self._seen: dict[str, tuple[object, float]] = {}

    def seconds(self, name: str, waiting: int, progress: object) -> float:
        """Return for how long it stands still.

        Args:
            name: Of the queue.
            waiting: Items in it.
            progress: A value that is another one whenever an item was taken.
        """
        if not waiting:
            self._seen.pop(name, None)
            return 0.0
        now = self._now()
        before = self._seen.get(name)
        if before is None or before[0] != progress:
            self._seen[name] = (progress, now)
            return 0.0
        return now - before[1]
