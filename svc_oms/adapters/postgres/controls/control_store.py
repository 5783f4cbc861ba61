"""Limits and positions on PostgreSQL: changes one at a time, and everything that is read."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from typing_extensions import override

from svc_oms.adapters.postgres.controls import control_statements as sql
from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.logs.audit_log_store import AuditConnection
from svc_oms.adapters.postgres.orders import order_statements as statements
from svc_oms.adapters.postgres.orders.write_parameters import packed_position
from svc_oms.adapters.postgres.pool_reader import PoolReader
from svc_oms.service.ports import AccountRow, OrderRow, PositionRow
from svc_oms.service.ports.control_ports import (
    AccountPicture,
    ControlChange,
    ControlRecord,
    ControlStore,
    RecordKind,
)


class PostgresChange(AuditConnection, ControlChange):
    """A change of the controls in one transaction."""

    @override
    async def answer(self, subject: str, key: str) -> tuple[bytes, bytes] | None:
        row = await self._connection.fetchrow(sql.KEY, subject, key)
        return None if row is None else (row[0], row[1])

    @override
    async def newest(self, kind: RecordKind, object_id: str) -> ControlRecord | None:
        row = await self._connection.fetchrow(sql.NEWEST_BY_ID, kind, object_id)
        return None if row is None else ControlRecord(*row)

    @override
    async def newest_named(self, kind: RecordKind, name: str) -> ControlRecord | None:
        row = await self._connection.fetchrow(sql.NEWEST_BY_NAME, kind, name)
        return None if row is None else ControlRecord(*row)

    @override
    async def lock_account(self, account_id: str) -> AccountRow | None:
        row = await self._connection.fetchrow(sql.LOCK_ACCOUNT, account_id)
        return None if row is None else AccountRow(*row)

    @override
    async def add(self, record: ControlRecord) -> None:
        await self._connection.execute(sql.ADD_RECORD, *record)

    @override
    async def set_account(self, account_id: str, status: int, controls: str) -> None:
        await self._connection.execute(sql.SET_ACCOUNT, account_id, status, controls)

    @override
    async def done(self, subject: str, key: str, body_hash: bytes, answer: bytes) -> None:
        await self._connection.execute(sql.ADD_KEY, subject, key, body_hash, answer)
        await self._connection.execute(statements.MOVE_CONTROLS)


class PostgresControls(ControlStore, PoolReader):
    """Limits, overrides, trading states and stops in PostgreSQL."""

    def __init__(self, write_pool: asyncpg.Pool, read_pool: asyncpg.Pool) -> None:
        self._write_pool = write_pool
        self._read_pool = read_pool

    @asynccontextmanager
    @override
    async def change(self) -> AsyncIterator[ControlChange]:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                await connection.execute(statements.LOCK_CONTROLS)
                yield PostgresChange(connection)

    @override
    async def in_force(
        self,
        kind: RecordKind,
        at_us: int,
        after_id: str,
        scopes: Sequence[str] | None,
        limit: int,
    ) -> list[ControlRecord]:
        rows = await self._fetch(sql.IN_FORCE, kind, at_us, after_id, scopes, limit)
        return [ControlRecord(*row) for row in rows]

    @override
    async def newest_first(
        self, kind: RecordKind, before_id: str, scopes: Sequence[str] | None, name: str, limit: int
    ) -> list[ControlRecord]:
        rows = await self._fetch(sql.NEWEST_FIRST, kind, before_id, scopes, name, limit)
        return [ControlRecord(*row) for row in rows]

    @override
    async def history(
        self, kind: RecordKind, object_id: str, after: int, limit: int
    ) -> list[ControlRecord]:
        rows = await self._fetch(sql.HISTORY, kind, object_id, after, limit)
        return [ControlRecord(*row) for row in rows]

    @override
    async def account_rows(self, account_ids: Sequence[str]) -> list[AccountRow]:
        return [AccountRow(*row) for row in await self._fetch(sql.ACCOUNTS, account_ids)]

    @override
    async def positions(self, account_id: str) -> list[PositionRow]:
        return [PositionRow(*row) for row in await self._fetch(sql.POSITIONS, [account_id])]

    @override
    async def picture(self, account_id: str, now_us: int) -> AccountPicture | None:
        with translated():
            async with (
                self._read_pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                row = await connection.fetchrow(sql.ACCOUNTS, [account_id])
                if row is None:
                    return None
                orders = await connection.fetch(sql.ALL_OPEN, [account_id])
                positions = await connection.fetch(sql.POSITIONS, [account_id])
                version = await connection.fetchval(statements.CONTROLS_VERSION)
                records = await connection.fetch(sql.LIVE, now_us)
        return AccountPicture(
            AccountRow(*row),
            [OrderRow(*each) for each in orders],
            [PositionRow(*each) for each in positions],
            int(version),
            [(each[0], each[1]) for each in records],
        )

    @override
    async def rebuild_positions(
        self, account_id: str, last_sequence: int, rows: Sequence[PositionRow], controls: str
    ) -> bool:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                locked = AccountRow(*await connection.fetchrow(sql.LOCK_ACCOUNT, account_id))
                if locked.last_sequence != last_sequence:
                    return False
                await connection.execute(sql.PUT_POSITIONS, [packed_position(p) for p in rows])
                await connection.execute(sql.SET_ACCOUNT, account_id, locked.status, controls)
        return True
