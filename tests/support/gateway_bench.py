"""A gateway in this process between a scripted venue and fakes of our own services."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from conformance.scripted_venue import Cable, ScriptedVenue
from kernel.clock import SystemClock
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2 as oms
from svc_gateway.app import Gateway
from svc_gateway.settings import GatewaySettings
from tests.support.fake_links import FakeMarketData, FakeOms
from tests.support.wire import (
    assert_that_no_fix_session_is_left,
    order_session,
    settings,
)


def command(number: int, kind: int = link.VENUE_COMMAND_KIND_NEW, **changes) -> link.VenueCommand:
    made = link.VenueCommand(
        cl_ord_id=f"01ARZ3NDEKTSV4RRFFQ69G5F{number:02d}-1",
        kind=kind,
        order_id=f"01ARZ3NDEKTSV4RRFFQ69G5F{number:02d}",
        account_id="ACC-ALICE",
        symbol="ASML",
        isin="NL0010273215",
        currency="EUR",
        side=oms.SIDE_BUY,
        type=oms.ORDER_TYPE_LIMIT,
        terms=oms.OrderTerms(
            quantity="100", limit_price="650.5", time_in_force=oms.TIME_IN_FORCE_DAY
        ),
    )
    made.committed_at.FromNanoseconds(time.time_ns())
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def change(number: int, kind: int, place: int, **changes) -> link.VenueCommand:
    """A command about `command(number)`, as the order's request number `place`."""
    order = command(number)
    name = f"{order.order_id}-{place}"
    return command(number, kind, cl_ord_id=name, orig_cl_ord_id=order.cl_ord_id, **changes)


@dataclass
class Bench:
    """A gateway between a scripted venue and fakes of our services."""

    folder: Path
    certificates: Path
    venue: ScriptedVenue
    cable: Cable
    oms: FakeOms
    market: FakeMarketData
    oms_port: int = 0
    market_port: int = 0
    sessions: list[dict] = field(default_factory=list)
    gateway: Gateway | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task | None = None

    def order_session(self, **keys) -> dict:
        test = {"session_id": "test-orders", "venue_mic": "TEST", "target_comp_id": "TEST"}
        return order_session(**{"port": self.cable.port} | test | keys)

    def market_session(self, **keys) -> dict:
        market = {
            "session_id": "test-md", "role": "market_data", "sender_comp_id": "ORDERMESH-MD",
        }  # fmt: skip
        return self.order_session(**market | keys)

    def settings(self) -> GatewaySettings:
        oms, prices = (f"127.0.0.1:{port}" for port in (self.oms_port, self.market_port))
        sessions = self.sessions or [self.order_session()]
        return settings(self.folder, self.certificates, oms, sessions, prices)

    async def start(self) -> None:
        self._stop = asyncio.Event()
        self.gateway = Gateway(self.settings(), SystemClock())
        self.gateway.build()
        self._task = asyncio.create_task(self.gateway.run(self._stop))

    async def stop(self) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task
            self._task = None
            assert_that_no_fix_session_is_left(self.gateway)

    async def up(self) -> None:
        await self.start()
        await self.oms.until_up()
