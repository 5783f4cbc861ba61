"""A bounded queue; a reader takes everything that waits at once."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """Many writers, one reader; one wake-up for many items.

    Attributes:
        takes: How often items were taken.
    """

    __slots__ = ("_items", "_limit", "_some", "takes")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[T] = deque()
        self._some = asyncio.Event()
        self.takes = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> bool:
        """Add an item; False, and nothing is added, when the limit is reached."""
        if len(self._items) >= self._limit:
            return False
        self._items.append(item)
        self._some.set()
        return True

    async def take(self, most: int) -> list[T]:
        """Return all waiting items, at most so many, as soon as there is one."""
        await self._some.wait()
        items = self._items
        if len(items) <= most:
            batch = list(items)
            items.clear()
            self._some.clear()
        else:
            batch = [items.popleft() for _ in range(most)]
        self.takes += 1
        return batch
