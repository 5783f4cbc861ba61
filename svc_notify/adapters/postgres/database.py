"""The one pool of connections to PostgreSQL, and what its errors mean.

Every store of this service takes a `Database` and uses `read` or `transaction`. Nothing connects
before the first use; while PostgreSQL is away each use raises StoreUnavailableError.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from mesh.telemetry.parts import Pool, asyncpg_pool
from svc_notify.service.ports import StoreUnavailableError

SCHEMA: Final = "notify"
CONNECTIONS_MAX: Final = 8
"""Connections of one process; a further use waits `CONNECTION_WAIT_S` for one."""
CONNECTION_WAIT_S: Final = 5.0
STATEMENT_TIMEOUT_S: Final = 15.0
CLOSE_TIMEOUT_S: Final = 3.0

AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.CannotConnectNowError,
    # Another one, as a backup, holds a table longer than we wait.
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    # The database is new, and its migrations have not run yet.
    asyncpg.UndefinedTableError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
)
"""The database cannot be reached or used. Every other error of it is our fault and is raised."""
NOT_MIGRATED: Final = "is not migrated: run `python -m svc_notify.admin migrate`"
NOT_GRANTED: Final = "does not let our role read what it needs: see svc_notify/README.md"
CAUSES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (asyncpg.DiskFullError, "has no disk space left"),
    (asyncpg.InsufficientResourcesError, "lacks a resource"),
    (asyncpg.ReadOnlySQLTransactionError, "is read-only"),
    (asyncpg.CannotConnectNowError, "is starting or stopping"),
    (asyncpg.LockNotAvailableError, "has a table that somebody else has locked"),
    (asyncpg.UndefinedTableError, NOT_MIGRATED),
    (asyncpg.InvalidSchemaNameError, NOT_MIGRATED),
    (asyncpg.InvalidAuthorizationSpecificationError, "refuses our role or password"),
    (asyncpg.InsufficientPrivilegeError, NOT_GRANTED),
    (TimeoutError, "did not answer in time"),
)


class Database:
    """Connections to PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Take a URL "postgresql://user@host:port/database"."""
        self._url = url
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Make the pool; it connects when it is first used."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=CONNECTIONS_MAX,
            timeout=CONNECTION_WAIT_S,
            command_timeout=STATEMENT_TIMEOUT_S,
            server_settings={"application_name": "svc-notify"},
        )

    def pool(self) -> Pool:
        """Return the figures of the connections."""
        assert self._pool is not None, "open comes first"
        return asyncpg_pool(self._pool)

    async def close(self) -> None:
        """Close the connections, by force after a while."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), CLOSE_TIMEOUT_S)
            except TimeoutError:
                self._pool.terminate()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection.

        Raises:
            StoreUnavailableError: The database is away.
        """
        assert self._pool is not None, "open comes first"
        try:
            async with self._pool.acquire(timeout=CONNECTION_WAIT_S) as connection:
                yield connection
        except AWAY as error:
            cause = next((text for kind, text in CAUSES if isinstance(error, kind)), None)
            raise StoreUnavailableError(f"the database {cause or 'cannot be reached'}") from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection in a transaction: committed at the end, rolled back by an exception.

        Raises:
            StoreUnavailableError: The database is away.
        """
        async with self.read() as connection, connection.transaction():
            yield connection
