"""Brings a schema of PostgreSQL to the version that the code of its service needs.

Alembic and the engine are imported when they are used: most commands do not migrate, and reading
both takes half a second of CPU.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url, text


class Migrations:
    """The migrations of one schema."""

    def __init__(
        self, schema: str, folder: Path, lock: int, grant: Callable[[Connection, str], None]
    ) -> None:
        """Take what is particular to a schema.

        Args:
            schema: Its name.
            folder: Of Alembic's `env.py` and `versions`.
            lock: Number of the advisory lock: two replicas that start together must not both
                create the tables. No other schema has it.
            grant: Gives a role what the service needs.
        """
        self._schema = schema
        self._folder = folder
        self._lock = lock
        self._grant = grant

    async def migrate(
        self, database_url: str, service_role: str = "", revision: str = "head"
    ) -> str:
        """Apply missing migrations in one transaction; return the new revision.

        Args:
            database_url: Of the role that owns the tables.
            service_role: Role that the service connects as. It gets the rights of the service's
                `privileges.py`; empty: the service uses the owner's role, and nothing is granted.
            revision: The last one to apply.
        """
        return str(await in_transaction(database_url, self._upgrade, service_role, revision))

    def newest_revision(self) -> str:
        """Return the revision this code was written for."""
        from alembic.script import ScriptDirectory

        return ScriptDirectory.from_config(self._config()).get_current_head() or ""

    def _upgrade(self, connection: Connection, service_role: str, revision: str) -> str:
        from alembic import command
        from alembic.runtime.migration import MigrationContext

        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": self._lock})
        # Checked first: a role that owns only its schema may not run CREATE SCHEMA.
        present = connection.scalar(
            text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": self._schema}
        )
        if not present:
            connection.execute(text(f"CREATE SCHEMA {self._schema}"))
        config = self._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if service_role:
            self._grant(connection, service_role)
        context = MigrationContext.configure(
            connection, opts={"version_table_schema": self._schema}
        )
        return context.get_current_revision() or ""

    def _config(self) -> Any:
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(self._folder))
        return config


async def in_transaction(database_url: str, work: Callable[..., Any], *arguments: object) -> Any:
    """Run `work(connection, *arguments)` in a transaction over a connection of its own.

    Args:
        database_url: "postgresql://user@host:port/database".
        work: Uses SQLAlchemy's Connection; an exception rolls the transaction back.
        arguments: Further arguments of `work`.

    Raises:
        ValueError: The URL is not of PostgreSQL.
    """
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    scheme = database_url.partition("://")[0]
    if scheme not in {"postgresql", "postgres"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {scheme!r}")
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work, *arguments)
    finally:
        await engine.dispose()
