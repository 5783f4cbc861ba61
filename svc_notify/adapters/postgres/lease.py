"""The lease of the process that reads the logs and sends. Its time is that of the database."""

from typing import Final

from svc_notify.adapters.postgres.database import Database

TAKE: Final = """
UPDATE notify.owner SET holder = $1, until = clock_timestamp() + make_interval(secs => $2)
WHERE holder = $1 OR until < clock_timestamp() RETURNING 1
"""
GIVE_UP: Final = "UPDATE notify.owner SET until = 'epoch' WHERE holder = $1"


class PostgresLease:
    """The port ``Lease``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, holder: str, seconds: float) -> bool:
        """Take or keep the lease; return whether this holder has it."""
        async with self._database.read() as connection:
            return bool(await connection.fetchval(TAKE, holder, seconds))

    async def give_up(self, holder: str) -> None:
        """End the lease of this holder, if it has it."""
        async with self._database.read() as connection:
            await connection.execute(GIVE_UP, holder)
