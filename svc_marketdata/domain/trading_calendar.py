"""The trading days of a venue, by its own clock and calendar.

A trading day begins at one time of day, in the venue's time zone, on each date on which one
begins, and lasts until the next one begins. So the figures of a Friday stay until Monday.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kernel.nanoseconds import NS_PER_S

DAYS_WITHOUT_BEGINNING_MAX = 31
"""Dates in a row on which no trading day begins. After so many the next date begins one."""

EVERY_DAY = frozenset(range(7))


class TradingDay(NamedTuple):
    """When a trading day begins, and when the next one does; UTC nanoseconds."""

    begins_ns: int
    ends_ns: int


class TradingCalendar:
    """When the trading days of one venue begin."""

    def __init__(
        self,
        zone: str = "UTC",
        begins_minute: int = 0,
        weekdays: Collection[int] = EVERY_DAY,
        closed: Collection[dt.date] = (),
    ) -> None:
        """Make a calendar; without arguments a day is one of UTC.

        Args:
            zone: IANA time zone.
            begins_minute: Time of day at which a trading day begins, in minutes since midnight.
            weekdays: Weekdays on which one begins; 0 is Monday.
            closed: Dates on which none begins: holidays.

        Raises:
            ValueError: The zone is not known here, or a weekday or the time does not exist.
        """
        try:
            self._zone = ZoneInfo(zone)
        except (OSError, KeyError, ValueError) as error:
            raise ValueError(f"time zone {zone!r} is not known here") from error
        self._time = dt.time(*divmod(begins_minute, 60))
        if not weekdays or not EVERY_DAY.issuperset(weekdays):
            raise ValueError(f"weekdays are {sorted(weekdays)}; expected some of 0 to 6")
        self._weekdays = frozenset(weekdays)
        self._closed = frozenset(closed)
        self._last = TradingDay(0, 0)

    def day_of(self, at_ns: int) -> TradingDay:
        """Return the trading day of an instant."""
        last = self._last
        if not last.begins_ns <= at_ns < last.ends_ns:
            last = self._last = self._find(at_ns)
        return last

    def date_of(self, day: TradingDay) -> dt.date:
        """Return the local date on which a trading day begins."""
        return dt.datetime.fromtimestamp(day.begins_ns // NS_PER_S, self._zone).date()

    def first_from(self, date: dt.date) -> int:
        """Return when the first trading day begins that begins on this local date or later."""
        return next(self._beginnings(date, 1))

    def _find(self, at_ns: int) -> TradingDay:
        date = dt.datetime.fromtimestamp(at_ns // NS_PER_S, self._zone).date()
        begins_ns = next(ns for ns in self._beginnings(date, -1) if ns <= at_ns)
        ends_ns = next(ns for ns in self._beginnings(date, 1) if ns > at_ns)
        return TradingDay(begins_ns, ends_ns)

    def _beginnings(self, date: dt.date, step: int) -> Iterator[int]:
        """Yield when trading days begin, from a date on or backwards from it."""
        without = 0
        while True:
            begins = date.weekday() in self._weekdays and date not in self._closed
            if begins or without >= DAYS_WITHOUT_BEGINNING_MAX:
                yield int(dt.datetime.combine(date, self._time, self._zone).timestamp()) * NS_PER_S
                without = 0
            else:
                without += 1
            date += dt.timedelta(days=step)


UTC_DAYS = TradingCalendar()
