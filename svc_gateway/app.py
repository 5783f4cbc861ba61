"""Composition root of the gateway: the only place that picks real parts."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import grpc

from fix.wire import sent_at
from kernel.clock import Clock, SystemClock
from mesh.certificates.expiry import Expiring, of_certificates
from mesh.log import get_logger
from mesh.rpc.channel import mesh_channel
from mesh.rpc.server import MeshServer, Ops
from mesh.streams.handover import ThreadHandover
from mesh.telemetry.process import collected
from ordermesh.gateway.v1.venue_link_service_pb2_grpc import VenueLinkServiceStub
from ordermesh.marketdata.v1.feed_service_pb2_grpc import FeedServiceStub
from ordermesh_rpc.backoff import Backoff
from svc_gateway.adapters.fix.engine import QuickFixEngine
from svc_gateway.adapters.fix.figures import SessionCollector
from svc_gateway.adapters.fix.market.market_dialect import FixMarketDialect
from svc_gateway.adapters.fix.market.security_list import static_instruments
from svc_gateway.adapters.fix.orders.orders_in import OrderReader
from svc_gateway.adapters.fix.orders.orders_out import OrderWriter
from svc_gateway.adapters.fix.orders.requests_sent import SentReader
from svc_gateway.adapters.fix.store.store_lock import FileStoreLock
from svc_gateway.adapters.links.streams import GrpcStream
from svc_gateway.adapters.mark_file import MarkFile
from svc_gateway.service.market.listings_feed import ListingsFeed
from svc_gateway.service.market.market_session import DialFeed, FeedStream, MarketSession
from svc_gateway.service.orders.book_knowledge import BookKnowledge
from svc_gateway.service.orders.order_session import OrderSession
from svc_gateway.service.orders.standby import LinkStream
from svc_gateway.service.ports import Handed
from svc_gateway.settings import GatewaySettings
from svc_gateway.venues import Role, SessionConfig, load_venues

# Messages that FIX threads may have handed over before they are taken. Beyond it an order session
# is rewound, and a market-data session requests its books anew.
HANDED_OVER_MAX = 20_000
RECONNECT_BASE_S = 0.1
RECONNECT_CAP_S = 5.0

_log = get_logger(__name__)

Session = OrderSession | MarketSession | ListingsFeed


class Gateway:
    """All sessions of one process."""

    def __init__(self, settings: GatewaySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._channels: list[grpc.aio.Channel] = []
        self._instance = settings.gateway_instance or f"{socket.gethostname()}-{os.getpid()}"
        self._locks: dict[str, FileStoreLock] = {}
        self.engines: list[tuple[SessionConfig, QuickFixEngine]] = []
        self.sessions: list[Session] = []

    def build(self) -> None:
        """Read the venues file and make the sessions; nothing connects yet."""
        venues = load_venues(self._settings.gateway_sessions_file)
        for config in venues.sessions:
            make = self._market_data if config.role is Role.MARKET_DATA else self._orders
            self.sessions.append(make(config))
        self.sessions += [self._listings(config) for config in venues.without_prices()]
        for venue_mic in venues.unlisted_venues():
            # Not refused: another gateway may have the venue's market-data session.
            _log.warning(
                "nothing can be traded here unless another gateway lists the instruments: the file "
                "has neither a market_data session of this venue nor instruments under its orders",
                file=str(self._settings.gateway_sessions_file), venue=venue_mic,
            )  # fmt: skip

    def expiring(self) -> list[Expiring]:
        """Return the certificates of the FIX sessions with TLS."""
        tls = [session.config.tls for session in self.sessions if session.config.tls.enabled]
        files = {file for one in tls for file in (one.ca, one.certificate) if file is not None}
        return [one for file in sorted(files) for one in of_certificates(file)]

    async def run(self, stop: asyncio.Event) -> None:
        """Work until stopped, then log out of all venues."""
        work = [
            asyncio.create_task(
                session.run(Backoff(base=RECONNECT_BASE_S, cap_s=RECONNECT_CAP_S)),
                name=session.name,
            )
            for session in self.sessions
        ]
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([*work, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            await asyncio.gather(*(session.stop() for session in self.sessions))
            for task in work:
                task.cancel()
            ended = await asyncio.gather(*work, return_exceptions=True)
            for channel in self._channels:
                await channel.close()
        for failure in ended:
            if isinstance(failure, BaseException) and not isinstance(
                failure, asyncio.CancelledError
            ):
                raise failure

    def _orders(self, config: SessionConfig) -> OrderSession:
        inbox = _inbox(config)
        engine = self._engine(config, inbox)
        lock = self._locks[config.session_id] = self._lock(config)
        marks = MarkFile(self._settings.gateway_store_dir / config.session_id)
        knowledge = BookKnowledge(config.session_id, engine, marks, SentReader(config.dialect))
        return OrderSession(
            config,
            engine,
            inbox,
            OrderReader(
                engine.sent_message,
                config.dialect if config.role is Role.ORDERS else None,
                config.dialect,
            ),
            OrderWriter(config.dialect, config.venue_mic),
            self._dial_link(),
            self._clock,
            self._instance,
            lock,
            knowledge,
        )

    def _market_data(self, config: SessionConfig) -> MarketSession:
        inbox = _inbox(config)
        engine = self._engine(config, inbox)
        return MarketSession(
            config,
            engine,
            inbox,
            FixMarketDialect(config, engine.sent_message),
            self._dial_feed(),
            self._clock,
            self._instance,
            self._lock(config),
            sent_at,
        )

    def _listings(self, config: SessionConfig) -> ListingsFeed:
        listings = static_instruments(config, self._clock.now_ns())
        lock = self._locks[config.session_id]
        return ListingsFeed(config, listings, self._dial_feed(), self._clock, self._instance, lock)

    def _lock(self, config: SessionConfig) -> FileStoreLock:
        folder = self._settings.gateway_store_dir / config.session_id
        return FileStoreLock(folder, self._instance)

    def _engine(self, config: SessionConfig, inbox: ThreadHandover[Handed]) -> QuickFixEngine:
        settings = self._settings
        engine = QuickFixEngine(
            config,
            settings.gateway_store_dir,
            inbox.put_in_step,
            settings.gateway_message_log_bytes_max,
        )
        self.engines.append((config, engine))
        return engine

    def _dial_link(self) -> Callable[[], Awaitable[LinkStream]]:
        channel = self._channel(self._settings.oms_target, "svc-oms")
        stub = VenueLinkServiceStub(channel)

        async def dial() -> LinkStream:
            return GrpcStream(stub.Link(), "the link to svc_oms")

        return dial

    def _dial_feed(self) -> DialFeed:
        channel = self._channel(self._settings.marketdata_target, "svc-marketdata")
        stub = FeedServiceStub(channel)

        async def dial() -> FeedStream:
            return GrpcStream(stub.Feed(), "the feed to svc_marketdata")

        return dial

    def _channel(self, target: str, service: str) -> grpc.aio.Channel:
        # One connection per session: a slow feed must not use up an order link's window.
        channel = mesh_channel(target, service, self._settings)
        self._channels.append(channel)
        return channel


def _inbox(config: SessionConfig) -> ThreadHandover[Handed]:
    return ThreadHandover(HANDED_OVER_MAX, config.session_id, asyncio.get_running_loop())


@asynccontextmanager
async def build(settings: GatewaySettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Run the sessions; log out of all venues when the process drains.

    The process ends when a session fails, with that failure. It is ready as soon as it runs:
    metrics and the streams say whether a venue can be reached.
    """
    clock = SystemClock()
    gateway = Gateway(settings, clock)
    gateway.build()
    server.expiry.add(gateway.expiring())
    work = asyncio.create_task(gateway.run(server.drain))
    work.add_done_callback(lambda _: server.request_stop())
    _log.info("gateway started", sessions=[one.name for one in gateway.sessions])
    try:
        with collected(SessionCollector(gateway.engines, clock)):
            yield Ops(folders=(settings.gateway_store_dir,))
    finally:
        server.drain.set()
        await work
