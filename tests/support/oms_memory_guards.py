"""Guards of flows in memory; the time is a number that tests move."""

import dataclasses
from collections.abc import Sequence

from svc_oms.service.ports.guard_ports import Armed, GuardRow

HELD, LOST, FIRING, DISARMED = 1, 2, 3, 4
DEAD_AFTER_S, CLAIM_LIFE_S = 5, 10


@dataclasses.dataclass
class _Guard:
    row: GuardRow
    state: int
    seen_at: float
    due_at: float = 0


class MemoryGuards:
    """See `svc_oms.service.disconnect.guard_ports.GuardStore`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rows: dict[str, _Guard] = {}
        self.account_defaults: dict[str, int] = {}

    async def defaults(self, account_ids: Sequence[str]) -> dict[str, int]:
        return {a: self.account_defaults[a] for a in account_ids if a in self.account_defaults}

    async def held(self, subject: str) -> int:
        return sum(g.row.subject == subject and g.state < DISARMED for g in self.rows.values())

    def _named(self, row: GuardRow) -> list[_Guard]:
        name = (row.subject, row.session_name)
        return [g for g in self.rows.values() if (g.row.subject, g.row.session_name) == name]

    async def arm(self, row: GuardRow) -> Armed:
        named = self._named(row)
        if any(g.state == FIRING for g in named):
            return Armed(armed=False, resumed=False)
        for guard in named:
            if guard.state in {LOST, DISARMED}:
                del self.rows[guard.row.holder]
        self.rows[row.holder] = _Guard(row, HELD, self.now)
        return Armed(armed=True, resumed=any(g.state == LOST for g in named))

    async def disarm(self, holder: str) -> None:
        guard = self.rows.get(holder)
        if guard is not None and guard.state != FIRING:
            guard.state, guard.seen_at = DISARMED, self.now

    async def lost(self, holder: str, grace_min_s: int) -> None:
        guard = self.rows.get(holder)
        if guard is not None and guard.state == HELD:
            guard.state, guard.seen_at = LOST, self.now
            guard.due_at = self.now + max(guard.row.grace_s, grace_min_s)

    async def vouch(self, holders: Sequence[str]) -> list[str]:
        there = [h for h in holders if h in self.rows and self.rows[h].state == HELD]
        for holder in there:
            self.rows[holder].seen_at = self.now
        return there

    def _is_due(self, guard: _Guard) -> bool:
        return self.now >= {
            HELD: guard.seen_at + guard.row.grace_s + DEAD_AFTER_S,
            LOST: guard.due_at,
            FIRING: guard.due_at + CLAIM_LIFE_S,
        }.get(guard.state, float("inf"))

    async def due(self, *, dead_too: bool) -> list[GuardRow]:
        return [
            guard.row
            for _, guard in sorted(self.rows.items())
            if self._is_due(guard) and (dead_too or guard.state != HELD)
        ]

    async def claim(self, holder: str) -> bool:
        mine = self.rows.get(holder)
        if mine is None or not self._is_due(mine):
            return False
        newer = [
            g
            for g in self._named(mine.row)
            if g is not mine
            and FIRING not in {mine.state, g.state}
            and (
                g.seen_at > mine.seen_at
                or (g.state == HELD and g.seen_at + DEAD_AFTER_S > self.now)
            )
        ]
        if newer:
            del self.rows[holder]
            return False
        mine.state, mine.due_at = FIRING, self.now
        return True

    async def fired(self, holder: str) -> None:
        if holder in self.rows and self.rows[holder].state == FIRING:
            del self.rows[holder]
