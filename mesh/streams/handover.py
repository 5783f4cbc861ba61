"""From threads to the event loop: a bounded queue with one wake-up for many items."""

import asyncio
import threading
import time
from collections import deque
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# A producer that is so many items ahead waits after each of them. Items and seconds.
AHEAD_MAX: Final = 1_000
AHEAD_WAIT_S: Final = 0.002


class ThreadHandover(Generic[T]):
    """Passes items from threads (QuickFIX's callbacks) to the event loop: one wake-up for many.

    put() may be called from any thread. It costs an append and, only if the consumer
    has taken everything so far, one call into the loop. A full queue takes nothing; its
    producer decides what follows.
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

    def put_in_step(self, item: T) -> bool:
        """Add an item as put() does; a producer that is far ahead waits for a moment.

        So a flood of one producer slows down itself, and not the rest of the process.
        """
        taken = self.put(item)
        if len(self._items) > AHEAD_MAX:
            time.sleep(AHEAD_WAIT_S)
        return taken

    async def get_batch(self, max_items: int) -> list[T]:
        """Wait for at least one item and take at most ``max_items``, in order.

        Other tasks of the event loop get their turn in between, also while items keep coming.
        """
        if self._items:
            await asyncio.sleep(0)
        while True:
            with self._lock:
                if self._items:
                    count = min(max_items, len(self._items))
                    return [self._items.popleft() for _ in range(count)]
                self._notified = False
                self._arrived.clear()
            await self._arrived.wait()
