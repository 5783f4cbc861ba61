"""Prices of the listings that have waiting orders, pushed by svc_marketdata."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import grpc.aio

from mesh.channel import mesh_channel
from mesh.clock import Clock
from mesh.errors import read_refusal
from mesh.log import get_logger
from mesh.streams.backoff import Backoff, keep_connected
from mesh.tls import HasTls
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from ordermesh.marketdata.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from svc_oms.service.triggers import Triggers

log = get_logger("svc_oms.trigger_prices")

# A quote of a listing comes at most this often; what a price does in between and takes back
# lets no order go.
QUOTE_INTERVAL_MS = 100
# Listings one subscription can name; with more, the quotes of all listings come.
SUBSCRIPTION_LISTINGS_MAX = 500
# Seconds for which a listing that svc_marketdata does not know is left out.
UNKNOWN_LISTING_S = 30.0
# Seconds between words of a stream whose prices do not move.
HEARTBEAT_S = 2


class TriggerPrices:
    """Keeps the triggers told; while nothing waits there is no stream."""

    def __init__(self, target: str, tls: HasTls, triggers: Triggers, clock: Clock) -> None:
        self._target = target
        self._tls = tls
        self._triggers = triggers
        self._clock = clock
        self._unknown: dict[str, float] = {}

    async def run(self) -> None:
        """Watch for ever."""
        async with mesh_channel(self._target, "svc-marketdata", self._tls) as channel:
            stub = MarketDataServiceStub(channel)
            await keep_connected(
                lambda: self._watch(stub), Backoff(), "svc-marketdata trigger prices"
            )

    def _listings(self) -> list[str]:
        now = self._clock.monotonic()
        return [
            name
            for name in self._triggers.instruments()
            if now - self._unknown.get(name, float("-inf")) > UNKNOWN_LISTING_S
        ]

    async def _watch(self, stub: MarketDataServiceStub) -> None:
        triggers = self._triggers
        while not self._listings():
            await self._moved()
        call = stub.Stream(self._requests())
        try:
            async for frame in call:
                triggers.heard()
                for item in frame.items:
                    if item.HasField("update") and item.update.HasField("quote"):
                        triggers.quoted(item.update.instrument_id, item.update.quote)
        except grpc.aio.AioRpcError as error:
            refusal = read_refusal(error)
            if refusal.reason == "INSTRUMENT_NOT_FOUND":
                # One listing that is gone must not keep the others from their prices.
                name = refusal.metadata.get("instrument_id", "")
                self._unknown[name] = self._clock.monotonic()
                log.warning("no prices for a listing with waiting orders", instrument=name)
            raise
        finally:
            call.cancel()
            triggers.silent()

    async def _moved(self) -> None:
        """Wait until other listings are needed, or one left out may be tried again."""
        moved = self._triggers.instruments_moved
        try:
            async with asyncio.timeout(UNKNOWN_LISTING_S):
                await moved.wait()
        except TimeoutError:
            return
        moved.clear()

    async def _requests(self) -> AsyncIterator[market_data_service_pb2.StreamRequest]:
        subscribed = self._listings()
        yield market_data_service_pb2.StreamRequest(
            open=market_data_service_pb2.WatchRequest(
                subscription=_subscription(subscribed), heartbeat_s=HEARTBEAT_S
            )
        )
        while True:
            await self._moved()
            listings = self._listings()
            # None left: the old ones cost little, and an empty list would mean all.
            if listings and listings != subscribed:
                subscribed = listings
                yield market_data_service_pb2.StreamRequest(subscribe=_subscription(subscribed))


def _subscription(listings: list[str]) -> market_data_service_pb2.Subscription:
    return market_data_service_pb2.Subscription(
        instrument_ids=listings if len(listings) <= SUBSCRIPTION_LISTINGS_MAX else [],
        topics=[market_data_pb2.TOPIC_QUOTE],
        mode=market_data_service_pb2.DELIVERY_MODE_INTERVAL,
        interval_ms=QUOTE_INTERVAL_MS,
    )
