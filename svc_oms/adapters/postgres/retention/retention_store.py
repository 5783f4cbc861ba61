"""Retention on PostgreSQL, as the role that owns the tables; see `retention_ports`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
from typing_extensions import override

from kernel.nanoseconds import NS_PER_S
from kernel.ulid import first_ulid
from svc_oms.adapters.postgres.controls.control_statements import PUT_POSITIONS
from svc_oms.adapters.postgres.controls.fills import PostgresFills
from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.logs.book_reader import LOG_BASES, OPENING_ORDERS
from svc_oms.adapters.postgres.orders.write_parameters import columns, packed_position
from svc_oms.adapters.postgres.retention import retention_statements as sql
from svc_oms.service.book.commit_logs import CommitLog
from svc_oms.service.ports import OpeningsRow
from svc_oms.service.ports.retention_ports import (
    Archived,
    LogEnd,
    Opening,
    RetentionStore,
    RetentionView,
    Source,
)

ROWS_PREFETCH = 2_000
# The order path waits no longer than this for a lock that a step takes; the step is tried again.
LOCK_WAIT_MS = 200
LOCK_ATTEMPTS_MAX = 50
LOCK_PAUSE_S = 0.5


class PostgresRetentionView(PostgresFills, RetentionView):
    """What is read in one view."""

    @override
    async def position_keys(self, account_id: str) -> list[tuple[str, str]]:
        return [tuple(row) for row in await self._connection.fetch(sql.POSITION_KEYS, account_id)]

    @override
    async def last_sequence(self, account_id: str) -> int:
        return int(await self._connection.fetchval(sql.LAST_SEQUENCE, account_id))


class PostgresRetention(RetentionStore):
    """Reads on one connection, and writes on another."""

    def __init__(self, reading: Any, writing: Any) -> None:
        self._reading = reading
        self._writing = writing

    @classmethod
    @asynccontextmanager
    async def opened(cls, database_url: str) -> AsyncIterator["PostgresRetention"]:
        """Connect as the owner of the tables; only one run at a time.

        Raises:
            RuntimeError: Another run is under way.
        """
        settings = {"application_name": "svc-oms-retention"}
        with translated():
            reading = await asyncpg.connect(database_url, server_settings=settings)
            try:
                writing = await asyncpg.connect(database_url, server_settings=settings)
                try:
                    free = "SELECT pg_try_advisory_lock($1)"
                    if not await reading.fetchval(free, sql.RETENTION_LOCK):
                        raise RuntimeError("another run of retention is under way")
                    await writing.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
                    yield cls(reading, writing)
                finally:
                    await writing.close()
            finally:
                await reading.close()

    @override
    async def month_before(self, days: int) -> str:
        return str(await self._reading.fetchval(sql.MONTH_BEFORE, days))

    @override
    async def event_ends(self, before: str) -> list[LogEnd]:
        rows = await self._reading.fetch(sql.EVENT_ENDS, before)
        for account_id, sequence, _, later in rows:
            if later is not None and later < sequence:
                raise RuntimeError(
                    f"{account_id}: event {later} was recorded after {before}, event {sequence} "
                    "before: the database's clock went back. Nothing is removed"
                )
        return [LogEnd(*row[:3]) for row in rows]

    @override
    async def audit_ends(self, days: int) -> list[LogEnd]:
        return [LogEnd(*row) for row in await self._reading.fetch(sql.AUDIT_ENDS, days)]

    @override
    async def counts(self, before: str, ends: Sequence[LogEnd]) -> dict[Source, int]:
        found: dict[Source, int] = {}
        for source, statement in sql.COUNTS.items():
            some = () if source is Source.EVENTS else _arrays(ends)
            if some:
                # The day is the first parameter of all of them.
                statement = f"{statement} AND $1::text IS NOT NULL"  # noqa: PLW2901
            found[source] = int(await self._reading.fetchval(statement, before, *some))
        return found

    @override
    async def audit_count(self, ends: Sequence[LogEnd]) -> int:
        return int(await self._reading.fetchval(sql.AUDIT_COUNT, *_arrays(ends)))

    @override
    async def announce(self, before: str) -> None:
        await self._writing.execute(sql.ANNOUNCE, _first_id(before))

    @asynccontextmanager
    @override
    async def view(self) -> AsyncIterator[RetentionView]:
        async with self._reading.transaction(isolation="repeatable_read", readonly=True):
            yield PostgresRetentionView(self._reading)

    @override
    async def set_openings(self, account_id: str, openings: OpeningsRow) -> bool:
        async with self._locking():
            await self._writing.execute(sql.LOCK_ACCOUNT, account_id)
            late = await self._writing.fetchval(sql.AMENDED_SINCE, account_id, openings.amended_to)
            if late:
                return False
            await self._writing.execute(sql.CLEAR_OPENING_POSITIONS, account_id)
            await self._writing.execute(
                PUT_POSITIONS.replace("oms.positions", "oms.opening_positions"),
                [packed_position(each) for each in openings.positions],
            )
            await self._writing.execute(
                sql.SET_POSITION_BASE, account_id, openings.sequence, openings.amended_to
            )
        return True

    @override
    async def rows(
        self, source: Source, before: str, ends: Sequence[LogEnd] = ()
    ) -> AsyncIterator[str]:
        parameters: tuple[Any, ...] = ()
        if source is Source.AUDIT:
            parameters = _arrays(ends)
        elif source in {Source.EVENTS, Source.PARKED}:
            parameters = (before,)
        async with self._reading.transaction(isolation="repeatable_read", readonly=True):
            cursor = self._reading.cursor(sql.ROWS[source], *parameters, prefetch=ROWS_PREFETCH)
            async for (line,) in cursor:
                yield line

    @override
    async def remove_orders(self, account_id: str, after: str) -> tuple[int, str]:
        async with self._locking():
            await self._writing.execute(sql.CHANGE_ACCOUNT, account_id)
            count, last = await self._writing.fetchrow(sql.REMOVE_ORDERS, account_id, after)
        return count, last or ""

    @override
    async def remove_keys(self, account_id: str, after: str) -> tuple[int, str]:
        async with self._locking():
            count, last = await self._writing.fetchrow(sql.REMOVE_KEYS, account_id, after)
        return count, last or ""

    @override
    async def kept_orders(self, account_id: str, end: LogEnd) -> list[str]:
        rows = await self._reading.fetch(sql.KEPT_ORDERS, account_id, end.sequence)
        return [row[0] for row in rows]

    @override
    async def events_of(
        self, account_id: str, order_ids: Sequence[str], until: int
    ) -> AsyncIterator[tuple[bytes, bytes]]:
        async with self._reading.transaction(isolation="repeatable_read", readonly=True):
            cursor = self._reading.cursor(
                sql.EVENTS_OF, account_id, order_ids, until, prefetch=ROWS_PREFETCH
            )
            async for payload, event_hash in cursor:
                yield payload, event_hash

    @override
    async def base_orders(self, account_id: str) -> list[tuple[bytes, bytes]]:
        return [tuple(row) for row in await self._reading.fetch(OPENING_ORDERS, account_id)]

    @override
    async def move_base(self, end: LogEnd, openings: Sequence[Opening]) -> None:
        async with self._locking():
            await self._writing.execute(sql.CLEAR_OPENING_ORDERS, end.key)
            await self._writing.execute(sql.ADD_OPENING_ORDERS, end.key, *columns(openings, 3))
            await self._writing.execute(sql.SET_BASE, CommitLog.ORDER_EVENTS, *end)

    @override
    async def drop_events(self, before: str) -> list[str]:
        dropped = []
        for (part,) in await self._reading.fetch(sql.OLD_PARTITIONS, before):
            if await self._reading.fetchval(sql.ABOVE_BASE.format(part=part)):
                continue
            await self._patiently((sql.DETACH.format(part=part),), (sql.DROP.format(part=part),))
            dropped.append(part)
        await self._patiently(
            (sql.DEFAULT_TRIGGERS.format("DISABLE"),),
            (sql.REMOVE_DEFAULT, before),
            (sql.DEFAULT_TRIGGERS.format("ENABLE"),),
        )
        await self._writing.execute(sql.REMOVE_VENUE_IDS, _first_id(before))
        return dropped

    @override
    async def remove_audit(self, end: LogEnd) -> int:
        _, removed, _ = await self._patiently(
            (sql.AUDIT_TRIGGERS.format("DISABLE"),),
            (sql.REMOVE_AUDIT, end.key, end.sequence),
            (sql.AUDIT_TRIGGERS.format("ENABLE"),),
        )
        return int(removed[0][0])

    @override
    async def remove_parked(self, before: str) -> int:
        return len(await self._writing.fetch(sql.REMOVE_PARKED, before))

    @override
    async def record(self, archived: Archived) -> None:
        await self._writing.execute(sql.RECORD, *archived)

    @override
    async def archives(self) -> dict[str, bytes]:
        return dict(await self._reading.fetch(sql.ARCHIVES))

    @override
    async def bases(self, log: str) -> list[LogEnd]:
        return [LogEnd(*row) for row in await self._reading.fetch(LOG_BASES, log)]

    @asynccontextmanager
    async def _locking(self) -> AsyncIterator[None]:
        """Open a transaction that may wait for the order path as long as it needs."""
        async with self._writing.transaction():
            await self._writing.execute("SET LOCAL lock_timeout = 0")
            yield

    async def _patiently(self, *statements: tuple[Any, ...]) -> list[Any]:
        """Run statements in one transaction whose locks everybody else has to wait for.

        It waits a short while for them, and is tried again. Returns what the statements returned.
        """
        for attempt in range(LOCK_ATTEMPTS_MAX):
            try:
                async with self._writing.transaction():
                    return [
                        await self._writing.fetch(statement, *parameters)
                        for statement, *parameters in statements
                    ]
            except asyncpg.LockNotAvailableError:
                if attempt == LOCK_ATTEMPTS_MAX - 1:
                    raise
                await asyncio.sleep(LOCK_PAUSE_S)
        raise AssertionError("the last attempt raises")


def _arrays(ends: Sequence[LogEnd]) -> tuple[list[str], list[int]]:
    return [end.key for end in ends], [end.sequence for end in ends]


def _first_id(day: str) -> str:
    time = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return first_ulid(int(time.timestamp()) * NS_PER_S)
