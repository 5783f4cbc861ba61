"""Streams the books of instruments that are routed, and the volumes that POV orders follow."""

from collections.abc import AsyncIterator

import grpc
import grpc.aio

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
from svc_oms.service.reference.routing_books import RoutingBooks

log = get_logger("svc_oms.routing_books")

# Price levels per side that are asked for; a decision looks at as many of each venue.
DEPTH_LEVELS = 20
# Seconds between heartbeats: without change, a book is as old as the last one.
HEARTBEAT_S = 1
# Seconds for which an instrument that svc_marketdata does not know is left out: at first, and at
# most, for each attempt ends the stream of the others.
UNKNOWN_INSTRUMENT_S = 10.0
UNKNOWN_INSTRUMENT_S_MAX = 320.0


class RoutingBookStream:
    """Passes books to routing; while nothing is routed there is no stream."""

    def __init__(self, target: str, tls: HasTls, books: RoutingBooks, clock: Clock) -> None:
        self._target = target
        self._tls = tls
        self._books = books
        self._unknown = UnknownNames(clock, UNKNOWN_INSTRUMENT_S, UNKNOWN_INSTRUMENT_S_MAX)

    async def run(self) -> None:
        """Watch forever."""
        async with mesh_channel(self._target, "svc-marketdata", self._tls) as channel:
            stub = MarketDataServiceStub(channel)
            await keep_connected(
                lambda: self._watch(stub), Backoff(), "svc-marketdata consolidated books"
            )

    def _wanted(self) -> list[str]:
        return self._unknown.others(self._books.needed())

    def _followed(self) -> list[str]:
        return self._unknown.others(self._books.followed())

    async def _watch(self, stub: MarketDataServiceStub) -> None:
        while not self._wanted():
            await self._moved()
        call = stub.Stream(self._requests())
        try:
            async for frame in call:
                self._books.heard()
                for item in frame.items:
                    if item.HasField("update"):
                        self._take(item.update)
        except grpc.aio.AioRpcError as error:
            refusal = read_refusal(error)
            if refusal.reason == "INSTRUMENT_NOT_FOUND":
                # One that does not exist must not keep the others from their books.
                self._leave_out(refusal.metadata.get("instrument_id", ""))
            raise
        finally:
            call.cancel()
            self._books.silent()

    def _take(self, update: market_data_pb2.MarketDataUpdate) -> None:
        self._unknown.found(update.instrument_id)
        if update.HasField("consolidated_book"):
            self._books.take(update)
        elif update.HasField("quote"):
            self._books.take_quote(update.instrument_id, update.quote)

    def _leave_out(self, unknown: str) -> None:
        """Leave out what a refusal names: an ISIN, "ISIN/currency", or a listing."""
        for key in (*self._wanted(), *self._followed()):
            if unknown in {key, key.partition("/")[0]}:
                self._unknown.leave_out(key)
                log.warning("no book for an instrument that is routed", instrument=key)

    async def _moved(self) -> None:
        await is_set_within(self._books.needed_moved, UNKNOWN_INSTRUMENT_S)
        self._books.needed_moved.clear()

    async def _requests(self) -> AsyncIterator[market_data_service_pb2.StreamRequest]:
        """Subscribe to the needed instruments, and again when there are others."""
        subscribed = self._wanted(), self._followed()
        opening = market_data_service_pb2.WatchRequest(
            subscription=_subscription(*subscribed), heartbeat_s=HEARTBEAT_S
        )
        yield market_data_service_pb2.StreamRequest(open=opening)
        while True:
            await self._moved()
            wanted = self._wanted(), self._followed()
            if wanted[0] and wanted != subscribed:
                subscribed = wanted
                yield market_data_service_pb2.StreamRequest(subscribe=_subscription(*wanted))


def _subscription(keys: list[str], followed: list[str]) -> market_data_service_pb2.Subscription:
    """Subscribe to the books of instruments, and to the quotes of listings that are followed."""
    topics = [market_data_pb2.TOPIC_CONSOLIDATED_BOOK]
    if followed:
        topics.append(market_data_pb2.TOPIC_QUOTE)
    subscription = market_data_service_pb2.Subscription(
        topics=topics,
        instrument_ids=followed,
        depth=DEPTH_LEVELS,
        mode=market_data_service_pb2.DELIVERY_MODE_LATEST_ON_READY,
    )
    for key in keys:
        isin, _, currency = key.partition("/")
        subscription.instruments.add(isin=isin, currency=currency)
    return subscription
