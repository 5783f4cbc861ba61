"""Turns: only a few attempts to log in with one name, or from one address, are under way at once.

An attempt counts as failed until its password was right. Without turns, right passwords sent at
once would count against each other and be refused as too many failures.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from svc_identity.domain.errors import BusyError

WAITING_MAX: Final = 128  # callers of one key; further ones are refused with BusyError
RETRY_AFTER_S: Final = 2.0


class Turns:
    """One queue per key; a key without callers costs nothing."""

    def __init__(self) -> None:
        self._queues: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}

    @asynccontextmanager
    async def take(self, key: str, at_once: int) -> AsyncIterator[None]:
        """Hold a turn until the block ends.

        Args:
            key: Whose turn: "user:alice".
            at_once: Turns of this key that may be held at once.

        Raises:
            BusyError: WAITING_MAX callers wait already.
        """
        turn, callers = self._queues.setdefault(key, (asyncio.Semaphore(at_once), []))
        if len(callers) >= at_once + WAITING_MAX:
            raise BusyError(RETRY_AFTER_S)
        callers.append(None)
        try:
            async with turn:
                yield
        finally:
            callers.pop()
            if not callers:
                del self._queues[key]
