"""Redis beside the OMS: reads from copies, and that nothing depends on it."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from ordermesh.oms.v1 import limit_service_pb2, limit_service_pb2_grpc, order_pb2, order_service_pb2
from svc_oms.service.reads import checked_reads
from tests.support.oms import BOB, Client, Replica, replica, trading
from tests.support.refusals import refusal
from tests.support.waiting import WAIT_S, until


@pytest.fixture(autouse=True)
def every_account_is_quiet(monkeypatch):
    monkeypatch.setattr(checked_reads, "QUIET_S", 0)


def served(rpc: str, where: str) -> float:
    labels = {"rpc": rpc, "source": where}
    return REGISTRY.get_sample_value("ordermesh_oms_reads_total", labels) or 0.0


def has_redis(running: Replica) -> bool:
    return running.book.reads.copies.here


async def open_orders(client: Client) -> order_service_pb2.ListResponse:
    request = order_service_pb2.ListRequest(account_id="ACC-ALICE", open_only=True)
    return await client.orders.List(request, metadata=client.metadata)


@asynccontextmanager
async def from_a_copy(rpc: str):
    """Check that what is read meanwhile came from a copy."""
    before = served(rpc, "copy")
    yield
    assert served(rpc, "copy") > before


async def kept(redis: Redis, at_least: int = 1) -> list[bytes]:
    """Wait until Redis has so many copies; return their names."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = [key async for key in redis.scan_iter("om:read:*")]
            if len(found) >= at_least:
                return found


async def test_reads_are_served_from_copies_until_the_account_changes(book_url, tls, redis_server):
    redis = Redis.from_url(redis_server.url)
    async with (
        trading(book_url, tls, redis_server.url) as (running, client, gateway),
        replica(book_url, tls, redis_server.url) as second,
        second.channel() as channel,
        running.channel() as third,
    ):
        other = Client(channel)
        limits = limit_service_pb2_grpc.LimitServiceStub(third)
        account = limit_service_pb2.ListPositionsRequest(account_id="ACC-ALICE")
        await until(lambda: has_redis(running) and has_redis(second), "both have Redis")
        order = (await client.place("k-1")).order
        command = await gateway.command(0)
        first = await client.get(order.order_id)
        listed = await open_orders(client)
        await limits.ListPositions(account, metadata=client.metadata)
        await kept(redis, 3)
        async with from_a_copy("Get"):
            assert await other.get(order.order_id) == first
        async with from_a_copy("List"):
            assert await open_orders(other) == listed
        async with from_a_copy("ListPositions"):
            assert not (await limits.ListPositions(account, metadata=client.metadata)).positions
        await gateway.send(gateway.acknowledged(command.cl_ord_id))
        await gateway.send(gateway.filled(command.cl_ord_id))
        await gateway.applied()
        for reader in (other, client):
            now = await reader.get(order.order_id)
            assert now.order.progress.state == order_pb2.ORDER_STATE_FILLED
            assert len(now.executions) == 1
            assert not (await open_orders(reader)).orders
        assert len((await limits.ListPositions(account, metadata=client.metadata)).positions) == 1
    await redis.aclose()


async def test_what_redis_has_of_another_read_or_damaged_is_not_served(book_url, tls, redis_server):
    redis = Redis.from_url(redis_server.url)
    async with trading(book_url, tls, redis_server.url) as (running, client, _):
        await until(lambda: has_redis(running), "Redis")
        orders = [(await client.place(f"k-{n}")).order for n in range(2)]
        right = [await client.get(order.order_id) for order in orders]
        one, two = await kept(redis, 2)
        copies = await redis.mget([one, two])
        for wrong in (copies[::-1], [copies[0][:-1], copies[1] + b"x"], [b"", b"\xff" * 100]):
            await redis.mset(dict(zip((one, two), wrong, strict=True)))
            assert [await client.get(order.order_id) for order in orders] == right
    await redis.aclose()


async def test_a_copy_is_for_those_who_may_see_the_account(book_url, tls, redis_server):
    redis = Redis.from_url(redis_server.url)
    async with trading(book_url, tls, redis_server.url) as (running, client, _):
        await until(lambda: has_redis(running), "Redis")
        order = (await client.place("k-1")).order
        await client.get(order.order_id)
        await open_orders(client)
        await kept(redis, 2)
        async with running.channel() as channel:
            bob = Client(channel, BOB)
            assert (await refusal(bob.get(order.order_id))).reason == "ORDER_NOT_FOUND"
            assert (await refusal(open_orders(bob))).reason == "ACCOUNT_NOT_ALLOWED"
    await redis.aclose()


async def test_the_book_goes_on_without_redis_and_finds_it_again(book_url, tls, redis_server):
    async with trading(book_url, tls, redis_server.url) as (running, client, gateway):
        await until(lambda: has_redis(running), "Redis")
        order = (await client.place("k-1")).order
        first = await client.get(order.order_id)
        redis_server.kill()
        for index in range(20):
            await client.place(f"without-{index}")
            assert await client.get(order.order_id) == first
        await until(lambda: len(gateway.commands) >= 21, "commands go on")
        assert not has_redis(running)
        redis_server.start()
        redis = Redis.from_url(redis_server.url)
        await until(lambda: has_redis(running), "Redis again")
        await client.get(order.order_id)
        await kept(redis)
        async with from_a_copy("Get"):
            assert await client.get(order.order_id) == first
        await redis.flushall()
        assert await client.get(order.order_id) == first
        await redis.aclose()
