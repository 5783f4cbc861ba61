"""What the stores read with: one statement on a connection of the pool for reads."""

from typing import Any

import asyncpg

from svc_oms.adapters.postgres.errors import translated


class PoolReader:
    """A store that reads with single statements."""

    _read_pool: asyncpg.Pool

    async def _fetch(self, statement: str, *parameters: Any) -> list[Any]:
        """Return the rows of a statement.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        with translated():
            rows: list[Any] = await self._read_pool.fetch(statement, *parameters)
        return rows
