"""Prices of the past as they compare with those of today: splits, and changes of symbol.

The price of a trade before a split is multiplied by old/new shares, and its size divided by it;
of several splits, by the product. Factors are exact fractions. A result is rounded once, half to
even, to 9 digits: prices each, the volume of a candle as the sum of its exact sizes. Turnover does
not change. So open, high, low and close of adjusted trades are the adjusted ones of their candle.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, NamedTuple

from kernel.decimals import FRACTION_DIGITS_MAX, format_scaled, parse_nano
from svc_marketdata.domain.history.fold import PastCandle
from svc_marketdata.domain.history.reports import StoredTrade

ONE: Final = Fraction(1)
ALWAYS: Final = (0, 2**63 - 1)


class Part(NamedTuple):
    """A time in which a listing had one id."""

    instrument_id: str
    from_ns: int
    until_ns: int


class Split(NamedTuple):
    """New shares for old ones, from an instant on."""

    at_ns: int
    date: str
    """Its effective date, ISO 8601."""
    new_shares: str
    old_shares: str

    @property
    def factor(self) -> Fraction:
        """What prices before it are multiplied by."""
        return Fraction(self.old_shares) / Fraction(self.new_shares)


class Line(NamedTuple):
    """The past of a listing."""

    parts: tuple[Part, ...]
    """The ids that it had, by time; the last one is the present one."""
    splits: tuple[Split, ...] = ()
    """By time."""

    def factor(self, at_ns: int) -> Fraction:
        """Return what a price of an instant is multiplied by."""
        factor = ONE
        for split in self.splits:
            if at_ns < split.at_ns:
                factor *= split.factor
        return factor

    def spans(self) -> list[tuple[int, int, Fraction]]:
        """Return from when, before when, and the factor, for each time between two splits."""
        ends = [split.at_ns for split in self.splits]
        starts, stops = [ALWAYS[0], *ends], [*ends, ALWAYS[1]]
        return [(one, other, self.factor(one)) for one, other in zip(starts, stops, strict=True)]


def unchanged(instrument_id: str) -> Line:
    """Return the past of a listing that had one id and no split."""
    return Line((Part(instrument_id, *ALWAYS),))


def adjusted_candles(
    spans: Iterable[tuple[Fraction, Iterable[PastCandle]]],
) -> list[PastCandle]:
    """Return the adjusted candles of spans of time, in order.

    Args:
        spans: By time: the factor for prices, and the candles as they were traded. A candle that
            reaches over a split is in both.
    """
    parts: dict[int, list[tuple[Fraction, PastCandle]]] = {}
    for factor, candles in spans:
        for candle in candles:
            parts.setdefault(candle.start_ns, []).append((factor, candle))
    return [_joined(some) for some in parts.values()]


def adjusted_trade(trade: StoredTrade, line: Line) -> StoredTrade:
    """Return a trade with its price and size in today's shares."""
    factor = line.factor(trade.at_ns)
    if factor == ONE:
        return trade
    price, size = (
        format_scaled(round(units), FRACTION_DIGITS_MAX)
        for units in (parse_nano(trade.price) * factor, parse_nano(trade.size) / factor)
    )
    return replace(trade, price=price, size=size)


def _joined(parts: Sequence[tuple[Fraction, PastCandle]]) -> PastCandle:
    """Make one candle of its parts; `round` of a fraction rounds half to even."""
    first_factor, first = parts[0]
    last_factor, last = parts[-1]
    if len(parts) == 1 and first_factor == ONE:
        return first
    return PastCandle(
        open=round(first.open * first_factor),
        high=max(round(one.high * factor) for factor, one in parts),
        low=min(round(one.low * factor) for factor, one in parts),
        close=round(last.close * last_factor),
        volume=round(sum((one.volume / factor for factor, one in parts), Fraction(0))),
        trade_count=sum(one.trade_count for _, one in parts),
        turnover=sum(one.turnover for _, one in parts),
        start_ns=first.start_ns,
        end_ns=first.end_ns,
    )
