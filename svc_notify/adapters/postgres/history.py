"""Notifications as users read them: what they may see now, and what they have read."""
# ruff: noqa: S608 - statements are put together from constants of this package only

from collections.abc import Sequence
from typing import Any, Final

from svc_notify.adapters.postgres.database import Database
from svc_notify.adapters.postgres.rows import SELECTED, notification_of
from svc_notify.domain.notification import Notification, Viewer
from svc_notify.service.history import Feed, Filter, Listed, NotFoundError, ReadState, Shown

# What a viewer may see: $1 user, $2 accounts, $3 sees all, $4 oversees. One rule with
# `domain.notification.Viewer.may_see`; a test compares them.
_VISIBLE: Final = """
(n.audience = 3 OR n.audience = 4 AND $4 OR n.audience = 2 AND n.user_id = $1
    OR n.audience = 1 AND ($3 OR n.account_id = ANY($2::text[])))
"""
_READ: Final = """
LEFT JOIN notify.readers r ON r.user_id = $1
LEFT JOIN notify.reads s ON s.user_id = $1 AND s.sequence = n.sequence
"""
_READ_NS: Final = "coalesce(s.read_ns, CASE WHEN n.sequence <= r.up_to THEN r.up_to_ns END, 0)"
_FROM: Final = f"""
SELECT {SELECTED}, {_READ_NS} AS read_ns FROM notify.notifications n {_READ} WHERE {_VISIBLE}
"""
AFTER: Final = f"""
SELECT {SELECTED} FROM notify.notifications n WHERE n.sequence > $1 ORDER BY n.sequence LIMIT $2
"""
NEWER: Final = f"{_FROM} AND n.sequence > $5 ORDER BY n.sequence LIMIT $6"
OLDER: Final = f"{_FROM} AND n.sequence < $5 ORDER BY n.sequence DESC LIMIT $6"
# Looks at $6 visible notifications, and returns which of them fit.
LIST: Final = f"""
WITH seen AS ({_FROM} AND n.sequence < $5 ORDER BY n.sequence DESC LIMIT $6)
SELECT * FROM seen WHERE ($7::smallint[] = '{{}}' OR kind = ANY($7)) AND severity >= $8
    AND ($9 = '' OR account_id = $9) AND ($10 = '' OR order_id = $10)
    AND ($11 = '' OR venue_mic = $11) AND (NOT $12 OR read_ns = 0)
    AND occurred_ns >= $13 AND ($14::bigint = 0 OR occurred_ns < $14)
ORDER BY sequence DESC LIMIT $15
"""
LOOKED_AT: Final = f"SELECT count(*), coalesce(min(sequence), 0) FROM ({OLDER}) AS seen"
FEED: Final = """
SELECT epoch, last_sequence, coalesce((SELECT min(sequence) FROM notify.notifications),
    last_sequence + 1) AS oldest FROM notify.feed
"""
FIND: Final = f"""
SELECT n.sequence FROM notify.notifications n
WHERE n.notification_id = ANY($5::text[]) AND {_VISIBLE}
"""
NEXT_NUMBER: Final = """
INSERT INTO notify.readers AS r (user_id, number) VALUES ($1, 1)
ON CONFLICT (user_id) DO UPDATE SET number = r.number + 1 RETURNING number
"""
MARK: Final = """
INSERT INTO notify.reads (user_id, sequence, read_ns, number)
SELECT $1, s.sequence, $3, $4 FROM unnest($2::bigint[]) AS s (sequence)
JOIN notify.readers r ON r.user_id = $1 AND s.sequence > r.up_to
ON CONFLICT DO NOTHING
"""
MARK_UP_TO: Final = """
UPDATE notify.readers SET up_to = $2, up_to_ns = $3, up_to_since = number
WHERE user_id = $1 AND up_to < $2
"""
FORGET_SINGLE: Final = "DELETE FROM notify.reads WHERE user_id = $1 AND sequence <= $2"
READ_NUMBER: Final = (
    "SELECT number, up_to, up_to_ns, up_to_since FROM notify.readers WHERE user_id = $1"
)
READ_SINCE: Final = """
SELECT n.notification_id, s.read_ns FROM notify.reads s JOIN notify.notifications n USING (sequence)
WHERE s.user_id = $1 AND s.number > $2 AND s.number <= $3 ORDER BY s.number LIMIT 1000
"""
PRUNE: Final = """
WITH old AS (
    SELECT sequence FROM notify.notifications
    WHERE created_ns < $1 OR sequence <= (SELECT last_sequence FROM notify.feed) - $2
    ORDER BY sequence LIMIT $3
), read AS (DELETE FROM notify.reads s USING old WHERE s.sequence = old.sequence)
DELETE FROM notify.notifications n USING old WHERE n.sequence = old.sequence RETURNING 1
"""


