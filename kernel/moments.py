"""A moment by two clocks, for limits that a process must not pass while it stands still."""

from typing import NamedTuple

from kernel.nanoseconds import NS_PER_S


class Moment(NamedTuple):
    """A moment: UTC nanoseconds, and monotonic seconds of this machine.

    The wall clock may be set back; the monotonic clock may stand still while the machine sleeps.
    """

    wall_ns: int
    monotonic_s: float

    def since_s(self, earlier: "Moment") -> float:
        """Return the seconds since an earlier moment, by the clock that counted more."""
        return max(
            (self.wall_ns - earlier.wall_ns) / NS_PER_S, self.monotonic_s - earlier.monotonic_s
        )
