"""The log of users in PostgreSQL: its chains, and the rows that follow from it.

The hashed content is put together here and not by a function of the database, which its owner can
replace.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kernel.hashchain import Head
from svc_identity.service.ports import StoreUnavailableError
from svc_identity.service.verification import LOG, Entry

CHAINS: Final = sa.text("""
SELECT user_id, version, convert_to(jsonb_build_array(user_id, version,
    (extract(epoch FROM recorded_at) * 1000000)::int8, image)::text, 'UTF8'), hash
FROM identity.user_log ORDER BY user_id, version
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
HEADS: Final = sa.text("""
SELECT DISTINCT ON (user_id) user_id, version, hash FROM identity.user_log
ORDER BY user_id, version DESC
""")
FOUND: Final = sa.text("""
SELECT user_id, version, hash FROM identity.user_log
JOIN unnest(CAST(:keys AS text[]), CAST(:versions AS bigint[])) AS asked (user_id, version)
    USING (user_id, version)
""")


class PostgresUserLog:
    """The log of users, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def entries(self) -> AsyncIterator[Entry]:
        """Read all entries, those of a user together and in their order."""
        async for row in await self._connection.stream(CHAINS):
            yield Entry(*row)

    async def differences(self) -> list[tuple[str, str]]:
        """Compare the users with their newest states in the log: (user, difference)."""
        return [(row[0], row[1]) for row in await self._connection.execute(DIFFERENCES)]

    async def heads(self) -> list[Head]:
        """Read the newest entry of each user."""
        return [Head(LOG, *row) for row in await self._connection.execute(HEADS)]

    async def found(self, heads: Sequence[Head]) -> dict[tuple[str, str, int], bytes]:
        """Return the hashes of the entries that heads name, as far as the log has them."""
        asked = {"keys": [one.key for one in heads], "versions": [one.version for one in heads]}
        rows = await self._connection.execute(FOUND, asked)
        return {(LOG, row[0], row[1]): row[2] for row in rows}


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
