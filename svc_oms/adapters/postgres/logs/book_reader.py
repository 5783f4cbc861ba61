"""The whole book in one view, for verification."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from typing_extensions import override

from kernel.hashchain import GENESIS, Head
from svc_oms.adapters.postgres.columns import FROM_US
from svc_oms.adapters.postgres.controls.control_statements import POSITIONS
from svc_oms.adapters.postgres.controls.fills import PostgresFills
from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.logs import evidence
from svc_oms.adapters.postgres.logs.commit_log import KEYS
from svc_oms.adapters.postgres.logs.evidence_log import PostgresEvidenceLog
from svc_oms.adapters.postgres.orders.order_statements import EPOCH, ORDERS_TABLE
from svc_oms.domain.verification.copied_log import StoredEvent
from svc_oms.service.book.book_view import (
    BookReader,
    ChainEntry,
    StoredAccount,
    StoredBase,
    StoredDecision,
    StoredExecution,
    StoredOrder,
)
from svc_oms.service.book.commit_logs import CommitLog, LogEntry
from svc_oms.service.ports import AuditHead, AuditLine, PositionRow

# Rows fetched at a time while a log is read.
LOG_ROWS_PREFETCH = 2_000
# Longest time of one statement: some read a whole table before the first row comes.
STATEMENT_TIMEOUT_S = 3_600.0

ACCOUNTS = """
SELECT a.account_id, a.last_sequence, a.chain_head, coalesce(o.rows, 0), coalesce(e.rows, 0)
FROM oms.accounts a
LEFT JOIN (SELECT account_id, count(*) FROM oms.orders GROUP BY 1) o (account_id, rows)
    USING (account_id)
LEFT JOIN (SELECT account_id, count(*) FROM oms.executions WHERE exec_type <> 'H' GROUP BY 1)
    e (account_id, rows) USING (account_id)
ORDER BY account_id
"""
ROUTING_DECISIONS = """
SELECT order_id, number, sha256(record), record_hash FROM oms.routing_decisions
WHERE order_id = ANY($1::text[]) ORDER BY order_id, number
"""
LOG_BASES = "SELECT key, sequence, hash FROM oms.log_bases WHERE log = $1"
LOG_BASE = f"{LOG_BASES} AND key = $2"
OPENING_ORDERS = "SELECT body, fold FROM oms.opening_orders WHERE account_id = $1"
LOG_START = f"""
SELECT sequence, hash FROM oms.order_events
WHERE account_id = $1 AND recorded_at < {FROM_US.format("$2::int8")}
ORDER BY sequence DESC LIMIT 1
"""  # noqa: S608 - constants
LOG = """
SELECT payload, hash FROM oms.order_events WHERE account_id = $1 AND sequence > $2 ORDER BY sequence
"""
_SHOWN = ", ".join(f"{sql} AS {field}" for field, sql in ORDERS_TABLE.shown.items())
ENDED_ORDERS = f"""
SELECT body, fold, {_SHOWN} FROM oms.orders
WHERE order_id = ANY($2::text[]) AND account_id = $1 AND last_sequence <= $3 ORDER BY order_id
"""  # noqa: S608 - constants
STRAY_ORDERS = f"""
SELECT body, fold, {_SHOWN} FROM oms.orders o WHERE account_id = $1 AND NOT EXISTS (
    SELECT FROM oms.order_events e WHERE e.account_id = $1 AND e.order_id = o.order_id)
    AND NOT EXISTS (SELECT FROM oms.opening_orders b WHERE b.order_id = o.order_id)
ORDER BY order_id LIMIT $2
"""  # noqa: S608 - constants
EXECUTIONS = """
SELECT sequence, exec_type, body, busted FROM oms.executions
WHERE order_id = ANY($1::text[]) AND exec_type <> 'H' ORDER BY order_id, sequence
"""
STRAY_EXECUTIONS = """
SELECT sequence, exec_type, body, busted FROM oms.executions e
WHERE account_id = $1 AND exec_type <> 'H' AND NOT EXISTS (
    SELECT FROM oms.orders o WHERE o.order_id = e.order_id AND o.account_id = $1)
ORDER BY order_id, sequence LIMIT $2
"""
AUDIT_CHAINS = "SELECT writer, last_sequence, head FROM oms.audit_chains ORDER BY writer"
AUDIT_START = f"""
SELECT sequence, hash FROM oms.audit_log WHERE writer = $1 AND at < {FROM_US.format("$2::int8")}
ORDER BY sequence DESC LIMIT 1
"""  # noqa: S608 - constants
AUDIT_LOG = """
SELECT sequence, entry_id, (extract(epoch FROM at) * 1000000)::bigint, kind, actor, account_id,
    order_id, reason, payload, hash
