"""An order from the OMS's domain over a real gateway and real FIX to a simulated venue and back.

Only the OMS's database is left out: commands are decided, encoded, sent, and the reports read
and folded exactly as the service does it.
"""

import asyncio
import subprocess
import time
from collections.abc import Callable
from decimal import Decimal

from kernel.side import Side
from kernel.ticks import TickBand
from kernel.ulid import new_ulid
from mesh.settings import child_environment
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_oms.domain.commands import CancelOrder, PlaceOrder, ReplaceOrder
from svc_oms.domain.events import VenueReportParked
from svc_oms.domain.model import OrderTerms, OrderType, TimeInForce
from svc_oms.domain.order import decide_cancel, decide_place, decide_replace
from svc_oms.domain.order_terms.checks import Instrument, Limits
from svc_oms.service.codec.venue_messages import command_bytes, facts_of
from svc_oms.service.reference.venue_sessions import capabilities_of
from tests.support.forked import Forked
from tests.support.gateway_bench import Bench
from tests.support.lifecycle import TrackedOrder
from tests.support.ports import free_port
from tests.support.waiting import until

SAP = Instrument(
    instrument_id="SAP.SIMA",
    symbol="SAP",
    venue_mic="SIMA",
    isin="DE0007164600",
    currency="EUR",
    lot_size=Decimal(1),
    tick_table=(TickBand(Decimal(0), Decimal("0.05")),),
    tradable=True,
    trading_status="OPEN",
)
EVERYTHING = {
    "order_types": [kind.name.lower() for kind in OrderType],
    "times_in_force": [tif.name.lower() for tif in TimeInForce],
}


class Chain:
    """The simulated venue, the gateway, and the orders that went through them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.tracked: dict[str, TrackedOrder] = {}
        self._read = 0
        self._sim: Forked | None = None

    async def start(self) -> None:
        port = free_port()
        self._sim = Forked(
            "tests.support.sim_by_hand", (str(port), str(self.bench.folder / "sim")),
            child_environment({}), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        await self._done()
        self.bench.sessions = [
            self.bench.order_session(
                venue_mic="SIMA", target_comp_id="SIMA", port=port, dialect=EVERYTHING
            )
        ]
        await self.bench.start()
        await self.bench.oms.until_up(60)

    async def stop(self) -> None:
        await self.bench.stop()
        if self._sim is not None:
            self._sim.kill()
            await asyncio.to_thread(self._sim.communicate)

    async def venue(self, *lines: str) -> None:
        """Let others act at the venue; see sim_by_hand."""
        assert self._sim is not None
        assert self._sim.stdin is not None
        for line in lines:
            self._sim.stdin.write(line + "\n")
            self._sim.stdin.flush()
            await self._done()

    async def _done(self) -> None:
        assert self._sim is not None
        assert self._sim.stdout is not None
        while (line := await asyncio.to_thread(self._sim.stdout.readline)) != "done\n":
            assert line, "the venue's process ended"

    def place(
        self, type_: OrderType, side: Side = Side.BUY, quantity: int = 100, **terms
    ) -> TrackedOrder:
        """Decide a new order and put its command into the outbox."""
        now_ns = time.time_ns()
        tracked = TrackedOrder(new_ulid(now_ns))
        self.tracked[tracked.order_id] = tracked
        asked = OrderTerms(Decimal(quantity), **terms)
        command = PlaceOrder("k", "ACC-ALICE", "SAP.SIMA", side, type_, asked, "alice")
        offered = capabilities_of(self.bench.oms.statuses[-1])
        tracked.apply(
            decide_place(command, SAP, Limits(), tracked.order_id, now_ns, capabilities=offered)
        )
        self._send(
            link.VENUE_COMMAND_KIND_NEW, tracked, tracked.order.terms, tracked.order.cl_ord_id, ""
        )
        return tracked

    def replace(self, tracked: TrackedOrder, **changes) -> None:
        before = tracked.order
        command = ReplaceOrder("k", tracked.order_id, before.terms._replace(**changes), "alice")
        offered = capabilities_of(self.bench.oms.statuses[-1])
        event = decide_replace(before, command, SAP, Limits(), time.time_ns(), capabilities=offered)
        tracked.apply(event)
        self._send(
            link.VENUE_COMMAND_KIND_REPLACE, tracked, event.terms, event.cl_ord_id,
            before.orig_cl_ord_id,
        )  # fmt: skip

    def cancel(self, tracked: TrackedOrder) -> None:
        before = tracked.order
        event = decide_cancel(before, CancelOrder("k", tracked.order_id, "alice"))
        tracked.apply(event)
        self._send(
            link.VENUE_COMMAND_KIND_CANCEL, tracked, before.terms, event.cl_ord_id,
            before.orig_cl_ord_id,
        )  # fmt: skip

    def _send(
        self, kind, tracked: TrackedOrder, terms: OrderTerms, cl_ord_id: str, orig: str
    ) -> None:
        payload = command_bytes(kind, tracked.order, terms, cl_ord_id, orig, time.time_ns())
        self.bench.oms.command(link.VenueCommand.FromString(payload))

    def hear(self) -> None:
        """Fold what has come; nothing of it may be parked."""
        messages = self.bench.oms.messages
        while self._read < len(messages):
            facts = facts_of(messages[self._read])
            assert facts is not None, messages[self._read]
            self._read += 1
            tracked = self.tracked[facts.cl_ord_id.rpartition("-")[0]]
            events = tracked.hear(facts)
            parked = [event for event in events if isinstance(event, VenueReportParked)]
            assert parked == [], facts

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until reports have made something true."""

        def holds() -> object:
            self.hear()
            return condition()

        await until(holds, what)

    async def until_state(self, tracked: TrackedOrder, *state: object) -> None:
        """Wait for (state, executed, left)."""
        await self.until(lambda: tracked.status == state, f"{state}")

    def check(self) -> None:
        """No order has an anomaly, and each is the fold of its events."""
        for tracked in self.tracked.values():
            assert tracked.order.anomaly_count == 0, tracked.order.anomaly
            assert tracked.findings() == []
