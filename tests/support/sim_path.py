"""One order path with the simulated venue: client, svc_oms, svc_gateway, two cables, sim_exchange.

The first three run in this process over real mTLS gRPC and PostgreSQL, the venue is a process.
Orders and copies have a cable each, so that one may be silent while the other speaks.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import grpc.aio

from conformance.scripted_venue import Cable
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import event_pb2
from svc_gateway.app import Gateway
from svc_gateway.service.orders.order_session import OrderSession
from svc_gateway.service.ports import InDoubtError
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from tests.support.oms import ALICE, Client, Replica, replica
from tests.support.sim_exchange import FixClient
from tests.support.sim_process import SimProcess
from tests.support.waiting import until
from tests.support.wire import MIC, linked_and_up, order_session, running_gateway, settings

# Beside the mesh, somebody to trade with.
OTHER = "OTHER"
# Of an order in the venue's journal; while it is written, the last line may be short.
JOURNAL_FIELDS = 20


@dataclass
class SimPath:
    """The path, and what a test may do with its parts."""

    url: str
    replica: Replica
    channel: grpc.aio.Channel
    client: Client
    gateway: Gateway
    orders: Cable
    copies: Cable
    folder: Path
    venue: SimProcess
    _others: list[FixClient] = field(default_factory=list)

    @property
    def sessions(self) -> list[OrderSession]:
        """The order session and the drop copy."""
        return [one for one in self.gateway.sessions if isinstance(one, OrderSession)]

    async def up(self) -> None:
        """Wait until both sessions are up and the book knows."""
        await linked_and_up(self.sessions, self.replica)

    async def copies_up(self, *, up: bool) -> None:
        """Wait until the drop copy is logged on, or is not."""
        view = self.sessions[1].view
        await until(lambda: (view.state == link.SESSION_STATE_UP) == up, f"copies up: {up}", 60)

    def doubt(self) -> None:
        """Let the next order or cancel arrive without the gateway being sure that it did."""
        engine: Any = self.sessions[0].outbound._engine
        send = engine.send

        def send_and_doubt(body: str, *groups: Any) -> int:
            number = send(body, *groups)
            if not body.startswith(("35=D\x01", "35=F\x01")):
                return int(number)  # a question about the doubt before
            engine.send = send
            raise InDoubtError("the connection broke while it was sent")

        engine.send = send_and_doubt

    def at_venue(self) -> dict[str, str]:
        """ClOrdID(11) of each order of ours the venue has, and what Side(54) 5 or 6 it came as."""
        journal = (self.folder / "sim" / MIC / "orders.journal").read_text()
        lines = [line.split("\x01") for line in journal.splitlines()]
        whole = [one for one in lines if one[0] == "O" and len(one) == JOURNAL_FIELDS]
        return {one[3]: one[19] for one in whole if one[1] == "ORDERMESH"}

    async def other(self) -> FixClient:
        """Somebody else at the venue, logged on."""
        made = await asyncio.to_thread(self.venue.client, OTHER, reset=True)
        self._others.append(made)
        return made

    async def kill_venue(self) -> None:
        """kill -9, and a new start on the same store and port."""
        await asyncio.to_thread(self.venue.kill)
        self.venue = await asyncio.to_thread(_venue, self.folder, self.venue.port)

    async def resolutions(self, order_id: str) -> list[int]:
        """By whom the doubts about an order were ended, from the audit log."""
        store = await PostgresStore.connect(self.url)
        async with store.audit() as reader:
            log = [line async for line, _ in reader.log("ACC-ALICE")]
        await store.close()
        events = [event_pb2.OrderEvent.FromString(payload) for payload in log]
        return [
            event.resolved.source
            for event in events
            if event.order_id == order_id and event.WhichOneof("kind") == "resolved"
        ]


def _venue(folder: Path, port: int = 0, **environment: str) -> SimProcess:
    return SimProcess(
        folder / "sim", "--no-agents", "--clients", f"ORDERMESH,{OTHER}", port=port, **environment
    )


@asynccontextmanager
async def sim_path(
    database_url: str, tls: Path, folder: Path, *, trading_status: bool = False, **environment: str
) -> AsyncIterator[SimPath]:
    """Run the path until the block ends; it is up when it begins.

    `environment` is that of the venue until it is killed.
    """
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(replica(database_url, tls))
        channel = await stack.enter_async_context(running.channel())
        venue = await asyncio.to_thread(partial(_venue, folder, **environment))
        cables = [Cable(venue.port), Cable(venue.port)]
        path: SimPath | None = None

        async def close() -> None:
            for cable in cables:
                await cable.stop()
            last = venue if path is None else path.venue
            await asyncio.to_thread(last.__exit__)

        stack.push_async_callback(close)
        for cable in cables:
            await cable.start()
        orders, copies = cables
        dialect = {"mass_status": True, "trading_session_status": trading_status}
        if trading_status:
            dialect |= {"times_in_force": ["day", "gtc", "ioc", "at_open"]}
        sessions = [
            # A muted venue is not to be missed before the test is over.
            order_session(orders.port, heartbeat_s=120, dialect=dialect),
            order_session(
                copies.port, session_id="sima-copies", role="drop_copy",
                sender_comp_id="ORDERMESH-DC", target_comp_id=MIC,
            ),
        ]  # fmt: skip
        gateway = await stack.enter_async_context(
            running_gateway(settings(folder, tls, running.target, sessions))
        )
        client = Client(channel, ALICE)
        path = SimPath(
            database_url, running, channel, client, gateway, orders, copies, folder, venue
        )
        await path.up()
        yield path