FROM oms.audit_log WHERE writer = $1 AND sequence > $2 ORDER BY sequence
"""
COMMIT_ORDER = {
    log: f"SELECT log_number, {key}, ''::bytea FROM oms.{log} ORDER BY log_number"  # noqa: S608 - constants
    for log, key in KEYS.items()
}


class PostgresBookReader(BookReader):
    """Everything as of one moment: a repeatable view of the database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def evidence_log(self) -> PostgresEvidenceLog:
        """Return the logs by time, in the same view."""
        return PostgresEvidenceLog(self._connection)

    async def _fetch(self, statement: str, *parameters: Any) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(
            statement, *parameters, timeout=STATEMENT_TIMEOUT_S
        )
        return rows

    async def _rows(self, statement: str, *parameters: Any) -> AsyncIterator[Any]:
        rows = self._connection.cursor(
            statement, *parameters, prefetch=LOG_ROWS_PREFETCH, timeout=STATEMENT_TIMEOUT_S
        )
        async for row in rows:
            yield row

    @override
    async def epoch(self) -> str:
        return str((await self._fetch(EPOCH))[0][0])

    @override
    async def accounts(self) -> list[StoredAccount]:
        return [StoredAccount(*row) for row in await self._fetch(ACCOUNTS)]

    @override
    async def base(self, account_id: str) -> StoredBase:
        rows = await self._fetch(LOG_BASE, CommitLog.ORDER_EVENTS, account_id)
        start = AuditHead(*rows[0][1:]) if rows else AuditHead(0, GENESIS)
        orders = [tuple(row) for row in await self._fetch(OPENING_ORDERS, account_id)]
        openings = await PostgresFills(self._connection).openings(account_id)
        return StoredBase(*start, tuple(orders), openings)

    @override
    async def log_bases(self, log: CommitLog) -> dict[str, AuditHead]:
        return {key: AuditHead(*rest) for key, *rest in await self._fetch(LOG_BASES, log)}

    @override
    async def log_start(self, account_id: str, since_us: int) -> AuditHead | None:
        rows = await self._fetch(LOG_START, account_id, since_us)
        return AuditHead(*rows[0]) if rows else None

    @override
    async def log(self, account_id: str, after: int = 0) -> AsyncIterator[tuple[bytes, bytes]]:
        async for payload, event_hash in self._rows(LOG, account_id, after):
            yield payload, event_hash

    @override
    async def ended_orders(
        self, account_id: str, order_ids: Sequence[str], last_sequence: int
    ) -> list[StoredOrder]:
        return _orders(await self._fetch(ENDED_ORDERS, account_id, order_ids, last_sequence))

    @override
    async def executions(self, order_ids: Sequence[str]) -> list[StoredExecution]:
        return [StoredExecution(*row) for row in await self._fetch(EXECUTIONS, order_ids)]

    @override
    async def routing_decisions(self, order_ids: Sequence[str]) -> list[StoredDecision]:
        return [StoredDecision(*row) for row in await self._fetch(ROUTING_DECISIONS, order_ids)]

    @override
    async def stray_orders(self, account_id: str, limit: int) -> list[StoredOrder]:
        return _orders(await self._fetch(STRAY_ORDERS, account_id, limit))

    @override
    async def stray_executions(self, account_id: str, limit: int) -> list[StoredExecution]:
        rows = await self._fetch(STRAY_EXECUTIONS, account_id, limit)
        return [StoredExecution(*row) for row in rows]

    @override
    async def audit_chains(self) -> dict[str, AuditHead]:
        return {writer: AuditHead(*rest) for writer, *rest in await self._fetch(AUDIT_CHAINS)}

    @override
    async def audit_start(self, writer: str, since_us: int) -> AuditHead | None:
        rows = await self._fetch(AUDIT_START, writer, since_us)
        return AuditHead(*rows[0]) if rows else None

    @override
    async def audit_log(self, writer: str, after: int = 0) -> AsyncIterator[AuditLine]:
        async for row in self._rows(AUDIT_LOG, writer, after):
            yield AuditLine(*row)

    @override
    async def commit_log(self, log: CommitLog) -> AsyncIterator[LogEntry]:
        async for row in self._rows(COMMIT_ORDER[log]):
            yield LogEntry(*row)

    @override
    async def chain(self, log: CommitLog) -> AsyncIterator[ChainEntry]:
        async for row in self._rows(evidence.CHAINS[log]):
            yield ChainEntry(*row)

    @override
    async def state_differences(self) -> list[tuple[str, str, str]]:
        return [tuple(row) for row in await self._fetch(evidence.STATE_DIFFERENCES)]

    @override
    async def positions(self, account_id: str) -> list[PositionRow]:
        return [PositionRow(*row) for row in await self._fetch(POSITIONS, [account_id])]

    @override
    async def heads(self) -> list[Head]:
        return [
            Head(str(log), *row)
            for log, statement in evidence.HEADS.items()
            for row in await self._fetch(statement)
        ]

    @override
    async def found(self, heads: Sequence[Head]) -> dict[tuple[str, str, int], bytes]:
        hashes = {}
        for log, statement in evidence.FOUND.items():
            asked = [(head.key, head.version) for head in heads if head.log == log]
            if asked:
                keys, versions = zip(*asked, strict=True)
                for key, version, stored in await self._fetch(statement, keys, versions):
                    hashes[str(log), key, version] = stored
        return hashes

    @override
    async def events_found(
        self, places: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], StoredEvent]:
        if not places:
            return {}
        rows = await self._fetch(evidence.EVENTS_FOUND, *zip(*places, strict=True))
        return {(key, number): StoredEvent(*rest) for key, number, *rest in rows}


def _orders(rows: list[Any]) -> list[StoredOrder]:
    return [
        StoredOrder(row["body"], row["fold"], {field: row[field] for field in ORDERS_TABLE.shown})
        for row in rows
    ]


@asynccontextmanager
async def opened(pool: asyncpg.Pool) -> AsyncIterator[PostgresBookReader]:
    """Open one repeatable view."""
    with translated():
        async with (
            pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            # Rows are compared with logged ones, in which times are in UTC.
            await connection.execute("SET LOCAL timezone = 'UTC'")
            yield PostgresBookReader(connection)
