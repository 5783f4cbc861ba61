"""Brings the schema `oms` to the version this code needs."""

from pathlib import Path
from typing import Final

from eventlog.rights import ReaderName
from mesh.postgres.migrations import Migrations, in_transaction
from svc_oms.adapters.postgres.privileges import grant, grant_log_reader

FOLDER: Final = Path(__file__).parent / "migrations"
LOCK: Final = 7_161_001  # one migration at a time
_SCHEMA = Migrations("oms", FOLDER, LOCK, grant)
newest_revision = _SCHEMA.newest_revision


async def migrate(database_url: str, revision: str = "head", service_role: str = "") -> None:
    """Run every migration that is missing up to a revision, one replica at a time.

    Args:
        database_url: Of the role that owns the tables.
        revision: The last one to run.
        service_role: Role that the service connects as. It gets the rights of `privileges.py`;
            empty: the service uses the owner's role, and nothing is granted.
    """
    await _SCHEMA.migrate(database_url, service_role, revision)


async def let_read_logs(database_url: str, reader: ReaderName, role: str) -> None:
    """Let the role of a reader read the logs that it needs; given as the owner of the tables."""
    await in_transaction(database_url, grant_log_reader, reader, role)