class PostgresHistory:
    """Notifications as users read them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def feed(self) -> Feed:
        """Return epoch and bounds of what is kept."""
        async with self._database.read() as connection:
            return Feed(*await connection.fetchrow(FEED))

    async def after(self, sequence: int, limit: int) -> list[Notification]:
        """Return what came after a sequence, whoever may see it, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.fetch(AFTER, sequence, limit)
        return [notification_of(row) for row in rows]

    async def newer(self, viewer: Viewer, after: int, limit: int) -> list[Shown]:
        """Return what a viewer may see after a sequence, oldest first."""
        return await self._read(NEWER, viewer, after, limit)

    async def older(self, viewer: Viewer, before: int, limit: int) -> list[Shown]:
        """Return what a viewer may see before a sequence, newest first."""
        return await self._read(OLDER, viewer, before, limit)

    async def page(
        self, viewer: Viewer, wanted: Filter, before: int, size: int, scan: int
    ) -> Listed:
        """Return a page of what a viewer may see and wants, newest first.

        Args:
            viewer: Who reads.
            wanted: The filter.
            before: Only lower sequences.
            size: Notifications in the page.
            scan: Notifications that are looked at; there may be more that fit.
        """
        async with self._database.read() as connection:
            seen = await connection.fetchrow(LOOKED_AT, *_of(viewer), before, scan)
            rows = await connection.fetch(LIST, *_of(viewer), before, scan, *wanted, size)
        page = [_shown(row) for row in rows]
        if len(page) == size:
            return Listed(page, page[-1].notification.sequence)
        return Listed(page, seen[1] if seen[0] == scan else 0)

    async def mark(self, viewer: Viewer, ids: Sequence[str], now_ns: int) -> None:
        """Mark notifications as read; one that was read before keeps its time.

        Raises:
            NotFoundError: One of them is not there; nothing is marked.
        """
        wanted = list(dict.fromkeys(ids))
        async with self._database.transaction() as connection:
            rows = await connection.fetch(FIND, *_of(viewer), wanted)
            if len(rows) != len(wanted):
                raise NotFoundError
            number = await connection.fetchval(NEXT_NUMBER, viewer.user_id)
            sequences = [row["sequence"] for row in rows]
            await connection.execute(MARK, viewer.user_id, sequences, now_ns, number)

    async def mark_up_to(self, viewer: Viewer, sequence: int, now_ns: int) -> None:
        """Mark everything up to a sequence as read."""
        async with self._database.transaction() as connection:
            feed = Feed(*await connection.fetchrow(FEED))
            up_to = min(sequence, feed.last_sequence)
            await connection.fetchval(NEXT_NUMBER, viewer.user_id)
            await connection.execute(MARK_UP_TO, viewer.user_id, up_to, now_ns)
            await connection.execute(FORGET_SINGLE, viewer.user_id, up_to)

    async def read_state(self, user_id: str) -> ReadState:
        """Return what a user has read."""
        async with self._database.read() as connection:
            row = await connection.fetchrow(READ_NUMBER, user_id)
        return ReadState() if row is None else ReadState(*row)

    async def read_since(self, user_id: str, after: int, until: int) -> dict[int, list[str]]:
        """Return the ids that single marks named between two changes, by the time of the mark."""
        async with self._database.read() as connection:
            rows = await connection.fetch(READ_SINCE, user_id, after, until)
        found: dict[int, list[str]] = {}
        for row in rows:
            found.setdefault(row["read_ns"], []).append(row["notification_id"])
        return found

    async def prune(self, before_ns: int, most: int, batch: int) -> int:
        """Remove the oldest notifications of before a time, or beyond a number; return how many."""
        async with self._database.transaction() as connection:
            return len(await connection.fetch(PRUNE, before_ns, most, batch))

    async def _read(self, statement: str, viewer: Viewer, place: int, limit: int) -> list[Shown]:
        async with self._database.read() as connection:
            rows = await connection.fetch(statement, *_of(viewer), place, limit)
        return [_shown(row) for row in rows]


def _of(viewer: Viewer) -> tuple[Any, ...]:
    return viewer.user_id, list(viewer.accounts), viewer.sees_all, viewer.oversees


def _shown(row: Any) -> Shown:
    return Shown(notification_of(row), row["read_ns"])
