"""Users in PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from svc_identity.adapters.postgres.tables import NOW_NS, users
from svc_identity.domain.users import Role, User


class PostgresUsers:
    """The users, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def by_name(self, username: str) -> User | None:
        """Find a user by folded name."""
        return await self._one(users.c.username == username)

    async def by_id(self, user_id: str) -> User | None:
        """Find a user by id."""
        return await self._one(users.c.user_id == user_id)

    async def save(self, user: User) -> None:
        """Add a user, or replace the user with the same id."""
        values = {
            "username": user.username,
            "display_name": user.display_name,
            "password_hash": user.password_hash,
            "roles": sorted(role.value for role in user.roles),
            "accounts": sorted(user.accounts),
            "price_rights": sorted(user.price_rights),
            "disabled": user.disabled,
        }
        first = {"user_id": user.user_id, "version": 1, "changed_at_ns": 0}
        allowed = ("roles", "accounts", "price_rights", "disabled")
        changed = sa.or_(*(users.c[name].is_distinct_from(values[name]) for name in allowed))
        counted = {
            "version": users.c.version + sa.case((changed, 1), else_=0),
            "changed_at_ns": sa.case((changed, NOW_NS), else_=users.c.changed_at_ns),
        }
        await self._connection.execute(
            insert(users)
            .values(**first, **values)
            .on_conflict_do_update(index_elements=[users.c.user_id], set_=values | counted)
        )

    async def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """Replace the hash of a password."""
        await self._connection.execute(
            sa.update(users).where(users.c.user_id == user_id).values(password_hash=password_hash)
        )

    async def list(self) -> list[User]:
        """List all users by name."""
        rows = await self._connection.execute(sa.select(users).order_by(users.c.username))
        return [_user(row) for row in rows]

    async def _one(self, condition: sa.ColumnElement[bool]) -> User | None:
        rows = await self._connection.execute(sa.select(users).where(condition))
        row = rows.one_or_none()
        return None if row is None else _user(row)


def _user(row: sa.Row[Any]) -> User:
    return User(
        user_id=row.user_id,
        username=row.username,
        display_name=row.display_name,
        password_hash=row.password_hash,
        roles=frozenset(Role(word) for word in row.roles),
        accounts=frozenset(row.accounts),
        disabled=row.disabled,
        version=row.version,
        price_rights=frozenset(row.price_rights),
    )
