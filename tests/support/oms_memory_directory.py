"""Names of the order store in memory; held to the same contract as PostgreSQL's."""

from collections.abc import Sequence

from svc_oms.service.codec.kill_messages import placed_by_bytes
from svc_oms.service.ports.directory_ports import IdKind


class MemoryDirectory:
    """See `svc_oms.service.directory.directory_ports.DirectoryStore`."""

    def __init__(self, store) -> None:
        self._store = store

    def _names(self, kind: IdKind) -> set[tuple[str, str]]:
        tables = self._store._here()
        accounts, listings = tables.accounts.values(), set(tables.instruments)
        sessions = [one for one in tables.sessions.values() if not one.drop_copy]
        ids = {
            IdKind.FIRM: {one.firm_id for one in accounts},
            IdKind.DESK: {one.desk_id for one in accounts},
            IdKind.FIRM_DESK: {f"{a.firm_id}/{a.desk_id}" for a in accounts if a.desk_id},
            IdKind.ACCOUNT: {one.account_id for one in accounts},
            IdKind.SESSION: {one.session_id for one in sessions},
            IdKind.VENUE: {s.venue_mic for s in sessions} | {name[-4:] for name in listings},
            IdKind.INSTRUMENT: listings,
        }
        if kind is IdKind.TRADER:
            return set(tables.people.items())
        return {(name, "") for name in ids[kind] - {""}}

    async def knows(self, kind: IdKind, value: str) -> bool:
        if any(value == name for name, _ in self._names(kind)):
            return True
        live = [one for one in self._store._here().orders.values() if one.is_open]
        if kind is IdKind.TRADER:
            return any(placed_by_bytes(value) in one.body for one in live)
        if kind is IdKind.VENUE:
            return any(one.venue_mic == value for one in live)
        return kind is IdKind.INSTRUMENT and any(one.instrument_id == value for one in live)

    async def likely(self, kind: IdKind, value: str, limit: int) -> list[tuple[str, str]]:
        del value
        return sorted(self._names(kind))[:limit]

    async def names_of(self, subjects: Sequence[str]) -> dict[str, str]:
        people = self._store._here().people
        return {one: people[one] for one in subjects if one in people}

    async def together(self, firm_id: str, desk_id: str, account_id: str) -> bool:
        return any(
            firm_id in {"", one.firm_id}
            and desk_id in {"", one.desk_id}
            and account_id in {"", one.account_id}
            for one in self._store._here().accounts.values()
        )

    async def venue_of(self, session_id: str) -> str:
        found = self._store._here().sessions.get(session_id)
        return "" if found is None or found.drop_copy else found.venue_mic

    async def keep_people(self, people: Sequence[tuple[str, str]]) -> None:
        self._store._here().people.update(people)
