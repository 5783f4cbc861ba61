"""Writes trades and candles; see `service/history/ports.py`.

One writer at a time over all replicas, so that what a transaction reads is what it changes.
"""

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import asyncpg
from typing_extensions import override

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.adapters.postgres.history import statements as sql
from svc_marketdata.domain.history.hours import Minute, hour_of, pack
from svc_marketdata.domain.history.intervals import HOUR_NS, MINUTE_NS
from svc_marketdata.domain.history.quotes import QuoteBlock, merged, quote_json
from svc_marketdata.domain.history.quotes import pack as pack_quotes
from svc_marketdata.domain.history.quotes import unpack as unpack_quotes
from svc_marketdata.domain.history.reports import Changes, Report, StoredTrade, apply
from svc_marketdata.service.history.ports import (
    Batch,
    Covered,
    Gap,
    GapCause,
    HistoryStore,
    Kept,
    Written,
)

PACK_AFTER_NS: Final = 120 * NS_PER_S
"""Time after the end of an hour in which its trades may still come without its candles being
packed anew."""
ROWS_PREFETCH: Final = 1_000
"""Rows of candles that are read and packed before prices go on."""
AMENDABLE_NS: Final = 8 * NS_PER_DAY
"""Age up to which a trade can be withdrawn, corrected, or recognised when it is reported again."""
AHEAD_NS_MAX: Final = NS_PER_DAY
"""How far a trade may be ahead of our clock; the gateway bounds it much closer."""


