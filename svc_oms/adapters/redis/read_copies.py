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

# Copies that wait to be written, and the sum of their bytes; beyond either new ones are dropped.
PENDING_COPIES_MAX = 1_000
PENDING_BYTES_MAX = 16 * 1024 * 1024
# Copies in one write, and the sum of their bytes; a larger copy is written alone.
WRITE_COPIES_MAX = 100
WRITE_BYTES_MAX = 1024 * 1024
# After this a copy that nobody renewed is gone from Redis. Seconds.
COPY_LIFE_S = 60
TIMEOUT_S = 0.5
# A read waits no longer for its copy; the database answers it. Seconds.
FIND_TIMEOUT_S = 0.1
# So many finds in a row that took longer mean that Redis is away. One may be chance.
LATE_FINDS_MAX = 5
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
        self._pending_bytes = 0
        self._late_finds = 0
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
        except TimeoutError:
            self._late_finds += 1
            if self._late_finds >= LATE_FINDS_MAX:
                self._gone()
            return {}
        except AWAY:
            self._gone()
            return {}
        self._late_finds = 0
        pairs = zip(keys, found, strict=True)
        return {key: copy for key, copy in pairs if isinstance(copy, bytes)}

    @override
    def keep(self, key: str, copy: bytes) -> None:
        before = self._pending.pop(key, b"")
        self._pending_bytes -= len(before)
        room = PENDING_BYTES_MAX - self._pending_bytes
        if not self._here or len(self._pending) >= PENDING_COPIES_MAX or len(copy) > room:
            metrics.COPIES_DROPPED.inc()
            return
        self._pending[key] = copy
        self._pending_bytes += len(copy)
        self._some.set()

    def _take(self) -> dict[str, bytes]:
        """Take the oldest pending copies, as many as one write may have."""
        part: dict[str, bytes] = {}
        size = 0
        for key, copy in self._pending.items():
            size += len(copy)
            if part and (size > WRITE_BYTES_MAX or len(part) == WRITE_COPIES_MAX):
                break
            part[key] = copy
        for key, copy in part.items():
            del self._pending[key]
            self._pending_bytes -= len(copy)
        return part

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
        self._late_finds = 0
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
                part = self._take()
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
            self._pending_bytes = 0
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
