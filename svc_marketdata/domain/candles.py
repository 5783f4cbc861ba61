"""Candles of 60 s from trades."""

from dataclasses import dataclass
from struct import Struct

from kernel.nanoseconds import NS_PER_S
from svc_marketdata.domain.packed.queues import PackedRows
from svc_marketdata.domain.tally import Tally

CANDLE_S = 60
"""Length of a candle."""

CANDLE_NS = CANDLE_S * NS_PER_S

CANDLE_GRACE_NS = 2 * NS_PER_S
"""Time after the end of a candle in which late trades are still added to it."""

CANDLES_KEPT_MAX = 240
"""Completed candles kept per listing: four hours."""

_ROW = Struct("<IqqqqqqIqQ")
"""Sequence, start, open, high, low, close, volume, trades, and the turnover in two parts."""
_TURNOVER_LOW_BITS = 64


def candle_start(at_ns: int) -> int:
    """Return the start of the candle that a time is in."""
    return at_ns - at_ns % CANDLE_NS


@dataclass(slots=True)
class Candle(Tally):
    """Open, high, low, close of an interval; no trade is left if all were withdrawn."""

    start_ns: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class CompletedCandle:
    """A completed candle with its sequence in the channel."""

    sequence: int
    candle: Candle


class CandleSeries:
    """The current candle, and completed ones: packed, except the latest."""

    __slots__ = ("_latest_sequence", "_packed", "amended", "latest")

    def __init__(self) -> None:
        self.latest: Candle | None = None
        self.amended: Candle | None = None
        """A complete candle that lost or changed a trade, while readers are informed of it."""
        self._packed = PackedRows(_ROW)
        self._latest_sequence: int | None = None
        """The channel sequence of the latest candle, if it is completed and kept."""

    @property
    def completed(self) -> list[CompletedCandle]:
        """The completed candles that are kept, oldest first; the latest may be one of them."""
        kept = [_unpacked(row) for row in self._packed]
        if self._latest_sequence is not None and self.latest is not None:
            kept.append(CompletedCandle(self._latest_sequence, self.latest))
        return kept

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
        self._latest_sequence = sequence
        if len(self._packed) == CANDLES_KEPT_MAX:
            self._packed.popleft()

    def add(self, price: int, size: int, at_ns: int) -> Candle | None:
        """Add a trade.

        The caller completes a candle that is over first, so that readers see it.

        Returns:
            The candle; None when the trade is too late, because its candle is complete.
        """
        start_ns = candle_start(at_ns)
        latest = self.latest
        if latest is None or start_ns > latest.start_ns:
            self._pack_latest()
            latest = self.latest = Candle(start_ns=start_ns)
        elif start_ns < latest.start_ns or latest.complete:
            return None
        latest.add(price, size)
        return latest

    def amend(self, start_ns: int, trades: Tally) -> None:
        """Make the candle that starts at a time, kept or not any more, anew of its trades."""
        latest = self.latest
        if latest is not None and latest.start_ns == start_ns:
            latest.set(trades)
            return
        candle = self.amended = Candle(start_ns=start_ns, complete=True)
        candle.set(trades)
        for index, (sequence, kept_start_ns, *_) in enumerate(self._packed):
            if kept_start_ns == start_ns:
                self._packed[index] = _packed(sequence, candle)

    def _pack_latest(self) -> None:
        if self._latest_sequence is not None and self.latest is not None:
            self._packed.append(_packed(self._latest_sequence, self.latest))
            self._latest_sequence = None


def _packed(sequence: int, candle: Candle) -> tuple[int, ...]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    high, low = candle.turnover >> _TURNOVER_LOW_BITS, candle.turnover % (1 << _TURNOVER_LOW_BITS)
    return (sequence, candle.start_ns, *prices, candle.volume, candle.trade_count, high, low)


def _unpacked(row: tuple[int, ...]) -> CompletedCandle:
    sequence, start_ns, first, highest, lowest, last, volume, count, high, low = row
    turnover = (high << _TURNOVER_LOW_BITS) + low
    candle = Candle(
        first, highest, lowest, last, volume, count, turnover, start_ns=start_ns, complete=True
    )
    return CompletedCandle(sequence, candle)
