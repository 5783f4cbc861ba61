"""System calls and CPU time of a lone order, by process.

Lone orders are sent at a fixed rate, each after the last was acknowledged, so none shares a batch
with another. `strace -c` counts the calls of each process; a second run without it measures CPU
time. What the mesh does without orders in the same time is subtracted. The counts are the same on
every machine, and under load nearly so.
"""

import asyncio
import contextlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvloop

from bench.measure import CpuMeter, Figure, Plan, percentile
from bench.stack import Mesh, running_mesh
from bench.whole_mesh.orders import Flow, OrderBench

LONE_ORDERS_PER_S = 20
LONE_ORDERS = 200
QUICK_LONE_ORDERS = 40
TRACED = ("oms", "gateway", "guards of the gateway")
"""Processes whose calls are counted."""
# The wait of an event loop: each that returns is a wake-up, also one that only looks.
_WAIT = "epoll_pwait"
_SHOWN_LEAST = 0.5
"""Other calls are shown if an order makes so many of them."""
# The summary of strace: share, seconds, µs a call, calls, errors if any, name.
_LINE = re.compile(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$")

STRACE_MISSING = (
    "system calls are not counted: strace is not installed; install it with: "
    "apt-get install -y strace"
)

Calls = Mapping[str, int]


@dataclass
class WakeUpBench:
    """Counts the steps of lone orders in a running mesh."""

    mesh: Mesh
    plan: Plan

    async def measure(self) -> list[Figure]:
        """CPU time, and, where strace is installed, system calls."""
        bench = OrderBench(self.mesh, self.plan)
        await bench.prepare()
        orders = QUICK_LONE_ORDERS if self.plan.is_quick else LONE_ORDERS
        figures = await self._cpu(bench, orders)
        strace = shutil.which("strace")
        if strace is None:
            print(STRACE_MISSING, file=sys.stderr)
            return figures
        return figures + await self._calls(bench, orders, strace)

    async def _cpu(self, bench: OrderBench, orders: int) -> list[Figure]:
        total = Figure("lone order: CPU", "µs/order", note="all our processes, less those idle")
        latency = Figure("lone order: place to venue-acknowledged, p50", "ms")
        parts: dict[str, Figure] = {}
        for _ in range(self.plan.repeats):
            async with bench.flow() as flow:
                meter = CpuMeter(self.mesh.pids())
                idle_s = await _rest(orders)
                idle = meter.seconds()
                meter = CpuMeter(self.mesh.pids())
                share = await send_lone(flow, orders) / idle_s
                used = meter.seconds()
            latency.values.append(percentile(flow.acknowledged_ms, 50))
            net = {name: (used[name] - share * idle.get(name, 0.0)) / orders * 1e6 for name in used}
            total.values.append(sum(net.values()))
            for name, value in net.items():
                part = parts.setdefault(name, Figure(f"lone order: CPU, {name}", "µs/order"))
                part.values.append(value)
        return [total, *parts.values(), latency]

    async def _calls(self, bench: OrderBench, orders: int, strace: str) -> list[Figure]:
        async with bench.flow() as flow:
            with self._traces(strace) as idle:
                idle_s = await _rest(orders)
            with self._traces(strace) as busy:
                share = await send_lone(flow, orders) / idle_s
        figures = []
        for process in TRACED:
            each = {
                name: (count - share * idle[process].get(name, 0)) / orders
                for name, count in busy[process].items()
            }
            wakes = each.pop(_WAIT, 0.0)
            figures.append(Figure(f"lone order: wake-ups, {process}", "calls/order", [wakes]))
            figures += [
                Figure(f"lone order: {name}, {process}", "calls/order", [value])
                for name, value in sorted(each.items(), key=lambda one: -one[1])
                if value >= _SHOWN_LEAST
            ]
        return figures

    @contextlib.contextmanager
    def _traces(self, strace: str) -> Iterator[dict[str, Calls]]:
        """Count the calls of all traced processes meanwhile; the result is filled at the end."""
        found: dict[str, Calls] = {}
        with contextlib.ExitStack() as stack:
            for name, pids in self._families().items():
                stack.enter_context(_traced(strace, name, pids, found))
            yield found

    def _families(self) -> dict[str, list[int]]:
        pids = self.mesh.pids()
        gateway = pids["gateway"]
        guards = [child.pid for child in psutil.Process(gateway).children()]
        return dict(zip(TRACED, ([pids["oms"]], [gateway], guards), strict=True))


@contextlib.contextmanager
def _traced(strace: str, name: str, pids: list[int], found: dict[str, Calls]) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary"
        words = [word for pid in pids for word in ("-p", str(pid))]
        # Not by the event loop: its fork would run the handlers of gRPC.
        tracer = subprocess.Popen(
            [strace, "-f", "-c", "-o", str(summary), *words],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert tracer.stderr is not None
        try:
            for _ in pids:
                line = tracer.stderr.readline()
                if "attached" not in line:
                    raise RuntimeError(f"strace {' '.join(words)}: {line}")
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate()
        found[name] = read_summary(summary.read_text("utf-8"))


def read_summary(text: str) -> Calls:
    """Return the number of calls by name, of the table that `strace -c` writes."""
    lines = map(_LINE.match, text.splitlines())
    return {line[2]: int(line[1]) for line in lines if line is not None and line[2] != "total"}


async def _rest(orders: int) -> float:
    """Let the mesh work without orders for as long as so many lone orders take; return seconds."""
    start = time.perf_counter()
    await asyncio.sleep(orders / LONE_ORDERS_PER_S)
    return time.perf_counter() - start


async def send_lone(flow: Flow, orders: int) -> float:
    """Send lone orders, each when the venue has acknowledged the last; return seconds."""
    start = time.perf_counter()
    for number in range(orders):
        due = start + number / LONE_ORDERS_PER_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await flow.place(1)
        await flow.until_answered(0)
    return time.perf_counter() - start


def measure(plan: Plan) -> list[Figure]:
    """Start a mesh and count the steps of its lone orders."""
    with running_mesh() as mesh:
        return uvloop.run(WakeUpBench(mesh, plan).measure())
