"""The order store on PostgreSQL: connections, and everything outside the batched path."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, NamedTuple, Self

import asyncpg
from typing_extensions import override

from mesh.telemetry.parts import Pool, asyncpg_pool
from svc_oms.adapters.postgres import bounded_scan
from svc_oms.adapters.postgres.controls.control_store import PostgresControls
from svc_oms.adapters.postgres.directory_store import PostgresDirectory
from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.guard_store import PostgresGuards
from svc_oms.adapters.postgres.kill.kill_store import PostgresKillStore
from svc_oms.adapters.postgres.logs import audit_log_store
from svc_oms.adapters.postgres.logs.audit_log_store import AuditConnection
from svc_oms.adapters.postgres.logs.book_reader import PostgresBookReader, opened
from svc_oms.adapters.postgres.orders import order_statements as sql
from svc_oms.adapters.postgres.orders.guessed_transaction import GuessedTransaction
from svc_oms.adapters.postgres.orders.guesses import Guesses
from svc_oms.adapters.postgres.orders.kept_connections import KeptConnections
from svc_oms.adapters.postgres.orders.order_pages import order_scan
from svc_oms.adapters.postgres.orders.transaction import PostgresTransaction
from svc_oms.adapters.postgres.orders.trusted import Trusted
from svc_oms.adapters.postgres.pool_reader import PoolReader
from svc_oms.adapters.postgres.recovery_store import PostgresRecoveries
from svc_oms.adapters.postgres.routing_store import PostgresRoutingStore
from svc_oms.adapters.postgres.sessions import session_statements as session_sql
from svc_oms.adapters.postgres.sessions.parked_store import PostgresParkedStore
from svc_oms.adapters.postgres.sessions.session_action_store import PostgresSessionActions
from svc_oms.service.book.book_view import Audited
from svc_oms.service.ports import (
    AccountInfo,
    AccountSnapshot,
    AuditFilter,
    ExecutionRow,
    FencedError,
    ListFilter,
    LoggedEvent,
    OrderRow,
    OrderStore,
    Page,
    Record,
    SessionHeldError,
    SessionRow,
    Transaction,
)

# Connections for transactions: one of the command worker, one per link, and spare.
WRITE_CONNECTIONS_MAX = 6
# Connections for reading: streams that catch up, lists, snapshots.
READ_CONNECTIONS_MAX = 6
CONNECT_TIMEOUT_S = 3.0
# The order log's partitions exist this many months ahead.
MONTHS_AHEAD = 1
# Statements of one connection; the driver's own bound would close it after some minutes of trading.
CONNECTION_QUERIES_MAX = 1_000_000_000
# A statement that takes longer is given up; the batch's outcome is then not known.
STATEMENT_TIMEOUT_S = 15.0

# The batches' statements never gain from knowing their arrays: they are planned once. That may
# be on an empty book, where reading whole tables looks cheap; so the planner assumes what is always
# right for a few keys out of a large table, an index look-up per key.
BATCH_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # Up to PostgreSQL 17 what is off counts as a cost, and a costly plan is compiled at each run.
    "jit": "off",
}


class Partition(NamedTuple):
    """A part of the order log."""

    name: str
    bounds: str
    size_bytes: int
    past_retention: bool


class PostgresStore(OrderStore, Audited, PoolReader):
    """Orders, their logs and what belongs to them in PostgreSQL."""

    def __init__(self, write_pool: asyncpg.Pool, read_pool: asyncpg.Pool) -> None:
        self._write_pool = write_pool
        self._read_pool = read_pool
        self._kills = PostgresKillStore(write_pool, read_pool)
        self._trusted = Trusted()
        self._guesses = Guesses()
        self._connections = KeptConnections(write_pool)

    @property
    @override
    def kills(self) -> PostgresKillStore:
        return self._kills

    @classmethod
    async def connect(cls, database_url: str, application: str = "svc-oms") -> Self:
        """Open both pools; connections are made when they are needed."""
        write_pool = await _pool(
            database_url,
            WRITE_CONNECTIONS_MAX,
            {"application_name": application, **BATCH_PLANS},
        )
        read_pool = await _pool(
            database_url, READ_CONNECTIONS_MAX, {"application_name": f"{application}-read"}
        )
        return cls(write_pool, read_pool)

    def pools(self) -> Mapping[str, Callable[[], Pool]]:
        """Return what reads the figures of the connections, by pool."""
        pools = {"write": self._write_pool, "read": self._read_pool}
        return {name: partial(asyncpg_pool, pool) for name, pool in pools.items()}

    async def close(self) -> None:
        """Close both pools, by force after a while."""
        await self._connections.close()
        for pool in (self._write_pool, self._read_pool):
            try:
                await asyncio.wait_for(pool.close(), CONNECT_TIMEOUT_S)
            except TimeoutError:
                pool.terminate()

    @override
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return PostgresTransaction(self._connections, self._trusted, self._guesses)

    @override
    def guess(self) -> AbstractAsyncContextManager[Transaction]:
        return GuessedTransaction(self._connections, self._trusted, self._guesses)

    @override
    def trust(self, instance: str, on_other: Callable[[], None]) -> None:
        self._trusted.instance, self._trusted.on_other = instance, on_other

    @override
    def parked(self) -> PostgresParkedStore:
        return PostgresParkedStore(self._read_pool)

    @override
    def routing(self) -> PostgresRoutingStore:
        return PostgresRoutingStore(self._read_pool, self._write_pool)

    def session_actions(self) -> PostgresSessionActions:
        """Return the store of standbys and session actions."""
        return PostgresSessionActions(self._write_pool, self._read_pool)

    @override
    def recoveries(self) -> PostgresRecoveries:
        return PostgresRecoveries(self._write_pool, self._read_pool)

    @override
    def directory(self) -> PostgresDirectory:
        return PostgresDirectory(self._write_pool, self._read_pool)

    @override
    def audit(self) -> AbstractAsyncContextManager[PostgresBookReader]:
        return opened(self._read_pool)

    @override
    def controls(self) -> PostgresControls:
        return PostgresControls(self._write_pool, self._read_pool)

    @override
    async def revision(self) -> str:
        with translated():
            try:
                found = await self._read_pool.fetchval(sql.REVISION)
            except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
                found = None
        return str(found or "")

    @override
    async def epoch(self) -> str:
        rows = await self._fetch(sql.EPOCH)
        return str(rows[0][0])

    @override
    async def account_of(self, order_ids: Sequence[str]) -> dict[str, str]:
        return dict(await self._fetch(sql.ACCOUNT_OF, order_ids))

    @override
    async def order(self, order_id: str) -> OrderRow | None:
        rows = await self._fetch(sql.ORDERS, [order_id])
        return OrderRow(*rows[0]) if rows else None

    @override
    async def order_executions(self, order_id: str) -> list[ExecutionRow]:
        return [ExecutionRow(*row) for row in await self._fetch(sql.ORDER_EXECUTIONS, order_id)]

    @override
    async def list_orders(self, wanted: ListFilter) -> Page[OrderRow]:
        with translated():
            rows, after = await bounded_scan.fetch(
                self._read_pool, order_scan(wanted), wanted.limit, wanted.rows_read_max
            )
        return Page([OrderRow(*row) for row in rows], after)

    @override
    def guards(self) -> PostgresGuards:
        return PostgresGuards(self._write_pool)

    @override
    async def list_audit(self, wanted: AuditFilter) -> Page[tuple[str, bytes]]:
        with translated():
            rows, after = await bounded_scan.fetch(
                self._read_pool, audit_log_store.scan(wanted), wanted.limit, wanted.rows_read_max
            )
        return Page([(entry_id, body) for entry_id, body in rows], after)

    @override
    async def snapshot(
        self, account_id: str, closed_after_us: int, limit: int
    ) -> AccountSnapshot | None:
        with translated():
            async with (
                self._read_pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                high = await connection.fetch(sql.HIGH_WATERS, [account_id])
                if not high:
                    return None
                rows = await connection.fetch(sql.SNAPSHOT_OPEN, account_id, limit)
                left = limit - len(rows)
                if left > 0:
                    rows += await connection.fetch(
                        sql.SNAPSHOT_CLOSED, account_id, closed_after_us, left
                    )
        return AccountSnapshot(high[0][1], [body for _, body in sorted(rows)])

    @override
    async def high_waters(self, account_ids: Sequence[str]) -> dict[str, int]:
        return dict(await self._fetch(sql.HIGH_WATERS, account_ids))

    @override
    async def account_versions(self, account_ids: Sequence[str]) -> dict[str, str]:
        return dict(await self._fetch(sql.ACCOUNT_VERSIONS, account_ids))

    @override
    async def archived_before(self) -> str:
        rows = await self._fetch(sql.ARCHIVED_BEFORE)
        return str(rows[0][0])

    @override
    async def archived_to(self, account_id: str) -> int:
        rows = await self._fetch(sql.ARCHIVED_TO, account_id)
        return int(rows[0][0]) if rows else 0

    @override
    async def events(self, account_id: str, after: int, limit: int) -> list[LoggedEvent]:
        rows = await self._fetch(sql.EVENTS, account_id, after, limit)
        return [LoggedEvent(*row) for row in rows]

    @override
    async def order_events(
        self, account_id: str, order_id: str, first: int, last: int, limit: int
    ) -> list[bytes]:
        with translated():
            rows = await self._read_pool.fetch(
                sql.ORDER_EVENTS, account_id, first, last, order_id, limit
            )
        return [row[0] for row in reversed(rows)]

    @override
    async def outbox(self, session_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        rows = await self._fetch(sql.OUTBOX, session_id, after, limit)
        return [(number, payload) for number, payload in rows]

    @override
    async def sessions(self) -> list[SessionRow]:
        return [SessionRow(*row) for row in await self._fetch(session_sql.SESSIONS)]

    @override
    async def take_session(
        self,
        session_id: str,
        venue_mic: str,
        owner: str,
        gateway: str,
        *,
        may_add: bool,
        drop_copy: bool = False,
        store_lost_epoch: int = 0,
    ) -> SessionRow | None:
        with translated():
            if may_add:
                await self._write_pool.execute(
                    session_sql.ADD_SESSION, session_id, venue_mic, drop_copy
                )
            row = await self._write_pool.fetchrow(
                session_sql.TAKE_SESSION,
                session_id,
                venue_mic,
                owner,
                gateway,
                drop_copy,
                store_lost_epoch,
            )
            if row is not None:
                return SessionRow(*row)
            held = await self._write_pool.fetchrow(
                session_sql.SESSION_HOLDER, session_id, venue_mic, drop_copy
            )
        if held is not None:
            raise SessionHeldError(SessionRow(*held))
        return None

    @override
    async def free_session(self, session_id: str, token: int) -> None:
        with translated():
            await self._write_pool.execute(session_sql.FREE_SESSION, session_id, token)

    @override
    async def store_status(
        self,
        session_id: str,
        token: int,
        state: int,
        since_us: int,
        status: bytes,
        sender: tuple[int, int] = (0, 0),
    ) -> None:
        with translated():
            row = await self._write_pool.fetchrow(
                session_sql.STORE_STATUS, session_id, token, state, since_us, status, *sender
            )
        if row is None:
            raise FencedError(f"session {session_id} has another owner")

    @override
    async def vouch(self, session_ids: Sequence[str], owner: str) -> None:
        with translated():
            await self._write_pool.execute(session_sql.VOUCH, session_ids, owner)

    @override
    async def instruments(self) -> list[bytes]:
        return [row[0] for row in await self._fetch(sql.INSTRUMENTS)]

    @override
    async def keep_instruments(self, listings: Sequence[tuple[str, bytes]]) -> None:
        ids = [instrument_id for instrument_id, _ in listings]
        bodies = [body for _, body in listings]
        with translated():
            await self._write_pool.execute(sql.KEEP_INSTRUMENTS, ids, bodies)

    @override
    async def waiting(self) -> dict[str, int]:
        return dict(await self._fetch(sql.WAITING))

    @override
    async def orders(self, order_ids: Sequence[str]) -> list[OrderRow]:
        return [OrderRow(*row) for row in await self._fetch(sql.ORDERS, order_ids)]

    @override
    async def add_partitions(self) -> int:
        with translated():
            return int(await self._write_pool.fetchval(sql.ADD_PARTITIONS, MONTHS_AHEAD))

    async def partitions(self, retention_days: int) -> list[Partition]:
        """Read the partitions of the order log; those that are older than these days say so."""
        rows = await self._fetch(sql.PARTITIONS, retention_days)
        return [Partition(*row) for row in rows]

    @override
    async def unanswered(self, age_s: float, limit: int) -> list[tuple[str, str]]:
        return [tuple(row) for row in await self._fetch(sql.UNANSWERED, age_s, limit)]

    @override
    async def unknown_orders(self) -> int:
        rows = await self._fetch(sql.UNKNOWN_ORDERS)
        return int(rows[0][0])

    @override
    async def ensure_account(self, account: AccountInfo, record: Record | None = None) -> bool:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                created = await connection.fetchval(sql.ENSURE_ACCOUNT, *account)
                if created is not None and record is not None:
                    await record(AuditConnection(connection))
        return bool(created)


async def _keep(_connection: Any) -> None:
    """Give a connection back as it is."""


async def _pool(database_url: str, connections_max: int, settings: dict[str, str]) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=connections_max,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=STATEMENT_TIMEOUT_S,
        # An idle connection costs little; opening one, and planning all its statements anew, costs
        # a batch: none is closed for its age or for what it has done.
        max_inactive_connection_lifetime=0,
        max_queries=CONNECTION_QUERIES_MAX,
        # Nothing here changes a connection's state; the driver's reset is a round trip a batch.
        reset=_keep,
        server_settings=settings,
    )
