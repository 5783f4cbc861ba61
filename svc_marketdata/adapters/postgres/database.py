"""The one pool of connections to PostgreSQL, and what its errors mean.

Every store of this service takes a `Database` and uses `read` or `transaction`. Nothing connects
before the first use, and prices never wait for it: while PostgreSQL is away each use raises
StoreUnavailableError.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import asyncpg

from mesh.log import get_logger
from mesh.postgres.pool import AWAY, CONNECTION_WAIT_S, PoolOwner, PostgresPool
from mesh.telemetry.parts import POSTGRES, Dependency
from svc_marketdata.service.errors import StoreUnavailableError

SCHEMA: Final = "marketdata"
CHECK_INTERVAL_S: Final = 2.0
"""Seconds between checks whether the database answers."""
OWNER: Final = PoolOwner(
    application="svc-marketdata",
    migrate="python -m svc_marketdata.admin migrate",
    unavailable=StoreUnavailableError,
)

_log = get_logger(__name__)


class Database(PostgresPool):
    """Connections to PostgreSQL, or none if no database is set."""

    def __init__(self, url: str) -> None:
        """Take a URL "postgresql://user@host:port/database"; empty for no database."""
        super().__init__(url, OWNER)
        self._server = Dependency(POSTGRES)
        self.reachable = False
        """Whether it answered at the last check of `watch`."""

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
