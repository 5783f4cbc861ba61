"""The lengths of candles, and which interval an instant belongs to."""

import datetime as dt
from enum import Enum
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from kernel.trading_calendar import TradingCalendar

MINUTE_NS: Final = 60 * NS_PER_S
HOUR_NS: Final = 3600 * NS_PER_S
DAYS_A_WEEK: Final = 7
MONTHS_A_YEAR: Final = 12


class Bounds(NamedTuple):
    """When an interval begins, and when the next one does; UTC nanoseconds."""

    start_ns: int
    end_ns: int


class Interval(Enum):
    """The length of a candle: its nominal seconds."""

    SECOND = 1
    FIVE_SECONDS = 5
    MINUTE = 60
    FIVE_MINUTES = 300
    QUARTER = 900
    HOUR = 3_600
    DAY = 86_400
    WEEK = 604_800
    MONTH = 2_592_000

    @property
    def nominal_ns(self) -> int:
        """Its length; days, weeks and months may be longer or shorter."""
        return self.value * NS_PER_S

    @property
    def of_trades(self) -> bool:
        """Whether its candles are made of the stored trades, and not of candles of 1 minute."""
        return self.value < Interval.MINUTE.value

    @property
    def by_calendar(self) -> bool:
        """Whether the trading days of the venue count."""
        return self.value >= Interval.DAY.value


RANGE_DAYS_MAX: Final = {
    Interval.SECOND: 1,
    Interval.FIVE_SECONDS: 7,
    Interval.MINUTE: 100,
    Interval.FIVE_MINUTES: 400,
    Interval.QUARTER: 400,
    Interval.HOUR: 2_000,
    Interval.DAY: 8_000,
    Interval.WEEK: 8_000,
    Interval.MONTH: 8_000,
}
"""Longest range of one request, in days."""


def range_max_ns(interval: Interval) -> int:
    """Return the longest range of one request."""
    return RANGE_DAYS_MAX[interval] * NS_PER_DAY


def bounds_of(interval: Interval, calendar: TradingCalendar, at_ns: int) -> Bounds:
    """Return the interval that an instant belongs to.

    Args:
        interval: Its length.
        calendar: The trading days of the listing; for a day or longer.
        at_ns: The instant.
    """
    if not interval.by_calendar:
        start_ns = at_ns - at_ns % interval.nominal_ns
        return Bounds(start_ns, start_ns + interval.nominal_ns)
    day = calendar.day_of(at_ns)
    if interval is Interval.DAY:
        return Bounds(*day)
    date = calendar.date_of(day)
    if interval is Interval.WEEK:
        first = date - dt.timedelta(days=date.weekday())
        after = first + dt.timedelta(days=DAYS_A_WEEK)
    else:
        first = date.replace(day=1)
        years, month = divmod(first.month, MONTHS_A_YEAR)
        after = first.replace(year=first.year + years, month=month + 1)
    return Bounds(calendar.first_from(first), calendar.first_from(after))
