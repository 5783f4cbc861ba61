"""Candles of 60 s from trades."""

from collections import deque
from dataclasses import dataclass

from kernel.nanoseconds import NS_PER_S
from svc_marketdata.domain.tally import Tally

CANDLE_S = 60
"""Length of a candle."""

CANDLE_NS = CANDLE_S * NS_PER_S

CANDLE_GRACE_NS = 2 * NS_PER_S
"""Time after the end of a candle in which late trades are still added to it."""

CANDLES_KEPT_MAX = 240
"""Completed candles kept per listing: four hours."""


@dataclass(slots=True)
class Candle(Tally):
    """Open, high, low, close of an interval; no trade is left if all were withdrawn."""

    start_ns: int = 0
    complete: bool = False
    _older: Tally | None = None
    """The trades of it that are not kept any more."""

    def older(self) -> Tally:
        """Return a copy of the sum of its trades that are not kept any more."""
        return Tally() if self._older is None else self._older.copy()

    def forget(self, price: int, size: int) -> None:
        """Note that a trade of it, the oldest one, is not kept any more."""
        if self._older is None:
            self._older = Tally()
        self._older.add(price, size)


@dataclass(frozen=True, slots=True)
class CompletedCandle:
    """A completed candle with its sequence in the channel."""

    sequence: int
    candle: Candle


class CandleSeries:
    """The current candle, and completed ones."""

    __slots__ = ("amended", "completed", "latest")

    def __init__(self) -> None:
        self.latest: Candle | None = None
        self.amended: Candle | None = None
        """A complete candle that lost or changed a trade, while readers are informed of it."""
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

    def add(self, price: int, size: int, at_ns: int) -> Candle | None:
        """Add a trade.

        The caller completes a candle that is over first, so that readers see it.

        Returns:
            The candle; None when the trade is too late, because its candle is complete.
        """
        start_ns = at_ns - at_ns % CANDLE_NS
        latest = self.latest
        if latest is None or start_ns > latest.start_ns:
            latest = self.latest = Candle(start_ns=start_ns)
        elif start_ns < latest.start_ns or latest.complete:
            return None
        latest.add(price, size)
        return latest
