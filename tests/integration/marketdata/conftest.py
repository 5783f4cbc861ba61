"""svc_marketdata as it runs, on a free port, with a scripted gateway and readers over mTLS."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from kernel.clock import SystemClock
from kernel.feed_limits import UNACKNOWLEDGED_FRAMES_MAX
from mesh.rpc.channel import mesh_channel
from mesh.rpc.server import MeshServer
from ordermesh.marketdata.v1 import feed_service_pb2 as feed_pb
from ordermesh.marketdata.v1 import (
    feed_service_pb2_grpc,
    instrument_pb2,
    instrument_service_pb2_grpc,
    market_data_pb2,
    market_data_service_pb2_grpc,
    price_alert_service_pb2_grpc,
    reference_data_service_pb2_grpc,
)
from svc_marketdata.app import build
from svc_marketdata.settings import MarketDataSettings
from tests.support.certificates import tls_folder, tls_of, tls_settings
from tests.support.redis import _redis_session, redis_server
from tests.support.tokens import TokenMint, bearer

__all__ = ["_redis_session", "redis_server", "tls_folder"]

NAMES = ("ASML.SIMA", "ING.SIMA")


def instrument(name, **fields):
    symbol, _, mic = name.partition(".")
    return instrument_pb2.Instrument(
        instrument_id=name,
        symbol=symbol,
        venue_mic=mic,
        isin="NL0010273215",
        name=f"{symbol} Holding",
        kind=instrument_pb2.INSTRUMENT_KIND_SHARE,
        currency="EUR",
        lot_size="1",
        tick_table=[instrument_pb2.TickBand(from_price="0", tick_size="0.01")],
        trading_status=instrument_pb2.TRADING_STATUS_OPEN,
        simulated=True,
        **fields,
    )


def level(price, size="10", count=1):
    return market_data_pb2.BookLevel(price=price, size=size, order_count=count)


def book(name, bid="10", ask="11"):
    return feed_pb.FeedUpdate(
        instrument_id=name, book=market_data_pb2.Book(bids=[level(bid)], asks=[level(ask)])
    )


def bid(name, price, size="10", received=0):
    update = feed_pb.FeedUpdate(
        instrument_id=name,
        level=feed_pb.LevelChange(side=feed_pb.BOOK_SIDE_BID, price=price, size=size),
    )
    if received:
        update.received_at.FromNanoseconds(received)
    return update


class Gateway:
    """A scripted gateway: sends frames and waits until they are acknowledged."""

    def __init__(self, channel, mic="SIMA", epoch="one"):
        self.call = feed_service_pb2_grpc.FeedServiceStub(channel).Feed()
        self.sequence = 0
        self.acknowledged = 0
        self.refreshes = 0
        self.drain = None
        self._news = asyncio.Condition()
        self._opening = feed_pb.FeedOpen(
            session_id="sima-md", venue_mic=mic, gateway_instance="test", epoch=epoch
        )
        self.reader = None

    async def open(self, *updates, names=NAMES):
        await self.call.write(feed_pb.FeedRequest(open=self._opening))
        self.reader = asyncio.create_task(self._read())
        status = market_data_pb2.VenueStatus(
            venue_mic=self._opening.venue_mic,
            feed_up=True,
            trading_status=instrument_pb2.TRADING_STATUS_OPEN,
            simulated=True,
        )
        await self.send(venue_status=status, instruments=[instrument(name) for name in names])
        await self.send(updates=updates or [book(name) for name in names])
        return self

    async def send(self, **fields):
        await self.send_only(**fields)
        await self.until(lambda: self.acknowledged >= self.sequence)

    async def send_ahead(self, **fields):
        """As a gateway does: up to 64 frames go without an answer."""
        await self.send_only(**fields)
        await self.until(lambda: self.sequence - self.acknowledged < UNACKNOWLEDGED_FRAMES_MAX)

    async def send_only(self, **fields):
        self.sequence += 1
        await self.call.write(feed_pb.FeedRequest(frame_sequence=self.sequence, **fields))

    async def until(self, condition):
        async with self._news:
            await self._news.wait_for(condition)

    async def _read(self):
        async for response in self.call:
            async with self._news:
                self.acknowledged = response.acknowledged_frame_sequence
                self.refreshes += response.refresh
                if response.HasField("drain"):
                    self.drain = response.drain
                self._news.notify_all()

    async def close(self):
        self.call.cancel()
        if self.reader is not None:
            await asyncio.gather(self.reader, return_exceptions=True)


class Service:
    """A running svc_marketdata and the ways to it."""

    def __init__(self, port, folder, mint, server=None):
        self.port = port
        self.server = server
        self.folder = folder
        self.mint = mint
        self.metadata = bearer(mint.mint_token(roles=("VIEWER",)))
        self._channels = []
        self._gateways = []
        reader = self.channel("envoy")
        self.prices = market_data_service_pb2_grpc.MarketDataServiceStub(reader)
        self.instruments = instrument_service_pb2_grpc.InstrumentServiceStub(reader)
        self.reference = reference_data_service_pb2_grpc.ReferenceDataServiceStub(reader)
        self.alerts = price_alert_service_pb2_grpc.PriceAlertServiceStub(reader)
        self.operator = bearer(mint.mint_token(roles=("OPERATOR",)))

    def channel(self, service):
        target = f"127.0.0.1:{self.port}"
        channel = mesh_channel(target, "svc-marketdata", tls_of(self.folder, service))
        self._channels.append(channel)
        return channel

    def gateway(self, mic="SIMA", epoch="one"):
        gateway = Gateway(self.channel("svc-gateway"), mic, epoch)
        self._gateways.append(gateway)
        return gateway

    async def close(self):
        for gateway in self._gateways:
            await gateway.close()
        for channel in self._channels:
            await channel.close()


@asynccontextmanager
async def running(folder, mint, **settings):
    settings = MarketDataSettings(
        ops_bind="", **tls_settings(folder, "svc-marketdata"), **{"bind": "127.0.0.1:0"} | settings
    )
    server = MeshServer(settings, SystemClock(), mint.verifier())
    async with build(settings, server):
        await server.start()
        service = Service(server.port, folder, mint, server)
        try:
            yield service
        finally:
            await service.close()
            await server.stop(0)


@pytest.fixture(scope="session")
def mint():
    return TokenMint()


@pytest.fixture
async def service(tls_folder, mint):
    async with running(tls_folder, mint) as service:
        yield service


@pytest.fixture
async def gateway(service):
    """The gateway of SIMA, which has reported its books."""
    return await service.gateway().open()
