"""The order store in memory: for tests of the service layer, and held to the same contract."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from kernel.hashchain import GENESIS
from svc_oms.adapters.postgres.orders.order_statements import SCHEMA_REVISION
from svc_oms.domain.lifecycle import OrderState
from svc_oms.service.codec.stream_frames import WITHDRAWN
from svc_oms.service.ports import (
    AccountInfo,
    AccountRow,
    AccountSnapshot,
    AmendmentRow,
    AuditFilter,
    AuditHead,
    AuditLine,
    ExecutionRow,
    FencedError,
    FillRow,
    GuessMissedError,
    IdempotencyRow,
    ListFilter,
    LoggedEvent,
    OpeningsRow,
    OrderRow,
    Page,
    PositionRow,
    Record,
    SessionHeldError,
    SessionRow,
    StoreRefusedError,
    StoreUnavailableError,
    StoreWentBackError,
    WriteSet,
)
from svc_oms.service.ports.kill_ports import SwitchRow
from svc_oms.service.ports.recovery_ports import RecoveryRow
from tests.support.controls_memory import MemoryControls, live_records
from tests.support.oms_memory_directory import MemoryDirectory
from tests.support.oms_memory_guards import MemoryGuards
from tests.support.oms_memory_kill import MemoryKillStore
from tests.support.oms_memory_parked import MemoryParked, SettlesParked
from tests.support.oms_memory_recovery import MemoryRecoveries
from tests.support.oms_memory_sessions import LapsesActions, MemorySessionDesk
from tests.support.oms_memory_tables import Tables, order_row
from tests.support.oms_memory_unsolicited import MemoryUnsolicitedOrders

DOWN = 1
PENDING = {OrderState.PENDING_NEW, OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE}


class MemoryBatch(LapsesActions, MemoryUnsolicitedOrders, SettlesParked):
    def __init__(
        self, tables: Tables, commit: Callable[[Tables], None], recoveries: MemoryRecoveries
    ) -> None:
        self.tables, self.committed, self._commit = tables, False, commit
        self._recoveries = recoveries

    async def commit(self) -> None:
        self.committed = True
        self._commit(self.tables)

    async def lock_accounts(self, account_ids: Sequence[str]) -> dict[str, AccountRow]:
        found = self.tables.accounts
        return {
            name: found[name]._replace(controls_seen=self.tables.controls_version)
            for name in sorted(account_ids)
            if name in found
        }

    async def controls_version(self) -> int:
        return self.tables.controls_version

    async def open_recovery(self) -> RecoveryRow | None:
        return self._recoveries.open_row

    async def kill_switches(self) -> list[SwitchRow]:
        return [row for _, row in sorted(self.tables.switches.items()) if row.blocks]

    async def orders(self, order_ids: Sequence[str]) -> list[OrderRow]:
        found = self.tables.orders
        return [order_row(found[order_id]) for order_id in order_ids if order_id in found]

    async def open_orders(self, account_id: str, limit: int) -> list[OrderRow]:
        mine = [
            order
            for _, order in sorted(self.tables.orders.items())
            if order.account_id == account_id and order.is_open
        ]
        return [order_row(order) for order in mine[:limit]]

    async def control_records(self, now_us: int) -> list[tuple[int, bytes]]:
        return live_records(self.tables, now_us)

    async def positions(self, account_ids: Sequence[str]) -> list[PositionRow]:
        return [p for _, p in sorted(self.tables.positions.items()) if p.account_id in account_ids]

    async def all_open_orders(self, account_ids: Sequence[str]) -> list[OrderRow]:
        orders = self.tables.orders.values()
        return [order_row(o) for o in orders if o.account_id in account_ids and o.is_open]

    async def orders_since(
        self, known: Sequence[tuple[str, int, bytes]]
    ) -> tuple[set[str], list[OrderRow]]:
        tables = self.tables
        true = {a: n for a, n, head in known if tables.hashes.get((a, n)) == head}
        moved = [
            order_row(order)
            for order in tables.orders.values()
            if order.account_id in true and order.last_sequence > true[order.account_id]
        ]
        return set(true), moved

    async def groups(self, groups: Sequence[tuple[str, str]]) -> list[OrderRow]:
        return [
            order_row(order)
            for order in self.tables.orders.values()
            if order.group_id and (order.account_id, order.group_id) in groups
        ]

    async def routed(self, parents: Sequence[tuple[str, str]]) -> list[OrderRow]:
        return await self.groups(parents)

    async def keys(self, keys: Sequence[tuple[str, str]]) -> list[IdempotencyRow]:
        return [self.tables.keys[key] for key in keys if key in self.tables.keys]

    async def executions(self, ids: Sequence[tuple[str, str]]) -> list[ExecutionRow]:
        rows = self.tables.executions.values()
        return [row for row in rows if (row.order_id, row.exec_id) in set(ids)]

    async def venue_executions(self, venue_mic: str, exec_ids: Sequence[str]) -> list[ExecutionRow]:
        rows = self.tables.executions.values()
        return [row for row in rows if row.venue_mic == venue_mic and row.exec_id in exec_ids]

    async def executions_of(self, order_ids: Sequence[str]) -> list[ExecutionRow]:
        return [row for row in self.tables.executions.values() if row.order_id in order_ids]

    def _executed(self, account_id: str, named: str, exec_types: str) -> list[tuple]:
        orders = self.tables.orders
        found = [
            (row.sequence, orders[row.order_id].body, row)
            for row in self.tables.executions.values()
            if row.account_id == account_id
            and row.exec_type in exec_types
            and named.encode() in orders[row.order_id].body
        ]
        return sorted(found, key=lambda each: each[0])

    async def openings(self, account_id: str) -> OpeningsRow:  # noqa: ARG002
        return OpeningsRow()

    async def amendments(self, account_id: str, named: str) -> list[AmendmentRow]:
        events = self.tables.events
        return [
            AmendmentRow(body, events[account_id, sequence][1])
            for sequence, body, _ in self._executed(account_id, named, "GH")
        ]

    async def fills(self, account_id: str, named: str) -> AsyncIterator[FillRow]:
        for sequence, body, row in self._executed(account_id, named, "F"):
            yield FillRow(body, row.exec_id, sequence, row.quantity, row.price)

    async def write(self, writes: WriteSet) -> dict[str, int]:
        tables = self.tables
        for account_id, sequence, head, controls in writes.accounts:
            tables.accounts[account_id] = tables.accounts[account_id]._replace(
                last_sequence=sequence, chain_head=head, controls=controls
            )
        for event in writes.events:
            line = (event.order_id, event.payload)
            _add(tables.events, (event.account_id, event.sequence), line)
            tables.hashes[event.account_id, event.sequence] = event.hash
        for order in writes.new_orders:
            _add(tables.orders, order.order_id, order)
        for order in writes.changed_orders:
            tables.orders[order.order_id] = order
        for row in writes.idempotency:
            _add(tables.keys, (row.account_id, row.key), row)
        for row in writes.executions:
            _add(tables.executions, (row.order_id, row.exec_id, row.part), row)
        for row in writes.positions:
            tables.positions[row[:3]] = row
        for key in writes.busted:
            tables.executions[key] = tables.executions[key]._replace(busted=True)
        self.keep_venue_order_ids(writes.venue_order_ids)
        await self.settle_parked(writes.settled)
        await self.write_statements(writes.statements)
        bases = self._number(writes)
        if writes.progress is not None:
            self._venue(writes)
        return bases

    async def lock_audit(self, writer: str) -> AuditHead:
        return self.tables.audit_heads.setdefault(writer, AuditHead(0, GENESIS))

    async def write_audit(self, writer: str, lines: Sequence[AuditLine]) -> None:
        tables = self.tables
        for line in lines:
            _add(tables.audit, (writer, line.sequence), line)
        tables.audit_heads[writer] = AuditHead(lines[-1].sequence, lines[-1].hash)

    def _number(self, writes: WriteSet) -> dict[str, int]:
        sessions = self.tables.sessions
        counts = Counter(session_id for session_id, _ in writes.outbox)
        bases = {name: sessions[name].outbound_sequence for name in counts}
        for session_id, payload in writes.outbox:
            number = sessions[session_id].outbound_sequence + 1
            sessions[session_id] = sessions[session_id]._replace(outbound_sequence=number)
            self.tables.outbox[session_id, number] = payload
        return bases

    def _venue(self, writes: WriteSet) -> None:
        tables, progress = self.tables, writes.progress
        tables.parked.extend(writes.parked)
        session = tables.sessions[progress.session_id]
        if session.fencing_token > progress.fencing_token:
            raise FencedError(progress.session_id)
        position = session.inbound_epoch, session.inbound_msg_seq_num
        if session.fencing_token < progress.fencing_token or position < progress[-2:]:
            raise StoreWentBackError(progress.session_id)
        acknowledged = max(
            session.acknowledged_outbound_sequence, progress.acknowledged_outbound_sequence
        )
        tables.sessions[progress.session_id] = session._replace(
            inbound_epoch=progress.inbound_epoch,
            inbound_msg_seq_num=progress.inbound_msg_seq_num,
            acknowledged_outbound_sequence=acknowledged,
            next_sender=max(session.next_sender, progress.next_sender),
        )
        for session_id, number in list(tables.outbox):
            if session_id == progress.session_id and number <= acknowledged:
                del tables.outbox[session_id, number]

    async def withdraw(self, session_id: str, outbound_sequences: Sequence[int]) -> None:
        for number in outbound_sequences:
            if (session_id, number) in self.tables.outbox:
                self.tables.outbox[session_id, number] += WITHDRAWN


def _add(table: dict, key: object, row: object) -> None:
    if key in table:
        raise StoreRefusedError(f"{key} is there already")
    table[key] = row


class MemoryStore:
    """See `svc_oms.service.ports.OrderStore`.

    Attributes:
        away: Every use fails as when the database is gone.
        fail_commits: The next commits do not happen.
        lose_commits: The next commits happen, but their outcome does not arrive.
    """

    def __init__(self) -> None:
        self.tables = Tables()
        self.away = False
        self.lose_commits = self.fail_commits = self.commits = 0
        self._guards = MemoryGuards()
        self._recoveries = MemoryRecoveries(self)
        self._lock = asyncio.Lock()
        self.kills = MemoryKillStore(self)

    def _here(self) -> Tables:
        if self.away:
            raise StoreUnavailableError("made to be away")
        return self.tables

    def trust(self, instance: str, on_other: Callable[[], None]) -> None:
        """Take any instance: there is only this one."""
        del instance, on_other

    def guess(self):
        """Guess nothing: every batch reads."""
        raise GuessMissedError("kept in memory")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryBatch]:
        async with self._lock:
            transaction = MemoryBatch(self._here().copy(), self._commit, self._recoveries)
            yield transaction
            if not transaction.committed:
                await transaction.commit()

    def _commit(self, tables: Tables) -> None:
        self._here()
        if self.fail_commits:
            self.fail_commits -= 1
            raise StoreUnavailableError("lost before the commit")
        self.tables = tables
        self.commits += 1
        if self.lose_commits:
            self.lose_commits -= 1
            raise StoreUnavailableError("lost after the commit", outcome_unknown=True)

    def tables_here(self) -> Tables:
        return self._here()

    def audit_transaction(self) -> MemoryBatch:
        """Give what appends to the audit log at once, for stores without a batch."""
        return MemoryBatch(self._here(), self._commit, self._recoveries)

    def recoveries(self) -> MemoryRecoveries:
        return self._recoveries

    async def revision(self) -> str:
        self._here()
        return SCHEMA_REVISION

    async def add_partitions(self) -> int:
        self._here()
        return 0

    async def epoch(self) -> str:
        return "memory"

    async def account_of(self, order_ids: Sequence[str]) -> dict[str, str]:
        orders = self._here().orders
        return {i: orders[i].account_id for i in order_ids if i in orders}

    async def order(self, order_id: str) -> OrderRow | None:
        order = self._here().orders.get(order_id)
        return None if order is None else order_row(order)

    async def order_executions(self, order_id: str) -> list[ExecutionRow]:
        rows = [
            row
            for row in self._here().executions.values()
            if row.order_id == order_id and row.exec_type != "H"
        ]
        return sorted(rows, key=lambda row: row.sequence)

    async def list_orders(self, wanted: ListFilter) -> Page[OrderRow]:
        found = [
            order
            for order in self._here().orders.values()
            if (wanted.account_ids is None or order.account_id in wanted.account_ids)
            and (not wanted.states or order.state in wanted.states)
            and wanted.instrument_id in {"", order.instrument_id}
            and (order.is_open or not wanted.open_only)
            and (not wanted.created_from_us or order.created_at_us >= wanted.created_from_us)
            and (not wanted.created_until_us or order.created_at_us < wanted.created_until_us)
            and (not wanted.before_order_id or order.order_id < wanted.before_order_id)
        ]
        found.sort(key=lambda order: order.order_id, reverse=True)
        rows = [order_row(order) for order in found[: wanted.limit]]
        return Page(rows, rows[-1].order_id if len(found) > wanted.limit else "")

    async def snapshot(
        self, account_id: str, closed_after_us: int, limit: int
    ) -> AccountSnapshot | None:
        tables = self._here()
        if account_id not in tables.accounts:
            return None
        mine = [o for _, o in sorted(tables.orders.items()) if o.account_id == account_id]
        now_open = [o for o in mine if o.is_open][-limit:]
        closed = [o for o in mine if not o.is_open and o.updated_at_us >= closed_after_us]
        closed.sort(key=lambda order: order.updated_at_us, reverse=True)
        chosen = sorted([*now_open, *closed[: limit - len(now_open)]])
        high = tables.accounts[account_id].last_sequence
        return AccountSnapshot(high, [order.body for order in chosen])

    async def archived_before(self) -> str:
        return ""

    async def archived_to(self, account_id: str) -> int:  # noqa: ARG002
        return 0

    async def high_waters(self, account_ids: Sequence[str]) -> dict[str, int]:
        accounts = self._here().accounts
        return {name: accounts[name].last_sequence for name in account_ids if name in accounts}

    async def account_versions(self, account_ids: Sequence[str]) -> dict[str, str]:
        accounts = self._here().accounts
        return {name: repr(accounts[name]) for name in account_ids if name in accounts}

    async def order_events(
        self, account_id: str, order_id: str, first: int, last: int, limit: int
    ) -> list[bytes]:
        found = sorted(
            (sequence, payload)
            for (name, sequence), (owner, payload) in self._here().events.items()
            if (name, owner) == (account_id, order_id) and first <= sequence <= last
        )
        return [payload for _, payload in found[-limit:]]

    async def events(self, account_id: str, after: int, limit: int) -> list[LoggedEvent]:
        tables = self._here()
        page = sorted(
            (sequence, *line)
            for (name, sequence), line in tables.events.items()
            if name == account_id and sequence > after
        )[:limit]
        latest = {order_id: sequence for sequence, order_id, _ in page}
        return [
            LoggedEvent(
                sequence,
                payload,
                tables.orders[order_id].body if order_id and latest[order_id] == sequence else None,
            )
            for sequence, order_id, payload in page
        ]

    async def outbox(self, session_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        rows = sorted(
            (number, payload)
            for (name, number), payload in self._here().outbox.items()
            if name == session_id and number > after
        )
        return rows[:limit]

    async def sessions(self) -> list[SessionRow]:
        return list(self._here().sessions.values())

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
        sessions = self._here().sessions
        taken = any(
            (row.venue_mic, row.drop_copy) == (venue_mic, drop_copy)
            and row.session_id != session_id
            for row in sessions.values()
        )
        if session_id not in sessions and may_add and not taken:
            sessions[session_id] = SessionRow(
                session_id, venue_mic, 0, 0, 0, 0, 0, "", DOWN, b"", drop_copy
            )
        row = sessions.get(session_id)
        if row is None or (row.venue_mic, row.drop_copy) != (venue_mic, drop_copy):
            return None
        given_away, until = self.tables.handed_over.get(session_id, ("", 0.0))
        handed_over = given_away == gateway and until > time.monotonic()
        if handed_over or (row.held and row.gateway != gateway):
            raise SessionHeldError(row)
        if given_away != gateway:
            self.tables.handed_over.pop(session_id, None)
        lost = store_lost_epoch
        sessions[session_id] = row._replace(
            fencing_token=row.fencing_token + 1,
            owner=owner,
            state=DOWN,
            gateway=gateway,
            held=True,
            inbound_epoch=lost or row.inbound_epoch,
            sender_epoch=lost or row.sender_epoch,
        )
        return sessions[session_id]

    async def free_session(self, session_id: str, token: int) -> None:
        row = self._here().sessions[session_id]
        if row.fencing_token == token:
            self.tables.sessions[session_id] = row._replace(held=False)

    async def store_status(
        self,
        session_id: str,
        token: int,
        state: int,
        since_us: int,
        status: bytes,
        sender: tuple[int, int] = (0, 0),
    ) -> None:
        del since_us
        row = self._here().sessions[session_id]
        if row.fencing_token != token:
            raise FencedError(session_id)
        row = row._replace(state=state, status=status)
        if sender[0]:
            row = row._replace(sender_epoch=sender[0], next_sender=sender[1])
        self.tables.sessions[session_id] = row

    async def vouch(self, session_ids: Sequence[str], owner: str) -> None:
        del session_ids, owner
        self._here()

    async def instruments(self) -> list[bytes]:
        return list(self._here().instruments.values())

    async def keep_instruments(self, listings: Sequence[tuple[str, bytes]]) -> None:
        self._here().instruments.update(listings)

    def guards(self) -> MemoryGuards:
        return self._guards

    async def list_audit(self, wanted: AuditFilter) -> Page[tuple[str, bytes]]:
        found = [
            line
            for line in self._here().audit.values()
            if (not wanted.from_us or line.at_us >= wanted.from_us)
            and (not wanted.until_us or line.at_us < wanted.until_us)
            and wanted.actor in {"", line.actor}
            and wanted.account_id in {"", line.account_id}
            and wanted.order_id in {"", line.order_id}
            and (not wanted.reasons or line.reason in wanted.reasons)
            and wanted.kind in {0, line.kind}
            and (not wanted.before_entry_id or line.entry_id < wanted.before_entry_id)
        ]
        found.sort(key=lambda line: line.entry_id, reverse=True)
        rows = [(line.entry_id, line.payload) for line in found[: wanted.limit]]
        return Page(rows, rows[-1][0] if len(found) > wanted.limit else "")

    async def waiting(self) -> dict[str, int]:
        return {o.order_id: o.last_sequence for o in self._here().orders.values() if o.waits}

    async def orders(self, order_ids: Sequence[str]) -> list[OrderRow]:
        return await MemoryBatch(self._here(), self._commit, self._recoveries).orders(order_ids)

    async def unanswered(self, age_s: float, limit: int) -> list[tuple[str, str]]:
        before_us = (time.time() - age_s) * 1_000_000
        found = [
            (order.order_id, order.account_id)
            for _, order in sorted(self._here().orders.items())
            if order.is_open and order.state in PENDING and order.updated_at_us < before_us
        ]
        return found[:limit]

    async def unknown_orders(self) -> int:
        return sum(o.is_open and o.state == 14 for o in self._here().orders.values())

    def session_actions(self) -> MemorySessionDesk:
        return MemorySessionDesk(self)

    def parked(self) -> MemoryParked:
        return MemoryParked(self._here())

    def directory(self) -> MemoryDirectory:
        return MemoryDirectory(self)

    def controls(self) -> MemoryControls:
        return MemoryControls(self)

    async def ensure_account(self, account: AccountInfo, record: Record | None = None) -> bool:
        del record
        accounts = self._here().accounts
        if account.account_id in accounts:
            return False
        accounts[account.account_id] = AccountRow(
            account.account_id, account.status, 0, GENESIS, account.firm_id, account.desk_id
        )
        return True
