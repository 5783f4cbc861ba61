"""Parked messages and statements in PostgreSQL; see `ports.parked_ports`.

Statements are put together from constants of this file only; values are parameters.
"""
# ruff: noqa: S608

from collections.abc import Sequence
from typing import Any

import asyncpg
from typing_extensions import override

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import parked_service_pb2 as pb
from ordermesh.oms.v1 import statement_pb2
from svc_oms.adapters.postgres.columns import FROM_US, where_of
from svc_oms.adapters.postgres.pool_reader import PoolReader
from svc_oms.service.ports import ParkedMoreWrite
from svc_oms.service.ports.parked_ports import (
    ParkedFilter,
    ParkedRow,
    ParkedStore,
    SettledWrite,
    StatementFilter,
    StatementRow,
)

_OPEN, _PROPOSED = pb.PARKED_STATE_OPEN, statement_pb2.STATEMENT_STATE_PROPOSED

# Messages that are only counted have one open row for each session and epoch.
_WHY = """CASE WHEN counted = 0 THEN error ELSE format(
    '%s messages, MsgSeqNum(34) %s to %s, are counted and not kept, because too many of this '
    'session wait: settle those, have the venue send these again, then discard this entry',
    counted, msg_seq_num, last_msg_seq_num) END"""
_MESSAGE = f"""parked_id, session_id, session_epoch, msg_seq_num, msg_type, {_WHY},
    coalesce(account_id, ''), coalesce(order_id, ''),
    (extract(epoch FROM parked_at) * 1000000)::int8, state,
    coalesce((extract(epoch FROM settled_at) * 1000000)::int8, 0),
    settled_by, settled_by_name, reason"""

_MESSAGES = (
    f"SELECT {_MESSAGE} FROM oms.parked_messages WHERE {{where}} "
    "ORDER BY parked_id DESC LIMIT {limit}"
)
_WHOLE = f"SELECT {_MESSAGE}, body FROM oms.parked_messages WHERE parked_id = ANY($1::int8[])"
_LOCKED = f"{_WHOLE} ORDER BY parked_id FOR UPDATE"
_NOT_OPEN = f"""
SELECT {_MESSAGE} FROM oms.parked_messages
WHERE parked_id = ANY($1::int8[]) AND state <> {_OPEN} ORDER BY parked_id
"""

_SETTLE = f"""
UPDATE oms.parked_messages SET state = $2, settled_at = {FROM_US.format("$3::int8")},
    settled_by = $4, settled_by_name = $5, reason = $6,
    account_id = coalesce(nullif($7, ''), account_id),
    order_id = coalesce(nullif($8, ''), order_id)
WHERE parked_id = $1 AND state = {_OPEN}
"""

_COUNT_MORE = f"""
INSERT INTO oms.parked_messages AS p (session_id, session_epoch, msg_seq_num, last_msg_seq_num,
    counted, msg_type, error, body)
VALUES ($1, $2, $3, $4, $5, '', '', $6)
ON CONFLICT (session_id, session_epoch) WHERE counted > 0 AND state = {_OPEN} DO UPDATE SET
    counted = p.counted + excluded.counted, last_msg_seq_num = excluded.last_msg_seq_num
"""
_WAITING = f"""
SELECT count(*) FROM oms.parked_messages
WHERE session_id = $1 AND state = {_OPEN} AND counted = 0
"""

_STATEMENT = """statement_id, order_id, account_id, state,
    (extract(epoch FROM expires_at) * 1000000)::int8, request, body"""
_STATEMENTS = (
    f"SELECT {_STATEMENT} FROM oms.statements WHERE {{where}} "
    "ORDER BY statement_id DESC LIMIT {limit}"
)
_ONE_STATEMENT = f"SELECT {_STATEMENT} FROM oms.statements WHERE statement_id = $1"
_LOCKED_STATEMENTS = f"""
SELECT {_STATEMENT} FROM oms.statements WHERE statement_id = ANY($1::text[])
ORDER BY statement_id FOR UPDATE
"""

