"""How long a gateway may send to the venue: only while the OMS certainly keeps the session for it.

The gateway numbers its signs of life, and the OMS answers with the number that it has read. From
the *sending* of an answered sign of life the OMS keeps the session for at least the lease. A
process that stood still finds its lease over by its own clocks, whatever waits in its queues.
"""

from collections import deque

from kernel.moments import Moment
from kernel.nanoseconds import NS_PER_S

# Signs of life without an answer that are remembered.
UNANSWERED_MAX = 1_000


class SendLease:
    """The lease of one session, begun anew with each link."""

    def __init__(self) -> None:
        self._lease_s = 0.0
        self._number = 0
        self._unanswered: deque[tuple[int, Moment]] = deque(maxlen=UNANSWERED_MAX)
        self._proven: Moment | None = None
        self._ended = True

    def begin(self, lease_s: float) -> None:
        """A link is open; 0 is an OMS that answers no signs of life, so there is no lease."""
        self._lease_s = lease_s
        self._unanswered.clear()
        self._proven = None
        self._ended = False

    def end(self) -> None:
        """The link is over."""
        self._ended = True

    def sent(self, at: Moment) -> int:
        """Return the number of a sign of life that is sent now."""
        self._number += 1
        self._unanswered.append((self._number, at))
        return self._number

    def answered(self, number: int) -> None:
        """The OMS has read the sign of life with this number, and with it the earlier ones."""
        while self._unanswered and self._unanswered[0][0] <= number:
            self._proven = self._unanswered.popleft()[1]

    def valid(self, now: Moment) -> bool:
        """Return whether the session is certainly still ours."""
        return self.valid_at(*now)

    def valid_at(self, wall_ns: int, monotonic_s: float) -> bool:
        """Return the same for a moment by its two clocks: it is asked before each command."""
        if self._ended:
            return False
        lease_s, proven = self._lease_s, self._proven
        if not lease_s:
            return True
        # As Moment.since_s: the clock that counted more decides.
        return (
            proven is not None
            and monotonic_s - proven.monotonic_s < lease_s
            and (wall_ns - proven.wall_ns) / NS_PER_S < lease_s
        )
