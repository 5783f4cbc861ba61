"""SecurityStatusRequest(e): which listings are still to be asked about after a logon.

A venue may not know the request. So one listing is asked about first, and the others when an
answer has come, at the venue's rate. The questions are over when every listing has an answer, when
the venue refuses the request, or when no answer came for `ANSWER_MAX_S`. The status of a listing
of which nobody has reported one is then not known; every other status stays as it is.
"""

from collections import deque
from collections.abc import Iterable

from svc_gateway.domain.sending.pacing import TokenBucket

# How long the venue may take from the last question to an answer. Seconds.
ANSWER_MAX_S = 10.0


class StatusQuestions:
    """The questions of one session; see the head of this file.

    Args:
        asks: Whether the venue is asked at all.
        rate_per_s: Questions that may be sent in a second.
        now_s: The present time.
    """

    def __init__(self, *, asks: bool, rate_per_s: int, now_s: float) -> None:
        self._asks = asks
        self._pace = TokenBucket(rate_per_s, now_s)
        self._waiting: deque[str] = deque()
        self._unanswered: set[str] = set()
        self._answers = False
        self._at_s = now_s
        self._over = not asks

    def begin(self) -> None:
        """Start anew: the session has logged on."""
        self._end()
        self._answers = False
        self._over = not self._asks

    def want(self, listings: Iterable[str], now_s: float) -> None:
        """Ask about these listings."""
        if self._asks:
            self._waiting.extend(listings)
            self._at_s = now_s
            self._over = self._over and not self._waiting

    def take(self, now_s: float) -> list[str]:
        """Return the listings to ask about now; they count as asked."""
        taken: list[str] = []
        while self._waiting and (self._answers or not self._unanswered):
            if self._pace.take(now_s):
                break
            taken.append(self._waiting.popleft())
            self._unanswered.add(taken[-1])
            self._at_s = now_s
        return taken

    def answered(self, listing: str, now_s: float) -> None:
        """Note the venue's answer about a listing."""
        if listing in self._unanswered:
            self._answers = True
            self._unanswered.discard(listing)
            self._at_s = now_s
            self._over = not self._waiting and not self._unanswered

    def refused(self) -> None:
        """Note that the venue does not take the request."""
        self._end()

    def is_over(self, now_s: float) -> bool:
        """Return whether no further answer is awaited."""
        if self._unanswered and now_s - self._at_s > ANSWER_MAX_S:
            self._end()
        return self._over

    @property
    def unanswered(self) -> int:
        """How many answers are awaited."""
        return len(self._unanswered)

    def _end(self) -> None:
        self._waiting.clear()
        self._unanswered.clear()
        self._over = True
