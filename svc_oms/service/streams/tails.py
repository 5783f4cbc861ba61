"""The newest part of a numbered log in memory, shared by everybody who reads it live.

A reader keeps only the number it has read up to. It takes what follows from the tail, or from
the database when the tail does not reach back that far. So nothing is lost or repeated,
whatever happens in between: a missed wake-up, another replica's commit, a slow reader. Memory
does not grow with the readers.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice

# Items a tail keeps; a live reader that lacks more is a slow consumer.
TAIL_ITEMS_MAX = 4096
# With at most so few missing items the search starts at the end, with more at the front.
READ_FROM_END_MAX = 64


class Tail:
    """Consecutive items up to `high`, as far back as they are kept."""

    __slots__ = ("_first", "_items", "_readers", "high")

    def __init__(self, high: int) -> None:
        self.high = high
        self._first = high + 1
        self._items: deque[bytes] = deque()
        self._readers: set[asyncio.Event] = set()

    def join(self, reader: asyncio.Event) -> None:
        """Set this event whenever there is more."""
        self._readers.add(reader)

    def leave(self, reader: asyncio.Event) -> None:
        """Stop setting the event."""
        self._readers.discard(reader)

    @property
    def read(self) -> bool:
        """Return whether there is a reader."""
        return bool(self._readers)

    def append(self, first: int, items: Sequence[bytes]) -> None:
        """Add items numbered from `first`; known ones are skipped."""
        last = first + len(items) - 1
        if last <= self.high:
            return
        if first > self.high + 1:
            # Other replicas' items come in between: the readers fetch those from the database.
            self._items.clear()
            self._first = first
        elif first <= self.high:
            items = items[self.high + 1 - first :]
        if not self._items:
            self._first = last - len(items) + 1
        self._items.extend(items)
        excess = len(self._items) - TAIL_ITEMS_MAX
        if excess > 0:
            for _ in range(excess):
                self._items.popleft()
            self._first += excess
        self._move(last)

    def advance(self, high: int) -> None:
        """Note that the log reaches up to `high` now."""
        if high > self.high:
            self._items.clear()
            self._first = high + 1
            self._move(high)

    def _move(self, high: int) -> None:
        self.high = high
        for reader in self._readers:
            reader.set()

    def after(self, number: int, limit: int) -> list[bytes] | None:
        """Return at most `limit` items after a number; None if they are not kept here."""
        skip = number + 1 - self._first
        if skip < 0:
            return None
        items = self._items
        behind = len(items) - skip
        if behind <= READ_FROM_END_MAX:
            # A live reader lacks the last few only; walking there from the front takes longer
            # than all else that is done for it.
            return [items[index] for index in range(skip, skip + min(behind, limit))]
        return list(islice(items, skip, skip + limit))
