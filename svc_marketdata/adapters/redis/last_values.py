"""Last quotes and listings in Redis: written asynchronously, read at start, never waited for.

Keys: ``om:quote:{instrument_id}`` and ``om:instrument:{instrument_id}`` hold serialised
messages, ``om:traded:{instrument_id}`` the sums of the day's trades (turnover in 10⁻¹⁸ and volume
in 10⁻⁹, with a space between), the set ``om:instruments`` their ids. Redis may be away at any
time: what could not be written stays noted and is written when it is back; prices never wait for
it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from google.protobuf.message import DecodeError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mesh.log import get_logger
from mesh.telemetry.parts import REDIS, Dependency
from ordermesh.marketdata.v1 import instrument_pb2, market_data_pb2
from svc_marketdata.domain.listing import Listing
from svc_marketdata.domain.market import InstrumentMarket, Quote
from svc_marketdata.domain.own_day import Traded

BATCH_KEYS_MAX = 1_000
"""Keys written in one pipeline."""
WRITE_PAUSE_S = 0.5
"""Seconds between two writes; a quote is written at most once per write."""
RETRY_PAUSE_S = 2.0
"""Seconds before the next attempt if Redis is not available."""
START_PATIENCE_S = 2.0
"""Seconds the start waits for last values before it continues without them."""
TIMEOUT_S = 1.0

_IDS = "om:instruments"
_KINDS = ("instrument", "quote", "traded")
_log = get_logger(__name__)


class Source(Protocol):
    """Source of the values to write."""

    def take_unsaved(self, limit: int) -> tuple[list[InstrumentMarket], list[Listing]]:
        """Return the quotes and listings that changed since the last call."""

    def put_back(self, quotes: list[InstrumentMarket], listings: list[Listing]) -> None:
        """Mark quotes and listings that could not be written as unsaved again."""

    def put_back_all(self) -> None:
        """Mark everything as unsaved: Redis may have lost its values."""


class LastValues:
    """Reads and writes last values."""

    def __init__(
        self,
        url: str,
        *,
        quote_to_proto: Callable[[InstrumentMarket], market_data_pb2.Quote],
        quote_from_proto: Callable[[market_data_pb2.Quote], Quote],
        listing_to_proto: Callable[[Listing], instrument_pb2.Instrument],
        listing_from_proto: Callable[[instrument_pb2.Instrument], Listing],
        is_over: Callable[[Listing], bool],
    ) -> None:
        self._server = Dependency(REDIS)
        self.connected = False
        self.keys_written = 0
        self.failures = 0
        self._ids = set[str]()
        self._quote_to_proto = quote_to_proto
        self._quote_from_proto = quote_from_proto
        self._listing_to_proto = listing_to_proto
        self._listing_from_proto = listing_from_proto
        self._is_over = is_over
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )

    async def load(self) -> tuple[list[Listing], list[tuple[str, Quote]]]:
        """Read the values of an earlier process; none if Redis is not available."""
        try:
            async with asyncio.timeout(START_PATIENCE_S):
                with self._server.exchange():
                    return await self._load()
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return [], []

    async def run(self, source: Source) -> None:
        """Write changed values until cancelled."""
        while True:
            await asyncio.sleep(WRITE_PAUSE_S if self.connected else RETRY_PAUSE_S)
            try:
                while await self.write(source):
                    pass
            except (RedisError, OSError) as error:
                self._failed(error)

    async def write(self, source: Source) -> bool:
        """Write one batch.

        Returns:
            Whether the batch was full, so that there may be more.
        """
        if not self.connected:
            with self._server.exchange():
                await self._redis.ping()
            source.put_back_all()
        quotes, listings = source.take_unsaved(BATCH_KEYS_MAX)
        if not quotes and not listings:
            self._succeeded(0)
            return False
        values: dict[str, bytes] = {}
        for market in quotes:
            values[f"om:quote:{market.instrument_id}"] = self._quote_to_proto(
                market
            ).SerializeToString()
            traded = market.own.traded
            values[f"om:traded:{market.instrument_id}"] = (
                f"{traded.turnover} {traded.volume}".encode() if traded is not None else b""
            )
        for listing in listings:
            values[f"om:instrument:{listing.instrument_id}"] = self._listing_to_proto(
                listing
            ).SerializeToString()
        ids = {market.instrument_id for market in quotes} | {
            item.instrument_id for item in listings
        }
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.scard(_IDS)
                pipeline.mset(values)
                pipeline.sadd(_IDS, *ids)
                with self._server.exchange():
                    kept_ids = (await pipeline.execute())[0]
        except (RedisError, OSError):
            source.put_back(quotes, listings)
            raise
        self._succeeded(len(values))
        if kept_ids < len(self._ids):
            # Redis came back empty between two writes.
            source.put_back_all()
            self._ids.clear()
            return True
        self._ids |= ids
        return len(values) >= BATCH_KEYS_MAX

    async def close(self, source: Source) -> None:
        """Write the remaining values if Redis is available, and close the connections."""
        for _ in range(2):  # the second attempt uses a new connection
            try:
                while await self.write(source):
                    pass
                break
            except (RedisError, OSError) as error:
                self._failed(error)
        await self._redis.aclose()

    async def _load(self) -> tuple[list[Listing], list[tuple[str, Quote]]]:
        members: set[Any] = await self._redis.smembers(_IDS)
        ids = sorted(bytes(member).decode() for member in members)
        listings: list[Listing] = []
        quotes: list[tuple[str, Quote]] = []
        over: list[str] = []
        for start in range(0, len(ids), BATCH_KEYS_MAX):
            batch = ids[start : start + BATCH_KEYS_MAX]
            stored: list[Any] = await self._redis.mget([f"om:instrument:{name}" for name in batch])
            priced: list[Any] = await self._redis.mget([f"om:quote:{name}" for name in batch])
            sums: list[Any] = await self._redis.mget([f"om:traded:{name}" for name in batch])
            for name, listing, quote, traded in zip(batch, stored, priced, sums, strict=True):
                try:
                    if listing is not None:
                        message = instrument_pb2.Instrument.FromString(listing)
                        known = self._listing_from_proto(message)
                        if self._is_over(known):
                            over.append(name)
                            continue
                        listings.append(known)
                    if quote is not None:
                        told = market_data_pb2.Quote.FromString(quote)
                        known_quote = self._quote_from_proto(told)
                        known_quote.traded = _traded(traded)
                        quotes.append((name, known_quote))
                except (DecodeError, ValueError, KeyError) as error:
                    _log.warning("unreadable last value", instrument=name, reason=str(error))
        if over:
            await self._redis.srem(_IDS, *over)
            keys = [f"om:{kind}:{name}" for name in over for kind in _KINDS]
            await self._redis.delete(*keys)
        self._succeeded(0)
        return listings, quotes

    def _succeeded(self, keys: int) -> None:
        self.keys_written += keys
        if not self.connected:
            self.connected = True
            _log.info("redis is available")

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self._server.away()
        if self.connected or self.failures == 1:
            self.connected = False
            _log.warning("redis is not available; prices continue without it", reason=str(error))


def _traded(text: bytes | None) -> Traded | None:
    """Read the sums of a day; None if none were written.

    Raises:
        ValueError: They cannot be read.
    """
    if not text:
        return None
    turnover, _, volume = text.decode().partition(" ")
    return Traded(int(turnover), int(volume))
