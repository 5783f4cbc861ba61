"""Kill switches on PostgreSQL; see `kill_ports.KillStore`."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from typing_extensions import override

from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.kill import kill_statements as sql
from svc_oms.adapters.postgres.logs.audit_log_store import AuditConnection
from svc_oms.adapters.postgres.orders.order_statements import LOCK_CONTROLS, MOVE_CONTROLS
from svc_oms.service.ports import Record
from svc_oms.service.ports.kill_ports import (
    KillStore,
    OpenOrder,
    PullRow,
    PullState,
    SessionStanding,
    SwitchKind,
    SwitchRow,
)


def switch_row(row: Any) -> SwitchRow:
    """Read a row of COLUMNS."""
    found = SwitchRow(*row)
    return found._replace(scope=tuple(found.scope), counts=tuple(found.counts))


class PostgresKillStore(KillStore):
    """Kill switches and their orders in PostgreSQL."""

    def __init__(self, write_pool: asyncpg.Pool, read_pool: asyncpg.Pool) -> None:
        self._write_pool = write_pool
        self._read_pool = read_pool

    @override
    async def engage(
        self, row: SwitchRow, in_force_max: int, record: Record | None = None
    ) -> tuple[SwitchRow, bool] | None:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                await connection.execute(LOCK_CONTROLS)
                found = await connection.fetchrow(sql.BY_KEY, row.engaged_by, row.idempotency_key)
                if found is not None:
                    return switch_row(found), False
                if row.kind == SwitchKind.SWITCH and not row.drill:
                    in_force = await connection.fetchval(sql.COUNT_IN_FORCE)
                    if in_force >= in_force_max:
                        return None
                version = await connection.fetchval(MOVE_CONTROLS)
                made = await connection.fetchrow(
                    sql.ENGAGE,
                    *row[:5],
                    list(row.scope),
                    *row[6:8],
                    version,
                    *row[9:11],
                    row.engaged_by_name,
                )
                if record is not None:
                    await record(AuditConnection(connection))
        return switch_row(made), True

    @override
    async def has_key(self, by: str, key: str) -> bool:
        with translated():
            return await self._write_pool.fetchrow(sql.BY_KEY, by, key) is not None

    @override
    async def propose_release(
        self,
        switch_id: str,
        by: str,
        reason: str,
        now_us: int,
        name: str = "",
        record: Record | None = None,
    ) -> SwitchRow | None:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                changed = await connection.fetchval(
                    sql.PROPOSE_RELEASE, switch_id, by, reason, now_us, name
                )
                if changed and record is not None:
                    await record(AuditConnection(connection))
        return await self._written(switch_id)

    @override
    async def release(
        self, switch_id: str, by: str, now_us: int, name: str = "", record: Record | None = None
    ) -> SwitchRow | None:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                await connection.execute(LOCK_CONTROLS)
                version = await connection.fetchval(MOVE_CONTROLS)
                changed = await connection.fetchval(
                    sql.RELEASE, switch_id, by, now_us, version, name
                )
                if changed and record is not None:
                    await record(AuditConnection(connection))
        return await self._written(switch_id)

    async def _written(self, switch_id: str) -> SwitchRow | None:
        with translated():
            row = await self._write_pool.fetchrow(sql.SWITCH, switch_id)
        return None if row is None else switch_row(row)

    @override
    async def current(self, changed_within_s: int) -> list[SwitchRow]:
        with translated():
            rows = await self._read_pool.fetch(sql.CURRENT, changed_within_s)
        return [switch_row(row) for row in rows]

    @override
    async def switch(self, switch_id: str) -> SwitchRow | None:
        with translated():
            row = await self._read_pool.fetchrow(sql.SWITCH, switch_id)
        return None if row is None else switch_row(row)

    @override
    async def switches(
        self,
        before_id: str,
        limit: int,
        *,
        in_force_only: bool,
        account_ids: Sequence[str] | None,
        trader: str = "",
    ) -> list[SwitchRow]:
        with translated():
            rows = await self._read_pool.fetch(
                sql.LIST, before_id, in_force_only, account_ids, limit, trader
            )
        return [switch_row(row) for row in rows]

    @override
    async def in_force_at(self, at_us: int, limit: int) -> list[SwitchRow]:
        with translated():
            rows = await self._read_pool.fetch(sql.IN_FORCE_AT, at_us, limit)
        return [switch_row(row) for row in rows]

    @override
    async def confirm(self, session_id: str, token: int, version: int, now_us: int) -> None:
        with translated():
            await self._write_pool.execute(sql.CONFIRM, session_id, token, version, now_us)

    @override
    async def standings(self) -> list[SessionStanding]:
        with translated():
            rows = await self._read_pool.fetch(sql.STANDINGS)
        return [SessionStanding(*row) for row in rows]

    @override
    async def acknowledge(
        self, switch_id: str, state: int, sessions: bytes, now_us: int
    ) -> SwitchRow | None:
        with translated():
            row = await self._write_pool.fetchrow(
                sql.ACKNOWLEDGE, switch_id, state, sessions, now_us
            )
        return None if row is None else switch_row(row)

    @override
    async def lease(self, switch_id: str, replica: str, seconds: float) -> bool:
        with translated():
            row = await self._write_pool.fetchrow(sql.LEASE, switch_id, replica, seconds)
        return row is not None

    @override
    async def open_orders(
        self, switch_id: str, scope: tuple[str, ...], after: str, limit: int
    ) -> list[OpenOrder]:
        with translated():
            rows = await self._read_pool.fetch(
                sql.OPEN_IN_SCOPE, switch_id, list(scope), after, limit
            )
        return [OpenOrder(*row) for row in rows]

    @override
    async def pulls(
        self,
        switch_id: str,
        after: str,
        limit: int,
        outcomes: Sequence[int],
        account_ids: Sequence[str] | None = None,
    ) -> list[PullRow]:
        with translated():
            rows = await self._read_pool.fetch(
                sql.PULLS, switch_id, after, limit, list(outcomes), account_ids
            )
        return [PullRow(*row) for row in rows]

    @override
    async def unsettled(self, switch_id: str, after: str, limit: int) -> list[PullState]:
        width = len(PullRow._fields)
        with translated():
            rows = await self._read_pool.fetch(sql.UNSETTLED, switch_id, after, limit)
        return [PullState(PullRow(*tuple(row)[:width]), *tuple(row)[width:]) for row in rows]

    @override
    async def keep_pulls(self, switch_id: str, rows: Sequence[PullRow]) -> None:
        if not rows:
            return
        columns = zip(*(row[1:] for row in rows), strict=True)
        with translated():
            await self._write_pool.execute(sql.KEEP_PULLS, switch_id, *columns)

    @override
    async def count(
        self, switch_id: str, *, listed: bool, commands_held: int, settled: bool, now_us: int
    ) -> bool:
        with translated():
            row = await self._write_pool.fetchrow(
                sql.COUNT, switch_id, listed, commands_held, settled, now_us
            )
        return row is not None
