"""Removes what is kept for a time: notifications, dead letters, keys and notes."""

import asyncio
from contextlib import suppress
from typing import Final

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_DAY
from svc_notify.service.choices import Choices
from svc_notify.service.history import History
from svc_notify.service.notifier import Owner
from svc_notify.service.ports import DeadLetters, StoreUnavailableError

INTERVAL_S: Final = 60.0
"""Between two looks."""
DEAD_LETTERS_MAX: Final = 100_000
"""Messages that were given up, and are kept; the oldest of further ones are removed."""
BATCH: Final = 5_000
"""Notifications removed in one transaction."""


class Upkeep:
    """Keeps the history within its bounds, in the process that has the lease."""

    def __init__(  # its parts
        self,
        history: History,
        dead: DeadLetters,
        choices: Choices,
        owner: Owner,
        clock: Clock,
        days: int,
        most: int,
    ) -> None:
        """Take the bounds: days that all this is kept, and how many notifications at most."""
        self._history = history
        self._dead = dead
        self._choices = choices
        self._owner = owner
        self._clock = clock
        self._kept_ns = days * NS_PER_DAY
        self._most = most

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            if self._owner.mine:
                # The notifier reports a database that is away; the next look comes.
                with suppress(StoreUnavailableError):
                    await self.prune()
            await asyncio.sleep(INTERVAL_S)

    async def prune(self) -> None:
        """Remove what is too old, or too much."""
        before_ns = self._clock.now_ns() - self._kept_ns
        while await self._history.prune(before_ns, self._most, BATCH) == BATCH:
            pass
        await self._dead.prune(before_ns, DEAD_LETTERS_MAX)
        await self._choices.prune(before_ns)
