"""Copies in Redis that come late, and the bounds of what waits to be written."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager

from prometheus_client import REGISTRY
from redis.asyncio import Redis

from svc_oms.adapters.redis import read_copies
from svc_oms.adapters.redis.read_copies import LATE_FINDS_MAX, PENDING_BYTES_MAX, RedisReadCopies
from svc_oms.service.reads.checked_reads import COPY_BYTES_MAX
from tests.support.waiting import POLL_S, WAIT_S, until


@asynccontextmanager
async def copies_in(server):
    """Run copies that are connected."""
    copies = RedisReadCopies(server.url, ["channel"])
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(copies.run_listener(lambda _channel, _message: None)),
            tasks.create_task(copies.run_writer()),
        ]
        await until(lambda: copies.here, "Redis")
        try:
            yield copies
        finally:
            for task in running:
                task.cancel()
    await copies.close()


def dropped() -> float:
    return REGISTRY.get_sample_value("ordermesh_oms_copies_dropped_total") or 0.0


async def written(server, count: int) -> None:
    """Wait until Redis has so many copies."""
    redis = Redis.from_url(server.url)
    async with asyncio.timeout(WAIT_S):
        while await redis.dbsize() != count:
            await asyncio.sleep(POLL_S)
    await redis.aclose()


@asynccontextmanager
async def stopped(server):
    """Stop the server, which keeps its connections."""
    os.kill(server.process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process_id, signal.SIGCONT)


async def test_one_copy_that_comes_late_is_no_copy_and_redis_stays(redis_server, monkeypatch):
    # However slow this machine is, a server that runs answers in time.
    async with copies_in(redis_server) as copies:
        copies.keep("k", b"copy")
        await written(redis_server, 1)
        async with stopped(redis_server):
            for _ in range(LATE_FINDS_MAX - 1):
                assert await copies.find(["k"]) == {}
            assert copies.here
        monkeypatch.setattr(read_copies, "FIND_TIMEOUT_S", 30)
        assert await copies.find(["k"]) == {"k": b"copy"}
        monkeypatch.undo()
        # The row of late answers begins anew.
        async with stopped(redis_server):
            assert await copies.find(["k"]) == {}
            assert copies.here


async def test_so_many_late_copies_in_a_row_mean_that_redis_is_away(redis_server):
    async with copies_in(redis_server) as copies:
        async with stopped(redis_server):
            for _ in range(LATE_FINDS_MAX):
                assert await copies.find(["k"]) == {}
            assert not copies.here
        await until(lambda: copies.here, "Redis again")


async def test_a_connection_that_fails_means_at_once_that_redis_is_away(redis_server):
    async with copies_in(redis_server) as copies:
        redis_server.kill()
        assert await copies.find(["k"]) == {}
        assert not copies.here
        redis_server.start()


async def test_copies_that_wait_are_bounded_in_bytes(redis_server):
    redis = Redis.from_url(redis_server.url)
    fitting = PENDING_BYTES_MAX // COPY_BYTES_MAX
    async with copies_in(redis_server) as copies:
        before = dropped()
        for number in range(fitting):
            copies.keep(f"k-{number}", b"x" * COPY_BYTES_MAX)
        assert dropped() == before
        copies.keep("too-much", b"x")
        assert dropped() == before + 1
        # A newer copy of the same read takes the place of the older one.
        copies.keep("k-0", b"newer")
        copies.keep("room", b"y")
        assert dropped() == before + 1
        await until(lambda: not copies._pending, "all are written")
        assert copies._pending_bytes == 0
        await written(redis_server, fitting + 1)
        assert await redis.get("om:read:k-0") == b"newer"
    await redis.aclose()
