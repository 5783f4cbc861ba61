"""Tasks and events: end a task that loses a cancellation, wait for an event with a limit."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

# Seconds between cancellations of a task that does not end.
CANCEL_INTERVAL_S: Final = 0.2


async def cancel_until_done(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they end; their results and exceptions are ignored.

    One cancellation is not enough: redis-py replaces one that coincides with its time
    limit by its own TimeoutError, and the task continues.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_INTERVAL_S)


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event for at most so many seconds; return whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
