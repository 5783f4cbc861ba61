"""Candles of 60 s from trades."""

from collections import deque
from dataclasses import dataclass

from kernel.nanoseconds import NS_PER_S

CANDLE_S = 60
"""Length of a candle."""

CANDLE_NS = CANDLE_S * NS_PER_S

CANDLE_GRACE_NS = 2 * NS_PER_S
"""Time after the end of a candle in which late trades are still added to it."""

CANDLES_KEPT_MAX = 240
"""Completed candles kept per listing: four hours."""


@dataclass(slots=True)
class Candle:
    """Open, high, low, close of an interval; prices and volume in 10⁻⁹."""

    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trade_count: int = 1
    complete: bool = False


@dataclass(frozen=True, slots=True)
class CompletedCandle:
    """A completed candle with its sequence in the channel."""

    sequence: int
    candle: Candle


class CandleSeries:
    """The current candle, and completed ones."""

    __slots__ = ("completed", "latest")

    def __init__(self) -> None:
        self.latest: Candle | None = None
        self.completed: deque[CompletedCandle] = deque(maxlen=CANDLES_KEPT_MAX)

    def is_over(self, at_ns: int) -> bool:
        """Return whether the current candle ends at or before this time."""
        latest = self.latest
        return latest is not None and not latest.complete and at_ns >= latest.start_ns + CANDLE_NS

    def complete(self) -> None:
        """Complete the latest candle: it gets no more trades."""
        assert self.latest is not None
        self.latest.complete = True

    def keep_completed(self, sequence: int) -> None:
        """Keep the latest, completed candle under its channel sequence."""
        assert self.latest is not None
        assert self.latest.complete
        self.completed.append(CompletedCandle(sequence, self.latest))

    def add(self, price: int, size: int, at_ns: int) -> bool:
        """Add a trade.

        The caller completes a candle that is over first, so that readers see it.

        Returns:
            False when the trade is too late: its candle is complete.
        """
        start_ns = at_ns - at_ns % CANDLE_NS
        latest = self.latest
        if latest is None or start_ns > latest.start_ns:
            self.latest = Candle(start_ns, price, price, price, price, size)
            return True
        if start_ns < latest.start_ns or latest.complete:
            return False
        latest.high = max(latest.high, price)
        latest.low = min(latest.low, price)
        latest.close = price
        latest.volume += size
        latest.trade_count += 1
        return True
