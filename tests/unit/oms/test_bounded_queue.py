"""The queue between those who ask and the one task that works."""

import asyncio

from svc_oms.service.bounded_queue import BoundedQueue


async def turn():
    """Let every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_queue_takes_in_order_and_in_batches():
    queue = BoundedQueue(5)
    for number in (1, 2, 3, 4):
        assert queue.put(number)
    assert await queue.take(3) == [1, 2, 3]
    assert await queue.take(3) == [4]
    assert len(queue) == 0


async def test_full_queue_takes_nothing_and_says_so():
    queue = BoundedQueue(2)
    assert queue.put(1)
    assert queue.put(2)
    assert not queue.put(3)
    assert await queue.take(10) == [1, 2]
    assert queue.put(3)


async def test_queue_wakes_its_consumer():
    queue = BoundedQueue(2)
    waiting = asyncio.ensure_future(queue.take(9))
    await turn()
    assert not waiting.done()
    queue.put("item")
    assert await waiting == ["item"]


async def test_cancelled_consumer_leaves_the_queue_usable():
    queue = BoundedQueue(2)
    waiting = asyncio.ensure_future(queue.take(9))
    await turn()
    waiting.cancel()
    await turn()
    queue.put(1)
    assert await queue.take(9) == [1]
