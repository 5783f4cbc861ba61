"""Notifications as users read them: values, and the port of the store."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from svc_notify.domain.notification import Notification, Viewer


class Shown(NamedTuple):
    """A notification, and when the viewer has read it; 0 for not yet."""

    notification: Notification
    read_ns: int


class Feed(NamedTuple):
    """What is kept."""

    epoch: str
    last_sequence: int
    oldest: int
    """Lowest sequence that is kept; last_sequence + 1 if none is."""


class Filter(NamedTuple):
    """What a list is restricted to; an empty value restricts nothing."""

    kinds: Sequence[int]
    severity_min: int
    account_id: str
    order_id: str
    venue_mic: str
    unread_only: bool
    from_ns: int
    until_ns: int


class Listed(NamedTuple):
    """A page, and the sequence before which the next one begins; 0 on the last page."""

    page: list[Shown]
    next_before: int


class ReadState(NamedTuple):
    """What a user has read, so far as a stream has to know."""

    number: int = 0
    """Counts the changes."""
    up_to: int = 0
    up_to_ns: int = 0
    up_to_since: int = 0
    """The change that moved `up_to`."""


class NotFoundError(Exception):
    """A notification does not exist any more, or the viewer may not see it."""


class History(Protocol):
    """Notifications as users read them. Every method may raise StoreUnavailableError."""

    async def feed(self) -> Feed:
        """Return epoch and bounds of what is kept."""

    async def after(self, sequence: int, limit: int) -> list[Notification]:
        """Return what came after a sequence, whoever may see it, oldest first."""

    async def newer(self, viewer: Viewer, after: int, limit: int) -> list[Shown]:
        """Return what a viewer may see after a sequence, oldest first."""

    async def older(self, viewer: Viewer, before: int, limit: int) -> list[Shown]:
        """Return what a viewer may see before a sequence, newest first."""

    async def page(
        self, viewer: Viewer, wanted: Filter, before: int, size: int, scan: int
    ) -> Listed:
        """Return a page of what a viewer may see and wants, newest first.

        Args:
            viewer: Who reads.
            wanted: The filter.
            before: Only lower sequences.
            size: Notifications in the page.
            scan: Notifications that are looked at; there may be more that fit.
        """

    async def mark(self, viewer: Viewer, ids: Sequence[str], now_ns: int) -> None:
        """Mark notifications as read; one that was read before keeps its time.

        Raises:
            NotFoundError: One of them is not there; nothing is marked.
        """

    async def mark_up_to(self, viewer: Viewer, sequence: int, now_ns: int) -> None:
        """Mark everything up to a sequence as read."""

    async def read_state(self, user_id: str) -> ReadState:
        """Return what a user has read."""

    async def read_since(self, user_id: str, after: int, until: int) -> dict[int, list[str]]:
        """Return the ids that single marks named between two changes, by the time of the mark."""

    async def prune(self, before_ns: int, most: int, batch: int) -> int:
        """Remove the oldest notifications of before a time, or beyond a number; return how many."""
