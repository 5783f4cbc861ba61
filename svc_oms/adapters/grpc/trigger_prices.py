"""Prices of the listings that have waiting orders, pushed by svc_marketdata.

Quotes every 100 ms on one stream, each single trade on another, so that a trade that reaches
a stop and is taken back between two quotes is seen.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import grpc
import grpc.aio
from typing_extensions import override

from kernel.clock import Clock
from mesh.certificates.tls import HasTls
from mesh.errors import read_refusal
from mesh.log import get_logger
from mesh.rpc.channel import mesh_channel
from mesh.streams.backoff import keep_connected
from mesh.tasks import is_set_within
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from ordermesh.marketdata.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from ordermesh_rpc.backoff import Backoff
from svc_oms.adapters.grpc.unknown_names import UnknownNames
from svc_oms.service.waiting.trigger_watch import Triggers

log = get_logger("svc_oms.trigger_prices")

# A listing's quotes come at most this often; a bid or offer that is withdrawn in between triggers
# no order.
QUOTE_INTERVAL_MS = 100
# Listings one subscription can name; with more, the quotes and trades of all listings come.
SUBSCRIPTION_LISTINGS_MAX = 500
# Seconds for which a listing that svc_marketdata does not know is left out.
UNKNOWN_LISTING_S = 30.0
# Seconds between heartbeats of a stream whose prices do not change.
HEARTBEAT_S = 2


class TriggerPrices:
    """Passes prices to the triggers; while no order waits there is no stream."""

    def __init__(self, target: str, tls: HasTls, triggers: Triggers, clock: Clock) -> None:
        self._target = target
        self._tls = tls
        self._triggers = triggers
        self._unknown = UnknownNames(clock, UNKNOWN_LISTING_S, UNKNOWN_LISTING_S)
        self._streams = (_Quotes(triggers), _Trades(triggers))

    async def run(self) -> None:
        """Watch forever."""
        async with mesh_channel(self._target, "svc-marketdata", self._tls) as channel:
            stub = MarketDataServiceStub(channel)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send_listings())
                for stream in self._streams:
                    tasks.create_task(self._keep(stub, stream))

    async def _keep(self, stub: MarketDataServiceStub, stream: "_Stream") -> None:
        await keep_connected(
            lambda: self._watch(stub, stream), Backoff(), f"svc-marketdata trigger {stream.name}"
        )

    async def _send_listings(self) -> None:
        """Inform each stream when other listings are needed or one left out may be tried again."""
        moved = self._triggers.instruments_moved
        while True:
            await is_set_within(moved, UNKNOWN_LISTING_S)
            moved.clear()
            for stream in self._streams:
                stream.moved.set()

    def _listings(self) -> list[str]:
        return self._unknown.others(self._triggers.instruments())

    async def _watch(self, stub: MarketDataServiceStub, stream: "_Stream") -> None:
        while not self._listings():
            await stream.listings_moved()
        call = stub.Stream(stream.requests(self._listings))
        try:
            async for frame in call:
                stream.heard()
                for item in frame.items:
                    if item.HasField("update"):
                        stream.take(item.update)
        except grpc.aio.AioRpcError as error:
            refusal = read_refusal(error)
            if refusal.reason == "INSTRUMENT_NOT_FOUND":
                # One listing that does not exist must not keep the others from their prices.
                name = refusal.metadata.get("instrument_id", "")
                self._unknown.leave_out(name)
                log.warning("no prices for a listing with waiting orders", instrument=name)
            raise
        finally:
            call.cancel()
            stream.silent()


class _Stream:
    """What one of the streams subscribes to, and where its updates go."""

    asks: market_data_service_pb2.Subscription

    def __init__(self, triggers: Triggers) -> None:
        self.triggers = triggers
        self.name = market_data_pb2.Topic.Name(self.asks.topics[0])
        self.moved = asyncio.Event()
        self._listings: frozenset[str] | None = frozenset()
        """The listings subscribed to; None for all."""

    async def listings_moved(self) -> None:
        """Wait until other listings may be needed."""
        await self.moved.wait()
        self.moved.clear()

    async def requests(
        self, needed: Callable[[], list[str]]
    ) -> AsyncIterator[market_data_service_pb2.StreamRequest]:
        """Subscribe to the needed listings, and again when they change."""
        subscribed = needed()
        opening = market_data_service_pb2.WatchRequest(
            subscription=self._subscribe(subscribed), heartbeat_s=HEARTBEAT_S
        )
        yield market_data_service_pb2.StreamRequest(open=opening)
        while True:
            await self.listings_moved()
            listings = needed()
            # None left: the old ones cost little, and an empty list would mean all.
            if listings and listings != subscribed:
                subscribed = listings
                yield market_data_service_pb2.StreamRequest(subscribe=self._subscribe(listings))

    def _subscribe(self, listings: list[str]) -> market_data_service_pb2.Subscription:
        subscription = market_data_service_pb2.Subscription()
        subscription.CopyFrom(self.asks)
        self._listings = None
        if len(listings) <= SUBSCRIPTION_LISTINGS_MAX:
            subscription.instrument_ids.extend(listings)
            self._listings = frozenset(listings)
            self.only(self._listings)
        return subscription

    def take(self, update: market_data_pb2.MarketDataUpdate) -> None:
        """Pass on updates of listings subscribed to, not those of earlier subscriptions."""
        if self._listings is None or update.instrument_id in self._listings:
            self.pass_on(update)

    def heard(self) -> None:
        """Note that the stream is alive."""

    def pass_on(self, update: market_data_pb2.MarketDataUpdate) -> None:
        """Pass on an update."""
        raise NotImplementedError

    def only(self, listings: frozenset[str]) -> None:
        """Forget all other listings."""
        raise NotImplementedError

    def silent(self) -> None:
        """Forget all: the stream has ended."""
        raise NotImplementedError


class _Quotes(_Stream):
    """Quotes every 100 ms."""

    asks = market_data_service_pb2.Subscription(
        topics=[market_data_pb2.TOPIC_QUOTE],
        mode=market_data_service_pb2.DELIVERY_MODE_INTERVAL,
        interval_ms=QUOTE_INTERVAL_MS,
    )

    @override
    def heard(self) -> None:
        self.triggers.heard()

    @override
    def pass_on(self, update: market_data_pb2.MarketDataUpdate) -> None:
        if update.HasField("quote"):
            self.triggers.quoted(update.instrument_id, update.quote)

    @override
    def only(self, listings: frozenset[str]) -> None:
        self.triggers.quotes_only(listings)

    @override
    def silent(self) -> None:
        self.triggers.silent()


class _Trades(_Stream):
    """Each trade, none left out."""

    asks = market_data_service_pb2.Subscription(
        topics=[market_data_pb2.TOPIC_TRADE],
        mode=market_data_service_pb2.DELIVERY_MODE_EVERY_EVENT,
    )

    @override
    def pass_on(self, update: market_data_pb2.MarketDataUpdate) -> None:
        # What a stream begins with was traded before; quotes say where the market is.
        if update.HasField("trade") and not update.snapshot:
            self.triggers.traded(update.instrument_id, update.trade)

    @override
    def only(self, listings: frozenset[str]) -> None:
        self.triggers.trades_only(listings)

    @override
    def silent(self) -> None:
        self.triggers.trades_silent()
