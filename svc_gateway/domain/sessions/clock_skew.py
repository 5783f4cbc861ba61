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
_NEVER_NS = 2**63


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
        # Of all parts but the last, which alone changes.
        self._before = _Part(0, _NEVER_NS)
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
            self._begin_part(number, difference)
        part = self._parts[-1]
        part.samples += 1
        part.least_ns = min(part.least_ns, difference)
        # If a digit is cut off, the time of sending is early, never late.
        if difference < self._ahead_ns:
            part.ahead += 1
        return self._judge(received_ns, unit_ns)

    def _begin_part(self, number: int, difference: int) -> None:
        parts = self._parts
        parts.append(_Part(number, difference))
        while parts[0].number <= number - WINDOW_S // PART_S:
            parts.popleft()
        self._before = _Part(0, _NEVER_NS)
        for part in list(parts)[:-1]:
            self._before.least_ns = min(self._before.least_ns, part.least_ns)
            self._before.samples += part.samples
            self._before.ahead += part.ahead

    def _judge(self, now_ns: int, unit_ns: int) -> bool:
        before, last = self._before, self._parts[-1]
        if before.samples + last.samples < AGREEING_MIN:
            return False
        ahead = before.ahead + last.ahead >= AGREEING_MIN
        alarm = ahead or self._least_ns - unit_ns > self._behind_ns
        if alarm == self._alarm:
            return False
        self._alarm, self._since_ns = alarm, now_ns
        return True

    def reading(self) -> Reading | None:
        """Return what is known; None before the first message."""
        if not self._parts:
            return None
        samples = self._before.samples + self._parts[-1].samples
        return Reading(self.least_us, samples, self._alarm, self._since_ns)

    @property
    def least_us(self) -> int:
        """The least difference of the window, once a message was noted. Microseconds."""
        return to_us(self._least_ns)

    @property
    def _least_ns(self) -> int:
        return min(self._before.least_ns, self._parts[-1].least_ns)
