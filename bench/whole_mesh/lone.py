"""Lone orders: CPU time over all our processes for each, and their latency, at several rates.

Every order is a frame of its own at a fixed rate, sent whether or not the last was answered, so
batches share nothing until the mesh is busy. The CPU time of an order includes its part of what
the processes do without orders; that is measured for itself, so that it can be subtracted.
"""

import asyncio
from collections.abc import Mapping

import uvloop

from bench.measure import LONE_RATES_PER_S, CpuMeter, Figure, Plan, percentile
from bench.stack import Mesh, running_mesh
from bench.whole_mesh.orders import OrderBench

ORDERS_MIN = 200
"""Of each measurement, so that the 99th percentile means something."""
QUICK_ORDERS = 20
LINK = ("oms", "gateway")
"""The processes between a client and the venue's FIX session."""


def lone_orders(plan: Plan, rate: int) -> int:
    """Return how many orders to send at a rate."""
    least = QUICK_ORDERS if plan.is_quick else ORDERS_MIN
    return max(least, int(rate * plan.seconds))


class LoneBench:
    """Measures lone orders in a running mesh."""

    def __init__(self, mesh: Mesh, plan: Plan) -> None:
        self._mesh = mesh
        self._plan = plan
        self._orders = OrderBench(mesh, plan)

    async def measure(self) -> list[Figure]:
        """All figures of lone orders."""
        await self._orders.prepare()
        idle = Figure("CPU of a mesh without orders", "ms/s", note="all our processes")
        figures: dict[str, Figure] = {}
        for _ in range(self._plan.repeats):
            idle.values.append(await self._idle_ms_per_s())
            for rate in LONE_RATES_PER_S:
                for name, value in (await self._at(rate)).items():
                    named = f"lone order at {rate}/s: {name}"
                    figures.setdefault(named, Figure(named, "ms")).values.append(value)
        return [idle, *figures.values()]

    async def _idle_ms_per_s(self) -> float:
        meter = CpuMeter(self._mesh.pids())
        await asyncio.sleep(self._plan.seconds)
        return sum(meter.seconds().values()) / self._plan.seconds * 1000

    async def _at(self, rate: int) -> Mapping[str, float]:
        """Send orders at a rate; return CPU and latencies, ms."""
        count = lone_orders(self._plan, rate)
        async with self._orders.flow() as flow:
            meter = CpuMeter(self._mesh.pids())
            await flow.place_at(rate, count)
            used = {name: taken / count * 1000 for name, taken in meter.seconds().items()}
        values = {
            "CPU": sum(used.values()),
            "CPU, OMS + gateway": sum(used[name] for name in LINK),
            **{f"CPU, {name}": value for name, value in used.items()},
        }
        for name, times in (("accepted", flow.accepted_ms), ("acknowledged", flow.acknowledged_ms)):
            for percent in (50, 99):
                values[f"place to {name}, p{percent}"] = percentile(times, percent)
        return values


def measure(plan: Plan) -> list[Figure]:
    """Start a mesh and measure its lone orders."""
    with running_mesh() as mesh:
        return uvloop.run(LoneBench(mesh, plan).measure())
