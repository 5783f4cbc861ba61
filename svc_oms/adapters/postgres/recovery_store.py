"""Recoveries on PostgreSQL, and the marks of the book's logs; see `recovery_ports`."""
# ruff: noqa: S608 - statements are put together from constants of this file only

import json
from collections.abc import Sequence
from typing import Any

import asyncpg
from typing_extensions import override

from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.orders.order_statements import (
    EPOCH,
    LOCK_CONTROLS,
    MOVE_CONTROLS,
)
from svc_oms.adapters.postgres.orders.trusted import INSTANCE
from svc_oms.domain.recovery.book_marks import FoundMark, LogMark
from svc_oms.service.book.commit_logs import CommitLog
from svc_oms.service.ports.recovery_ports import (
    BookView,
    CheckName,
    CheckResult,
    RecoveryEntry,
    RecoveryRow,
    RecoverySessionRow,
    RecoveryStore,
)

_DIGESTS = {
    CommitLog.ORDER_EVENTS: "hash",
    CommitLog.AUDIT: "hash",
    CommitLog.CONTROLS: "sha256(body)",
    CommitLog.STATES: "sha256(convert_to(image::text, 'UTF8'))",
}
"""What identifies the content of an entry; a dump keeps it."""

# What is visible to another transaction is on the disk: a commit is flushed before it is shown.
NEWEST = "\nUNION ALL\n".join(
    f"""(SELECT '{log}', log_number, {digest} FROM oms.{log} ORDER BY log_number DESC LIMIT 1)"""
    for log, digest in _DIGESTS.items()
)
FOUND = {
    log: f"""
SELECT (SELECT {digest} FROM oms.{log} WHERE log_number = $1),
    coalesce((SELECT log_number FROM oms.{log} ORDER BY log_number LIMIT 1), 0),
    coalesce((SELECT log_number FROM oms.{log} ORDER BY log_number DESC LIMIT 1), 0)
"""
    for log, digest in _DIGESTS.items()
}
_CHECKS = """SELECT coalesce(jsonb_agg(jsonb_build_array(name, finished_at_us, differences)), '[]')
    FROM oms.check_results"""
_CHECK_NAMES = frozenset(name.value for name in CheckName)
BOOK = f"SELECT ({EPOCH}), {INSTANCE}, ({_CHECKS})::text"
_COLUMNS = ", ".join(RecoveryRow._fields)
_SESSION_COLUMNS = ", ".join(RecoverySessionRow._fields)
OPEN = f"SELECT {_COLUMNS} FROM oms.recoveries WHERE confirmed_at_us = 0"
BEGIN = f"""
INSERT INTO oms.recoveries (recovery_id, opened_at_us, evidence, ended_epoch, log_number)
SELECT $1, $2, $3, epoch::text,
    coalesce((SELECT log_number FROM oms.order_events ORDER BY log_number DESC LIMIT 1), 0)
FROM oms.book
RETURNING {_COLUMNS}
"""
NEW_EPOCH = "UPDATE oms.book SET epoch = gen_random_uuid()"
CONFIRM = f"""
UPDATE oms.recoveries SET confirmed_at_us = $2, confirmed_by = $3, confirmed_by_name = $4,
    reason = $5
WHERE recovery_id = $1 AND confirmed_at_us = 0
RETURNING {_COLUMNS}
"""
RECOVERY = f"""
SELECT {_COLUMNS} FROM oms.recoveries WHERE $1 IN ('', recovery_id)
ORDER BY recovery_id DESC LIMIT 1
"""
HAS_ENDED = "SELECT EXISTS (SELECT FROM oms.recoveries WHERE ended_epoch = $1)"
ADD_SESSION = """
INSERT INTO oms.recovery_sessions (recovery_id, session_id, evidence, from_msg_seq_num)
VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
SESSIONS = f"""
SELECT {_SESSION_COLUMNS} FROM oms.recovery_sessions WHERE recovery_id = $1
    AND $2 IN ('', session_id) ORDER BY session_id
"""
# A person can read so many; every request that was not recorded is in the log of the process, too.
NOT_RECOVERED_MAX = 100
ADD_RECOVERED = f"""
UPDATE oms.recovery_sessions SET recovered = recovered + $3,
    not_recovered = (not_recovered || $4::text[])[:{NOT_RECOVERED_MAX}]
