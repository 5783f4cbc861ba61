"""The hash chains in PostgreSQL: the log of users, the audit log, and what follows from them.

The hashed content is put together here and not by a function of the database, which its owner can
replace.
"""
# ruff: noqa: S608 - statements are put together from constants of this file only

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kernel.hashchain import Head
from svc_identity.service.ports import StoreUnavailableError
from svc_identity.service.verification import AUDIT_CHAIN, AUDIT_LOG, USER_LOG, Entry

USER_CHAINS: Final = sa.text("""
SELECT user_id, version, convert_to(jsonb_build_array(user_id, version,
    (extract(epoch FROM recorded_at) * 1000000)::int8, image)::text, 'UTF8'), hash
FROM identity.user_log ORDER BY user_id, version
""")
AUDIT_ENTRIES: Final = sa.text(f"""
SELECT '{AUDIT_CHAIN}', c.position, CASE WHEN a.number IS NOT NULL THEN
    convert_to(jsonb_build_array(c.position, a.number, a.entry_id, a.at_ns, a.act, a.actor,
        a.user_id, a.username, a.address, a.session_id, a.detail, a.count)::text, 'UTF8') END,
    c.hash
FROM identity.audit_chain c LEFT JOIN identity.audit_log a USING (number) ORDER BY c.position
""")
UNCHAINED: Final = sa.text("""
SELECT entry_id FROM identity.audit_log a
WHERE NOT EXISTS (SELECT FROM identity.audit_chain c WHERE c.number = a.number) ORDER BY number
""")
DIFFERENCES: Final = sa.text("""
SELECT coalesce(u.user_id, l.user_id), CASE
    WHEN l.user_id IS NULL THEN 'the row is there, but no state of it is in the log'
    WHEN u.user_id IS NULL THEN 'the log has its states, but the row is gone'
    ELSE 'the row is not as its newest state in the log' END
FROM identity.users u FULL JOIN (
    SELECT DISTINCT ON (user_id) user_id, image FROM identity.user_log
    ORDER BY user_id, version DESC) l ON l.user_id = u.user_id
WHERE (u.user_id IS NULL) IS DISTINCT FROM (l.image IS NULL) OR l.user_id IS NULL
    OR NOT to_jsonb(u) || jsonb_build_object('password',
        encode(sha256(convert_to(u.password_hash, 'UTF8')), 'hex')) @> l.image
""")
HEADS: Final = sa.text(f"""
(SELECT DISTINCT ON (user_id) '{USER_LOG}', user_id, version, hash FROM identity.user_log
    ORDER BY user_id, version DESC)
UNION ALL
(SELECT '{AUDIT_LOG}', '{AUDIT_CHAIN}', position, hash FROM identity.audit_chain
    ORDER BY position DESC LIMIT 1)
""")
FOUND: Final = sa.text(f"""
SELECT log, key, asked.version, coalesce(u.hash, c.hash) FROM unnest(CAST(:logs AS text[]),
    CAST(:keys AS text[]), CAST(:versions AS bigint[])) AS asked (log, key, version)
LEFT JOIN identity.user_log u ON log = '{USER_LOG}' AND user_id = key
    AND u.version = asked.version
LEFT JOIN identity.audit_chain c ON log = '{AUDIT_LOG}' AND key = '{AUDIT_CHAIN}'
    AND c.position = asked.version
WHERE coalesce(u.hash, c.hash) IS NOT NULL
""")


class PostgresEvidence:
    """The chained logs, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def entries(self) -> AsyncIterator[Entry]:
        """Read all states of users, those of a user together and in their order."""
        async for row in await self._connection.stream(USER_CHAINS):
            yield Entry(*row)

    async def audit_entries(self) -> AsyncIterator[Entry]:
        """Read all entries of the audit log, in the order of their chain."""
        async for row in await self._connection.stream(AUDIT_ENTRIES):
            yield Entry(*row)

    async def unchained(self) -> list[str]:
        """Return the ids of the audit entries that have no place in the chain."""
        return list((await self._connection.execute(UNCHAINED)).scalars())

    async def differences(self) -> list[tuple[str, str]]:
        """Compare the users with their newest states in the log: (user, difference)."""
        return [(row[0], row[1]) for row in await self._connection.execute(DIFFERENCES)]

    async def heads(self) -> list[Head]:
        """Read the newest entry of each chain."""
        return [Head(*row) for row in await self._connection.execute(HEADS)]

    async def found(self, heads: Sequence[Head]) -> dict[tuple[str, str, int], bytes]:
        """Return the hashes of the entries that heads name, as far as the logs have them."""
        asked = {
            "logs": [one.log for one in heads],
            "keys": [one.key for one in heads],
            "versions": [one.version for one in heads],
        }
        rows = await self._connection.execute(FOUND, asked)
        return {(row[0], row[1], row[2]): row[3] for row in rows}


@asynccontextmanager
async def read_only(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open one view of everything, with times in UTC.

    Raises:
        StoreUnavailableError: The database cannot be read.
    """
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            await connection.execute(sa.text("SET LOCAL timezone = 'UTC'"))
            yield connection
    except (OSError, TimeoutError, sa.exc.SQLAlchemyError) as error:
        raise StoreUnavailableError from error
