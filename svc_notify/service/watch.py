"""Reads new notifications once for all streams of this process, whoever stored them.

A stream takes them from here, and chooses what its user may see. One that is further behind than
what is kept here reads the store.
"""

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from mesh.tasks import is_set_within
from svc_notify.domain.notification import Notification
from svc_notify.service.history import History
from svc_notify.service.ports import StoreUnavailableError

LOOK_INTERVAL_S: Final = 0.25
"""Between two looks for what another process stored."""
RECENT_MAX: Final = 4_000
"""Notifications that are kept here; up to twice as many for a moment."""


class Recent(NamedTuple):
    """A new notification."""

    notification: Notification
    item: Any
    """As streams send it; made once."""


class Watch:
    """The readers of this process."""

    def __init__(self, history: History, item_of: Callable[[Notification], Any]) -> None:
        """Take the store, and what makes of a notification what streams send."""
        self._history = history
        self._item_of = item_of
        self._readers: dict[Callable[[], None], tuple[str, Callable[[], None]]] = {}
        self._news = asyncio.Event()
        self._seen = 0
        self._recent: list[Recent] = []
        """Those up to `_seen`, without a gap."""

    def join(self, wake: Callable[[], None], user_id: str, marked: Callable[[], None]) -> None:
        """Call ``wake`` when there are new notifications, and ``marked`` when the user reads."""
        self._readers[wake] = user_id, marked

    def leave(self, wake: Callable[[], None]) -> None:
        """Stop calling it."""
        self._readers.pop(wake, None)

    def stored(self) -> None:
        """Look at once: this process has stored notifications."""
        self._news.set()

    def marked(self, user_id: str) -> None:
        """Wake the readers of a user, who has marked something as read."""
        for of, marked in tuple(self._readers.values()):
            if of == user_id:
                marked()

    def newer(self, sequence: int) -> Iterator[Recent] | None:
        """Return what came after a sequence, whoever may see it; None if the store has to say."""
        if sequence >= self._seen:
            return iter(())
        if not self._recent or sequence + 1 < self._recent[0].notification.sequence:
            return None
        return islice(self._recent, sequence + 1 - self._recent[0].notification.sequence, None)

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
            if feed.last_sequence == self._seen:
                return
            # Streams that opened before the first look read the store up to here.
            first = not self._seen or feed.last_sequence < self._seen
            found = [] if first else await self._history.after(self._seen, RECENT_MAX)
        except StoreUnavailableError:
            return
        if not found or found[0].sequence != self._seen + 1:
            self._recent = []
        self._seen = found[-1].sequence if found else feed.last_sequence
        self._recent += [Recent(one, self._item_of(one)) for one in found]
        if len(self._recent) > 2 * RECENT_MAX:
            self._recent = self._recent[-RECENT_MAX:]
        if self._seen < feed.last_sequence:
            self._news.set()
        for wake in tuple(self._readers):
            wake()
