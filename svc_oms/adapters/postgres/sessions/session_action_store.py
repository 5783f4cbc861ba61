"""Standbys and actions of FIX sessions; see `session_ports.SessionActionStore`.

Statements are put together from constants of this file only; values are parameters.
"""
# ruff: noqa: S608

from collections.abc import Sequence
from typing import Any

import asyncpg
from typing_extensions import override

from ordermesh.oms.v1 import session_pb2 as pb
from svc_oms.adapters.postgres.columns import FROM_US
from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.logs.audit_log_store import AuditConnection
from svc_oms.adapters.postgres.pool_reader import PoolReader
from svc_oms.adapters.postgres.sessions import session_statements as sql
from svc_oms.service.ports import Record, SessionRow
from svc_oms.service.ports.session_ports import (
    ActionRow,
    ActionUnderWayError,
    NewNumbers,
    SessionActionStore,
)

_PROPOSED, _APPROVED = pb.SESSION_ACTION_STATE_PROPOSED, pb.SESSION_ACTION_STATE_APPROVED
_SENT, _UNKNOWN = pb.SESSION_ACTION_STATE_SENT, pb.SESSION_ACTION_STATE_UNKNOWN
_EXPIRED = pb.SESSION_ACTION_STATE_EXPIRED

_COLUMNS = """action_id, session_id, kind, state,
    (extract(epoch FROM expires_at) * 1000000)::int8, body"""

_ADD = f"""
WITH wished AS (
    UPDATE oms.sessions SET kept_out = $7 WHERE session_id = $2 AND $7::boolean IS NOT NULL
)
INSERT INTO oms.session_actions (action_id, session_id, kind, state, expires_at, body)
VALUES ($1, $2, $3, $4, {FROM_US.format("$5::int8")}, $6)
RETURNING action_id
"""

_MOVE = f"""
UPDATE oms.session_actions SET state = $2, body = $3, updated_at = now(),
    expires_at = {FROM_US.format("$5::int8")}
WHERE action_id = $1 AND state = $4 AND (state = {_SENT} OR expires_at > now())
RETURNING action_id
"""

# Both or nothing: an owner that was overtaken settles nothing and moves no number.
_SETTLE = f"""
WITH numbered AS (
    UPDATE oms.sessions SET
        inbound_epoch = coalesce($5::int8, inbound_epoch),
        sender_epoch = coalesce($5::int8, sender_epoch),
        next_sender_msg_seq_num = coalesce($6::int8, next_sender_msg_seq_num),
        inbound_msg_seq_num = coalesce($7::int8 - 1, inbound_msg_seq_num)
    WHERE session_id = $8 AND fencing_token = $4 RETURNING session_id
)
UPDATE oms.session_actions a SET state = $2, body = $3, updated_at = now()
FROM numbered n
WHERE a.action_id = $1 AND a.state IN ({_SENT}, {_UNKNOWN}) AND n.session_id = a.session_id
RETURNING a.action_id
"""

_ACTION = f"SELECT {_COLUMNS} FROM oms.session_actions WHERE action_id = $1"

_ACTIONS = f"""
SELECT {_COLUMNS} FROM oms.session_actions
WHERE ($1 = '' OR session_id = $1) AND ($2 = '' OR action_id < $2)
ORDER BY action_id DESC LIMIT $3
"""

_LAPSE = f"""
UPDATE oms.session_actions SET state = {_EXPIRED}, updated_at = now()
WHERE state IN ({_PROPOSED}, {_APPROVED}) AND expires_at <= now()
"""

_DUE = f"""
SELECT {_COLUMNS} FROM oms.session_actions
WHERE session_id = ANY($1::text[]) AND state IN ({_APPROVED}, {_SENT}) AND expires_at > now()
ORDER BY action_id
"""

_LAPSES_IN_S = f"""
SELECT extract(epoch FROM min(expires_at) - now())::float8 FROM oms.session_actions
WHERE state IN ({_PROPOSED}, {_APPROVED}, {_SENT})
"""

_HAND_OVER = """
UPDATE oms.sessions SET handed_over_from = $2,
    handed_over_until = now() + $3 * interval '1 s'
WHERE session_id = $1
"""

