"""The client of svc_marketdata: listings and prices, watched forever.

Listings are also stored in the database for the next start; prices are only in memory.
"""

import asyncio
from collections.abc import AsyncIterator

from mesh.certificates.tls import HasTls
from mesh.log import get_logger
from mesh.rpc.channel import mesh_channel
from mesh.streams.backoff import keep_connected
from ordermesh.marketdata.v1 import (
    instrument_pb2,
    instrument_service_pb2,
    market_data_pb2,
    market_data_service_pb2,
)
from ordermesh.marketdata.v1.instrument_service_pb2_grpc import InstrumentServiceStub
from ordermesh.marketdata.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from ordermesh_rpc.backoff import Backoff
from svc_oms.service.ports import OrderStore, StoreUnavailableError
from svc_oms.service.reference.market import Market

log = get_logger("svc_oms.marketdata")

# A listing's quotes come at most this often, which is enough to value orders.
QUOTE_INTERVAL_MS = 1000


class MarketDataClient:
    """Keeps listings and prices of svc_marketdata; they stay while it is away."""

    def __init__(self, target: str, tls: HasTls, market: Market, store: OrderStore) -> None:
        self._target = target
        self._tls = tls
        self._market = market
        self._store = store

    async def run(self) -> None:
        """Watch both over one connection, forever."""
        async with (
            mesh_channel(self._target, "svc-marketdata", self._tls) as channel,
            asyncio.TaskGroup() as watches,
        ):
            listings, prices = InstrumentServiceStub(channel), MarketDataServiceStub(channel)
            watches.create_task(
                keep_connected(
                    lambda: self._watch_listings(listings), Backoff(), "svc-marketdata listings"
                )
            )
            watches.create_task(
                keep_connected(
                    lambda: self._watch_prices(prices), Backoff(), "svc-marketdata prices"
                )
            )

    async def _watch_listings(self, stub: InstrumentServiceStub) -> None:
        frames: AsyncIterator[instrument_service_pb2.InstrumentServiceWatchResponse] = stub.Watch(
            instrument_service_pb2.InstrumentServiceWatchRequest()
        )
        async for frame in frames:
            listings = [item.instrument for item in frame.items if item.HasField("instrument")]
            if listings:
                self._market.learn(listings)
                await self._keep(listings)

    async def _watch_prices(self, stub: MarketDataServiceStub) -> None:
        subscription = market_data_service_pb2.Subscription(
            topics=[market_data_pb2.TOPIC_QUOTE],
            mode=market_data_service_pb2.DELIVERY_MODE_INTERVAL,
            interval_ms=QUOTE_INTERVAL_MS,
        )
        frames: AsyncIterator[market_data_service_pb2.WatchResponse] = stub.Watch(
            market_data_service_pb2.WatchRequest(subscription=subscription)
        )
        references = self._market.references
        references.begin()
        async for frame in frames:
            references.heard()
            for item in frame.items:
                if item.HasField("update") and item.update.HasField("quote"):
                    references.learn(item.update.instrument_id, item.update.quote)

    async def _keep(self, listings: list[instrument_pb2.Instrument]) -> None:
        # A set of rows takes each name once; the last one counts.
        rows = {each.instrument_id: each.SerializeToString() for each in listings}
        try:
            await self._store.keep_instruments(list(rows.items()))
        except StoreUnavailableError as error:
            # They come again with the next connection; orders are checked against memory.
            log.warning("listings not stored", error=str(error))
