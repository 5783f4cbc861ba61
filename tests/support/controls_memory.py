"""Limits and positions in memory, held to the same contract as PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from svc_oms.service.ports import AccountRow, PositionRow
from svc_oms.service.ports.control_ports import AccountPicture, ControlRecord, RecordKind
from tests.support.oms_memory_tables import order_row


def live_records(tables: Any, now_us: int) -> list[tuple[int, bytes]]:
    def superseded(record: ControlRecord) -> bool:
        return any(
            n[:2] == record[:2] and n.version > record.version and n.valid_from_us <= now_us
            for n in tables.records.values()
        )

    return [
        (record.kind, record.body)
        for record in tables.records.values()
        if (not record.valid_until_us or record.valid_until_us > now_us) and not superseded(record)
    ]


class MemoryChange:
    def __init__(self, batch: Any) -> None:
        self.tables = batch.tables
        self.lock_audit, self.write_audit = batch.lock_audit, batch.write_audit

    async def answer(self, subject: str, key: str) -> tuple[bytes, bytes] | None:
        return self.tables.control_keys.get((subject, key))

    async def newest(self, kind: RecordKind, object_id: str) -> ControlRecord | None:
        found = [r for r in self.tables.records.values() if r[:2] == (kind, object_id)]
        return max(found, key=lambda r: r.version, default=None)

    async def newest_named(self, kind: RecordKind, name: str) -> ControlRecord | None:
        found = [r for r in self.tables.records.values() if (r.kind, r.name) == (kind, name)]
        return max(found, key=lambda r: r.version, default=None)

    async def lock_account(self, account_id: str) -> AccountRow | None:
        return self.tables.accounts.get(account_id)

    async def add(self, record: ControlRecord) -> None:
        assert record[:3] not in self.tables.records
        self.tables.records[record[:3]] = record

    async def set_account(self, account_id: str, status: int, controls: str) -> None:
        row = self.tables.accounts[account_id]
        self.tables.accounts[account_id] = row._replace(status=status, controls=controls)

    async def done(self, subject: str, key: str, body_hash: bytes, answer: bytes) -> None:
        self.tables.control_keys[subject, key] = (body_hash, answer)
        self.tables.controls_version += 1


class MemoryControls:
    """See `svc_oms.service.controls.control_ports.ControlStore`."""

    def __init__(self, store: Any) -> None:
        self._store = store

    @asynccontextmanager
    async def change(self) -> AsyncIterator[MemoryChange]:
        async with self._store.transaction() as batch:
            yield MemoryChange(batch)

    def _newest(self, kind: int, scopes: Sequence[str] | None, at_us: int | None = None) -> list:
        newest: dict[str, ControlRecord] = {}
        for record in sorted(self._store.tables.records.values(), key=lambda r: r.version):
            if record.kind == kind and (at_us is None or record.valid_from_us <= at_us):
                newest[record.object_id] = record
        found = [r for _, r in sorted(newest.items())]
        return [r for r in found if scopes is None or r.scope_id in scopes]

    async def in_force(
        self, kind: RecordKind, at_us: int, after_id: str, scopes: Sequence[str] | None, limit: int
    ) -> list[ControlRecord]:
        return [
            record
            for record in self._newest(kind, scopes, at_us)
            if record.object_id > after_id
            and (not record.valid_until_us or record.valid_until_us > at_us)
        ][:limit]

    async def newest_first(
        self, kind: RecordKind, before_id: str, scopes: Sequence[str] | None, name: str, limit: int
    ) -> list[ControlRecord]:
        return [
            record
            for record in reversed(self._newest(kind, scopes))
            if (not before_id or record.object_id < before_id) and name in {"", record.name}
        ][:limit]

    async def history(
        self, kind: RecordKind, object_id: str, after: int, limit: int
    ) -> list[ControlRecord]:
        found = [r for r in self._store.tables.records.values() if r[:2] == (kind, object_id)]
        found.sort(key=lambda record: record.version)
        return [record for record in found if record.version > after][:limit]

    async def account_rows(self, account_ids: Sequence[str]) -> list[AccountRow]:
        rows = self._store.tables.accounts
        return [rows[name] for name in account_ids if name in rows]

    async def positions(self, account_id: str) -> list[PositionRow]:
        rows = sorted(self._store.tables.positions.items())
        return [row for _, row in rows if row.account_id == account_id]

    async def picture(self, account_id: str, now_us: int) -> AccountPicture | None:
        tables = self._store.tables
        if account_id not in tables.accounts:
            return None
        orders = [
            order_row(o) for o in tables.orders.values() if o.account_id == account_id and o.is_open
        ]
        return AccountPicture(
            tables.accounts[account_id],
            orders,
            await self.positions(account_id),
            tables.controls_version,
            live_records(tables, now_us),
        )

    async def rebuild_positions(
        self, account_id: str, last_sequence: int, rows: Sequence[PositionRow], controls: str
    ) -> bool:
        tables = self._store.tables
        if tables.accounts[account_id].last_sequence != last_sequence:
            return False
        for row in rows:
            tables.positions[row[:3]] = row
        tables.accounts[account_id] = tables.accounts[account_id]._replace(controls=controls)
        return True
