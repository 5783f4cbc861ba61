"""Bounded queues: many items per wake-up, never a task or a lock per item.

Both are full at a named number of items. put_nowait() then returns False and adds
nothing; the producer decides what follows (end the slow reader, conflate, refuse).
"""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class QueueClosedError(Exception):
    """The queue is closed and empty."""


class BoundedQueue(Generic[T]):
    """A queue of one event loop with any number of producers and one consumer."""

    def __init__(self, limit_items: int, name: str = "queue") -> None:
        if limit_items < 1:
            raise ValueError(f"{name}: a queue holds at least one item, not {limit_items}")
        self.limit_items = limit_items
        self.name = name
        self.overflowed = False
        self.closed = False
        self._items: deque[T] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    @property
    def depth(self) -> int:
        """Number of items in the queue."""
        return len(self._items)

    def put_nowait(self, item: T) -> bool:
        """Add an item; return False if the queue is full, and set ``overflowed``, or closed."""
        if len(self._items) >= self.limit_items or self.closed:
            self.overflowed = self.overflowed or not self.closed
            self.wake()
            return False
        self._items.append(item)
        if self._waiter is not None:
            self.wake()
        return True

    def extend(self, items: Iterable[T]) -> bool:
        """Add all items or, if not all fit, none; then return False and set ``overflowed``."""
        batch = items if isinstance(items, list | tuple) else list(items)
        if len(self._items) + len(batch) > self.limit_items or self.closed:
            self.overflowed = self.overflowed or not self.closed
            self.wake()
            return False
        self._items.extend(batch)
        if self._waiter is not None:
            self.wake()
        return True

    def take(self, max_items: int) -> list[T]:
        """Take the items present, at most ``max_items``, without waiting."""
        items = self._items
        if len(items) <= max_items:
            batch = list(items)
            items.clear()
            return batch
        return [items.popleft() for _ in range(max_items)]

    async def get_batch(self, max_items: int) -> list[T]:
        """Wait for at least one item and take at most ``max_items``.

        Raises:
            QueueClosedError: The queue is closed and empty.
        """
        while not self._items:
            if self.closed:
                raise QueueClosedError(self.name)
            await self.wait()
        return self.take(max_items)

    async def wait(self) -> None:
        """Wait for an item, an overflow, close() or wake()."""
        assert self._waiter is None, f"{self.name}: a queue has one consumer"
        if self._items or self.closed:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def wake(self) -> None:
        """Wake the consumer, even if there is no item."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def close(self) -> None:
        """Accept no more items; items in the queue can still be taken."""
        self.closed = True
        self.wake()


class ThreadHandover(Generic[T]):
    """Passes items from threads (QuickFIX's callbacks) to the event loop: one wake-up for many.

    put() may be called from any thread. It costs an append and, only if the consumer
    has taken everything so far, one call into the loop.
    """

    def __init__(self, limit_items: int, name: str, loop: asyncio.AbstractEventLoop) -> None:
        if limit_items < 1:
            raise ValueError(f"{name}: a queue holds at least one item, not {limit_items}")
        self.limit_items = limit_items
        self.name = name
        self.overflowed = False
        self._loop = loop
        self._lock = threading.Lock()
        self._items: deque[T] = deque()
        self._notified = False
        self._arrived = asyncio.Event()

    @property
    def depth(self) -> int:
        """Number of items in the queue."""
        return len(self._items)

    def put(self, item: T) -> bool:
        """Add an item from any thread; return False and set ``overflowed`` if it is full."""
        with self._lock:
            if len(self._items) >= self.limit_items:
                self.overflowed = True
                return False
            self._items.append(item)
            notify, self._notified = not self._notified, True
        if notify:
            try:
                self._loop.call_soon_threadsafe(self._arrived.set)
            except RuntimeError:
                # The event loop has stopped; there is no consumer any more.
                return False
        return True

    async def get_batch(self, max_items: int) -> list[T]:
        """Wait for at least one item and take at most ``max_items``, in order."""
        while True:
            with self._lock:
                if self._items:
                    count = min(max_items, len(self._items))
                    return [self._items.popleft() for _ in range(count)]
                self._notified = False
                self._arrived.clear()
            await self._arrived.wait()
