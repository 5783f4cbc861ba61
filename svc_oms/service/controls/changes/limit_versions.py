"""The versions of limits that a change replaces, and whether it makes them looser."""

from collections.abc import Mapping

from kernel.nanoseconds import to_us
from ordermesh.oms.v1 import limit_pb2
from svc_oms.domain.controls.limits.controls import in_force
from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    Limit,
    LimitKind,
    LimitScope,
    Range,
    desk_name,
)
from svc_oms.domain.controls.limits.loosening import (
    Replaced,
    covers_whole,
    looser_version,
    scopes_around,
    wider_limits,
)
from svc_oms.service.codec.control_records import limit_value
from svc_oms.service.ports.control_ports import ControlRecord, ControlStore, RecordKind

# Versions or limits read at a time.
PAGE = 500


class LimitVersions:
    """Reads what a change of limits is compared with; within a change, so nothing moves."""

    def __init__(self, store: ControlStore, defaults: Mapping[LimitKind, Applied]) -> None:
        self._store = store
        self._defaults = defaults

    async def replaced(self, newest: ControlRecord | None, from_ns: int) -> Replaced:
        """Return the version in force at an instant, and the versions that begin later."""
        later: list[Limit] = []
        last = 0 if newest is None else newest.version
        while last:
            first = max(last - PAGE, 0)
            assert newest is not None, "it has a version"
            rows = await self._store.history(
                RecordKind.LIMIT, newest.object_id, first, last - first
            )
            versions = [_version(row) for row in rows]
            begun = [each for each in versions if each.valid_from_ns <= from_ns]
            later += [each for each in versions if each.valid_from_ns > from_ns]
            if begun:
                newest_begun = max(begun, key=lambda each: each.version)
                later = [each for each in later if each.version > newest_begun.version]
                return Replaced(in_force(begun, from_ns), later)
            last = first
        return Replaced(None, later)

    async def looser(self, limit: Limit, newest: ControlRecord | None) -> str:
        """Return in words what a new version makes looser; empty if nothing.

        Args:
            limit: The new version.
            newest: The newest version before it; None if it is the first.
        """
        replaced = await self.replaced(newest, limit.valid_from_ns)
        found = looser_version(replaced, limit)
        if found or replaced.now is not None:
            return found
        for wider in await self._wider(limit):
            # What is wider goes on after the new limit has ended.
            found = looser_version(Replaced(wider), limit._replace(valid_until_ns=0))
            if found:
                return found
        return ""

    async def _wider(self, limit: Limit) -> list[Limit]:
        """Return the limits that count until now for the orders of a new limit."""
        scopes = await self._scopes(limit.range)
        found: list[Limit] = []
        after = ""
        while True:
            rows = await self._store.in_force(
                RecordKind.LIMIT, to_us(limit.valid_from_ns), after, scopes, PAGE
            )
            found += [each for row in rows if (each := _version(row)).kind is limit.kind]
            if len(rows) < PAGE:
                break
            after = rows[-1].object_id
        wider = wider_limits(limit.range, found, scopes)
        default = self._defaults.get(limit.kind)
        covered = bool(wider) and covers_whole(wider[-1].range, limit.range)
        return wider if default is None or covered else [*wider, default.limit]

    async def _scopes(self, range_: Range) -> list[str]:
        if range_.scope is not LimitScope.ACCOUNT:
            return scopes_around(range_, "", "")
        rows = await self._store.account_rows([range_.scope_id])
        if not rows:
            return [range_.scope_id]
        (account,) = rows
        desk = desk_name(account.firm_id, account.desk_id)
        return scopes_around(range_, account.firm_id, desk)


def _version(row: ControlRecord) -> Limit:
    return limit_value(limit_pb2.Limit.FromString(row.body))
