"""Reads candles of any length, in pages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kernel.trading_calendar import TradingCalendar
from svc_marketdata.domain.candles import CANDLE_GRACE_NS
from svc_marketdata.domain.history.adjusting import Line, adjusted_candles
from svc_marketdata.domain.history.fold import PastCandle, fold
from svc_marketdata.domain.history.hours import StoredHour, between, until
from svc_marketdata.domain.history.intervals import (
    HOUR_NS,
    Bounds,
    Interval,
    bounds_of,
    range_max_ns,
)
from svc_marketdata.service.history.ports import HistoryReader

WINDOWS_MAX: Final = 200
"""Statements of one page; then it ends early, with a token."""
LISTINGS_TOGETHER_MAX: Final = 200
"""Listings of one statement."""
HOURS_TOGETHER_MAX: Final = 50_000
"""Hours of all listings of one statement, in memory together; one listing may have more."""

NOT_ADJUSTED: Final[Mapping[str, Line]] = {}

CalendarOf = Callable[[str], TradingCalendar]


@dataclass(slots=True)
class Page:
    """Candles by listing, and where the next page begins."""

    candles: dict[str, list[PastCandle]] = field(default_factory=dict)
    count: int = 0
    next_place: tuple[str, int] | None = None
    """Listing and time from which the next page goes on; None after the last one."""

    def add(self, name: str, candles: Sequence[PastCandle]) -> None:
        """Add candles of a listing, in order."""
        if candles:
            self.candles.setdefault(name, []).extend(candles)
            self.count += len(candles)


class PastCandles:
    """Reads candles from the history."""

    def __init__(
        self,
        reader: HistoryReader,
        calendar_of: CalendarOf,
        hidden_from: Mapping[str, int],
        lines: Mapping[str, Line] = NOT_ADJUSTED,
    ) -> None:
        """Read for one request.

        Args:
            reader: The history.
            calendar_of: The trading days of a listing.
            hidden_from: By listing, from when on the caller may not read trades: candles of 1
                minute, and shorter ones, that end later are left out.
            lines: The past of the listings whose candles are adjusted for splits.
        """
        self._lines = lines
        self._reader = reader
        self._calendar_of = calendar_of
        self._hidden_from = hidden_from

    async def page(
        self,
        names: Sequence[str],
        interval: Interval,
        bounds: tuple[int, int],
        size: int,
        place: tuple[str, int] | None,
    ) -> Page:
        """Return a page of the candles that begin in a range.

        Args:
            names: Listings, sorted, none twice.
            interval: Length of the candles.
            bounds: From when, and before when they begin; UTC nanoseconds.
            size: Candles of the page at most.
            place: `next_place` of the page before; None for the first page.
        """
        from_ns, to_ns = bounds
        page = Page()
        first, begin_ns = place or (names[0], from_ns)
        waiting = [name for name in names if name >= first]
        windows = 0
        while waiting and page.count < size and windows < WINDOWS_MAX:
            windows += 1
            room = size - page.count
            each = (to_ns - begin_ns) // interval.nominal_ns + 2
            together, end_ns = 1, to_ns
            if each > room:
                if page.count > size // 2:
                    break
                # Of a listing with more candles than a page has: a part of the range.
                end_ns = min(to_ns, begin_ns + room * interval.nominal_ns)
            elif begin_ns == from_ns:
                hours = -(-(to_ns - begin_ns) // HOUR_NS) + 1
                together = min(room // each, LISTINGS_TOGETHER_MAX, HOURS_TOGETHER_MAX // hours)
                together = max(together, 1)
            found = await self._between(waiting[:together], interval, begin_ns, end_ns)
            for name in waiting[:together]:
                candles = found[name]
                page.add(name, candles[:room])
                if together == 1 and len(candles) > room:
                    end_ns = candles[room].start_ns
            if end_ns < to_ns:
                begin_ns = end_ns
            else:
                waiting, begin_ns = waiting[together:], from_ns
        if waiting:
            page.next_place = (waiting[0], begin_ns)
        return page

    async def last(
        self, names: Sequence[str], interval: Interval, to_ns: int, count: int
    ) -> dict[str, list[PastCandle]]:
        """Return the last candles of each listing that begin before a time."""
        if interval.of_trades:
            return await self._last_short(names, interval, to_ns, count)
        found: dict[str, list[PastCandle]] = {}
        waiting = list(names)
        hours = count * interval.nominal_ns // HOUR_NS
        # Most venues trade less than 10 hours of 24; where they trade longer, more are read.
        limit = 2 + (hours * 2 // 5 if interval.by_calendar else hours)
        until_ns = max(self._bounds(name, interval, to_ns - 1).end_ns for name in names)
        while waiting:
            together, left = max(HOURS_TOGETHER_MAX // limit, 1), []
            for start in range(0, len(waiting), together):
                some = waiting[start : start + together]
                read = await self._reader.last_hours(some, until_ns, limit)
                for name in some:
                    candles = self._folded(name, interval, read[name], 0, to_ns)
                    whole = len(read[name]) < limit
                    if not whole:
                        # The first one may lack hours that were not read.
                        del candles[:1]
                    if whole or len(candles) >= count:
                        found[name] = candles[-count:]
                    else:
                        left.append(name)
            waiting = left
            limit *= 4
        return found

    async def _last_short(
        self, names: Sequence[str], interval: Interval, to_ns: int, count: int
    ) -> dict[str, list[PastCandle]]:
        """Return the last candles shorter than a minute, of the longest range at most."""
        found: dict[str, list[PastCandle]] = {}
        waiting = list(names)
        length_ns = 2 * count * interval.nominal_ns
        while waiting:
            length_ns = min(length_ns, range_max_ns(interval))
            candles = await self._between(waiting, interval, to_ns - length_ns, to_ns)
            last = length_ns == range_max_ns(interval)
            for name in list(waiting):
                if last or len(candles[name]) >= count:
                    found[name] = candles[name][-count:]
                    waiting.remove(name)
            length_ns *= 8
        return found

    async def _between(
        self, names: Sequence[str], interval: Interval, from_ns: int, to_ns: int
    ) -> dict[str, list[PastCandle]]:
        if interval.of_trades:
            length_ns = interval.nominal_ns
            begin_ns, end_ns = (-(-at_ns // length_ns) * length_ns for at_ns in (from_ns, to_ns))
            found = await self._reader.short_candles(names, length_ns, begin_ns, end_ns)
            for name, line in self._lines.items():
                if line.splits and name in found:
                    found[name] = adjusted_candles(
                        (line.factor(one.start_ns), [one]) for one in found[name]
                    )
            return {
                name: [one for one in found[name] if one.end_ns <= self._hidden_from[name]]
                if name in self._hidden_from
                else found[name]
                for name in names
            }
        # The candle in which the range begins is left out unless it begins there; the one in which
        # it ends is whole.
        begin_ns = min(self._bounds(name, interval, from_ns).start_ns for name in names)
        end_ns = max(self._bounds(name, interval, to_ns - 1).end_ns for name in names)
        hours = await self._reader.hours(names, begin_ns, end_ns)
        return {name: self._folded(name, interval, hours[name], from_ns, to_ns) for name in names}

    def _bounds(self, name: str, interval: Interval, at_ns: int) -> Bounds:
        return bounds_of(interval, self._calendar_of(name), at_ns)

    def _folded(
        self, name: str, interval: Interval, hours: Sequence[StoredHour], from_ns: int, to_ns: int
    ) -> list[PastCandle]:
        calendar = self._calendar_of(name)
        if name in self._hidden_from:
            hours = list(until(hours, self._hidden_from[name]))

        def folded(some: Iterable[StoredHour]) -> Iterator[PastCandle]:
            return fold(some, lambda at: bounds_of(interval, calendar, at), from_ns, to_ns)

        line = self._lines.get(name)
        if line is None or not line.splits:
            return list(folded(hours))
        return adjusted_candles(
            (factor, folded(between(hours, begin_ns, end_ns)))
            for begin_ns, end_ns, factor in line.spans()
        )


def is_complete(candle: PastCandle, now_ns: int) -> bool:
    """Return whether a candle has ended, as for live ones."""
    return now_ns >= candle.end_ns + CANDLE_GRACE_NS
