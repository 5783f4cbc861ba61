"""One order path for many cases: client, svc_oms on PostgreSQL, svc_gateway, FIX 4.4, a venue.

The first three run in this process over real mTLS gRPC, the venue is a QuickFIX acceptor of its own
that follows a script. Cases share the path, for every order has ids of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import quickfix as fix
import yaml

from conformance.path import OrderPath
from conformance.scripted_venue import Cable
from kernel.clock import SystemClock
from ordermesh.marketdata.v1 import market_data_pb2
from svc_gateway.app import Gateway
from svc_gateway.service.orders.order_session import OrderSession
from svc_gateway.settings import GatewaySettings
from tests.support.certificates import tls_settings
from tests.support.forked_venue import ForkedVenue
from tests.support.oms import ALICE, NOBODY, Client, Replica, replica
from tests.support.ports import free_port
from tests.support.waiting import until

MIC = "SIMA"


@dataclass(kw_only=True)
class Wire(OrderPath):
    """The path, and what a test may do with its parts."""

    replica: Replica
    client: Client
    gateway: Gateway
    cable: Cable

    @property
    def sessions(self) -> list[OrderSession]:
        """All sessions with the venue that bring reports."""
        return [one for one in self.gateway.sessions if isinstance(one, OrderSession)]

    def quote(self, price: str) -> None:
        """Have the book hear a last price."""
        references = self.replica.book.market.references
        references.heard()
        references.learn(self.instrument_id, market_data_pb2.Quote(last_price=price))

    async def settled(self) -> None:
        """Wait until all the venue has sent so far is applied and durable."""
        await super().settled()
        for session in self.sessions:
            await self._applied(
                session, self.venue.last_number.get(session.config.sender_comp_id, 0)
            )

    async def _applied(self, session: OrderSession, last: int) -> None:
        await until(
            lambda: session.intake.last_number >= last and not len(session.kept),
            f"message {last} of the venue on {session.name} is durable",
        )


def settings(
    folder: Path, tls: Path, target: str, sessions: list[dict[str, Any]], prices: str = NOBODY
) -> GatewaySettings:
    """Settings of a gateway with these sessions."""
    file = folder / "venues.yaml"
    file.write_text(yaml.safe_dump({"sessions": sessions}))
    return GatewaySettings(
        gateway_sessions_file=file,
        gateway_store_dir=folder / "store",
        oms_target=target,
        marketdata_target=prices,
        **tls_settings(tls, "svc-gateway"),
    )


def order_session(port: int, **changes: Any) -> dict[str, Any]:
    """The entry of the order session in the venues file."""
    return {
        "session_id": "sima-orders", "venue_mic": MIC, "role": "orders",
        "sender_comp_id": "ORDERMESH", "target_comp_id": MIC, "host": "127.0.0.1",
        "port": port, "reconnect_s": 1, **changes,
    }  # fmt: skip


def assert_that_no_fix_session_is_left(gateway: Gateway) -> None:
    """A stopped engine leaves no session with QuickFIX: the next one would find it."""
    for config, _ in gateway.engines:
        names = config.begin_string, config.sender_comp_id, config.target_comp_id
        assert fix.Session.lookupSession(fix.SessionID(*names)) is None, config.session_id


@asynccontextmanager
async def running_gateway(its_settings: GatewaySettings) -> AsyncIterator[Gateway]:
    """Run a gateway until the block ends; it stops in good order."""
    gateway = Gateway(its_settings, SystemClock())
    gateway.build()
    stop = asyncio.Event()
    task = asyncio.create_task(gateway.run(stop))
    try:
        yield gateway
    finally:
        stop.set()
        await task
        assert_that_no_fix_session_is_left(gateway)


@asynccontextmanager
async def wired(
    database_url: str,
    tls: Path,
    folder: Path,
    more: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> AsyncIterator[Wire]:
    """Run the path until the block ends; further sessions get the venue's port, too."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(replica(database_url, tls))
        channel = await stack.enter_async_context(running.channel())
        venue = ForkedVenue(folder, free_port(), MIC, market_data_client="ORDERMESH-DC")
        venue.start()
        stack.push_async_callback(asyncio.to_thread, venue.stop)
        cable = Cable(venue.port)
        await cable.start()
        stack.push_async_callback(cable.stop)
        sessions = [order_session(cable.port, **changes)]
        sessions += [{**session, "port": venue.port} for session in more or []]
        gateway = await stack.enter_async_context(
            running_gateway(settings(folder, tls, running.target, sessions))
        )
        client = Client(channel, ALICE)
        wire = Wire(
            venue, client.orders, client.metadata, "ACC-ALICE", f"ASML.{MIC}", "wire", 0,
            replica=running, client=client, gateway=gateway, cable=cable,
        )  # fmt: skip
        await up(wire)
        yield wire
        assert venue.failures == []


async def up(wire: Wire) -> None:
    """Wait until the book takes orders for the venue."""
    await wire.venue.until_logged_on()
    await linked_and_up(wire.sessions, wire.replica)


async def linked_and_up(sessions: list[OrderSession], replica: Replica) -> None:
    """Wait until all sessions are up and the book knows."""
    await until(lambda: all(s.view.state == 3 and s._linked for s in sessions), "all up", 60)
    await until(lambda: not any(s.view.due for s in sessions), "their states were sent")
    await until(lambda: replica.book.venues.is_up(MIC), "the book has read that the venue is up")