_WRITE_STATEMENT = f"""
INSERT INTO oms.statements (statement_id, order_id, account_id, state, expires_at, request, body)
VALUES ($1, $2, $3, $4, {FROM_US.format("$5::int8")}, $6, $7)
ON CONFLICT (statement_id) DO UPDATE SET state = excluded.state, body = excluded.body
"""


async def lock_messages(connection: Any, parked_ids: Sequence[int]) -> list[ParkedRow]:
    """Lock parked messages; read them with their bodies."""
    return [ParkedRow(*row) for row in await connection.fetch(_LOCKED, parked_ids)]


async def settle(connection: Any, rows: Sequence[SettledWrite]) -> None:
    """Settle open messages."""
    await connection.executemany(_SETTLE, rows)


async def count_more(connection: Any, more: ParkedMoreWrite) -> None:
    """Count messages that are not kept."""
    message = gw.VenueMessage(
        session_epoch=more.session_epoch,
        msg_seq_num=more.first_msg_seq_num,
        parked=gw.ParkedMessage(error="counted and not kept"),
    )
    await connection.execute(
        _COUNT_MORE,
        more.session_id,
        more.session_epoch,
        more.first_msg_seq_num,
        more.last_msg_seq_num,
        more.messages,
        message.SerializeToString(),
    )


async def lock_statements(connection: Any, statement_ids: Sequence[str]) -> list[StatementRow]:
    """Lock statements; read them."""
    return [StatementRow(*row) for row in await connection.fetch(_LOCKED_STATEMENTS, statement_ids)]


async def write_statements(connection: Any, rows: Sequence[StatementRow]) -> None:
    """Write statements, new ones and new states."""
    await connection.executemany(_WRITE_STATEMENT, rows)


class PostgresParkedStore(ParkedStore, PoolReader):
    """Reads parked messages and statements."""

    def __init__(self, read_pool: asyncpg.Pool) -> None:
        self._read_pool = read_pool

    @override
    async def messages(self, wanted: ParkedFilter) -> list[ParkedRow]:
        where, parameters = where_of(
            (wanted.accounts is not None, "account_id = ANY({}::text[])", wanted.accounts),
            (wanted.order_id, "order_id = {}", wanted.order_id),
            (wanted.session_id, "session_id = {}", wanted.session_id),
            (wanted.before_parked_id, "parked_id < {}", wanted.before_parked_id),
        )
        if wanted.state:
            # As a constant, so that the index of open messages is used.
            where += f" AND state = {int(wanted.state)}"
        statement = _MESSAGES.format(where=where, limit=int(wanted.limit))
        return [ParkedRow(*row) for row in await self._fetch(statement, *parameters)]

    @override
    async def message(self, parked_id: int) -> ParkedRow | None:
        rows = await self._fetch(_WHOLE, [parked_id])
        return ParkedRow(*rows[0]) if rows else None

    @override
    async def settled(self, parked_ids: Sequence[int]) -> list[ParkedRow]:
        return [ParkedRow(*row) for row in await self._fetch(_NOT_OPEN, parked_ids)]

    @override
    async def waiting(self, session_id: str) -> int:
        return int((await self._fetch(_WAITING, session_id))[0][0])

    @override
    async def statements(self, wanted: StatementFilter) -> list[StatementRow]:
        where, parameters = where_of(
            (wanted.accounts is not None, "account_id = ANY({}::text[])", wanted.accounts),
            (wanted.order_id, "order_id = {}", wanted.order_id),
            (wanted.before_statement_id, "statement_id < {}", wanted.before_statement_id),
        )
        if wanted.waiting_only:
            where += f" AND state = {_PROPOSED} AND expires_at > now()"
        statement = _STATEMENTS.format(where=where, limit=int(wanted.limit))
        return [StatementRow(*row) for row in await self._fetch(statement, *parameters)]

    @override
    async def statement(self, statement_id: str) -> StatementRow | None:
        rows = await self._fetch(_ONE_STATEMENT, statement_id)
        return StatementRow(*rows[0]) if rows else None
