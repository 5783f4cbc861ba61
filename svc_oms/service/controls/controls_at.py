"""The controls as they were in force at a time, from the versions that were recorded."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final

from kernel.nanoseconds import NS_PER_US
from ordermesh.oms.v1 import limit_pb2, order_way_pb2
from svc_oms.domain.controls.limits.limit_values import LimitScope, TradingState, desk_name
from svc_oms.domain.controls.limits.replaced import Specific
from svc_oms.service.codec.control_records import limit_value, override_value
from svc_oms.service.ports import AccountRow
from svc_oms.service.ports.control_ports import ControlRecord, ControlStore, RecordKind
from svc_oms.service.ports.kill_ports import SWITCHES_IN_FORCE_MAX, KillStore, SwitchRow

# Records read at a time.
PAGE: Final = 1000
# Overrides and trading statuses of an answer.
ITEMS_MAX: Final = 1000


class ControlsInThePast:
    """Reads controls by time. What is in force now is what is in force at the present time."""

    def __init__(self, controls: ControlStore, kills: KillStore) -> None:
        self._controls = controls
        self._kills = kills

    async def limits(self, at_us: int, scopes: Sequence[str] | None) -> list[limit_pb2.Limit]:
        """Read every limit in force, by limit_id."""
        return [
            limit_pb2.Limit.FromString(row.body)
            async for row in self._every(RecordKind.LIMIT, at_us, scopes)
        ]

    async def overrides(
        self, at_us: int, accounts: Sequence[str] | None, limits: Iterable[limit_pb2.Limit]
    ) -> list[limit_pb2.Override]:
        """Read the overrides in effect of these limits; of several for one, all."""
        versions = {limit.limit_id: limit_value(limit) for limit in limits}
        found: list[limit_pb2.Override] = []
        async for row in self._every(RecordKind.OVERRIDE, at_us, accounts):
            override = limit_pb2.Override.FromString(row.body)
            limit = versions.get(override.limit_id)
            approved = override.state == limit_pb2.OVERRIDE_STATE_APPROVED
            if limit is None or not approved or len(found) == ITEMS_MAX:
                continue
            if override_value(override).applies(limit, at_us * NS_PER_US):
                found.append(override)
        return found

    async def statuses(
        self, at_us: int, accounts: Sequence[str] | None
    ) -> list[limit_pb2.TradingStatusRecord]:
        """Read the trading statuses that restricted something; of these accounts, unless None."""
        found: list[limit_pb2.TradingStatusRecord] = []
        scopes = None if accounts is None else ["", *accounts]
        async for row in self._every(RecordKind.STATUS, at_us, scopes):
            record = limit_pb2.TradingStatusRecord.FromString(row.body)
            if record.status > TradingState.ACTIVE and len(found) < ITEMS_MAX:
                found.append(record)
        return found

    async def switches(self, at_us: int) -> list[SwitchRow]:
        """Read the kill switches in force."""
        return await self._kills.in_force_at(at_us, SWITCHES_IN_FORCE_MAX)

    async def replaced(
        self, limits: Iterable[limit_pb2.Limit], others: Sequence[limit_pb2.Limit], account_id: str
    ) -> list[order_way_pb2.LimitAt]:
        """Return those of the limits whose place others take, each with these others.

        Args:
            limits: The limits to look at.
            others: All limits in force for the same scopes.
            account_id: The account that was asked about; empty for several.
        """
        names = [
            one.range.scope_id for one in others if one.range.scope == LimitScope.ACCOUNT.value
        ]
        rows = await self._controls.account_rows(sorted(set(names)))
        accounts = {row.account_id: (row.firm_id, desk_of(row)) for row in rows}
        # In a thread: with thousands of limits the orders of this replica would wait for it.
        return await asyncio.to_thread(_replaced, list(limits), others, accounts, bool(account_id))

    async def _every(
        self, kind: RecordKind, at_us: int, scopes: Sequence[str] | None
    ) -> AsyncIterator[ControlRecord]:
        after = ""
        while True:
            rows = await self._controls.in_force(kind, at_us, after, scopes, PAGE)
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            after = rows[-1].object_id


def _replaced(
    limits: Sequence[limit_pb2.Limit],
    others: Sequence[limit_pb2.Limit],
    accounts: Mapping[str, tuple[str, str]],
    of_one: bool,
) -> list[order_way_pb2.LimitAt]:
    specific = Specific(map(limit_value, others), accounts)
    messages = {one.limit_id: one for one in others}
    found = []
    for limit in limits:
        replacing = specific.replacing(limit_value(limit))
        if not replacing:
            continue
        standing = order_way_pb2.LimitAt(limit=limit)
        for other, wholly in replacing:
            standing.replaced_by.add(
                limit_id=other.limit_id,
                range=messages[other.limit_id].range,
                wholly=wholly and of_one,
            )
        found.append(standing)
    return found


def desk_of(row: AccountRow) -> str:
    """Return the desk of an account as limits name it: FIRM/DESK, or empty."""
    return desk_name(row.firm_id, row.desk_id)
