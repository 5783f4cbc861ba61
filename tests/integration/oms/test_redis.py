"""Redis beside the OMS: what it stores, and that nothing depends on it."""

import asyncio
import itertools

from redis.asyncio import Redis

from ordermesh.oms.v1 import order_pb2
from tests.support.oms import trading
from tests.support.waiting import until

WITHIN_S = 10


async def test_open_orders_are_kept_and_closed_ones_leave(book_url, tls, redis_server):
    redis = Redis.from_url(redis_server.url)
    async with trading(book_url, tls, redis_server.url) as (_, client, gateway):
        kept = await first_kept(client, redis)
        assert order_pb2.Order.FromString(await redis.get(f"om:order:{kept}")).order_id == kept
        command = next(c for c in gateway.commands if c.order_id == kept)
        await gateway.send(gateway.acknowledged(command.cl_ord_id))
        await gateway.send(gateway.filled(command.cl_ord_id))
        await gateway.applied()
        await gone(redis, kept)
    await redis.aclose()


async def test_the_book_goes_on_without_redis_and_finds_it_again(book_url, tls, redis_server):
    async with trading(book_url, tls, redis_server.url) as (_, client, gateway):
        redis = Redis.from_url(redis_server.url)
        await first_kept(client, redis)
        await redis.aclose()
        redis_server.kill()
        before = len(gateway.commands)
        for index in range(20):
            await client.place(f"without-{index}")
        await until(lambda: len(gateway.commands) >= before + 20, "commands go on")
        redis_server.start()
        redis = Redis.from_url(redis_server.url)
        await first_kept(client, redis, "again")
        await redis.aclose()


async def first_kept(client, redis: Redis, prefix: str = "k") -> str:
    """Place orders until Redis has one: the OMS does not wait for it."""
    placed: list[str] = []
    async with asyncio.timeout(WITHIN_S):
        for index in itertools.count():
            placed.append((await client.place(f"{prefix}-{index}")).order.order_id)
            found = await redis.mget([f"om:order:{order_id}" for order_id in placed[-50:]])
            for order_id, body in zip(placed[-50:], found, strict=True):
                if body is not None:
                    return order_id
    raise AssertionError("the timeout ends it")


async def gone(redis: Redis, order_id: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while await redis.exists(f"om:order:{order_id}"):
            await asyncio.sleep(0)
