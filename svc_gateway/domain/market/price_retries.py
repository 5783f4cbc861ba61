"""Listings whose prices a venue refused, and when each is requested again.

A venue may have refused for a reason that passes: the listing was new, or its market-data system
was not ready. So each is requested again after `RETRY_FIRST_S`, then after twice as long, and so on
up to `RETRY_MAX_S`. Each is requested alone, so that a refusal concerns no other listing, and at
most `RETRIES_PER_S` are requested in a second, however many are due.
"""

from collections.abc import Collection, Iterable
from heapq import heappop, heappush

from svc_gateway.domain.sending.pacing import TokenBucket

# From a refusal to the first request after it, and the longest such wait. Seconds.
RETRY_FIRST_S = 300.0
RETRY_MAX_S = 3600.0
# Requests for listings that were refused. More that are due wait for their turn.
RETRIES_PER_S = 1


class PriceRetries:
    """The refused listings of one session, by instrument_id; see the head of this file."""

    def __init__(self, now_s: float) -> None:
        self._pace = TokenBucket(RETRIES_PER_S, now_s)
        # The wait after its last refusal.
        self._waits: dict[str, float] = {}
        # When each is due. Without those that were requested and not answered.
        self._due: dict[str, float] = {}
        # The same in the order of time; an entry that `_due` does not have is void.
        self._queue: list[tuple[float, str]] = []

    def forget(self) -> None:
        """Drop all: the session has logged on, and everything is requested anew."""
        self._waits.clear()
        self._due.clear()
        self._queue.clear()

    def refused(self, names: Iterable[str], now_s: float) -> None:
        """Note that the venue refused the prices of these."""
        for name in names:
            if name in self._due:
                continue  # the same refusal of another request
            before = self._waits.get(name)
            wait_s = RETRY_FIRST_S if before is None else min(2 * before, RETRY_MAX_S)
            self._waits[name] = wait_s
            self._due[name] = now_s + wait_s
            heappush(self._queue, (now_s + wait_s, name))

    def granted(self, name: str) -> None:
        """Forget a listing: the venue sent its book."""
        self._waits.pop(name, None)
        self._due.pop(name, None)

    def take(self, still_refused: Collection[str], now_s: float) -> str:
        """Return the listing to request now, which counts as requested; empty if there is none.

        Args:
            still_refused: The listings without prices that the venue lists; others are forgotten.
            now_s: The present time.
        """
        while self._queue and now_s >= self._queue[0][0]:
            due_s, name = self._queue[0]
            if self._due.get(name) != due_s:
                heappop(self._queue)
            elif name not in still_refused:
                self.granted(name)
            elif self._pace.take(now_s):
                break
            else:
                heappop(self._queue)
                del self._due[name]
                return name
        return ""
