"""The one pool of connections to PostgreSQL, and what its errors mean.

Every store of this service takes a `Database` and uses `read` or `transaction`. Nothing connects
before the first use; while PostgreSQL is away each use raises StoreUnavailableError.
"""

from typing import Final

from mesh.postgres.pool import PoolOwner, PostgresPool
from svc_notify.service.ports import StoreUnavailableError

SCHEMA: Final = "notify"
OWNER: Final = PoolOwner(
    application="svc-notify",
    migrate="python -m svc_notify.admin migrate",
    unavailable=lambda cause: StoreUnavailableError(f"the database {cause}"),
    not_granted="does not let our role read what it needs: see svc_notify/README.md",
)


class Database(PostgresPool):
    """Connections to PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Take a URL "postgresql://user@host:port/database"."""
        super().__init__(url, OWNER)
