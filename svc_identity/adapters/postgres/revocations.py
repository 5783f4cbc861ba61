"""The list of what was revoked, from sessions and users."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.nanoseconds import NS_PER_S
from svc_identity.adapters.postgres.tables import NOW_NS, sessions, users
from svc_identity.domain.revocations import RIGHTS_LISTED_S, Revocations


class PostgresRevocations:
    """What was revoked, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list(self, within_s: int) -> Revocations:
        """List what was revoked within the last seconds."""
        since = NOW_NS - within_s * NS_PER_S
        ended = await self._connection.execute(
            sa.select(sessions.c.session_id).where(sessions.c.ended_at_ns >= since)
        )
        changed = await self._connection.execute(
            sa.select(
                users.c.user_id,
                users.c.version,
                users.c.price_rights,
                users.c.disabled,
                (users.c.changed_at_ns >= since).label("revoked"),
            ).where(users.c.changed_at_ns >= NOW_NS - RIGHTS_LISTED_S * NS_PER_S)
        )
        rows = changed.all()
        return Revocations(
            frozenset(ended.scalars()),
            {row.user_id: row.version for row in rows if row.revoked},
            {
                row.user_id: frozenset() if row.disabled else frozenset(row.price_rights)
                for row in rows
            },
        )
