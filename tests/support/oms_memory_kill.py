"""Kill switches of the order store in memory; held to the same contract as PostgreSQL."""

from collections.abc import Sequence

from svc_oms.domain.kill_switches import Scope, blocks_some
from svc_oms.service.ports import Record
from svc_oms.service.ports.kill_ports import (
    OpenOrder,
    PullRow,
    PullState,
    SessionStanding,
    SwitchKind,
    SwitchRow,
    SwitchState,
)

UP = 3


class MemoryKillStore:
    """See `svc_oms.service.ports.kill_ports.KillStore`. Time does not pass: nothing grows old."""

    def __init__(self, store) -> None:
        self._store = store
        self.leases: dict[str, str] = {}

    @property
    def _tables(self):
        return self._store._here()

    def _put(self, row: SwitchRow) -> SwitchRow:
        row = row._replace(revision=row.revision + 1)
        self._tables.switches[row.switch_id] = row
        return row

    async def engage(
        self, row: SwitchRow, in_force_max: int, record: Record | None = None
    ) -> tuple[SwitchRow, bool] | None:
        async with self._store._lock:
            tables = self._tables
            for one in tables.switches.values():
                if (one.engaged_by, one.idempotency_key) == (row.engaged_by, row.idempotency_key):
                    return one, False
            if row.kind == SwitchKind.SWITCH and not row.drill:
                if sum(one.blocks for one in tables.switches.values()) >= in_force_max:
                    return None
            tables.controls_version += 1
            row = row._replace(version=tables.controls_version)
            tables.switches[row.switch_id] = row
            await self._record(record)
            return row, True

    async def _record(self, record: Record | None) -> None:
        if record is not None:
            await record(self._store.audit_transaction())

    async def has_key(self, by: str, key: str) -> bool:
        found = self._tables.switches.values()
        return any((one.engaged_by, one.idempotency_key) == (by, key) for one in found)

    async def propose_release(
        self,
        switch_id: str,
        by: str,
        reason: str,
        now_us: int,
        name: str = "",
        record: Record | None = None,
    ) -> SwitchRow | None:
        row = self._tables.switches.get(switch_id)
        if row is not None and row.blocks and not row.release_proposed_by:
            row = self._put(
                row._replace(
                    release_proposed_by=by,
                    release_reason=reason,
                    release_proposed_at_us=now_us,
                    release_proposed_by_name=name,
                )
            )
            await self._record(record)
        return row

    async def release(
        self, switch_id: str, by: str, now_us: int, name: str = "", record: Record | None = None
    ) -> SwitchRow | None:
        async with self._store._lock:
            self._tables.controls_version += 1
            row = self._tables.switches.get(switch_id)
            if row is not None and row.blocks and row.release_proposed_by not in {"", by}:
                row = self._put(
                    row._replace(
                        state=SwitchState.RELEASED,
                        released_by=by,
                        released_at_us=now_us,
                        version=self._tables.controls_version,
                        released_by_name=name,
                    )
                )
                await self._record(record)
            return row

    async def in_force_at(self, at_us: int, limit: int) -> list[SwitchRow]:
        return [
            row
            for row in sorted(self._tables.switches.values())
            if row.kind == SwitchKind.SWITCH
            and not row.drill
            and row.engaged_at_us <= at_us
            and (not row.released_at_us or row.released_at_us > at_us)
        ][:limit]

    async def current(self, changed_within_s: int) -> list[SwitchRow]:
        del changed_within_s
        return sorted(self._tables.switches.values())

    async def switch(self, switch_id: str) -> SwitchRow | None:
        return self._tables.switches.get(switch_id)

    async def switches(
        self,
        before_id: str,
        limit: int,
        *,
        in_force_only: bool,
        account_ids: Sequence[str] | None,
        trader: str = "",
    ) -> list[SwitchRow]:
        found = [
            row
            for row in sorted(self._tables.switches.values(), reverse=True)
            if (not before_id or row.switch_id < before_id)
            and (row.blocks or not in_force_only)
            and (account_ids is None or self._may_see(row, account_ids, trader))
        ]
        return found[:limit]

    def _may_see(self, row: SwitchRow, account_ids: Sequence[str], trader: str) -> bool:
        scope, accounts = Scope(*row.scope), self._tables.accounts
        owners = [
            (one.firm_id, one.desk_id, one.account_id)
            for name in account_ids
            if (one := accounts.get(name)) is not None
        ]
        reaches = (
            row.kind == SwitchKind.SWITCH and not row.drill and blocks_some(scope, owners, trader)
        )
        return scope.account_id in account_ids or reaches

    async def confirm(self, session_id: str, token: int, version: int, now_us: int) -> None:
        session = self._tables.sessions.get(session_id)
        if session is not None and session.fencing_token == token:
            self._tables.blocks[session_id] = (token, version, now_us)

    async def standings(self) -> list[SessionStanding]:
        found = []
        for _, session in sorted(self._tables.sessions.items()):
            token, version, at_us = self._tables.blocks.get(session.session_id, (0, 0, 0))
            mine = token == session.fencing_token
            found.append(
                SessionStanding(
                    session.session_id,
                    session.venue_mic,
                    session.state == UP,
                    session.fencing_token > 0,
                    version if mine else 0,
                    at_us if mine else 0,
                )
            )
        return found

    async def acknowledge(
        self, switch_id: str, state: int, sessions: bytes, now_us: int
    ) -> SwitchRow | None:
        row = self._tables.switches.get(switch_id)
        if row is None or row.state != 1 or (row.state, row.sessions) == (state, sessions):
            return None
        at_us = 0 if state == 1 else now_us
        return self._put(row._replace(state=state, sessions=sessions, acknowledged_at_us=at_us))

    async def lease(self, switch_id: str, replica: str, seconds: float) -> bool:
        del seconds
        if switch_id not in self._tables.switches:
            return False
        return self.leases.setdefault(switch_id, replica) == replica

    async def open_orders(
        self, switch_id: str, scope: tuple[str, ...], after: str, limit: int
    ) -> list[OpenOrder]:
        tables, wanted, found = self._tables, Scope(*scope), []
        mics = {s.session_id: s.venue_mic for s in tables.sessions.values()}
        for order_id, order in sorted(tables.orders.items()):
            account = tables.accounts[order.account_id]
            if (
                order.is_open
                and order_id > after
                and (switch_id, order_id) not in tables.pulls
                and wanted.firm_id in {"", account.firm_id}
                and wanted.desk_id in {"", account.desk_id}
                and wanted.account_id in {"", order.account_id}
                and wanted.venue_mic in {"", order.venue_mic}
                and wanted.instrument_id in {"", order.instrument_id}
                and (not wanted.session_id or mics.get(wanted.session_id) == order.venue_mic)
            ):
                found.append(
                    OpenOrder(
                        order_id,
                        order.account_id,
                        order.instrument_id,
                        order.venue_mic,
                        account.firm_id,
                        account.desk_id,
                        order.body,
                    )
                )
        return found[:limit]

    async def pulls(
        self,
        switch_id: str,
        after: str,
        limit: int,
        outcomes: Sequence[int],
        account_ids: Sequence[str] | None = None,
    ) -> list[PullRow]:
        found = [
            row
            for (switch, order_id), row in sorted(self._tables.pulls.items())
            if switch == switch_id
            and order_id > after
            and (not outcomes or row.outcome in outcomes)
            and (account_ids is None or row.account_id in account_ids)
        ]
        return found[:limit]

    async def unsettled(self, switch_id: str, after: str, limit: int) -> list[PullState]:
        orders = self._tables.orders
        found = [
            PullState(row, orders[row.order_id].body, orders[row.order_id].fold)
            for row in await self.pulls(switch_id, after, 2**31, ())
            if row.outcome in {1, 5} or orders[row.order_id].is_open
        ]
        return found[:limit]

    async def keep_pulls(self, switch_id: str, rows: Sequence[PullRow]) -> None:
        for row in rows:
            before = self._tables.pulls.get((switch_id, row.order_id), row)
            self._tables.pulls[switch_id, row.order_id] = row._replace(
                attempts=max(row.attempts, before.attempts),
                asked_at_us=max(row.asked_at_us, before.asked_at_us),
            )

    async def count(
        self, switch_id: str, *, listed: bool, commands_held: int, settled: bool, now_us: int
    ) -> bool:
        row = self._tables.switches[switch_id]
        outcomes = [p.outcome for (s, _), p in self._tables.pulls.items() if s == switch_id]
        counts = tuple(outcomes.count(number) for number in range(1, 7))
        was = (row.counts, row.listed, row.commands_held, bool(row.settled_at_us))
        if was == (counts, listed, commands_held, settled):
            return False
        self._put(
            row._replace(
                counts=counts,
                listed=listed,
                commands_held=commands_held,
                settled_at_us=(row.settled_at_us or now_us) if settled else 0,
            )
        )
        return True
