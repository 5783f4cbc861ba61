"""Standbys and actions of sessions in memory; held to the same contract as PostgreSQL's."""

import time
from collections.abc import Sequence
from typing import Any

from svc_oms.service.ports import Record, SessionRow
from svc_oms.service.ports.session_ports import ActionRow, ActionUnderWayError, NewNumbers
from svc_oms.service.venue.session_administration import APPROVED, PROPOSED, SENT

EXPIRED, UNKNOWN = 7, 8
SEEN_FOR_S = 3.0
UNDER_WAY = {APPROVED, SENT}


class LapsesActions:
    """The part of a batch that has session actions lapse."""

    tables: Any

    async def lapse_actions(self) -> list[ActionRow]:
        now_us, unknown = time.time_ns() // 1000, []
        for row in sorted(self.tables.actions.values()):
            if row.state in {PROPOSED, APPROVED, SENT} and row.expires_at_us <= now_us:
                moved = row._replace(state=UNKNOWN if row.state == SENT else EXPIRED)
                self.tables.actions[row.action_id] = moved
                unknown += [moved] if moved.state == UNKNOWN else []
        return unknown


class MemorySessionDesk:
    """See `svc_oms.service.venue.session_ports.SessionActionStore`."""

    def __init__(self, store: Any) -> None:
        self._store = store

    @property
    def _tables(self) -> Any:
        return self._store._here()

    def _lapse(self) -> None:
        now_us = time.time_ns() // 1000
        for row in list(self._tables.actions.values()):
            if row.state in {PROPOSED, APPROVED} and row.expires_at_us <= now_us:
                self._tables.actions[row.action_id] = row._replace(state=EXPIRED)

    def _require_alone(self, row: ActionRow) -> None:
        if row.state in UNDER_WAY and any(
            one.session_id == row.session_id
            and one.state in UNDER_WAY
            and one.action_id != row.action_id
            for one in self._tables.actions.values()
        ):
            raise ActionUnderWayError

    async def _record(self, record: Record | None) -> None:
        if record is not None:
            await record(self._store.audit_transaction())

    async def add(
        self, row: ActionRow, *, kept_out: bool | None = None, record: Record | None = None
    ) -> None:
        self._lapse()
        self._require_alone(row)
        tables = self._tables
        tables.actions[row.action_id] = row
        session = tables.sessions.get(row.session_id)
        if kept_out is not None and session is not None:
            tables.sessions[row.session_id] = session._replace(kept_out=kept_out)
        await self._record(record)

    async def move(self, row: ActionRow, before: int, record: Record | None = None) -> bool:
        self._lapse()
        known = self._tables.actions.get(row.action_id)
        if known is None or known.state != before or before == EXPIRED:
            return False
        self._require_alone(row)
        self._tables.actions[row.action_id] = row
        await self._record(record)
        return True

    async def settle(
        self,
        row: ActionRow,
        token: int,
        numbers: NewNumbers | None,
        record: Record | None = None,
    ) -> bool:
        tables = self._tables
        session, known = tables.sessions.get(row.session_id), tables.actions.get(row.action_id)
        if session is None or session.fencing_token != token:
            return False
        if numbers is not None:
            tables.sessions[row.session_id] = session._replace(
                inbound_epoch=numbers.epoch,
                sender_epoch=numbers.epoch,
                next_sender=numbers.next_sender,
                inbound_msg_seq_num=numbers.next_target - 1,
            )
        if (
            known is None
            or known.state not in {SENT, UNKNOWN}
            or known.session_id != row.session_id
        ):
            return False
        tables.actions[row.action_id] = known._replace(state=row.state, body=row.body)
        await self._record(record)
        return True

    async def action(self, action_id: str) -> ActionRow | None:
        return self._tables.actions.get(action_id)

    async def actions(self, session_id: str, before: str, limit: int) -> list[ActionRow]:
        self._lapse()
        found = [
            row
            for _, row in sorted(self._tables.actions.items(), reverse=True)
            if session_id in {"", row.session_id} and (not before or row.action_id < before)
        ]
        return found[:limit]

    async def due(self, session_ids: Sequence[str]) -> list[ActionRow]:
        self._lapse()
        return [
            row
            for _, row in sorted(self._tables.actions.items())
            if row.session_id in session_ids
            and row.state in UNDER_WAY
            and row.expires_at_us > time.time_ns() // 1000
        ]

    async def lapses_in_s(self) -> float | None:
        waiting = [
            row.expires_at_us
            for row in self._tables.actions.values()
            if row.state in {PROPOSED, APPROVED, SENT}
        ]
        return (min(waiting) - time.time_ns() // 1000) / 1e6 if waiting else None

    async def hand_over(self, session_id: str, gateway: str, seconds: int) -> None:
        until = time.monotonic() + seconds
        self._tables.handed_over[session_id] = (gateway, until)

    async def saw_standbys(self, waiting: Sequence[tuple[str, str]], replica: str) -> None:
        del replica
        for pair in waiting:
            self._tables.standbys[pair] = time.monotonic()

    async def standbys(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for (session_id, gateway), seen in sorted(self._tables.standbys.items()):
            if seen >= time.monotonic() - SEEN_FOR_S:
                found.setdefault(session_id, []).append(gateway)
        return found

    async def sessions(self) -> list[SessionRow]:
        return list(self._tables.sessions.values())
