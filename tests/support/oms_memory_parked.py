"""Parked messages and statements, as the order store in memory keeps them."""

import time
from collections.abc import Sequence
from typing import Any

from svc_oms.service.ports.parked_ports import (
    ParkedFilter,
    ParkedRow,
    SettledWrite,
    StatementFilter,
    StatementRow,
)
from tests.support.oms_memory_tables import Tables

OPEN = PROPOSED = 1


def parked_rows(tables: Tables) -> dict[int, ParkedRow]:
    rows = {}
    for parked_id, one in enumerate(tables.parked, 1):
        row = ParkedRow(
            parked_id, *one[:5], one.account_id or "", one.order_id or "", 1, OPEN, body=one.body
        )
        settled: SettledWrite | None = tables.settled.get(parked_id)
        if settled is not None:
            row = row._replace(
                state=settled.state,
                settled_at_us=settled.settled_at_us,
                settled_by=settled.settled_by,
                settled_by_name=settled.settled_by_name,
                reason=settled.reason,
                account_id=settled.account_id or row.account_id,
                order_id=settled.order_id or row.order_id,
            )
        rows[parked_id] = row
    return rows


class SettlesParked:
    """The part of a transaction that settles."""

    tables: Any

    async def parked_messages(self, parked_ids: Sequence[int]) -> list[ParkedRow]:
        rows = parked_rows(self.tables)
        return [rows[one] for one in parked_ids if one in rows]

    async def settle_parked(self, rows: Sequence[SettledWrite]) -> None:
        for row in rows:
            self.tables.settled.setdefault(row.parked_id, row)

    async def statements(self, statement_ids: Sequence[str]) -> list[StatementRow]:
        found = self.tables.statements
        return [found[one] for one in statement_ids if one in found]

    async def write_statements(self, rows: Sequence[StatementRow]) -> None:
        self.tables.statements.update({row.statement_id: row for row in rows})


class MemoryParked:
    """See `svc_oms.service.ports.parked_ports.ParkedStore`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def messages(self, wanted: ParkedFilter) -> list[ParkedRow]:
        found = [
            row._replace(body=b"")
            for row in parked_rows(self._tables).values()
            if (wanted.accounts is None or row.account_id in wanted.accounts)
            and wanted.order_id in {"", row.order_id}
            and wanted.session_id in {"", row.session_id}
            and wanted.state in {0, row.state}
            and (not wanted.before_parked_id or row.parked_id < wanted.before_parked_id)
        ]
        return found[::-1][: wanted.limit]

    async def message(self, parked_id: int) -> ParkedRow | None:
        return parked_rows(self._tables).get(parked_id)

    async def settled(self, parked_ids: Sequence[int]) -> list[ParkedRow]:
        rows = parked_rows(self._tables)
        return [
            rows[one]._replace(body=b"") for one in sorted(parked_ids) if rows[one].state != OPEN
        ]

    async def waiting(self, session_id: str) -> int:
        rows = parked_rows(self._tables).values()
        return sum(row.session_id == session_id and row.state == OPEN for row in rows)

    async def statements(self, wanted: StatementFilter) -> list[StatementRow]:
        now_us = time.time_ns() // 1000
        found = [
            row
            for _, row in sorted(self._tables.statements.items(), reverse=True)
            if (wanted.accounts is None or row.account_id in wanted.accounts)
            and wanted.order_id in {"", row.order_id}
            and (not wanted.waiting_only or (row.state == PROPOSED and row.expires_at_us > now_us))
            and (not wanted.before_statement_id or row.statement_id < wanted.before_statement_id)
        ]
        return found[: wanted.limit]

    async def statement(self, statement_id: str) -> StatementRow | None:
        found: StatementRow | None = self._tables.statements.get(statement_id)
        return found
