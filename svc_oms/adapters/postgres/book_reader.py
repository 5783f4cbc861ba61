"""The whole book in one view, for verification."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from typing_extensions import override

from svc_oms.adapters.postgres.commit_log import read_log
from svc_oms.adapters.postgres.control_statements import POSITIONS
from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.fills import PostgresFills
from svc_oms.adapters.postgres.order_statements import ORDERS_TABLE
from svc_oms.domain.hashchain import GENESIS
from svc_oms.service.book.commit_logs import CommitLog, LogEntry
from svc_oms.service.book.verification import (
    AccountReader,
    StoredAccount,
    StoredBase,
    StoredExecution,
    StoredOrder,
)
from svc_oms.service.ports import AuditHead, AuditLine, PositionRow

# Rows fetched at a time while the log is read.
LOG_ROWS_PREFETCH = 2_000

ACCOUNTS = "SELECT account_id, last_sequence, chain_head FROM oms.accounts ORDER BY account_id"
LOG = """
SELECT payload, hash FROM oms.order_events WHERE account_id = $1
    AND sequence > coalesce((SELECT b.sequence FROM oms.log_bases b
        WHERE b.log = 'order_events' AND b.key = $1), 0) ORDER BY sequence
"""
LOG_BASES = "SELECT key, sequence, hash FROM oms.log_bases WHERE log = $1"
OPENING_ORDERS = "SELECT body, fold FROM oms.opening_orders WHERE account_id = $1"
_SHOWN = ", ".join(f"{sql} AS {field}" for field, sql in ORDERS_TABLE.shown.items())
ORDERS = f"SELECT body, fold, {_SHOWN} FROM oms.orders WHERE account_id = $1 ORDER BY order_id"  # noqa: S608 - constants
EXECUTIONS = """
SELECT sequence, exec_type, body, busted FROM oms.executions WHERE account_id = $1 ORDER BY sequence
"""
AUDIT_CHAINS = "SELECT writer, last_sequence, head FROM oms.audit_chains ORDER BY writer"
AUDIT_LOG = """
SELECT sequence, entry_id, (extract(epoch FROM at) * 1000000)::bigint, kind, actor, account_id,
    order_id, reason, payload, hash
FROM oms.audit_log WHERE writer = $1 AND sequence > coalesce((SELECT b.sequence
    FROM oms.log_bases b WHERE b.log = 'audit_log' AND b.key = $1), 0) ORDER BY sequence
"""


class PostgresBookReader(AccountReader):
    """One account as of one moment: a repeatable view of the database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @override
    async def accounts(self) -> list[StoredAccount]:
        return [StoredAccount(*row) for row in await self._connection.fetch(ACCOUNTS)]

    @override
    async def base(self, account_id: str) -> StoredBase:
        sequence, head = (await self.log_bases(CommitLog.ORDER_EVENTS)).get(
            account_id, (0, GENESIS)
        )
        orders = [tuple(row) for row in await self._connection.fetch(OPENING_ORDERS, account_id)]
        openings = await PostgresFills(self._connection).openings(account_id)
        return StoredBase(sequence, head, orders, openings)

    @override
    async def log_bases(self, log: str) -> dict[str, AuditHead]:
        rows = await self._connection.fetch(LOG_BASES, log)
        return {key: AuditHead(*rest) for key, *rest in rows}

    @override
    async def log(self, account_id: str) -> AsyncIterator[tuple[bytes, bytes]]:
        rows = self._connection.cursor(LOG, account_id, prefetch=LOG_ROWS_PREFETCH)
        async for payload, event_hash in rows:
            yield payload, event_hash

    @override
    async def orders(self, account_id: str) -> list[StoredOrder]:
        rows = await self._connection.fetch(ORDERS, account_id)
        return [
            StoredOrder(
                row["body"], row["fold"], {field: row[field] for field in ORDERS_TABLE.shown}
            )
            for row in rows
        ]

    @override
    async def executions(self, account_id: str) -> list[StoredExecution]:
        return [
            StoredExecution(*row) for row in await self._connection.fetch(EXECUTIONS, account_id)
        ]

    @override
    async def audit_chains(self) -> dict[str, AuditHead]:
        rows = await self._connection.fetch(AUDIT_CHAINS)
        return {writer: AuditHead(*rest) for writer, *rest in rows}

    @override
    async def audit_log(self, writer: str) -> AsyncIterator[AuditLine]:
        rows = self._connection.cursor(AUDIT_LOG, writer, prefetch=LOG_ROWS_PREFETCH)
        async for row in rows:
            yield AuditLine(*row)

    @override
    async def commit_log(self, log: CommitLog) -> AsyncIterator[LogEntry]:
        after = 0
        while page := await read_log(self._connection, log, after, LOG_ROWS_PREFETCH):
            for entry in page:
                yield entry
            after = page[-1].log_number

    @override
    async def positions(self, account_id: str) -> list[PositionRow]:
        return [PositionRow(*row) for row in await self._connection.fetch(POSITIONS, [account_id])]


@asynccontextmanager
async def opened(pool: asyncpg.Pool) -> AsyncIterator[PostgresBookReader]:
    """Open one repeatable view."""
    with translated():
        async with (
            pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield PostgresBookReader(connection)
