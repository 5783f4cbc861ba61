"""A pool of connections to PostgreSQL that says in words why the database cannot be used.

For services that go on while PostgreSQL is away. Nothing connects before the first use.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from mesh.telemetry.parts import Pool, asyncpg_pool

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
)
"""The database cannot be reached or used. Every other error of it is our fault and is raised."""
NOT_MIGRATED: Final = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)
CAUSES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (asyncpg.DiskFullError, "has no disk space left"),
    (asyncpg.InsufficientResourcesError, "lacks a resource"),
    (asyncpg.ReadOnlySQLTransactionError, "is read-only"),
    (asyncpg.CannotConnectNowError, "is starting or stopping"),
    (asyncpg.LockNotAvailableError, "has a table that somebody else has locked"),
    (asyncpg.InvalidAuthorizationSpecificationError, "refuses our role or password"),
    (TimeoutError, "did not answer in time"),
)


@dataclass(frozen=True)
class PoolOwner:
    """What is particular to the service that has the pool.

    Attributes:
        application: Its name for PostgreSQL (application_name).
        migrate: Command that brings its schema up to date.
        unavailable: Makes the service's own error of a cause, which follows "the database".
        not_granted: Cause after InsufficientPrivilegeError; empty: that error is our fault and is
            raised as it is.
    """

    application: str
    migrate: str
    unavailable: Callable[[str], Exception]
    not_granted: str = ""

    def cause(self, error: Exception) -> str | None:
        """Return in words why the database cannot be used; None if the error is our fault."""
        if isinstance(error, asyncpg.InsufficientPrivilegeError) and self.not_granted:
            return self.not_granted
        if not isinstance(error, AWAY):
            return None
        if isinstance(error, NOT_MIGRATED):
            return f"is not migrated: run `{self.migrate}`"
        return next((text for kind, text in CAUSES if isinstance(error, kind)), "cannot be reached")


class PostgresPool:
    """Connections to PostgreSQL, or none if no database is set."""

    def __init__(self, url: str, owner: PoolOwner) -> None:
        """Take a URL "postgresql://user@host:port/database"; empty for no database."""
        self._url = url
        self._owner = owner
        self._pool: asyncpg.Pool | None = None

    @property
    def configured(self) -> bool:
        """Whether a database is set."""
        return bool(self._url)

    async def open(self) -> None:
        """Make the pool; it connects when it is first used."""
        if self._url:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=CONNECTIONS_MAX,
                timeout=CONNECTION_WAIT_S,
                command_timeout=STATEMENT_TIMEOUT_S,
                server_settings={"application_name": self._owner.application},
            )

    def pool(self) -> Pool:
        """Return the figures of the connections; none are allowed if no database is set."""
        return Pool(0, 0, 0) if self._pool is None else asyncpg_pool(self._pool)

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
            Exception: That of the owner: the database is away, or none is set.
        """
        if self._pool is None:
            raise self._owner.unavailable("is not set: set ORDERMESH_DATABASE_URL")
        try:
            async with self._pool.acquire(timeout=CONNECTION_WAIT_S) as connection:
                yield connection
        except (*AWAY, asyncpg.InsufficientPrivilegeError) as error:
            if (cause := self._owner.cause(error)) is None:
                raise
            raise self._owner.unavailable(cause) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection in a transaction: committed at the end, rolled back by an exception.

        Raises:
            Exception: That of the owner: the database is away, or none is set.
        """
        async with self.read() as connection, connection.transaction():
            yield connection
