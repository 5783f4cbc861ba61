"""Connections of a pool that batches use again and again without giving them back.

To give a connection back is a task of the event loop in the driver, and to take one again some
checks: together as much as a tenth of what svc_oms does for a lone order.
"""

from typing import Any

import asyncpg

# Kept while no batch uses them; the rest goes back to the pool, which others use, too.
CONNECTIONS_KEPT_MAX = 2


def is_open(connection: Any) -> bool:
    """Return whether a connection is there; the pool has taken back what was lost."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False


class KeptConnections:
    """See the head of this file."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._kept: list[Any] = []

    async def take(self) -> Any:
        """Return a connection of the pool that is open and in no transaction."""
        while self._kept:
            connection = self._kept.pop()
            if is_open(connection):
                return connection
            await self._pool.release(connection)
        return await self._pool.acquire()

    async def give_back(self, connection: Any, *, clean: bool) -> None:
        """Take a connection back; keep it if its transaction ended without an error."""
        if clean and len(self._kept) < CONNECTIONS_KEPT_MAX and is_open(connection):
            self._kept.append(connection)
        else:
            await self._pool.release(connection)

    async def close(self) -> None:
        """Give all of them back to the pool."""
        while self._kept:
            await self._pool.release(self._kept.pop())
