"""Brings the schema `oms` to the version this code needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from eventlog.rights import ReaderName
from svc_oms.adapters.postgres.privileges import grant, grant_log_reader

MIGRATIONS = Path(__file__).parent / "migrations"

# Any number that nothing else uses: two replicas that start
# together must not both create the tables.
MIGRATION_LOCK = 7_161_001


def sqlalchemy_url(database_url: str) -> str:
    """Add the driver to a plain PostgreSQL URL, as SQLAlchemy wants it."""
    scheme, separator, rest = database_url.partition("://")
    if not separator or scheme not in {"postgresql", "postgres"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {scheme!r}")
    return f"postgresql+asyncpg://{rest}"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def newest_revision() -> str:
    """Return the revision this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "there is always a first migration"
    return head


def _upgrade(connection: Connection, revision: str, service_role: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    # Checked first: a role that owns only its schema must not use CREATE SCHEMA at all.
    if not connection.scalar(text("SELECT 1 FROM pg_namespace WHERE nspname = 'oms'")):
        connection.execute(text("CREATE SCHEMA oms"))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    if service_role:
        grant(connection, service_role)


def _current(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": "oms"})
    return context.get_current_revision()


async def migrate(database_url: str, revision: str = "head", service_role: str = "") -> None:
    """Run every migration that is missing up to a revision, one replica at a time.

    Args:
        database_url: Of the role that owns the tables.
        revision: The last one to run.
        service_role: Role that the service connects as. It gets the rights of `privileges.py`;
            empty: the service uses the owner's role, and nothing is granted.
    """
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, revision, service_role)
    finally:
        await engine.dispose()


async def current_revision(database_url: str) -> str | None:
    """Return the revision of the database; None if it was never migrated."""
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_current)
    finally:
        await engine.dispose()


async def let_read_logs(database_url: str, reader: ReaderName, role: str) -> None:
    """Let the role of a reader read the logs that it needs; given as the owner of the tables."""
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(grant_log_reader, reader, role)
    finally:
        await engine.dispose()
