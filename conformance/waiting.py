"""Waiting for a condition that nothing announces; an error names it if it never holds."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

WAIT_S = 30.0
POLL_S = 0.01


async def until(condition: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> Any:
    """Wait for a condition and give its value; the loop goes on meanwhile."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
        await asyncio.sleep(POLL_S)
    return value
