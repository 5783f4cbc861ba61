"""Keeps the newest result of each comparison, in a connection of its own."""

from typing import Final

import asyncpg

from svc_oms.adapters.postgres.errors import translated
from svc_oms.service.ports.recovery_ports import CheckResult

# A result that began earlier and ends later does not take the place of a newer one.
KEEP: Final = """
INSERT INTO oms.check_results (name, finished_at_us, differences) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE
SET finished_at_us = excluded.finished_at_us, differences = excluded.differences
WHERE check_results.finished_at_us <= excluded.finished_at_us
"""


async def keep_result(database_url: str, result: CheckResult) -> None:
    """Keep a result.

    Raises:
        StoreUnavailableError: The database does not answer.
        StoreRefusedError: Our role may not write it.
    """
    with translated():
        connection = await asyncpg.connect(database_url)
        try:
            await connection.execute(KEEP, *result)
        finally:
            await connection.close()
