"""Migrations of the schema ``notify``."""

from pathlib import Path
from typing import Final

from mesh.postgres.migrations import Migrations
from svc_notify.adapters.postgres.database import SCHEMA
from svc_notify.adapters.postgres.privileges import grant

LOCK: Final = 0x4F4D_4E46  # one migration at a time; "OMNF"
_SCHEMA = Migrations(SCHEMA, Path(__file__).parent / "migrations", LOCK, grant)
migrate = _SCHEMA.migrate
newest_revision = _SCHEMA.newest_revision
