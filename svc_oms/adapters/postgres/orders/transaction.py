"""One transaction of the batched path: lock, read, write once, commit."""

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, Self

from typing_extensions import override

from svc_oms.adapters.postgres import routing_store
from svc_oms.adapters.postgres.controls import control_statements as controls
from svc_oms.adapters.postgres.controls.fills import PostgresFills
from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.kill.kill_statements import BLOCKING
from svc_oms.adapters.postgres.kill.kill_store import switch_row
from svc_oms.adapters.postgres.logs import audit_log_store
from svc_oms.adapters.postgres.orders import order_statements as sql
from svc_oms.adapters.postgres.orders import venue_order_ids as numbers
from svc_oms.adapters.postgres.orders import write_parameters as parameters
from svc_oms.adapters.postgres.orders.guesses import Guesses
from svc_oms.adapters.postgres.orders.kept_connections import KeptConnections, is_open
from svc_oms.adapters.postgres.orders.trusted import Trusted
from svc_oms.adapters.postgres.orders.write_parameters import columns
from svc_oms.adapters.postgres.recovery_store import OPEN as OPEN_RECOVERY
from svc_oms.adapters.postgres.sessions import parked_store
from svc_oms.adapters.postgres.sessions.session_action_store import LAPSE_ACTIONS
from svc_oms.service.codec.stream_frames import WITHDRAWN
from svc_oms.service.ports import (
    AccountRow,
    AmendmentRow,
    AuditHead,
    AuditLine,
    ExecutionRow,
    FencedError,
    FillRow,
    IdempotencyRow,
    LinkProgress,
    OpeningsRow,
    OrderRow,
    PositionRow,
    StoreWentBackError,
    Transaction,
    WriteSet,
)
from svc_oms.service.ports.kill_ports import SwitchRow
from svc_oms.service.ports.parked_ports import ParkedRow, SettledWrite, StatementRow
from svc_oms.service.ports.recovery_ports import RecoveryRow
from svc_oms.service.ports.session_ports import ActionRow


