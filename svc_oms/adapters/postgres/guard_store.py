"""Guards of flows on PostgreSQL: cancel on disconnect.

Arming and claiming lock the name they are about, so that a flow that comes back and a
replica that gives it up decide one after the other.
"""
# ruff: noqa: S608  # statements are put together from constants of this file only

from collections.abc import Sequence
from typing import Any

import asyncpg
from typing_extensions import override

from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.logs.audit_log_store import AuditConnection
from svc_oms.service.ports import Record
from svc_oms.service.ports.guard_ports import Armed, GuardRow, GuardStore

# A holder that was not renewed for so long is dead.
DEAD_AFTER = "interval '5 s'"
# A replica that claimed a guard and did not fire it for so long is dead, too.
CLAIM_LIFE = "interval '10 s'"
# How long a disarmed guard outlives its flow.
DISARMED_LIFE = "interval '10 min'"
DUE_ROWS_MAX = 100

_COLUMNS = "holder, subject, session_name, account_ids, grace_s"

DEFAULTS = """
SELECT account_id, disconnect_grace_s FROM oms.accounts
WHERE account_id = ANY($1::text[]) AND disconnect_grace_s IS NOT NULL
"""

HELD = "SELECT count(*) FROM oms.disconnect_guards WHERE subject = $1 AND state < 4"

LOCK_NAME = """
SELECT pg_advisory_xact_lock(hashtextextended('disconnect' || chr(31) || $1 || chr(31) || $2, 0))
"""

ARM = f"""
WITH firing AS (
    SELECT FROM oms.disconnect_guards WHERE subject = $2 AND session_name = $3 AND state = 3
), resumed AS (
    DELETE FROM oms.disconnect_guards WHERE subject = $2 AND session_name = $3
        AND state IN (2, 4) AND NOT EXISTS (SELECT FROM firing)
    RETURNING state
), armed AS (
    INSERT INTO oms.disconnect_guards ({_COLUMNS}, state, seen_at)
    SELECT $1, $2, $3, $4::text[], $5::integer, 1, clock_timestamp()
    WHERE NOT EXISTS (SELECT FROM firing)
    RETURNING holder
)
SELECT EXISTS (SELECT FROM armed), EXISTS (SELECT FROM resumed WHERE state = 2)
"""

DISARM = """
UPDATE oms.disconnect_guards SET state = 4, seen_at = clock_timestamp(), due_at = NULL
WHERE holder = $1 AND state <> 3
"""

LOST = """
UPDATE oms.disconnect_guards SET state = 2, seen_at = clock_timestamp(),
    due_at = clock_timestamp() + make_interval(secs => greatest(grace_s, $2::integer))
WHERE holder = $1 AND state = 1
"""

VOUCH = """
UPDATE oms.disconnect_guards SET seen_at = clock_timestamp()
WHERE holder = ANY($1::text[]) AND state = 1 RETURNING holder
"""

_DUE = f"""(state = 2 AND due_at <= clock_timestamp()
    OR state = 1 AND seen_at + make_interval(secs => grace_s) + {DEAD_AFTER} <= clock_timestamp()
    OR state = 3 AND due_at + {CLAIM_LIFE} <= clock_timestamp())"""

DUE = f"""
SELECT {_COLUMNS} FROM oms.disconnect_guards WHERE {_DUE} AND (state <> 1 OR $1::boolean)
ORDER BY holder LIMIT {DUE_ROWS_MAX}
"""

NAME = "SELECT subject, session_name FROM oms.disconnect_guards WHERE holder = $1"

# The flow of a name that was renewed last decides for the name.
CLAIM = f"""
WITH mine AS (
    SELECT * FROM oms.disconnect_guards WHERE holder = $1 AND {_DUE}
), newer AS (
    SELECT FROM mine m JOIN oms.disconnect_guards o USING (subject, session_name)
    WHERE m.state <> 3 AND o.holder <> m.holder AND o.state <> 3
        AND (o.seen_at > m.seen_at
            OR o.state = 1 AND o.seen_at + {DEAD_AFTER} > clock_timestamp())
), gone AS (
    DELETE FROM oms.disconnect_guards g USING mine m
    WHERE g.holder = m.holder AND EXISTS (SELECT FROM newer)
), claimed AS (
    UPDATE oms.disconnect_guards g SET state = 3, due_at = clock_timestamp() FROM mine m
    WHERE g.holder = m.holder AND NOT EXISTS (SELECT FROM newer)
    RETURNING g.holder
)
SELECT EXISTS (SELECT FROM claimed)
"""

FIRED = "DELETE FROM oms.disconnect_guards WHERE holder = $1 AND state = 3"

FORGET = f"""
DELETE FROM oms.disconnect_guards
WHERE state = 4 AND seen_at + {DISARMED_LIFE} <= clock_timestamp()
"""

SET_DEFAULT = """
UPDATE oms.accounts SET disconnect_grace_s = $2 WHERE account_id = $1 RETURNING account_id
"""


class PostgresGuards(GuardStore):
    """Guards of flows in PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @override
    async def defaults(self, account_ids: Sequence[str]) -> dict[str, int]:
        with translated():
            return dict(await self._pool.fetch(DEFAULTS, account_ids))

    async def set_default(
        self, account_id: str, grace_s: int | None, record: Record | None = None
    ) -> bool:
        """Set or remove an account's default; False if there is no such account."""
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                known = await connection.fetchval(SET_DEFAULT, account_id, grace_s) is not None
                if known and record is not None:
                    await record(AuditConnection(connection))
        return known

    @override
    async def held(self, subject: str) -> int:
        with translated():
            return int(await self._pool.fetchval(HELD, subject))

    @override
    async def arm(self, row: GuardRow) -> Armed:
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(LOCK_NAME, row.subject, row.session_name)
                return Armed(*await connection.fetchrow(ARM, *row))

    @override
    async def disarm(self, holder: str) -> None:
        await self._execute(DISARM, holder)

    @override
    async def lost(self, holder: str, grace_min_s: int) -> None:
        await self._execute(LOST, holder, grace_min_s)

    @override
    async def vouch(self, holders: Sequence[str]) -> list[str]:
        with translated():
            return [row[0] for row in await self._pool.fetch(VOUCH, holders)]

    @override
    async def due(self, *, dead_too: bool) -> list[GuardRow]:
        with translated():
            rows = await self._pool.fetch(DUE, dead_too)
            await self._pool.execute(FORGET)
        return [GuardRow(h, subject, name, tuple(a), grace) for h, subject, name, a, grace in rows]

    @override
    async def claim(self, holder: str) -> bool:
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                name = await connection.fetchrow(NAME, holder)
                if name is None:
                    return False
                await connection.execute(LOCK_NAME, *name)
                return bool(await connection.fetchval(CLAIM, holder))

    @override
    async def fired(self, holder: str) -> None:
        await self._execute(FIRED, holder)

    async def _execute(self, statement: str, *parameters: Any) -> None:
        with translated():
            await self._pool.execute(statement, *parameters)