WHERE recovery_id = $1 AND session_id = $2
"""
SET_COMPARED = """
UPDATE oms.recovery_sessions SET compared = true WHERE recovery_id = $1 AND session_id = $2
"""
RAISE_FENCING = """
UPDATE oms.sessions SET fencing_token = $2 WHERE session_id = $1 AND fencing_token < $2
"""
ENTRIES = """
SELECT log_number, payload FROM oms.order_events WHERE log_number > $1 ORDER BY log_number LIMIT $2
"""


class PostgresRecoveries(RecoveryStore):
    """Recoveries in PostgreSQL."""

    def __init__(self, write_pool: asyncpg.Pool, read_pool: asyncpg.Pool) -> None:
        self._write_pool = write_pool
        self._read_pool = read_pool

    @override
    async def look(self) -> BookView:
        with translated():
            async with (
                # What batches write to, whatever readers are still connected to.
                self._write_pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                epoch, instance, checks = await connection.fetchrow(BOOK)
                found = await connection.fetchrow(OPEN)
                marks = await connection.fetch(NEWEST)
        return BookView(
            epoch,
            _row(found),
            [LogMark(*row) for row in marks],
            instance,
            # A newer release may compare what this one does not know.
            [
                CheckResult(CheckName(name), *numbers)
                for name, *numbers in json.loads(checks)
                if name in _CHECK_NAMES
            ],
        )

    @override
    async def find(self, marks: Sequence[LogMark]) -> list[FoundMark]:
        known = {str(log): statement for log, statement in FOUND.items()}
        # In the database that `look` has read: a reader may still be connected to the one before.
        with translated():
            return [
                FoundMark(
                    mark.log, *await self._write_pool.fetchrow(known[mark.log], mark.log_number)
                )
                for mark in marks
                if mark.log in known
            ]

    @override
    async def has_ended(self, epoch: str) -> bool:
        with translated():
            return bool(await self._write_pool.fetchval(HAS_ENDED, epoch))

    @override
    async def begin(self, row: RecoveryRow) -> RecoveryRow:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                await connection.execute(LOCK_CONTROLS)
                found = await connection.fetchrow(OPEN)
                if found is not None:
                    return RecoveryRow(*found)
                await connection.execute(MOVE_CONTROLS)
                made = await connection.fetchrow(BEGIN, *row[:3])
                await connection.execute(NEW_EPOCH)
        return RecoveryRow(*made)

    @override
    async def confirm(
        self, recovery_id: str, at_us: int, by: str, name: str, reason: str
    ) -> RecoveryRow | None:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                await connection.execute(LOCK_CONTROLS)
                await connection.execute(MOVE_CONTROLS)
                return _row(
                    await connection.fetchrow(CONFIRM, recovery_id, at_us, by, name, reason)
                )

    @override
    async def recovery(self, recovery_id: str) -> RecoveryRow | None:
        with translated():
            return _row(await self._read_pool.fetchrow(RECOVERY, recovery_id))

    @override
    async def add_session(self, row: RecoverySessionRow) -> RecoverySessionRow:
        with translated():
            await self._write_pool.execute(ADD_SESSION, *row[:4])
            found = await self._write_pool.fetchrow(SESSIONS, row.recovery_id, row.session_id)
        return _session_row(found)

    @override
    async def add_recovered(
        self, recovery_id: str, session_id: str, recovered: int, not_recovered: Sequence[str]
    ) -> None:
        with translated():
            await self._write_pool.execute(
                ADD_RECOVERED, recovery_id, session_id, recovered, list(not_recovered)
            )

    @override
    async def set_compared(self, recovery_id: str, session_id: str) -> None:
        with translated():
            await self._write_pool.execute(SET_COMPARED, recovery_id, session_id)

    @override
    async def sessions_of(self, recovery_id: str) -> list[RecoverySessionRow]:
        with translated():
            rows = await self._read_pool.fetch(SESSIONS, recovery_id, "")
        return [_session_row(row) for row in rows]

    @override
    async def raise_token(self, session_id: str, fencing_token: int) -> None:
        with translated():
            await self._write_pool.execute(RAISE_FENCING, session_id, fencing_token)

    @override
    async def entries(self, after: int, limit: int) -> list[RecoveryEntry]:
        with translated():
            return [
                RecoveryEntry(*row) for row in await self._read_pool.fetch(ENTRIES, after, limit)
            ]


def _row(found: Any) -> RecoveryRow | None:
    return None if found is None else RecoveryRow(*found)


def _session_row(found: Any) -> RecoverySessionRow:
    row = RecoverySessionRow(*found)
    return row._replace(not_recovered=tuple(row.not_recovered))
