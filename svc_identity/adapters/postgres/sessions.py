"""Sessions and refresh tokens in PostgreSQL."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from svc_identity.adapters.postgres.tables import NOW_NS, refresh_tokens, sessions
from svc_identity.domain.sessions import EndCause, RefreshToken, Session


class PostgresSessions:
    """The sessions, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, session: Session, token: RefreshToken) -> None:
        """Store a new session and its first token."""
        row = asdict(session) | {"ended": session.ended.value if session.ended else None}
        await self._connection.execute(sa.insert(sessions).values(row))
        await self._connection.execute(sa.insert(refresh_tokens).values(asdict(token)))

    async def find_locked(self, token_hash: bytes) -> tuple[Session, RefreshToken] | None:
        """Find a token and its session, and lock both until the transaction ends."""
        # The session's row is the lock of all its tokens, and is locked first.
        session_row = (
            await self._connection.execute(
                sa.select(sessions)
                .where(
                    sessions.c.session_id
                    == sa.select(refresh_tokens.c.session_id)
                    .where(refresh_tokens.c.token_hash == token_hash)
                    .scalar_subquery()
                )
                .with_for_update()
            )
        ).one_or_none()
        if session_row is None:
            return None
        token_row = (
            await self._connection.execute(
                sa.select(refresh_tokens).where(refresh_tokens.c.token_hash == token_hash)
            )
        ).one()
        return _session(session_row), RefreshToken(**token_row._mapping)  # noqa: SLF001  public

    async def rotate(self, used: RefreshToken, following: RefreshToken) -> None:
        """Mark a token used and store the one that follows it."""
        await self._connection.execute(
            sa.update(refresh_tokens)
            .where(refresh_tokens.c.token_hash == used.token_hash)
            .values(used=True)
        )
        await self._connection.execute(sa.insert(refresh_tokens).values(asdict(following)))

    async def end(self, session_id: str, cause: EndCause) -> None:
        """End a session that has not ended."""
        await self._end(sessions.c.session_id == session_id, cause)

    async def end_all(self, user_id: str, cause: EndCause, *, keep_newest: int = 0) -> None:
        """End the sessions of a user, except the newest few."""
        old = (
            sa.select(sessions.c.session_id)
            .where(sessions.c.user_id == user_id, sessions.c.ended.is_(None))
            .order_by(sessions.c.created_at_ns.desc(), sessions.c.session_id.desc())
            .offset(keep_newest)
        )
        await self._end(sessions.c.session_id.in_(old), cause)

    async def forget_expired(self, now_ns: int) -> int:
        """Delete expired sessions; return how many."""
        done = await self._connection.execute(
            sa.delete(sessions).where(sessions.c.expires_at_ns < now_ns)
        )
        return int(done.rowcount)

    async def _end(self, condition: sa.ColumnElement[bool], cause: EndCause) -> None:
        await self._connection.execute(
            sa.update(sessions)
            .where(condition, sessions.c.ended.is_(None))
            .values(ended=cause.value, ended_at_ns=NOW_NS)
        )


def _session(row: sa.Row[Any]) -> Session:
    return Session(
        session_id=row.session_id,
        user_id=row.user_id,
        created_at_ns=row.created_at_ns,
        expires_at_ns=row.expires_at_ns,
        ended=EndCause(row.ended) if row.ended else None,
    )
