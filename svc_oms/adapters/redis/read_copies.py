"""Redis beside the order book: copies of answers to reads, wake-ups. May be away.

Nothing depends on it: a read that gets no copy in time is answered by the database, writes go
through a bounded buffer in the background, and wake-ups between replicas go another way when it is
gone.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError
from typing_extensions import override

from mesh.log import get_logger
from mesh.telemetry.parts import REDIS, Dependency
from svc_oms.service import metrics
from svc_oms.service.ports import ReadCopies

log = get_logger("svc_oms.redis")

# Copies that wait to be written; beyond it new ones are dropped.
PENDING_COPIES_MAX = 1_000
# Copies in one write.
WRITE_COPIES_MAX = 100
# After this a copy that nobody renewed is gone from Redis. Seconds.
COPY_LIFE_S = 60
TIMEOUT_S = 0.5
# A read waits no longer for its copy. Seconds.
FIND_TIMEOUT_S = 0.1
RETRY_S = 1.0
# Seconds between two checks whether the connection is still needed.
LISTEN_S = 1.0

AWAY = (RedisError, OSError, TimeoutError)


class RedisReadCopies(ReadCopies):
    """Copies of answers in Redis, and wake-ups between replicas."""

    def __init__(self, url: str, channels: Sequence[str]) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        # A subscriber waits for messages: no time limit on reading.
        self._listener: Redis = Redis.from_url(
            url, socket_timeout=None, socket_connect_timeout=TIMEOUT_S, health_check_interval=5
        )
        self._channels = channels
        self._pending: dict[str, bytes] = {}
        self._some = asyncio.Event()
        self._server = Dependency(REDIS)
        self._here = False

    @property
    @override
    def here(self) -> bool:
        return self._here

    @override
    async def find(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        try:
            async with asyncio.timeout(FIND_TIMEOUT_S):
                found = await self._redis.mget([_name(key) for key in keys])
        except AWAY:
            self._gone()
            return {}
        pairs = zip(keys, found, strict=True)
        return {key: copy for key, copy in pairs if isinstance(copy, bytes)}

    @override
    def keep(self, key: str, copy: bytes) -> None:
        if not self._here or len(self._pending) >= PENDING_COPIES_MAX:
            metrics.COPIES_DROPPED.inc()
            return
        self._pending[key] = copy
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
        """Write kept copies, forever."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._pending and self._here:
                part = dict(list(self._pending.items())[:WRITE_COPIES_MAX])
                for key in part:
                    del self._pending[key]
                try:
                    with self._server.exchange():
                        await self._write(part)
                except AWAY:
                    metrics.COPIES_DROPPED.inc(len(part))
                    self._gone()

    async def _write(self, copies: Mapping[str, bytes]) -> None:
        async with self._redis.pipeline(transaction=False) as writes:
            for key, copy in copies.items():
                writes.set(_name(key), copy, ex=COPY_LIFE_S)
            await writes.execute()

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
            with self._server.exchange():
                await self._redis.ping()
            self._here = True
            log.info("redis here")
            # A failed write ends this, too: one connection to a dead server may look alive.
            while self._here:
                word = await words.get_message(ignore_subscribe_messages=True, timeout=LISTEN_S)
                if word is not None:
                    heard(word["channel"].decode(), word["data"].decode())


class NoReadCopies(ReadCopies):
    """Used if no Redis is configured."""

    here = False

    @override
    async def find(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        return {}

    @override
    def keep(self, key: str, copy: bytes) -> None:
        """Keep nothing."""


def _name(key: str) -> str:
    return f"om:read:{key}"
