"""Times of a venue whose clock is far from ours.

A price that is stamped in 2029 would end the day, and be the newest one for three years. So if
SendingTime(52) differs from the receipt by more than a bound, all times of that message are moved
by the difference: it counts as sent when it was received, and how old a trade was when it was sent
stays what it is.
"""

from kernel.nanoseconds import NS_PER_S


class VenueTimes:
    """The times of one venue's prices."""

    def __init__(self, difference_max_s: int) -> None:
        """Set the bound, in seconds, in either direction."""
        self._difference_max_ns = difference_max_s * NS_PER_S

    def moved_by_ns(self, sent_ns: int, received_ns: int) -> int:
        """Return what is to be added to the times of a message; 0 for a clock that can be used.

        Args:
            sent_ns: SendingTime(52); 0 if it cannot be read.
            received_ns: When the message was received, by our clock.
        """
        difference = received_ns - sent_ns
        return difference if sent_ns and abs(difference) > self._difference_max_ns else 0
