"""Names on PostgreSQL; see `directory_ports.DirectoryStore`.

Statements are put together from constants of this file only; values are parameters.
"""
# ruff: noqa: S608

from collections.abc import Sequence
from typing import Final

import asyncpg
from typing_extensions import override

from svc_oms.adapters.postgres.errors import translated
from svc_oms.service.codec.kill_messages import placed_by_bytes
from svc_oms.service.ports.directory_ports import DirectoryStore, IdKind

_FROM_ACCOUNTS = "SELECT FROM oms.accounts WHERE"
_OPEN = "SELECT FROM oms.orders WHERE is_open AND"

# A listing or venue that is no longer known may still have open orders.
_KNOWS: Final = {
    IdKind.FIRM: f"EXISTS ({_FROM_ACCOUNTS} firm_id = $1)",
    IdKind.DESK: f"EXISTS ({_FROM_ACCOUNTS} desk_id = $1 AND desk_id <> '')",
    IdKind.FIRM_DESK: f"EXISTS ({_FROM_ACCOUNTS} firm_id || '/' || desk_id = $1 AND desk_id <> '')",
    IdKind.ACCOUNT: f"EXISTS ({_FROM_ACCOUNTS} account_id = $1)",
    IdKind.SESSION: ("EXISTS (SELECT FROM oms.sessions WHERE session_id = $1 AND NOT drop_copy)"),
    IdKind.VENUE: f"""
        EXISTS (SELECT FROM oms.sessions WHERE venue_mic = $1 AND NOT drop_copy)
        OR EXISTS (SELECT FROM oms.instruments WHERE right(instrument_id, 5) = '.' || $1)
        OR EXISTS ({_OPEN} venue_mic = $1)""",
    IdKind.INSTRUMENT: f"""
        EXISTS (SELECT FROM oms.instruments WHERE instrument_id = $1)
        OR EXISTS ({_OPEN} instrument_id = $1)""",
}

# Only the body of an order says who placed it: it is searched as bytes.
_KNOWS_TRADER = f"""
SELECT EXISTS (SELECT FROM oms.people WHERE subject = $1)
    OR EXISTS ({_OPEN} position($2::bytea IN body) > 0)
"""

_NAMES: Final = {
    IdKind.FIRM: "SELECT DISTINCT firm_id, '' FROM oms.accounts WHERE firm_id <> ''",
    IdKind.DESK: "SELECT DISTINCT desk_id, '' FROM oms.accounts WHERE desk_id <> ''",
    IdKind.FIRM_DESK: (
        "SELECT DISTINCT firm_id || '/' || desk_id, '' FROM oms.accounts WHERE desk_id <> ''"
    ),
    IdKind.ACCOUNT: "SELECT account_id, '' FROM oms.accounts",
    IdKind.TRADER: "SELECT subject, username FROM oms.people",
    IdKind.SESSION: "SELECT session_id, '' FROM oms.sessions WHERE NOT drop_copy",
    IdKind.VENUE: """
        SELECT venue_mic, '' FROM oms.sessions WHERE NOT drop_copy
        UNION SELECT right(instrument_id, 4), '' FROM oms.instruments""",
    IdKind.INSTRUMENT: "SELECT instrument_id, '' FROM oms.instruments",
}

# First ids that differ only in the last or first two characters, then those that share a half.
_LIKELY = """
SELECT id, name FROM ({names}) AS n (id, name), LATERAL (
    SELECT upper($1::text) AS wanted, greatest(length($1) / 2, 1) AS half) w
ORDER BY
    length($1) > 3 AND (starts_with(upper(id), left(wanted, -2))
        OR right(upper(id), -2) = right(wanted, -2)
        OR upper(name) = wanted) DESC,
    starts_with(upper(id), left(wanted, half)) OR right(upper(id), half) = right(wanted, half)
        OR starts_with(upper(name), left(wanted, half)) DESC,
    abs(length(id) - length($1)), id
LIMIT $2
"""

_TOGETHER = """
SELECT EXISTS (SELECT FROM oms.accounts WHERE $1 IN ('', firm_id) AND $2 IN ('', desk_id)
    AND $3 IN ('', account_id))
"""

_VENUE_OF = "SELECT venue_mic FROM oms.sessions WHERE session_id = $1 AND NOT drop_copy"

_KEEP_PEOPLE = """
INSERT INTO oms.people AS p (subject, username)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (subject) DO UPDATE SET username = excluded.username, seen_at = now()
"""


_NAMES_OF = "SELECT subject, username FROM oms.people WHERE subject = ANY($1::text[])"


class PostgresDirectory(DirectoryStore):
    """Ids and names in PostgreSQL."""

    def __init__(self, write_pool: asyncpg.Pool, read_pool: asyncpg.Pool) -> None:
        self._write_pool = write_pool
        self._read_pool = read_pool

    @override
    async def knows(self, kind: IdKind, value: str) -> bool:
        with translated():
            if kind is IdKind.TRADER:
                body = placed_by_bytes(value)
                return bool(await self._read_pool.fetchval(_KNOWS_TRADER, value, body))
            return bool(await self._read_pool.fetchval(f"SELECT {_KNOWS[kind]}", value))

    @override
    async def likely(self, kind: IdKind, value: str, limit: int) -> list[tuple[str, str]]:
        with translated():
            statement = _LIKELY.format(names=_NAMES[kind])
            rows = await self._read_pool.fetch(statement, value, limit)
        return [(row[0], row[1]) for row in rows]

    @override
    async def names_of(self, subjects: Sequence[str]) -> dict[str, str]:
        with translated():
            rows = await self._read_pool.fetch(_NAMES_OF, subjects)
        return {row[0]: row[1] for row in rows}

    @override
    async def together(self, firm_id: str, desk_id: str, account_id: str) -> bool:
        with translated():
            found = await self._read_pool.fetchval(_TOGETHER, firm_id, desk_id, account_id)
        return bool(found)

    @override
    async def venue_of(self, session_id: str) -> str:
        with translated():
            return str(await self._read_pool.fetchval(_VENUE_OF, session_id) or "")

    @override
    async def keep_people(self, user_names: Sequence[tuple[str, str]]) -> None:
        subjects, names = [subject for subject, _ in user_names], [name for _, name in user_names]
        with translated():
            await self._write_pool.execute(_KEEP_PEOPLE, subjects, names)
