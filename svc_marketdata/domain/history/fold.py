"""Candles of any length from candles of 1 minute."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from svc_marketdata.domain.history.hours import Hour, StoredHour
from svc_marketdata.domain.history.intervals import MINUTE_NS, Bounds
from svc_marketdata.domain.tally import Tally

MINUTES_AN_HOUR = 60


@dataclass(slots=True)
class PastCandle(Tally):
    """A candle of the past, or the one that is building."""

    start_ns: int = 0
    end_ns: int = 0

    def add_part(self, hour: Hour, begin: int, end: int) -> None:
        """Add some candles of an hour, which are later than those that are in it."""
        base, unit = hour.base, hour.price_unit
        high = max(hour.highs[begin:end]) * unit + base
        low = min(hour.lows[begin:end]) * unit + base
        if not self.trade_count:
            self.open, self.high, self.low = hour.opens[begin] * unit + base, high, low
        else:
            self.high, self.low = max(self.high, high), min(self.low, low)
        self.close = hour.closes[end - 1] * unit + base
        self.volume += sum(hour.volumes[begin:end]) * hour.volume_unit
        self.turnover += sum(hour.turnovers[begin:end]) * hour.turnover_unit
        self.trade_count += sum(hour.trade_counts[begin:end])


def fold(
    hours: Iterable[StoredHour], bounds_of: Callable[[int], Bounds], from_ns: int, to_ns: int
) -> Iterator[PastCandle]:
    """Yield candles by time.

    Args:
        hours: Hours of one listing, by time.
        bounds_of: The interval that an instant belongs to.
        from_ns: Candles that begin before this time are left out.
        to_ns: Candles that begin at or after this time are left out.
    """
    candle: PastCandle | None = None
    for stored in hours:
        hour = stored.unpacked()
        at, count = 0, len(hour.minutes)
        while at < count:
            at_ns = hour.start_ns + hour.minutes[at] * MINUTE_NS
            if candle is None or at_ns >= candle.end_ns:
                if candle is not None and candle.start_ns >= from_ns:
                    yield candle
                start_ns, end_ns = bounds_of(at_ns)
                if start_ns >= to_ns:
                    return
                candle = PastCandle(start_ns=start_ns, end_ns=end_ns)
            ends = (candle.end_ns - hour.start_ns) // MINUTE_NS
            end = count if ends >= MINUTES_AN_HOUR else bisect_left(hour.minutes, ends, at)
            candle.add_part(hour, at, end)
            at = end
    if candle is not None and candle.start_ns >= from_ns:
        yield candle