class PostgresHistory(HistoryStore):
    """The history on PostgreSQL."""

    def __init__(self, database: Database, kept: Kept) -> None:
        self._database = database
        self._kept = kept
        self._partitions: set[str] = set()

    @override
    async def write(self, batch: Batch, now_ns: int) -> Written:
        oldest_ns, newest_ns = self._oldest_ns(now_ns), now_ns + AHEAD_NS_MAX
        reports = [one for one in batch.reports if oldest_ns <= one.at_ns < newest_ns]
        out_of_range = len(batch.reports) - len(reports)
        async with self._writing() as connection:
            changes = await self._changes(connection, reports, now_ns)
            await self._write_trades(connection, changes)
            await self._log_trades(connection, [*changes.added, *changes.amended], now_ns)
            await self._pack_again(connection, [*changes.added, *changes.amended])
            for covered in batch.covered:
                await _note_covered(connection, covered)
            for gap in batch.dropped:
                await _add_gap(connection, gap)
        return Written(len(changes.added), len(changes.amended), changes.unknown, out_of_range)

    async def _changes(
        self, connection: asyncpg.Connection, reports: list[Report], now_ns: int
    ) -> Changes:
        """Return what reports make of the stored trades."""
        if not reports:
            return Changes([], [], 0)
        since_ns = min(now_ns, *(report.at_ns for report in reports)) - AMENDABLE_NS
        reports = await _without_repeated(connection, reports, since_ns)
        keys = list({(report.instrument_id, report.key) for report in reports})
        ids, names = [key[0] for key in keys], [key[1] for key in keys]
        rows = await connection.fetch(sql.STORED, ids, names, since_ns)
        return apply(map(stored_trade, rows), reports)

    async def _write_trades(self, connection: asyncpg.Connection, changes: Changes) -> None:
        if changes.added:
            await self._ensure(connection, "trades", (one.at_ns for one in changes.added))
            await connection.copy_records_to_table(
                "trades",
                schema_name="marketdata",
                columns=sql.TRADE_COLUMNS,
                records=[_row(one) for one in changes.added],
            )
        if changes.amended:
            amended = [
                (one.instrument_id, one.at_ns, one.order_ns, one.key, Decimal(one.price),
                 Decimal(one.size), one.off_market, one.withdrawn, one.amended_ns)
                for one in changes.amended
            ]  # fmt: skip
            await connection.execute(sql.AMEND, *map(list, zip(*amended, strict=True)))

    async def _log_trades(
        self, connection: asyncpg.Connection, changed: Sequence[StoredTrade], now_ns: int
    ) -> None:
        """Append what was stored to the log that readers follow."""
        if changed:
            await self._ensure(connection, "trade_log", [now_ns])
            columns = map(list, zip(*map(_row, changed), strict=True))
            await connection.execute(sql.LOG_TRADES, now_ns, *columns)

    async def _pack_again(
        self, connection: asyncpg.Connection, changed: Sequence[StoredTrade]
    ) -> None:
        """Make the packed hours anew whose trades changed."""
        until_ns = await connection.fetchval(sql.PACKED_UNTIL)
        hours = sorted(
            {
                (one.instrument_id, one.at_ns - one.at_ns % HOUR_NS)
                for one in changed
                if one.counts and one.at_ns < until_ns
            }
        )
        if not hours:
            return
        ids, starts = [hour[0] for hour in hours], [hour[1] for hour in hours]
        await connection.execute(sql.FORGET_HOURS, ids, starts)
        rows = await connection.fetch(sql.CANDLES_OF_HOURS, MINUTE_NS, ids, starts, HOUR_NS)
        await self._put_hours(connection, rows)

    @override
    async def write_quotes(self, blocks: Sequence[QuoteBlock], interval_ns: int) -> None:
        keys = [one.instrument_id for one in blocks], [one.start_ns for one in blocks]
        async with self._writing() as connection:
            await self._ensure(connection, "quote_blocks", set(keys[1]))
            rows = await connection.fetch(sql.QUOTE_BLOCKS_OF, *keys)
            stored = {(name, start_ns): body for name, start_ns, body in rows}
            new = dict(stored)
            for name, start_ns, body in blocks:
                before = new.get((name, start_ns))
                new[name, start_ns] = body if before is None else _joined(before, body, interval_ns)
            changed = [(*key, new[key]) for key, before in stored.items() if new[key] != before]
            if changed:
                await connection.execute(sql.SET_QUOTES, *map(list, zip(*changed, strict=True)))
            await connection.copy_records_to_table(
                "quote_blocks",
                schema_name="marketdata",
                columns=QuoteBlock._fields,
                records=[(*key, body) for key, body in new.items() if key not in stored],
            )
            last = _last_quotes(
                QuoteBlock(name, start_ns, body) for (name, start_ns), body in new.items()
            )
            await connection.execute(sql.PUT_LAST_QUOTES, *map(list, zip(*last, strict=True)))

    @override
    async def pack_hours(self, now_ns: int) -> int:
        ended_ns = now_ns - PACK_AFTER_NS
        ended_ns -= ended_ns % HOUR_NS
        async with self._writing() as connection:
            until_ns = int(await connection.fetchval(sql.PACKED_UNTIL))
            if ended_ns <= until_ns:
                return until_ns
            # The first time all that is older is packed, too: what was reported late.
            next_ns = until_ns + HOUR_NS if until_ns else ended_ns
            rows: list[Any] = []
            candles = connection.cursor(
                sql.ALL_CANDLES, MINUTE_NS, until_ns, next_ns, prefetch=ROWS_PREFETCH
            )
            async for row in candles:
                ended = rows and row[0] != rows[-1][0]
                if ended and len(rows) >= ROWS_PREFETCH:
                    await self._put_hours(connection, rows)
                    rows.clear()
                rows.append(row)
            await self._put_hours(connection, rows)
            await connection.execute(sql.SET_PACKED_UNTIL, next_ns)
            return next_ns

    async def _put_hours(self, connection: asyncpg.Connection, rows: Iterable[Any]) -> None:
        packed = [(name, hour.start_ns, pack(hour)) for name, hour in hours_of(rows)]
        if packed:
            await self._ensure(connection, "candle_hours", (start for _, start, _ in packed))
            await connection.execute(sql.PUT_HOURS, *map(list, zip(*packed, strict=True)))

    @override
    async def make_partitions(self, now_ns: int) -> None:
        # A day ahead, and without a long wait: while a backup reads a table it gets no partition,
        # and whoever waits for that holds up all readers.
        async with self._writing() as connection:
            await connection.execute(sql.LOCK_BRIEFLY)
            for parent in ("trades", "trade_log", "candle_hours", "quote_blocks"):
                await self._ensure(connection, parent, [now_ns + NS_PER_DAY])

    @override
    async def drop_old(self, now_ns: int) -> int:
        dropped = 0
        ages = (
            ("trades", self._kept.trades_days),
            ("trade_log", self._kept.trades_days),
            ("candle_hours", self._kept.candles_days),
            ("quote_blocks", self._kept.quotes_days),
        )
        async with self._database.transaction() as connection:
            for parent, days in ages:
                before = _date(now_ns) - dt.timedelta(days=days)
                dropped += await connection.fetchval(sql.DROP_PARTITIONS, parent, before)
            kept_ns = self._kept.candles_days * NS_PER_DAY
            await connection.execute(sql.FORGET_GAPS, now_ns - kept_ns)
        if dropped:
            self._partitions.clear()
        return dropped

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend the connection of the one writer, in a transaction."""
        try:
            async with self._database.transaction() as connection:
                await connection.execute(sql.LOCK, sql.WRITER_LOCK)
                yield connection
        except BaseException:
            # The partitions that it made are gone.
            self._partitions.clear()
            raise

    def _oldest_ns(self, now_ns: int) -> int:
        """Return when the oldest day begins whose trades are kept."""
        return now_ns - now_ns % NS_PER_DAY - self._kept.trades_days * NS_PER_DAY

    async def _ensure(
        self, connection: asyncpg.Connection, parent: str, times_ns: Iterable[int]
    ) -> None:
        """Make the partitions that are missing."""
        form = "%Y%m" if parent == "candle_hours" else "%Y%m%d"
        days = {f"{parent}_{date.strftime(form)}": date for date in set(map(_date, times_ns))}
        if self._partitions.issuperset(days):
            return
        self._partitions = {row[0] for row in await connection.fetch(sql.PARTITIONS)}
        for name, date in days.items():
            if name not in self._partitions:
                await connection.execute(sql.ADD_PARTITION, parent, date)


def _joined(stored: bytes, more: bytes, interval_ns: int) -> bytes:
    """Return a block of quotes with what another process knows of it."""
    return pack_quotes(merged(unpack_quotes(stored), unpack_quotes(more), interval_ns))


def _last_quotes(blocks: Iterable[QuoteBlock]) -> list[tuple[str, int, str]]:
    """Return listing, time and text of the newest quote of each listing."""
    newest = {one.instrument_id: one for one in sorted(blocks, key=lambda one: one.start_ns)}
    found = ((name, unpack_quotes(one.body)[-1]) for name, one in newest.items())
    return [(name, quote.at_ms, quote_json(name, quote)) for name, quote in found]


async def _without_repeated(
    connection: asyncpg.Connection, reports: list[Report], since_ns: int
) -> list[Report]:
    """Leave out last trades of snapshots that are the newest trade that is known."""
    named = [report.instrument_id for report in reports if report.trade.last_of_snapshot]
    if not named:
        return reports
    rows = await connection.fetch(sql.NEWEST, named, since_ns)
    newest = {row[0]: (Decimal(row[1]), Decimal(row[2])) for row in rows}
    chosen: list[Report] = []
    for report in reports:
        trade = report.trade
        terms = (Decimal(trade.price or 0), Decimal(trade.size or 0))
        if trade.last_of_snapshot and newest.get(report.instrument_id) == terms:
            continue
        chosen.append(report)
        if not trade.withdrawn:
            newest[report.instrument_id] = terms
    return chosen


async def _note_covered(connection: asyncpg.Connection, covered: Covered) -> None:
    """Note that a venue is recorded, and the time before it in which it was not."""
    mic, from_ns, until_ns = covered
    before_ns = await connection.fetchval(sql.RECORDED, mic)
    if before_ns is not None and before_ns < from_ns:
        await _add_gap(connection, Gap(mic, before_ns, from_ns, GapCause.NOT_RECORDED))
    # A replica that is late may have recorded what others thought was missing.
    await connection.execute(sql.CLOSE_GAPS, mic, GapCause.NOT_RECORDED.value, from_ns, until_ns)
    await connection.execute(sql.SET_RECORDED, mic, until_ns)


async def _add_gap(connection: asyncpg.Connection, gap: Gap) -> None:
    await connection.execute(sql.ADD_GAP, *gap[:3], gap.cause.value, gap.dropped_trades)


def _date(at_ns: int) -> dt.date:
    return dt.datetime.fromtimestamp(at_ns // NS_PER_S, dt.UTC).date()


def _row(one: StoredTrade) -> tuple[Any, ...]:
    return (
        one.instrument_id, one.at_ns, one.order_ns, one.key, Decimal(one.price),
        Decimal(one.size), one.aggressor, one.off_market, one.counts, one.withdrawn, one.amended_ns,
    )  # fmt: skip


def stored_trade(row: Any) -> StoredTrade:
    """Read a row of marketdata.trades."""
    name, at_ns, order_ns, key, price, size, *rest = row
    terms = plain(Decimal(price)), plain(Decimal(size))
    return StoredTrade(name, at_ns, order_ns, key, *terms, *rest)


def _units(text: str) -> int:
    """Read a number with a fixed number of digits after the point as units of the last one."""
    return int(text.replace(".", "", 1))


def figures(row: Any) -> tuple[int, int, int, int, int, int, int]:
    """Read open, high, low, close, volume, turnover and count of a row."""
    opened, high, low, close, volume, turnover = map(_units, row[2:8])
    return opened, high, low, close, volume, turnover, int(row[8])


def hours_of(rows: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield listing and hour of rows of 1-minute candles, which are in order."""
    for (name, _), group in groupby(rows, lambda row: (row[0], row[1] // HOUR_NS)):
        yield name, hour_of(Minute(row[1], *figures(row)) for row in group)
