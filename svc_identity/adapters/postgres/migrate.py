"""Migrations of the schema ``identity``."""

from pathlib import Path
from typing import Final

from eventlog.rights import ReaderName
from mesh.postgres.migrations import Migrations, in_transaction
from svc_identity.adapters.postgres.privileges import grant, grant_log_reader
from svc_identity.adapters.postgres.tables import SCHEMA

LOCK: Final = 0x4F4D_4944  # one migration at a time; "OMID"
_SCHEMA = Migrations(SCHEMA, Path(__file__).parent / "migrations", LOCK, grant)
migrate = _SCHEMA.migrate
newest_revision = _SCHEMA.newest_revision


async def let_read_logs(database_url: str, reader: ReaderName, role: str) -> None:
    """Let the role of a reader read the views that it needs; given as the owner of the tables."""
    await in_transaction(database_url, grant_log_reader, reader, role)
