"""Routed orders through a whole mesh beside plain ones, in turn, at the same rates.

Each routed order is a buy far below the market, by BEST: its decision places one child, which rests
where that is best. Measured is the time from sending the order until the venue's answer to its last
child is streamed back, compared with the same for a plain order. Both take the same way otherwise,
so the difference is what routing costs: the decision, its record, and the parent's own events. The
pure decision is measured in ``bench/routing.py``.
"""

import asyncio
import time
from dataclasses import dataclass, field

import grpc
import uvloop

from bench.measure import CpuMeter, Figure, Plan, percentile
from bench.stack import Mesh, running_mesh, tradable
from bench.whole_mesh.orders import WARM_UP_PAUSE_S, WARM_UP_TRIES, Flow, OrderBench, resting_order
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2

LONE_ORDERS_PER_S = 50
OFFERED_ORDERS_PER_S = 1_000
QUICK_ORDERS = 20
LONE_ORDERS_MIN = 200
"""Of each measurement, so that the 99th percentile means something."""
VENUES_MIN = 2
"""An instrument is routed if so many venues list it."""


@dataclass
class RoutedFlow(Flow):
    """A stream of routed orders; each counts when the venue has answered its child."""

    keys: list[tuple[str, str]] = field(default_factory=list)
    """ISIN and currency of the instruments."""
    parents: dict[str, str] = field(default_factory=dict)
    """The routed order of each child that has no answer."""

    def _order(self, number: int) -> order_service_pb2.PlaceRequest:
        request = resting_order(f"{self.run}-{number}", self.instruments, number)
        request.instrument_id = ""
        request.isin, request.currency = self.keys[number % len(self.keys)]
        request.routing.strategy = order_pb2.ROUTING_STRATEGY_BEST
        return request

    def _take_event(self, event: event_pb2.OrderEvent, now: float) -> None:
        if event.HasField("accepted"):
            parent_id = event.accepted.order.link.parent_order_id
            if parent_id:
                self.parents[event.order_id] = parent_id
        elif event.HasField("acknowledged") and event.order_id in self.parents:
            self.acknowledged += 1
            parent_id = self.parents.pop(event.order_id)
            if self.timed:
                self._take_acknowledged(parent_id, now)


class RoutedBench:
    """Measures routed and plain orders in a running mesh."""

    def __init__(self, mesh: Mesh, plan: Plan) -> None:
        self._mesh = mesh
        self._plan = plan
        self._orders = OrderBench(mesh, plan)
        self._keys: list[tuple[str, str]] = []

    async def measure(self) -> list[Figure]:
        """All figures of routed orders, and of plain ones beside them."""
        await self._orders.prepare()
        self._keys = await self._routable()
        await self._warm_up()
        figures: dict[str, Figure] = {}
        for _ in range(self._plan.repeats):
            for rate in (LONE_ORDERS_PER_S, OFFERED_ORDERS_PER_S):
                plain = await self._at(rate, Flow)
                routed = await self._at(rate, RoutedFlow)
                more = {f"{name}, more": routed[name] - plain[name] for name in plain}
                for kind, values in (("plain", plain), ("routed", routed), ("", more)):
                    for name, value in values.items():
                        named = " ".join(filter(None, (kind, f"order at {rate}/s: {name}")))
                        unit = "orders/s" if "reached" in name else "ms"
                        figures.setdefault(named, Figure(named, unit)).values.append(value)
        return list(figures.values())

    async def _routable(self) -> list[tuple[str, str]]:
        """Return ISIN and currency of what several venues list."""
        keys = [(one.isin, one.currency) for one in await tradable(self._mesh) if one.isin]
        return sorted({key for key in keys if keys.count(key) >= VENUES_MIN})

    async def _warm_up(self) -> None:
        """Route each instrument once: svc_oms reads the book of one that was never routed."""
        for left in range(WARM_UP_TRIES - 1, -1, -1):
            try:
                async with self._orders.flow(RoutedFlow) as flow:
                    self._name(flow)
                    await flow.place(len(self._keys))
                    await flow.until_answered(0)
            except (grpc.aio.AioRpcError, RuntimeError):
                if not left:
                    raise
                await asyncio.sleep(WARM_UP_PAUSE_S)
            else:
                return

    def _name(self, flow: Flow) -> None:
        if isinstance(flow, RoutedFlow):
            flow.keys = self._keys

    async def _at(self, rate: int, kind: type[Flow]) -> dict[str, float]:
        """Send orders at a rate, and cancel them; return the rate, CPU and latencies, ms."""
        count = self._count(rate)
        async with self._orders.flow(kind) as flow:
            self._name(flow)
            meter = CpuMeter(self._mesh.pids())
            begin = time.perf_counter()
            await flow.place_at(rate, count)
            taken_s = time.perf_counter() - begin
            used = {name: spent / count * 1000 for name, spent in meter.seconds().items()}
        values = {
            "rate reached": count / taken_s,
            "CPU": sum(used.values()),
            "CPU of svc_oms": used["oms"],
        }
        times = (("accepted", flow.accepted_ms), ("last child answered", flow.acknowledged_ms))
        for name, found in times:
            for percent in (50, 99):
                values[f"place to {name}, p{percent}"] = percentile(found, percent)
        async with self._mesh.direct() as channel:
            await self._orders.clear(channel)
        return values

    def _count(self, rate: int) -> int:
        if self._plan.is_quick:
            return QUICK_ORDERS
        return max(LONE_ORDERS_MIN, int(rate * self._plan.seconds))


def measure(plan: Plan) -> list[Figure]:
    """Start a mesh and measure its routed orders."""
    with running_mesh() as mesh:
        return uvloop.run(RoutedBench(mesh, plan).measure())
