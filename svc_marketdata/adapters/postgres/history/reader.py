"""Reads trades and candles; see `service/history/ports.py`."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import Any, Final

import asyncpg
from typing_extensions import override

from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.adapters.postgres.history import statements as sql
from svc_marketdata.adapters.postgres.history.store import figures, hours_of, stored_trade
from svc_marketdata.domain.history.fold import PastCandle
from svc_marketdata.domain.history.hours import PackedHour, StoredHour
from svc_marketdata.domain.history.intervals import HOUR_NS, MINUTE_NS
from svc_marketdata.domain.history.quotes import BLOCK_NS, PastQuote, QuoteBlock
from svc_marketdata.domain.history.quotes import unpack as unpack_quotes
from svc_marketdata.domain.history.reports import StoredTrade
from svc_marketdata.service.history.ports import (
    Gap,
    GapCause,
    HistoryReader,
    Origin,
    SplitOf,
    TradePlace,
)

ROWS_TOGETHER: Final = 2_000
"""Rows that are read before prices go on."""
RENAMES_FOLLOWED_MAX: Final = 20
"""Changes of symbol of one listing that are followed into the past."""


class PostgresHistoryReader(HistoryReader):
    """The history on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    async def known(self, instrument_ids: Sequence[str]) -> set[str]:
        async with self._database.read() as connection:
            return {row[0] for row in await connection.fetch(sql.KNOWN, list(instrument_ids))}

    @override
    async def origins(self, instrument_ids: Sequence[str], until: dt.date) -> dict[str, Origin]:
        ids = list(instrument_ids)
        async with self._database.read() as connection:
            renames = await connection.fetch(sql.RENAMES, ids, until, RENAMES_FOLLOWED_MAX)
            had = {name: [name] for name in ids}
            for asked, before, _ in renames:
                had[asked].append(before)
            every = list({one for some in had.values() for one in some})
            rows = await connection.fetch(sql.SPLITS, every, until)
        splits = [SplitOf(*row) for row in rows]
        found: dict[str, Origin] = {}
        for name, some in had.items():
            before = [(row[1], row[2]) for row in renames if row[0] == name]
            its = [split for split in splits if split.instrument_id in some]
            if before or its:
                found[name] = Origin(before, its)
        return found

    @override
    async def hours(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int
    ) -> dict[str, list[StoredHour]]:
        ids = list(instrument_ids)
        found: dict[str, list[StoredHour]] = {name: [] for name in ids}
        async with self._view() as connection:
            begin_ns = from_ns - from_ns % HOUR_NS
            await _add_packed(connection, found, sql.HOURS, ids, begin_ns, to_ns)
            await self._add_unpacked(connection, found, begin_ns, to_ns)
        return found

    @override
    async def last_hours(
        self, instrument_ids: Sequence[str], to_ns: int, limit: int
    ) -> dict[str, list[StoredHour]]:
        ids = list(instrument_ids)
        found: dict[str, list[StoredHour]] = {name: [] for name in ids}
        async with self._view() as connection:
            await _add_packed(connection, found, sql.LAST_HOURS, ids, to_ns, limit)
            await self._add_unpacked(connection, found, 0, to_ns)
        return found

    async def _add_unpacked(
        self,
        connection: asyncpg.Connection,
        found: dict[str, list[StoredHour]],
        from_ns: int,
        to_ns: int,
    ) -> None:
        """Add the hours that are not packed yet, made of their trades."""
        begin_ns = max(from_ns, await connection.fetchval(sql.PACKED_UNTIL))
        if begin_ns < to_ns:
            rows = await connection.fetch(sql.CANDLES, MINUTE_NS, list(found), begin_ns, to_ns)
            for name, hour in hours_of(rows):
                found[name].append(hour)

    @override
    async def short_candles(
        self, instrument_ids: Sequence[str], length_ns: int, from_ns: int, to_ns: int
    ) -> dict[str, list[PastCandle]]:
        found: dict[str, list[PastCandle]] = {name: [] for name in instrument_ids}
        async with self._database.read() as connection:
            rows = await connection.fetch(
                sql.CANDLES, length_ns, list(instrument_ids), from_ns, to_ns
            )
        for row in rows:
            opened, high, low, close, volume, turnover, count = figures(row)
            found[row[0]].append(
                PastCandle(
                    opened, high, low, close, volume, count, turnover, row[1], row[1] + length_ns
                )
            )
        return found

    @override
    async def trades(
        self, instrument_id: str, after: TradePlace, to_ns: int, limit: int
    ) -> list[StoredTrade]:
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.TRADES, instrument_id, *after, to_ns, limit)
        return [stored_trade(row) for row in rows]

    @override
    async def last_trades(
        self, instrument_ids: Sequence[str], to_ns: int, limit: int
    ) -> list[StoredTrade]:
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.LAST_TRADES, list(instrument_ids), to_ns, limit)
        return [stored_trade(row) for row in rows]

    @override
    async def trades_between(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[StoredTrade]:
        async with self._database.read() as connection:
            rows = await connection.fetch(
                sql.TRADES_BETWEEN, list(instrument_ids), from_ns, to_ns, limit
            )
        return [stored_trade(row) for row in rows]

    @override
    async def quotes_between(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[QuoteBlock]:
        async with self._database.read() as connection:
            rows = await connection.fetch(
                sql.QUOTES_BETWEEN, list(instrument_ids), from_ns - BLOCK_NS, to_ns, limit
            )
        return [QuoteBlock(*row) for row in rows]

    @override
    async def last_quotes(
        self, instrument_ids: Sequence[str], before_ns: int
    ) -> dict[str, PastQuote]:
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.LAST_QUOTES, list(instrument_ids), before_ns)
        return {
            name: quote
            for name, body in rows
            for quote in unpack_quotes(body)
            if quote.at_ns < before_ns
        }

    @override
    async def gaps(
        self, venue_mics: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[Gap]:
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.GAPS, list(venue_mics), from_ns, to_ns, limit)
        return [Gap(row[0], row[1], row[2], GapCause(row[3]), row[4]) for row in rows]

    @asynccontextmanager
    async def _view(self) -> AsyncIterator[Any]:
        """Lend a connection that sees one state of the tables: an hour is packed or it is not."""
        async with (
            self._database.read() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection


async def _add_packed(
    connection: asyncpg.Connection, found: dict[str, list[StoredHour]], statement: str, *values: Any
) -> None:
    """Add packed hours, by time. Rows come many at a time: one by one costs 25 µs each."""
    cursor = await connection.cursor(statement, *values)
    while rows := await cursor.fetch(ROWS_TOGETHER):
        for name, start_ns, body in rows:
            found[name].append(PackedHour(start_ns, body))
    # Here, as the database would sort tens of megabytes on its disk.
    for hours in found.values():
        hours.sort(key=attrgetter("start_ns"))
