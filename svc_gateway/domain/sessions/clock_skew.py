"""The difference between a venue's clock and ours, as far as one side can know it (RTS 25).

A message with its time of sending, SendingTime(52), arrives after a delay that we do not know. So
the difference `received - sent` bounds the skew only from above, and the least difference of a
window is the best bound: a single late message means nothing. Below zero it proves that the
venue's clock is ahead of ours. Far above zero it means that the venue's clock is late, unless the
least delay of the line is that long; how long it may be is configured, not guessed.
"""

from collections import deque
from dataclasses import dataclass

from kernel.nanoseconds import NS_PER_S, to_us

# The window, and its parts. Seconds.
WINDOW_S = 60
PART_S = 5
# Messages that must agree before there is an alarm, and that a window needs to end one.
AGREEING_MIN = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known now. Microseconds; times are UTC nanoseconds."""

    least_us: int
    samples: int
    alarm: bool
    since_ns: int


@dataclass(slots=True)
class _Part:
    number: int
    least_ns: int
    samples: int = 0
    ahead: int = 0


class SkewWatch:
    """The clock of one session's venue."""

    def __init__(self, tolerance_us: int, delay_max_us: int) -> None:
        self.tolerance_us = tolerance_us
        self._ahead_ns = -tolerance_us * 1000
        self._behind_ns = (tolerance_us + delay_max_us) * 1000
        self._parts: deque[_Part] = deque()
        self._alarm = False
        self._since_ns = 0

    def note(self, sent_ns: int, received_ns: int, unit_ns: int) -> bool:
        """Note the times of a message; `unit_ns` is the last digit of its SendingTime(52).

        Returns:
            Whether this turned the alarm on or off.
        """
        number = received_ns // (PART_S * NS_PER_S)
        difference = received_ns - sent_ns
        if not self._parts or self._parts[-1].number != number:
            self._parts.append(_Part(number, difference))
        part = self._parts[-1]
        part.samples += 1
        part.least_ns = min(part.least_ns, difference)
        # If a digit is cut off, the time of sending is early, never late.
        part.ahead += difference < self._ahead_ns
        while self._parts[0].number <= number - WINDOW_S // PART_S:
            self._parts.popleft()
        return self._judge(received_ns, unit_ns)

    def _judge(self, now_ns: int, unit_ns: int) -> bool:
        samples = sum(part.samples for part in self._parts)
        if samples < AGREEING_MIN:
            return False
        ahead = sum(part.ahead for part in self._parts) >= AGREEING_MIN
        least_ns = min(part.least_ns for part in self._parts)
        alarm = ahead or least_ns - unit_ns > self._behind_ns
        if alarm == self._alarm:
            return False
        self._alarm, self._since_ns = alarm, now_ns
        return True

    def reading(self) -> Reading | None:
        """Return what is known; None before the first message."""
        if not self._parts:
            return None
        least_ns = min(part.least_ns for part in self._parts)
        samples = sum(part.samples for part in self._parts)
        return Reading(to_us(least_ns), samples, self._alarm, self._since_ns)
