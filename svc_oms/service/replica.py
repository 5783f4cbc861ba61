"""One replica of the order book: its parts, and the one path from start to ready."""

import asyncio
from dataclasses import dataclass

from kernel.clock import Clock
from mesh.log import get_logger
from ordermesh.marketdata.v1.instrument_pb2 import Instrument
from svc_oms.service.audit.audit_log import AuditLog
from svc_oms.service.audit.refusal_log import RefusalLog
from svc_oms.service.book.order_accounts import OrderAccounts
from svc_oms.service.commands.worker import CommandWorker
from svc_oms.service.controls.controls_at import ControlsInThePast
from svc_oms.service.controls.controls_in_force import ControlsInForce
from svc_oms.service.directory.known_ids import KnownIds
from svc_oms.service.directory.user_names import UserNames
from svc_oms.service.disconnect.flow_guards import FlowGuards
from svc_oms.service.kill.block_view import BlockView
from svc_oms.service.kill.kill_switches import KillSwitches
from svc_oms.service.parked.parked_messages import ParkedMessages
from svc_oms.service.parked.parked_view import ParkedView
from svc_oms.service.parked.statements import Statements
from svc_oms.service.ports import OrderStore, StoreRefusedError, StoreUnavailableError
from svc_oms.service.readiness import Readiness
from svc_oms.service.reads.checked_reads import CheckedReads
from svc_oms.service.recovery.recoveries import Recoveries
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.routing_books import RoutingBooks
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.routing.router import Router
from svc_oms.service.routing.venues_out import VenuesOut
from svc_oms.service.streams.order_stream import StreamParts
from svc_oms.service.venue.session_administration import SessionAdministration
from svc_oms.service.venue.session_leases import SessionLeases
from svc_oms.service.venue.session_timeouts import SessionTimeouts
from svc_oms.service.venue.unanswered import Unanswered
from svc_oms.service.waiting.reduce_only import ReduceOnlyWatch
from svc_oms.service.waiting.trigger_watch import Triggers
from svc_oms.service.wake_ups import WakeUpReceiver
from svc_oms.service.way.order_way import OrderWays

log = get_logger("svc_oms.replica")

RETRY_S = 0.5
# Seconds between two looks for partitions that are missing; they exist months ahead.
PARTITIONS_INTERVAL_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """All parts of a replica. The database has everything that is kept here.

    Attributes:
        controls_log: The audit log of what persons do to limits, kill switches and sessions. Its
            chain is its own, so that a kill switch waits for no refusal.
        revision: The revision of the schema that this code needs.
    """

    store: OrderStore
    clock: Clock
    readiness: Readiness
    recoveries: Recoveries
    market: Market
    venues: VenueSessions
    worker: CommandWorker
    leases: SessionLeases
    administration: SessionAdministration
    timeouts: SessionTimeouts
    wake_up_receiver: WakeUpReceiver
    blocks: BlockView
    switches: KillSwitches
    controls_in_force: ControlsInForce
    controls_in_the_past: ControlsInThePast
    order_ways: OrderWays
    refusal_log: RefusalLog
    controls_log: AuditLog
    guards: FlowGuards
    parked: ParkedMessages
    parked_view: ParkedView
    statements: Statements
    triggers: Triggers
    unanswered: Unanswered
    reduce_only: ReduceOnlyWatch
    router: Router
    routing_books: RoutingBooks
    venues_out: VenuesOut
    user_names: UserNames
    directory: KnownIds
    streams: StreamParts
    reads: CheckedReads
    order_accounts: OrderAccounts
    revision: str

    def ready(self) -> tuple[bool, str]:
        """Return whether this replica can serve, and why not."""
        if not self.readiness.epoch:
            return False, self.readiness.why_not
        if not self.wake_up_receiver.database_seen:
            return False, "the database cannot be reached"
        text = f"ready: {len(self.market)} listings, {self.worker.waiting} commands waiting"
        # A book that is recovering serves: cancels pass, and the gateways must reach it.
        recovering = self.recoveries.words()
        return True, f"{text}; {recovering}" if recovering else text

    async def run(self) -> None:
        """Open the book, then work forever; the same after a crash as after a stop."""
        await self._open()
        await self._add_partitions()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.worker.run())
            tasks.create_task(self.recoveries.run())
            tasks.create_task(self.wake_up_receiver.run())
            tasks.create_task(self.refusal_log.run())
            tasks.create_task(self.guards.run())
            tasks.create_task(self.switches.run())
            tasks.create_task(self.triggers.run())
            tasks.create_task(self.unanswered.run())
            tasks.create_task(self.reduce_only.run())
            tasks.create_task(self.router.run())
            tasks.create_task(self.leases.keep())
            tasks.create_task(self.user_names.run())
            tasks.create_task(self.timeouts.run())
            tasks.create_task(self.parked_view.run())
            tasks.create_task(self._keep_partitions())

    async def _open(self) -> None:
        while True:
            try:
                found = await self.store.revision()
                if found == self.revision:
                    self.market.learn(
                        Instrument.FromString(body) for body in await self.store.instruments()
                    )
                    await self.wake_up_receiver.look(set(), sessions=True)
                    await self.recoveries.look()
                    log.info("book open", epoch=self.readiness.epoch, listings=len(self.market))
                    return
                self.readiness.why_not = (
                    f"the database is at revision {found or 'none'}, needs {self.revision}: "
                    "run `python -m svc_oms.admin migrate`"
                )
            except (StoreUnavailableError, StoreRefusedError) as error:
                self.readiness.why_not = str(error)
            await asyncio.sleep(RETRY_S)

    async def _keep_partitions(self) -> None:
        while True:
            await asyncio.sleep(PARTITIONS_INTERVAL_S)
            await self._add_partitions()

    async def _add_partitions(self) -> None:
        """Add what is missing. If that fails, rows of a missing month go to the default one."""
        try:
            added = await self.store.add_partitions()
        except (StoreUnavailableError, StoreRefusedError) as error:
            log.warning("no partitions of the order log added", error=str(error))
        else:
            if added:
                log.info("partitions of the order log added", partitions=added)