_SAW = """
INSERT INTO oms.session_standbys (session_id, gateway_instance, replica)
SELECT u.session_id, u.gateway, $3 FROM unnest($1::text[], $2::text[]) AS u (session_id, gateway)
ON CONFLICT (session_id, gateway_instance)
DO UPDATE SET replica = excluded.replica, seen_at = now()
"""

_STANDBYS = """
SELECT session_id, gateway_instance FROM oms.session_standbys
WHERE seen_at >= now() - interval '3 s' ORDER BY session_id, gateway_instance
"""

# An action not decided or begun in time is EXPIRED; one SENT and not answered is UNKNOWN.
LAPSE_ACTIONS = f"""
WITH lapsed AS (
    UPDATE oms.session_actions SET state =
            CASE state WHEN {_SENT} THEN {_UNKNOWN} ELSE {_EXPIRED} END,
        updated_at = now()
    WHERE state IN ({_PROPOSED}, {_APPROVED}, {_SENT}) AND expires_at <= now()
    RETURNING action_id, session_id, kind, state, expires_at, body
)
SELECT action_id, session_id, kind, state, (extract(epoch FROM expires_at) * 1000000)::int8, body
FROM lapsed WHERE state = {_UNKNOWN} ORDER BY action_id
"""


class PostgresSessionActions(SessionActionStore, PoolReader):
    """Standbys and what people do to FIX sessions, in PostgreSQL."""

    def __init__(self, write_pool: asyncpg.Pool, read_pool: asyncpg.Pool) -> None:
        self._write_pool = write_pool
        self._read_pool = read_pool

    @override
    async def add(
        self, row: ActionRow, *, kept_out: bool | None = None, record: Record | None = None
    ) -> None:
        await self._lapse()
        await self._change(record, _ADD, *row, kept_out)

    @override
    async def move(self, row: ActionRow, before: int, record: Record | None = None) -> bool:
        await self._lapse()
        return await self._change(
            record, _MOVE, row.action_id, row.state, row.body, before, row.expires_at_us
        )

    @override
    async def settle(
        self,
        row: ActionRow,
        token: int,
        numbers: NewNumbers | None,
        record: Record | None = None,
    ) -> bool:
        new = numbers or (None, None, None)
        return await self._change(
            record, _SETTLE, row.action_id, row.state, row.body, token, *new, row.session_id
        )

    async def _change(self, record: Record | None, statement: str, *parameters: Any) -> bool:
        """Make a change and record it; False if there was none to make."""
        with translated():
            try:
                async with self._write_pool.acquire() as connection, connection.transaction():
                    found = await connection.fetchrow(statement, *parameters)
                    if found is not None and record is not None:
                        await record(AuditConnection(connection))
            except asyncpg.UniqueViolationError as error:
                raise ActionUnderWayError from error
        return found is not None

    @override
    async def action(self, action_id: str) -> ActionRow | None:
        rows = await self._fetch(_ACTION, action_id)
        return ActionRow(*rows[0]) if rows else None

    @override
    async def actions(self, session_id: str, before: str, limit: int) -> list[ActionRow]:
        await self._lapse()
        return [ActionRow(*row) for row in await self._fetch(_ACTIONS, session_id, before, limit)]

    @override
    async def due(self, session_ids: Sequence[str]) -> list[ActionRow]:
        return [ActionRow(*row) for row in await self._fetch(_DUE, session_ids)]

    @override
    async def lapses_in_s(self) -> float | None:
        with translated():
            found = await self._read_pool.fetchval(_LAPSES_IN_S)
        return None if found is None else float(found)

    async def _lapse(self) -> None:
        with translated():
            await self._write_pool.execute(_LAPSE)

    @override
    async def hand_over(self, session_id: str, gateway: str, seconds: int) -> None:
        with translated():
            await self._write_pool.execute(_HAND_OVER, session_id, gateway, seconds)

    @override
    async def saw_standbys(self, waiting: Sequence[tuple[str, str]], replica: str) -> None:
        pairs = sorted(set(waiting))
        sessions, gateways = [one for one, _ in pairs], [one for _, one in pairs]
        with translated():
            await self._write_pool.execute(_SAW, sessions, gateways, replica)

    @override
    async def standbys(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for session_id, gateway in await self._fetch(_STANDBYS):
            found.setdefault(session_id, []).append(gateway)
        return found

    @override
    async def sessions(self) -> list[SessionRow]:
        return [SessionRow(*row) for row in await self._fetch(sql.SESSIONS)]
