"""The store on PostgreSQL: one transaction per block."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mesh.log import get_logger
from mesh.telemetry.parts import Pool
from svc_identity.adapters.postgres.audit import PostgresAudit
from svc_identity.adapters.postgres.failures import PostgresFailures
from svc_identity.adapters.postgres.revocations import PostgresRevocations
from svc_identity.adapters.postgres.sessions import PostgresSessions
from svc_identity.adapters.postgres.user_settings import CHANGED, PostgresUserSettings
from svc_identity.adapters.postgres.users import PostgresUsers
from svc_identity.service.ports import StoreUnavailableError, Work

NO_SCHEMA: Final = frozenset({"42P01", "3F000"})
"""SQLSTATE of a missing table or schema: the database is new and not migrated yet."""
CONNECTIONS_MAX: Final = 8
CONNECTION_WAIT_S: Final = 5.0
STATEMENT_TIMEOUT_MS: Final = 5_000
"""Of the server's own clock."""
ANSWER_TIMEOUT_S: Final = 6.0
"""Of ours, for a server that hangs: its own clock hangs, too."""
LISTEN_PAUSE_S: Final = 2.0
"""Until a connection that listens is opened again."""
OUR_FAULTS: Final = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)
"""Wrong statements or values; every other driver error means the database is not available."""

_log = get_logger(__name__)


def open_engine(database_url: str) -> AsyncEngine:
    """Make an engine for "postgresql://user@host:port/db"; it connects at its first use."""
    url = sa.make_url(database_url).set(drivername="postgresql+asyncpg")
    return create_async_engine(
        url,
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT_S,
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECTION_WAIT_S,
            "command_timeout": ANSWER_TIMEOUT_S,
            "server_settings": {
                "application_name": "svc_identity",
                "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            },
        },
    )


class PostgresStore:
    """Transactions on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """Begin a transaction: committed at the end, rolled back by an exception."""
        try:
            async with self._engine.begin() as connection:
                yield Work(
                    PostgresUsers(connection),
                    PostgresSessions(connection),
                    PostgresFailures(connection),
                    PostgresRevocations(connection),
                    PostgresAudit(connection),
                    PostgresUserSettings(connection),
                )
        except OUR_FAULTS as error:
            if getattr(error.orig, "sqlstate", "") in NO_SCHEMA:
                raise StoreUnavailableError from error
            raise
        except (OSError, TimeoutError, sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            raise StoreUnavailableError from error

    def pool(self) -> Pool:
        """Return the figures of the connections."""
        pool = self._engine.pool
        assert isinstance(pool, sa.QueuePool)
        used = pool.checkedout()
        return Pool(CONNECTIONS_MAX, pool.checkedin() + used, used)

    async def reachable(self) -> bool:
        """Return whether the database answers."""
        try:
            async with self._engine.connect() as connection:
                await connection.execute(sa.text("SELECT 1"))
        except (OSError, TimeoutError, sa.exc.SQLAlchemyError):
            return False
        return True

    async def hear_settings(self, heard: Callable[[str], None]) -> None:
        """Listen to changes of settings over a connection of its own, until cancelled.

        Args:
            heard: Called with the user of each change, and with "" after each connection: changes
                that came before it were not announced to it.
        """
        url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            lost = asyncio.Event()
            try:
                connection = await asyncpg.connect(
                    url,
                    timeout=CONNECTION_WAIT_S,
                    server_settings={"application_name": "svc_identity notices"},
                )
                try:
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(CHANGED, lambda *notice: heard(str(notice[3])))
                    heard("")
                    await lost.wait()
                finally:
                    connection.terminate()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.debug("not listening", channel=CHANGED, cause=repr(error))
            await asyncio.sleep(LISTEN_PAUSE_S)
