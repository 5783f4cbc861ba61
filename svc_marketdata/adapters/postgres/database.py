"""The one pool of connections to PostgreSQL, and what its errors mean.

Every store of this service takes a `Database` and uses `read` or `transaction`. Nothing connects
before the first use, and prices never wait for it: while PostgreSQL is away each use raises
StoreUnavailableError.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from mesh.log import get_logger
from mesh.telemetry.parts import POSTGRES, Dependency, Pool, asyncpg_pool
from svc_marketdata.service.errors import StoreUnavailableError

SCHEMA: Final = "marketdata"
CONNECTIONS_MAX: Final = 8
"""Connections of one process; a further use waits `CONNECTION_WAIT_S` for one."""
CONNECTION_WAIT_S: Final = 5.0
STATEMENT_TIMEOUT_S: Final = 15.0
CHECK_INTERVAL_S: Final = 2.0
"""Seconds between checks whether the database answers."""
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
NOT_MIGRATED: Final = "is not migrated: run `python -m svc_marketdata.admin migrate`"
CAUSES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (asyncpg.DiskFullError, "has no disk space left"),
    (asyncpg.InsufficientResourcesError, "lacks a resource"),
    (asyncpg.ReadOnlySQLTransactionError, "is read-only"),
    (asyncpg.CannotConnectNowError, "is starting or stopping"),
    (asyncpg.LockNotAvailableError, "has a table that somebody else has locked"),
    (asyncpg.UndefinedTableError, NOT_MIGRATED),
    (asyncpg.InvalidSchemaNameError, NOT_MIGRATED),
    (asyncpg.InvalidAuthorizationSpecificationError, "refuses our role or password"),
    (TimeoutError, "did not answer in time"),
)

_log = get_logger(__name__)


class Database:
    """Connections to PostgreSQL, or none if no database is set."""

    def __init__(self, url: str) -> None:
        """Take a URL "postgresql://user@host:port/database"; empty for no database."""
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._server = Dependency(POSTGRES)
        self.reachable = False
        """Whether it answered at the last check of `watch`."""

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
                server_settings={"application_name": "svc-marketdata"},
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
            StoreUnavailableError: The database is away, or none is set.
        """
        if self._pool is None:
            raise StoreUnavailableError("is not set: set ORDERMESH_DATABASE_URL")
        try:
            async with self._pool.acquire(timeout=CONNECTION_WAIT_S) as connection:
                yield connection
        except AWAY as error:
            cause = next((text for kind, text in CAUSES if isinstance(error, kind)), None)
            raise StoreUnavailableError(cause or "cannot be reached") from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection in a transaction: committed at the end, rolled back by an exception.

        Raises:
            StoreUnavailableError: The database is away, or none is set.
        """
        async with self.read() as connection, connection.transaction():
            yield connection

    async def listen(self, channel: str, heard: Callable[[], None]) -> None:
        """Listen to a channel of NOTIFY over a connection of its own, until cancelled.

        Args:
            channel: Its name.
            heard: Called for every message, and after each connection: messages that came before
                it are lost.
        """
        while True:
            lost = asyncio.Event()
            try:
                connection = await asyncpg.connect(
                    self._url,
                    timeout=CONNECTION_WAIT_S,
                    server_settings={"application_name": "svc-marketdata-notifications"},
                )
                try:
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(channel, lambda *_: heard())
                    heard()
                    await lost.wait()
                finally:
                    connection.terminate()
            except AWAY as error:
                _log.debug("not listening", channel=channel, cause=repr(error))
            await asyncio.sleep(CHECK_INTERVAL_S)

    async def watch(self) -> None:
        """Note at intervals whether the database answers, for the text of /readyz."""
        while True:
            reachable = await self._server.answers(self._answers())
            if reachable != self.reachable:
                _log.info("database", reachable=reachable)
                self.reachable = reachable
            await asyncio.sleep(CHECK_INTERVAL_S)

    async def _answers(self) -> bool:
        try:
            async with self.read() as connection:
                await connection.execute("SELECT 1 FROM marketdata.alembic_version")
        except StoreUnavailableError:
            return False
        return True
