"""Ending background tasks, also those that lose a cancellation."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

# Seconds between cancellations of a task that does not end.
CANCEL_INTERVAL_S: Final = 0.2


async def cancel_until_done(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they end; whatever they end with is theirs to have told.

    Once is not enough: redis-py turns a cancellation that meets its time limit
    into its own TimeoutError, and the task goes on.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_INTERVAL_S)