class PostgresTransaction(Transaction):
    """A transaction on a connection; see `ports.Transaction`."""

    __slots__ = (
        "_connection",
        "_connections",
        "_ended",
        "_guesses",
        "_heads",
        "_id",
        "_locked",
        "_named_before",
        "_taken",
        "_transaction",
        "_trusted",
        "_version",
        "_written",
    )

    def __init__(self, connections: KeptConnections, trusted: Trusted, guesses: Guesses) -> None:
        self._connections = connections
        self._trusted = trusted
        self._guesses = guesses
        # Accounts that are this transaction's turn.
        self._taken: list[str] = []
        # For later guesses: this transaction's id, and what it writes.
        self._id = 0
        self._written: list[tuple[str, int, bytes, str]] = []
        self._heads: dict[str, AuditHead] = {}
        self._connection: Any = None
        self._transaction: Any = None
        self._locked = self._ended = False
        # Of the controls, if a statement after the locks returned it.
        self._version: int | None = None
        # Of the numbers that the last write gave orders, those of others; see `named_before`.
        self._named_before: Mapping[str, str] = {}

    async def __aenter__(self) -> Self:
        """Take a connection and begin."""
        with translated():
            self._connection = await self._connections.take()
            try:
                self._transaction = self._connection.transaction()
                await self._transaction.start()
            except BaseException:
                await self._connections.give_back(self._connection, clean=False)
                raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit, or roll back what failed, and give the connection back."""
        clean = False
        try:
            with translated(committing=kind is None):
                if not self._ended:
                    if kind is None:
                        await self.commit()
                    elif is_open(self._connection):
                        await self._transaction.rollback()
                clean = kind is None
        finally:
            self._guesses.turns.end(self._taken)
            with translated():
                await self._connections.give_back(self._connection, clean=clean)

    @override
    async def commit(self) -> None:
        # Also of one that failed there is nothing left to roll back.
        self._ended = True
        with translated(committing=True):
            await self._transaction.commit()
        self._guesses.committed(self._written, self._id)
        self._guesses.audit_heads |= self._heads

    @override
    async def lock_accounts(self, account_ids: Sequence[str]) -> dict[str, AccountRow]:
        # The connection is this transaction's already: who has a turn waits for no connection.
        await self._guesses.turns.take(account_ids, self._taken)
        with translated():
            rows = await self._connection.fetch(sql.LOCK_ACCOUNTS, account_ids)
        self._locked = True
        if not rows:
            return {}
        *_, instance, _, self._id = rows[0]
        self._trusted.check(instance)
        found = [(AccountRow(*row[:-3]), row[-2]) for row in rows]
        self._guesses.locked(found, instance)
        self._guesses.controls_seen(found[0][0].controls_seen)
        return {row.account_id: row for row, _ in found}

    @override
    async def controls_version(self) -> int:
        if self._version is not None:
            return self._version
        with translated():
            return int(await self._connection.fetchval(sql.CONTROLS_VERSION))

    @override
    async def open_recovery(self) -> RecoveryRow | None:
        with translated():
            row = await self._connection.fetchrow(OPEN_RECOVERY)
        return None if row is None else RecoveryRow(*row)

    @override
    async def kill_switches(self) -> list[SwitchRow]:
        with translated():
            rows = await self._connection.fetch(BLOCKING)
        return [switch_row(row) for row in rows]

    @override
    async def orders(self, order_ids: Sequence[str]) -> list[OrderRow]:
        with translated():
            rows = await self._connection.fetch(sql.ORDERS, order_ids)
        return [OrderRow(*row) for row in rows]

    @override
    async def open_orders(self, account_id: str, limit: int) -> list[OrderRow]:
        with translated():
            rows = await self._connection.fetch(sql.OPEN_ORDERS, account_id, limit)
        return [OrderRow(*row) for row in rows]

    @override
    async def groups(self, groups: Sequence[tuple[str, str]]) -> list[OrderRow]:
        with translated():
            rows = await self._connection.fetch(sql.GROUPS, *columns(groups, 2))
        return [OrderRow(*row) for row in rows]

    @override
    async def routed(self, parents: Sequence[tuple[str, str]]) -> list[OrderRow]:
        with translated():
            rows = await self._connection.fetch(sql.ROUTED, *columns(parents, 2))
        return [OrderRow(*row) for row in rows]

    @override
    async def unsolicited_orders(
        self, venue_mic: str, venue_order_ids: Sequence[str]
    ) -> list[tuple[str, str, str]]:
        with translated():
            rows = await self._connection.fetch(
                numbers.UNSOLICITED_ORDERS, venue_mic, venue_order_ids
            )
        return [tuple(row) for row in rows]

    @override
    async def orders_by_venue_id(
        self, venue_mic: str, venue_order_ids: Sequence[str]
    ) -> list[tuple[str, OrderRow]]:
        with translated():
            rows = await self._connection.fetch(
                numbers.ORDERS_BY_VENUE_ID, venue_mic, venue_order_ids
            )
        return [(row[0], OrderRow(*row[1:])) for row in rows]

    @override
    async def unsolicited_opened(self, venue_mic: str, after_order_id: str) -> int:
        with translated():
            found = await self._connection.fetchval(
                numbers.UNSOLICITED_OPENED, venue_mic, after_order_id
            )
        return int(found)

    @override
    async def parked_messages(self, parked_ids: Sequence[int]) -> list[ParkedRow]:
        with translated():
            return await parked_store.lock_messages(self._connection, parked_ids)

    @override
    async def settle_parked(self, rows: Sequence[SettledWrite]) -> None:
        with translated():
            await parked_store.settle(self._connection, rows)

    @override
    async def statements(self, statement_ids: Sequence[str]) -> list[StatementRow]:
        with translated():
            return await parked_store.lock_statements(self._connection, statement_ids)

    @override
    async def write_statements(self, rows: Sequence[StatementRow]) -> None:
        with translated():
            await parked_store.write_statements(self._connection, rows)

    @override
    async def keys(self, keys: Sequence[tuple[str, str]]) -> list[IdempotencyRow]:
        with translated():
            rows = await self._connection.fetch(sql.KEYS, *parameters.wanted_keys(keys))
        if self._locked:
            self._version = rows[0][0]
            self._guesses.controls_seen(rows[0][0])
        return [IdempotencyRow(*row[1:]) for row in rows if row[1] is not None]

    @override
    async def executions(self, ids: Sequence[tuple[str, str]]) -> list[ExecutionRow]:
        with translated():
            rows = await self._connection.fetch(sql.EXECUTIONS, *columns(ids, 2))
        return [ExecutionRow(*row) for row in rows]

    @override
    async def venue_executions(self, venue_mic: str, exec_ids: Sequence[str]) -> list[ExecutionRow]:
        with translated():
            rows = await self._connection.fetch(sql.VENUE_EXECUTIONS, venue_mic, exec_ids)
        return [ExecutionRow(*row) for row in rows]

    @override
    async def executions_of(self, order_ids: Sequence[str]) -> list[ExecutionRow]:
        with translated():
            rows = await self._connection.fetch(sql.EXECUTIONS_OF, order_ids)
        return [ExecutionRow(*row) for row in rows]

    @override
    async def control_records(self, now_us: int) -> list[tuple[int, bytes]]:
        with translated():
            rows = await self._connection.fetch(controls.LIVE, now_us)
        return [(row[0], row[1]) for row in rows]

    @override
    async def positions(self, account_ids: Sequence[str]) -> list[PositionRow]:
        with translated():
            rows = await self._connection.fetch(controls.POSITIONS, account_ids)
        return [PositionRow(*row) for row in rows]

    @override
    async def all_open_orders(self, account_ids: Sequence[str]) -> list[OrderRow]:
        with translated():
            rows = await self._connection.fetch(controls.ALL_OPEN, account_ids)
        return [OrderRow(*row) for row in rows]

    @override
    async def orders_since(
        self, known: Sequence[tuple[str, int, bytes]]
    ) -> tuple[set[str], list[OrderRow]]:
        with translated():
            rows = await self._connection.fetch(controls.ORDERS_SINCE, *columns(known, 3))
        return {row[1] for row in rows}, [OrderRow(*row) for row in rows if row[0]]

    @override
    async def openings(self, account_id: str) -> OpeningsRow:
        return await PostgresFills(self._connection).openings(account_id)

    @override
    async def amendments(self, account_id: str, named: str) -> list[AmendmentRow]:
        return await PostgresFills(self._connection).amendments(account_id, named)

    @override
    def fills(self, account_id: str, named: str) -> AsyncIterator[FillRow]:
        return PostgresFills(self._connection).fills(account_id, named)

    @override
    async def write(self, writes: WriteSet) -> dict[str, int]:
        self._written += writes.accounts
        progress = writes.progress
        if progress is None:
            values = parameters.command_parameters(writes)
            with translated():
                rows = await self._connection.fetch(sql.WRITE_COMMANDS, *values)
                if writes.executions or writes.busted:
                    executions = parameters.execution_parameters(writes)
                    positions = [parameters.packed_position(row) for row in writes.positions]
                    busted = columns(writes.busted, 3)
                    await self._connection.execute(sql.WRITE_FOUND, *executions, positions, *busted)
            await self._write_rare(writes)
            return dict(rows)
        if writes.new_orders:
            new = sql.ORDERS_TABLE.pack(writes.new_orders)
            with translated():
                await self._connection.execute(sql.WRITE_UNSOLICITED, *new)
        bases: dict[str, int] = {}
        if writes.outbox:
            outbox = parameters.outbox_parameters(writes.outbox)
            with translated():
                rows = await self._connection.fetch(sql.WRITE_OUTBOX, *outbox, progress.session_id)
            bases = dict(rows)
        with translated():
            rows = await self._connection.fetch(
                sql.WRITE_VENUE, *parameters.venue_parameters(writes, progress)
            )
        if not rows:
            await self._why_not_written(progress)
        self._named_before = {row[1]: row[2] for row in rows if row[1] is not None}
        if writes.parked_more is not None:
            with translated():
                await parked_store.count_more(self._connection, writes.parked_more)
        return bases

    async def _why_not_written(self, progress: LinkProgress) -> NoReturn:
        with translated():
            row = await self._connection.fetchrow(sql.POSITION, progress.session_id)
        token, *position = (0, 0, 0) if row is None else row
        if token > progress.fencing_token:
            raise FencedError(f"session {progress.session_id} has another owner")
        if token < progress.fencing_token:
            raise StoreWentBackError(
                f"session {progress.session_id} has fencing token {token}, this replica has "
                f"{progress.fencing_token}"
            )
        raise StoreWentBackError(
            f"session {progress.session_id} has applied MsgSeqNum(34) {position[1]} of epoch "
            f"{position[0]}, this replica had stored {progress.stored_msg_seq_num} of epoch "
            f"{progress.stored_epoch}"
        )

    @override
    def named_before(self) -> Mapping[str, str]:
        return self._named_before

    async def _write_rare(self, writes: WriteSet) -> None:
        """Write what only commands about parked messages and statements bring."""
        with translated():
            if writes.venue_order_ids:
                rows = await self._connection.fetch(
                    numbers.WRITE, *parameters.venue_order_id_parameters(writes)
                )
                self._named_before = dict(rows)
            if writes.settled:
                await parked_store.settle(self._connection, writes.settled)
            if writes.statements:
                await parked_store.write_statements(self._connection, writes.statements)
            await routing_store.write(self._connection, writes)

    @override
    async def lock_audit(self, writer: str) -> AuditHead:
        with translated():
            return await audit_log_store.lock(self._connection, writer)

    @override
    async def withdraw(self, session_id: str, outbound_sequences: Sequence[int]) -> None:
        with translated():
            await self._connection.execute(sql.WITHDRAW, session_id, outbound_sequences, WITHDRAWN)

    @override
    async def lapse_actions(self) -> list[ActionRow]:
        with translated():
            rows = await self._connection.fetch(LAPSE_ACTIONS)
        return [ActionRow(*row) for row in rows]

    @override
    async def write_audit(self, writer: str, lines: Sequence[AuditLine]) -> None:
        with translated():
            await audit_log_store.append(self._connection, writer, lines)
        self._heads[writer] = AuditHead(lines[-1].sequence, lines[-1].hash)
