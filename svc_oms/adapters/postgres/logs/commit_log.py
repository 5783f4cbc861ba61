"""Reads the append-only logs in commit order; ADR 14 says why it is right.

A log_number is taken under the lock that orders the key's own numbers, so the numbers of one
account (writer, control, row) rise in commit order. Transactions of different accounts may commit
in another order than their numbers: then a number is missing for a while. It is missing for ever
if its transaction was rolled back. `LogReader` knows one from the other.
"""
# ruff: noqa: S608 - statements are put together from constants of this file only

from typing import Any

from svc_oms.service.book.commit_logs import CommitLog, LogEntry

KEYS = {
    CommitLog.ORDER_EVENTS: "account_id, sequence",
    CommitLog.AUDIT: "writer, sequence",
    CommitLog.CONTROLS: "kind || '/' || object_id, version::int8",
    CommitLog.STATES: "subject || '/' || object_id, version",
}
"""Whose entry it is, and the key's own number."""

_BODIES = {
    CommitLog.ORDER_EVENTS: "payload",
    CommitLog.AUDIT: "payload",
    CommitLog.CONTROLS: "body",
    CommitLog.STATES: "convert_to(image::text, 'UTF8')",
}

PAGES = {
    log: f"""
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8, log_number, {key}, {_BODIES[log]}
FROM oms.{log} WHERE log_number > $1 ORDER BY log_number LIMIT $2
"""
    for log, key in KEYS.items()
}
"""The first column is the oldest transaction that was open as the statement began."""

# Higher than the ids of all transactions that have one. The highest id of a snapshot will not do:
# it is that of the last transaction that ended, and an open one may have a higher id.
NEW_TRANSACTION_ID = "SELECT pg_current_xact_id()::text::int8"


async def read_log(connection: Any, log: CommitLog, after: int, limit: int) -> list[LogEntry]:
    """Read the entries after a log_number that are committed; lower ones may still be missing."""
    return [LogEntry(*row[1:]) for row in await connection.fetch(PAGES[log], after, limit)]


class LogReader:
    """Reads a log from one place on: every entry once, none skipped.

    The place to keep is the `log_number` of the last entry, with the epoch of the book. What is
    kept here besides may be lost: it only distinguishes a number that is missing for a while from
    one that is missing forever.
    """

    def __init__(self, connection: Any, log: CommitLog, after: int = 0) -> None:
        """Begin.

        Args:
            connection: Of asyncpg, or a pool, to the primary; no transaction may be open on it.
            log: What to read.
            after: The place: log_number of the last entry that was read before.
        """
        self._connection = connection
        self._log = log
        self._after = after
        # Numbers up to here that are missing are missing for ever.
        self._settled = after
        # So are those up to the first of these as soon as every transaction below the second ended.
        self._doubt: tuple[int, int] | None = None

    async def read(self, limit: int) -> list[LogEntry]:
        """Read up to this many entries; none if there are none, or the next is not committed."""
        rows = await self._connection.fetch(PAGES[self._log], self._after, limit)
        if rows and self._doubt is not None and rows[0][0] >= self._doubt[1]:
            self._settled, self._doubt = self._doubt[0], None
        entries: list[LogEntry] = []
        for row in rows:
            entry = LogEntry(*row[1:])
            if entry.log_number > max(self._settled, self._after + 1):
                await self._doubt_up_to(rows[-1][1])
                break
            self._after = entry.log_number
            entries.append(entry)
        return entries

    async def _doubt_up_to(self, seen: int) -> None:
        """Note whose end settles which numbers below a committed one are missing for ever.

        Whoever has one of these numbers had it, and a transaction id before it, as the committed
        one was read: the id is below a new one.
        """
        if self._doubt is None or self._doubt[0] <= self._after:
            self._doubt = seen, await self._connection.fetchval(NEW_TRANSACTION_ID)
