"""Recoveries in memory; the logs of the book have no numbers here, so a mark is the test's."""

from collections.abc import Sequence
from typing import Any

from svc_oms.domain.recovery.book_marks import FoundMark, LogMark
from svc_oms.service.ports.recovery_ports import (
    BookView,
    RecoveryEntry,
    RecoveryRow,
    RecoverySessionRow,
)


class MemoryRecoveries:
    """See `svc_oms.service.ports.recovery_ports.RecoveryStore`.

    Attributes:
        marks: The newest entry of each log.
        found: What `find` answers; by default that every mark is in the book.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self.epoch = "memory"
        self.marks: list[LogMark] = []
        self.found: list[FoundMark] = []
        self.rows: list[RecoveryRow] = []
        self.session_rows: dict[tuple[str, str], RecoverySessionRow] = {}

    @property
    def open_row(self) -> RecoveryRow | None:
        """The open recovery."""
        return next((row for row in self.rows if not row.confirmed_at_us), None)

    async def look(self) -> BookView:
        self._store.tables_here()
        return BookView(self.epoch, self.open_row, list(self.marks))

    async def find(self, marks: Sequence[LogMark]) -> list[FoundMark]:
        return self.found or [FoundMark(m.log, m.digest, 1, m.log_number) for m in marks]

    async def has_ended(self, epoch: str) -> bool:
        return any(row.ended_epoch == epoch for row in self.rows)

    async def begin(self, row: RecoveryRow) -> RecoveryRow:
        found = self.open_row
        if found is not None:
            return found
        made = row._replace(ended_epoch=self.epoch)
        self.rows.append(made)
        self.epoch = f"after {row.recovery_id}"
        self._store.tables.controls_version += 1
        return made

    async def confirm(
        self, recovery_id: str, at_us: int, by: str, name: str, reason: str
    ) -> RecoveryRow | None:
        found = self.open_row
        if found is None or found.recovery_id != recovery_id:
            return None
        row = found._replace(
            confirmed_at_us=at_us, confirmed_by=by, confirmed_by_name=name, reason=reason
        )
        self.rows[self.rows.index(found)] = row
        self._store.tables.controls_version += 1
        return row

    async def recovery(self, recovery_id: str) -> RecoveryRow | None:
        rows = [row for row in self.rows if recovery_id in {"", row.recovery_id}]
        return rows[-1] if rows else None

    async def add_session(self, row: RecoverySessionRow) -> RecoverySessionRow:
        return self.session_rows.setdefault((row.recovery_id, row.session_id), row)

    async def add_recovered(
        self, recovery_id: str, session_id: str, recovered: int, not_recovered: Sequence[str]
    ) -> None:
        row = self.session_rows[recovery_id, session_id]
        self.session_rows[recovery_id, session_id] = row._replace(
            recovered=row.recovered + recovered,
            not_recovered=(*row.not_recovered, *not_recovered),
        )

    async def set_compared(self, recovery_id: str, session_id: str) -> None:
        row = self.session_rows[recovery_id, session_id]
        self.session_rows[recovery_id, session_id] = row._replace(compared=True)

    async def sessions_of(self, recovery_id: str) -> list[RecoverySessionRow]:
        rows = self.session_rows.values()
        return sorted(row for row in rows if row.recovery_id == recovery_id)

    async def raise_token(self, session_id: str, fencing_token: int) -> None:
        sessions = self._store.tables.sessions
        row = sessions.get(session_id)
        if row is not None and row.fencing_token < fencing_token:
            sessions[session_id] = row._replace(fencing_token=fencing_token)

    async def entries(self, after: int, limit: int) -> list[RecoveryEntry]:
        del after, limit
        return []
