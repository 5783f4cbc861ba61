"""The order book as its servicers see it, and the one path from start to ready."""

import asyncio
from dataclasses import dataclass, field

from kernel.clock import Clock
from mesh.log import get_logger
from ordermesh.marketdata.v1.instrument_pb2 import Instrument
from svc_oms.service import metrics
from svc_oms.service.auditor import Auditor
from svc_oms.service.controls.gate import ControlRoom
from svc_oms.service.desk import Desk
from svc_oms.service.directory import Directory
from svc_oms.service.disconnect import Guards
from svc_oms.service.links import Links
from svc_oms.service.market import Market
from svc_oms.service.notices import Notices
from svc_oms.service.order_stream import StreamParts
from svc_oms.service.people import People
from svc_oms.service.ports import OrderStore, StoreRefusedError, StoreUnavailableError
from svc_oms.service.publisher import Publisher
from svc_oms.service.session_desk import SessionDesk
from svc_oms.service.session_timeouts import SessionTimeouts
from svc_oms.service.submissions import database_away
from svc_oms.service.switchboard import Switchboard
from svc_oms.service.tails import TAIL_ITEMS_MAX
from svc_oms.service.triggers import Triggers
from svc_oms.service.venues import VenueSessions
from svc_oms.service.wakes import Watchman

log = get_logger("svc_oms.book")

RETRY_S = 0.5
# Seconds between two looks at the queues for Prometheus.
GAUGE_INTERVAL_S = 1.0


@dataclass(slots=True)
class Book:
    """All parts of a replica. Nothing is kept here that the database does not have."""

    store: OrderStore
    clock: Clock
    market: Market
    venues: VenueSessions
    notices: Notices
    publisher: Publisher
    desk: Desk
    links: Links
    watchman: Watchman
    switches: Switchboard
    auditor: Auditor
    guards: Guards
    session_desk: SessionDesk
    triggers: Triggers
    revision: str
    lag_events_max: int = TAIL_ITEMS_MAX
    room: ControlRoom = field(kw_only=True)
    people: People = field(kw_only=True)
    directory: Directory = field(kw_only=True)
    timeouts: SessionTimeouts = field(kw_only=True)
    _epoch: str = ""
    _why_not: str = field(default="the database has not been reached yet")

    def ready(self) -> tuple[bool, str]:
        """Tell if this replica can serve, and why not."""
        if not self._epoch:
            return False, self._why_not
        if not self.watchman.database_seen:
            return False, "the database cannot be reached"
        return True, f"ready: {len(self.market)} listings, {self.desk.waiting} commands waiting"

    def require_ready(self) -> None:
        """Refuse work before the book was opened once.

        Raises:
            MeshError: DEPENDENCY_UNAVAILABLE.
        """
        if not self._epoch:
            raise database_away()

    def stream_parts(self) -> StreamParts:
        """Return what order streams work with.

        Raises:
            MeshError: DEPENDENCY_UNAVAILABLE.
        """
        self.require_ready()
        return StreamParts(
            self.store,
            self.clock,
            self.publisher,
            self.notices,
            self.venues,
            self._epoch,
            min(self.lag_events_max, TAIL_ITEMS_MAX),
        )

    async def run(self) -> None:
        """Open the book, then work for ever. The same after a crash as after a stop."""
        await self._open()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.desk.run())
            tasks.create_task(self.watchman.run())
            tasks.create_task(self.auditor.run())
            tasks.create_task(self.guards.run())
            tasks.create_task(self.switches.run())
            tasks.create_task(self.triggers.run())
            tasks.create_task(self.links.keep())
            tasks.create_task(self.people.run())
            tasks.create_task(self.timeouts.run())
            tasks.create_task(self._gauges())

    async def _open(self) -> None:
        while True:
            try:
                found = await self.store.revision()
                if found == self.revision:
                    self.market.learn(
                        Instrument.FromString(body) for body in await self.store.instruments()
                    )
                    await self.watchman.look(set(), sessions=True)
                    self._epoch = await self.store.epoch()
                    log.info("book open", epoch=self._epoch, listings=len(self.market))
                    return
                self._why_not = (
                    f"the database is at revision {found or 'none'}, needs {self.revision}: "
                    "run `python -m svc_oms.admin migrate`"
                )
            except (StoreUnavailableError, StoreRefusedError) as error:
                self._why_not = str(error)
            await asyncio.sleep(RETRY_S)

    async def _gauges(self) -> None:
        queue = metrics.QUEUE_ITEMS.labels("commands")
        while True:
            queue.set(self.desk.waiting)
            await asyncio.sleep(GAUGE_INTERVAL_S)
