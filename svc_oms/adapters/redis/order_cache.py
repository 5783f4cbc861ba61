"""Redis beside the order book: open orders, wake-ups. May be away.

Nothing waits for it: writes go through a bounded buffer in the background, and wake-ups between
replicas go another way when it is gone.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError
from typing_extensions import override

from mesh.log import get_logger
from mesh.telemetry.parts import REDIS, Dependency
from svc_oms.service import metrics
from svc_oms.service.ports import OrderCache

log = get_logger("svc_oms.redis")

# Orders that wait to be written; beyond it the oldest are dropped.
PENDING_ORDERS_MAX = 10_000
# Orders in one write.
WRITE_ORDERS_MAX = 1_000
# Between two writes: an order that is placed and acknowledged within it is written once. Seconds.
GATHER_S = 0.05
TIMEOUT_S = 0.5
RETRY_S = 1.0
# Seconds between two checks whether the connection is still needed.
LISTEN_S = 1.0

AWAY = (RedisError, OSError, TimeoutError)


class RedisOrderCache(OrderCache):
    """Open orders in Redis, and wake-ups between replicas."""

    def __init__(self, url: str, channels: Sequence[str]) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        # A subscriber waits for messages: no time limit on reading.
        self._listener: Redis = Redis.from_url(
            url, socket_timeout=None, socket_connect_timeout=TIMEOUT_S, health_check_interval=5
        )
        self._channels = channels
        self._pending: dict[str, bytes | None] = {}
        self._some = asyncio.Event()
        self._server = Dependency(REDIS)
        self._here = False

    @override
    def keep(self, orders: Sequence[tuple[str, bytes | None]]) -> None:
        room = PENDING_ORDERS_MAX - len(self._pending)
        if not self._here or room < len(orders):
            metrics.CACHE_DROPPED.inc(len(orders))
            return
        self._pending.update(orders)
        self._some.set()

    async def send(self, channel: str, message: str) -> int:
        """Publish a message; return how many read it."""
        if not self._here:
            return 0
        try:
            return int(await self._redis.publish(channel, message))
        except AWAY:
            self._gone()
            return 0

    def _gone(self) -> None:
        if self._here:
            log.warning("redis away")
        self._here = False
        self._server.away()

    async def close(self) -> None:
        """Close the connections."""
        for client in (self._redis, self._listener):
            with suppress(*AWAY):
                await client.aclose()

    async def run_writer(self) -> None:
        """Write kept orders, forever."""
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_S)
            self._some.clear()
            while self._pending and self._here:
                part = dict(list(self._pending.items())[:WRITE_ORDERS_MAX])
                for order_id in part:
                    del self._pending[order_id]
                try:
                    with self._server.exchange():
                        await self._write(part)
                except AWAY:
                    metrics.CACHE_DROPPED.inc(len(part))
                    self._gone()

    async def _write(self, orders: dict[str, bytes | None]) -> None:
        now_open = {f"om:order:{key}": body for key, body in orders.items() if body is not None}
        closed = [f"om:order:{key}" for key, body in orders.items() if body is None]
        if now_open:
            await self._redis.mset(now_open)
        if closed:
            await self._redis.delete(*closed)

    async def run_listener(self, heard: Callable[[str, str], None]) -> None:
        """Pass messages to ``heard(channel, message)`` forever; connect again after losses."""
        while True:
            try:
                await self._listen(heard)
            except AWAY as error:
                log.debug("not listening", error=str(error))
            self._gone()
            self._pending.clear()
            # Each connection to the server that is gone would fail once more.
            for client in (self._redis, self._listener):
                with suppress(*AWAY):
                    await client.connection_pool.disconnect()
            await asyncio.sleep(RETRY_S)

    async def _listen(self, heard: Callable[[str, str], None]) -> None:
        async with self._listener.pubsub() as words:
            await words.subscribe(*self._channels)
            # Orders kept before an absence may be stale: the cache starts empty.
            with self._server.exchange():
                await self._forget()
            self._here = True
            log.info("redis here")
            # A failed write ends this, too: one connection to a dead server may look alive.
            while self._here:
                word = await words.get_message(ignore_subscribe_messages=True, timeout=LISTEN_S)
                if word is not None:
                    heard(word["channel"].decode(), word["data"].decode())

    async def _forget(self) -> None:
        keys = [key async for key in self._redis.scan_iter("om:order:*", count=WRITE_ORDERS_MAX)]
        for start in range(0, len(keys), WRITE_ORDERS_MAX):
            await self._redis.delete(*keys[start : start + WRITE_ORDERS_MAX])


class NoOrderCache:
    """Used if no Redis is configured."""

    def keep(self, orders: Sequence[tuple[str, bytes | None]]) -> None:
        """Keep nothing."""
