"""NOTIFY and LISTEN: how replicas wake each other when Redis is away."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from mesh.log import get_logger
from svc_oms.adapters.postgres.errors import AWAY
from svc_oms.service.wake_ups import SOMEBODY

log = get_logger("svc_oms.notifications")

RETRY_S = 1.0
CONNECT_TIMEOUT_S = 3.0


class PostgresNotifications:
    """One connection that sends and receives."""

    def __init__(self, database_url: str, channels: Sequence[str]) -> None:
        self._database_url = database_url
        self._channels = channels
        self._connection: Any = None

    async def send(self, channel: str, message: str) -> int:
        """Notify the other replicas; 0 if the connection is lost."""
        connection = self._connection
        if connection is None or connection.is_closed():
            return 0
        try:
            await connection.execute("SELECT pg_notify($1, $2)", channel, message)
        except (*AWAY, asyncpg.PostgresError):
            return 0
        return SOMEBODY

    async def run(self, heard: Callable[[str, str], None]) -> None:
        """Hand every message to ``heard(channel, message)`` forever; connect again when lost."""
        while True:
            try:
                await self._listen(heard)
            except (*AWAY, asyncpg.PostgresError) as error:
                log.debug("not listening", error=str(error))
            await asyncio.sleep(RETRY_S)

    async def _listen(self, heard: Callable[[str, str], None]) -> None:
        def hear(_connection: Any, _process: int, channel: str, message: Any) -> None:
            heard(channel, str(message))

        lost = asyncio.Event()
        connection = await asyncpg.connect(
            self._database_url,
            timeout=CONNECT_TIMEOUT_S,
            server_settings={"application_name": "svc-oms-notifications"},
        )
        try:
            connection.add_termination_listener(lambda _connection: lost.set())
            for channel in self._channels:
                await connection.add_listener(channel, hear)
            self._connection = connection
            await lost.wait()
        finally:
            self._connection = None
            connection.terminate()
