"""Reads the history of listings whose symbols changed, under the id that each had at the time."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from typing_extensions import override

from kernel.nanoseconds import NS_PER_S
from svc_marketdata.domain.history.adjusting import ALWAYS, Line, Part, Split, unchanged
from svc_marketdata.domain.history.fold import PastCandle
from svc_marketdata.domain.history.hours import StoredHour, between
from svc_marketdata.domain.history.quotes import PastQuote, QuoteBlock
from svc_marketdata.domain.history.reports import StoredTrade
from svc_marketdata.service.history.candles import CalendarOf
from svc_marketdata.service.history.ports import (
    FIRST_PLACE,
    Gap,
    HistoryReader,
    Origin,
    TradePlace,
)

ZONE_AHEAD: Final = dt.timedelta(days=1)
"""A trading day may begin before its date begins in UTC."""


async def lines_of(
    reader: HistoryReader, names: Sequence[str], calendar_of: CalendarOf, now_ns: int
) -> dict[str, Line]:
    """Return the past of listings, by what is effective now."""
    until = dt.datetime.fromtimestamp(now_ns // NS_PER_S, dt.UTC).date() + ZONE_AHEAD
    origins = await reader.origins(names, until)
    return {
        name: _line(name, origins[name], calendar_of, now_ns)
        if name in origins
        else unchanged(name)
        for name in names
    }


def _line(name: str, origin: Origin, calendar_of: CalendarOf, now_ns: int) -> Line:
    begins = calendar_of(name).first_from
    parts, listing, until_ns = list[Part](), name, ALWAYS[1]
    for before, date in origin.renames:
        if (from_ns := begins(date)) > now_ns:
            continue
        parts.append(Part(listing, from_ns, until_ns))
        listing, until_ns = before, from_ns
    parts.append(Part(listing, ALWAYS[0], until_ns))
    splits: dict[str, Split] = {}
    for split in origin.splits:
        at_ns = begins(split.date)
        # An id may be that of another listing at another time.
        its_own = any(
            part.instrument_id == split.instrument_id and part.from_ns <= at_ns <= part.until_ns
            for part in parts
        )
        if its_own and at_ns <= now_ns:
            splits[split.action_id] = Split(
                at_ns, split.date.isoformat(), split.new_shares, split.old_shares
            )
    return Line(tuple(reversed(parts)), tuple(sorted(splits.values())))


class FollowingReader(HistoryReader):
    """A reader that knows listings by their present ids only."""

    def __init__(self, reader: HistoryReader, lines: Mapping[str, Line]) -> None:
        self._reader = reader
        self._lines = lines

    @override
    async def known(self, instrument_ids: Sequence[str]) -> set[str]:
        return await self._reader.known(instrument_ids)

    @override
    async def origins(self, instrument_ids: Sequence[str], until: dt.date) -> dict[str, Origin]:
        return await self._reader.origins(instrument_ids, until)

    @override
    async def quotes_between(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[QuoteBlock]:
        return await self._reader.quotes_between(instrument_ids, from_ns, to_ns, limit)

    @override
    async def last_quotes(
        self, instrument_ids: Sequence[str], before_ns: int
    ) -> dict[str, PastQuote]:
        return await self._reader.last_quotes(instrument_ids, before_ns)

    @override
    async def gaps(
        self, venue_mics: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[Gap]:
        return await self._reader.gaps(venue_mics, from_ns, to_ns, limit)

    @override
    async def hours(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int
    ) -> dict[str, list[StoredHour]]:
        plain, moved = self._divided(instrument_ids)
        found = await self._reader.hours(plain, from_ns, to_ns) if plain else {}
        for name in moved:
            found[name] = []
            for part in self._parts(name, from_ns, to_ns):
                hours = await self._reader.hours([part.instrument_id], part.from_ns, part.until_ns)
                found[name] += between(hours[part.instrument_id], part.from_ns, part.until_ns)
        return found

    @override
    async def last_hours(
        self, instrument_ids: Sequence[str], to_ns: int, limit: int
    ) -> dict[str, list[StoredHour]]:
        plain, moved = self._divided(instrument_ids)
        found = await self._reader.last_hours(plain, to_ns, limit) if plain else {}
        for name in moved:
            last: list[StoredHour] = []
            for part in reversed(list(self._parts(name, 0, to_ns))):
                if len(last) < limit:
                    one = part.instrument_id
                    hours = await self._reader.last_hours([one], part.until_ns, limit - len(last))
                    last = [*between(hours[one], part.from_ns, part.until_ns), *last]
            found[name] = last
        return found

    @override
    async def short_candles(
        self, instrument_ids: Sequence[str], length_ns: int, from_ns: int, to_ns: int
    ) -> dict[str, list[PastCandle]]:
        plain, moved = self._divided(instrument_ids)
        found = await self._reader.short_candles(plain, length_ns, from_ns, to_ns) if plain else {}
        for name in moved:
            found[name] = []
            for one, begin_ns, end_ns in self._parts(name, from_ns, to_ns):
                candles = await self._reader.short_candles([one], length_ns, begin_ns, end_ns)
                found[name] += candles[one]
        return found

    @override
    async def trades(
        self, instrument_id: str, after: TradePlace, to_ns: int, limit: int
    ) -> list[StoredTrade]:
        found: list[StoredTrade] = []
        for one, begin_ns, end_ns in self._parts(instrument_id, after.at_ns, to_ns):
            place = after if begin_ns == after.at_ns else FIRST_PLACE._replace(at_ns=begin_ns)
            found += await self._reader.trades(one, place, end_ns, limit - len(found))
            if len(found) >= limit:
                break
        return [replace(one, instrument_id=instrument_id) for one in found]

    @override
    async def last_trades(
        self, instrument_ids: Sequence[str], to_ns: int, limit: int
    ) -> list[StoredTrade]:
        plain, moved = self._divided(instrument_ids)
        found = await self._reader.last_trades(plain, to_ns, limit) if plain else []
        for name in moved:
            last: list[StoredTrade] = []
            for one, begin_ns, end_ns in reversed(list(self._parts(name, 0, to_ns))):
                trades = await self._reader.last_trades([one], end_ns, max(limit - len(last), 1))
                last = [*(trade for trade in trades if trade.at_ns >= begin_ns), *last]
            found += [replace(one, instrument_id=name) for one in last[-limit:]]
        return sorted(found, key=lambda one: one.instrument_id)

    @override
    async def trades_between(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[StoredTrade]:
        return await self._reader.trades_between(instrument_ids, from_ns, to_ns, limit)

    def _divided(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """Divide listings: those that always had their id, and the others."""
        plain = [name for name in names if len(self._lines[name].parts) == 1]
        return plain, [name for name in names if len(self._lines[name].parts) > 1]

    def _parts(self, name: str, from_ns: int, to_ns: int) -> Iterator[Part]:
        for part in self._lines[name].parts:
            begin_ns, end_ns = max(part.from_ns, from_ns), min(part.until_ns, to_ns)
            if begin_ns < end_ns:
                yield Part(part.instrument_id, begin_ns, end_ns)
