"""Trading hours: when the session opens and closes, in UTC minutes of the day."""

from dataclasses import dataclass
from enum import Enum, auto

from kernel.nanoseconds import NS_PER_S

_MINUTES_A_DAY = 24 * 60


def minute_of_day(text: str) -> int:
    """Read "HH:MM"."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


class Phase(Enum):
    """What a venue does."""

    CLOSED = auto()
    OPENING = auto()
    """The call of the opening auction."""
    OPEN = auto()
    CLOSING = auto()
    """The call of the closing auction."""


@dataclass(frozen=True, slots=True)
class TradingHours:
    """From the first to the last minute of each day; without them around the clock.

    Attributes:
        start: Minute of the day.
        end: Minute of the day.
        auction_s: Seconds of the call before the start, and before the end; 0: no auctions.
    """

    start: int | None = None
    end: int | None = None
    auction_s: int = 0

    def phase(self, now_ns: int, started_ns: int) -> Phase:
        """Return the phase at an instant; a process that starts begins with a call, too."""
        auction_ns = self.auction_s * NS_PER_S
        is_open, soon = self.is_open(now_ns), self.is_open(now_ns + auction_ns)
        if not is_open:
            return Phase.OPENING if soon else Phase.CLOSED
        if not soon:
            return Phase.CLOSING
        return Phase.OPENING if now_ns < started_ns + auction_ns else Phase.OPEN

    def is_open(self, now_ns: int) -> bool:
        """Whether trading is on at an instant."""
        if self.start is None or self.end is None:
            return True
        minute = now_ns // (60 * NS_PER_S) % _MINUTES_A_DAY
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def closes_at_ns(self, now_ns: int) -> int:
        """Return when trading next closes, as UTC nanoseconds; 0 around the clock."""
        if self.start is None or self.end is None:
            return 0
        minute_ns = 60 * NS_PER_S
        day_ns = _MINUTES_A_DAY * minute_ns
        end_ns = now_ns - now_ns % day_ns + self.end * minute_ns
        return end_ns if end_ns > now_ns else end_ns + day_ns
