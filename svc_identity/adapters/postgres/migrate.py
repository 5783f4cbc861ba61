"""Migrations of the schema."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from eventlog.rights import ReaderName
from svc_identity.adapters.postgres.privileges import grant, grant_log_reader
from svc_identity.adapters.postgres.store import open_engine
from svc_identity.adapters.postgres.tables import SCHEMA

FOLDER: Final = Path(__file__).parent / "migrations"
LOCK: Final = 0x4F4D_4944  # one migration at a time; "OMID"


async def migrate(database_url: str, service_role: str = "") -> str:
    """Apply missing migrations in one transaction; return the new revision.

    Args:
        database_url: Of the role that owns the tables.
        service_role: Role that the service connects as. It gets the rights of `privileges.py`;
            empty: the service uses the owner's role, and nothing is granted.
    """
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": LOCK})
            # Checked first: a role that owns only its schema may not run CREATE SCHEMA.
            present = await connection.scalar(
                sa.text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": SCHEMA}
            )
            if not present:
                await connection.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
            return await connection.run_sync(_upgrade, service_role)
    finally:
        await engine.dispose()


async def let_read_logs(database_url: str, reader: ReaderName, role: str) -> None:
    """Let the role of a reader read the views that it needs; given as the owner of the tables."""
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(grant_log_reader, reader, role)
    finally:
        await engine.dispose()


def _upgrade(connection: sa.Connection, service_role: str) -> str:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if service_role:
        grant(connection, service_role)
    return current_revision(connection)


def current_revision(connection: sa.Connection) -> str:
    """Return the revision of the database; empty before the first."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision() or ""


def newest_revision() -> str:
    """Return the revision this code needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config
