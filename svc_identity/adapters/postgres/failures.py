"""Failed logins in PostgreSQL, so that every replica counts all of them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from svc_identity.adapters.postgres.tables import login_failures
from svc_identity.domain.throttle import Failures


class PostgresFailures:
    """The counts, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def load_locked(self, keys: list[str]) -> dict[str, Failures]:
        """Load counts and lock the keys until the transaction ends. An unknown key counts zero."""
        # Advisory locks, because a row that does not exist yet cannot be locked.
        for key in sorted(keys):
            await self._connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}
            )
        rows = await self._connection.execute(
            sa.select(login_failures).where(login_failures.c.key.in_(keys))
        )
        known = {row.key: Failures(row.failures, row.last_failed_at_ns) for row in rows}
        return {key: known.get(key, Failures()) for key in keys}

    async def store(self, counts: dict[str, Failures]) -> None:
        """Store counts; a count of zero is deleted."""
        gone = [key for key, failures in counts.items() if failures.count == 0]
        kept = [
            {
                "key": key,
                "failures": failures.count,
                "last_failed_at_ns": failures.last_failed_at_ns,
            }
            for key, failures in counts.items()
            if failures.count > 0
        ]
        if gone:
            await self._connection.execute(
                sa.delete(login_failures).where(login_failures.c.key.in_(gone))
            )
        if kept:
            statement = insert(login_failures).values(kept)
            await self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[login_failures.c.key],
                    set_={
                        "failures": statement.excluded.failures,
                        "last_failed_at_ns": statement.excluded.last_failed_at_ns,
                    },
                )
            )

    async def forget_before(self, limit_ns: int) -> None:
        """Delete counts whose last failure is older."""
        await self._connection.execute(
            sa.delete(login_failures).where(login_failures.c.last_failed_at_ns < limit_ns)
        )
