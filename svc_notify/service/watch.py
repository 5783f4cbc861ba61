"""Wakes the streams of this process when there are new notifications, whoever stored them."""

import asyncio
from collections.abc import Callable
from typing import Final

from mesh.tasks import is_set_within
from svc_notify.service.history import History
from svc_notify.service.ports import StoreUnavailableError

LOOK_INTERVAL_S: Final = 0.25
"""Between two looks for what another process stored."""


class Watch:
    """The readers of this process."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._readers: dict[Callable[[], None], str] = {}
        self._news = asyncio.Event()
        self._seen = 0

    def join(self, wake: Callable[[], None], user_id: str) -> None:
        """Call ``wake`` when there are new notifications, or the user has marked some as read."""
        self._readers[wake] = user_id

    def leave(self, wake: Callable[[], None]) -> None:
        """Stop calling it."""
        self._readers.pop(wake, None)

    def stored(self) -> None:
        """Look at once: this process has stored notifications."""
        self._news.set()

    def marked(self, user_id: str) -> None:
        """Wake the readers of a user, who has marked something as read."""
        for wake, of in tuple(self._readers.items()):
            if of == user_id:
                wake()

    async def run(self) -> None:
        """Look for new notifications until cancelled; while the database is away there are none."""
        while True:
            await is_set_within(self._news, LOOK_INTERVAL_S)
            self._news.clear()
            if self._readers:
                await self._look()

    async def _look(self) -> None:
        try:
            feed = await self._history.feed()
        except StoreUnavailableError:
            return
        if feed.last_sequence != self._seen:
            self._seen = feed.last_sequence
            for wake in tuple(self._readers):
                wake()
