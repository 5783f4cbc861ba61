"""The plain service and the mesh in turn, driven by the same client: unary Place, Watch.

Both send to the same simulated venue without other flow, and commit to the same PostgreSQL with
fsync. CPU time is that of the plain service, which has OMS and FIX in one process, and of svc_oms
and svc_gateway together. The plain service has no TLS, controls, keys, recovery or rights.
"""

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import grpc.aio
import uvloop

from bench.bare.postgres import embedded_postgres
from bench.children import PROJECT, child, free_port
from bench.measure import LONE_RATES_PER_S, CpuMeter, Figure, Plan, percentile
from bench.peers.plain_python import OURS, PLAIN
from bench.stack import ACCOUNT, running_mesh
from bench.whole_mesh.lone import LINK, lone_orders
from bench.whole_mesh.orders import ANSWER_TIMEOUT_S, OrderBench, resting_order
from mesh.settings import child_environment
from meshctl.stack.processes.services import http_ready
from ordermesh.oms.v1 import order_service_pb2, order_service_pb2_grpc
from sim_exchange.instruments import INSTRUMENTS

CALLERS = 64
START_TIMEOUT_S = 60


@dataclass
class Client:
    """Places orders by unary calls, and takes the venue's answers from a stream."""

    channel: grpc.aio.Channel
    metadata: tuple[tuple[str, str], ...]
    instruments: list[str]
    number: int = 0
    placed_at: dict[str, float] = field(default_factory=dict)
    answered_at: dict[str, float] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the account meanwhile."""
        stub = order_service_pb2_grpc.OrderServiceStub(self.channel)
        request = order_service_pb2.WatchRequest(accounts=[{"account_id": ACCOUNT}])
        call = stub.Watch(request, metadata=self.metadata)
        while not any(item.HasField("snapshot_complete") for item in (await call.read()).items):
            pass
        reader = asyncio.create_task(self._read(call))
        yield
        reader.cancel()
        call.cancel()

    async def _read(self, call: grpc.aio.UnaryStreamCall) -> None:
        while (frame := await call.read()) is not grpc.aio.EOF:
            now = time.perf_counter()
            for item in frame.items:
                if item.event.HasField("acknowledged"):
                    self.answered_at[item.event.order_id] = now
            self.news.set()

    async def place(self) -> None:
        """Place an order; return when it is accepted."""
        self.number += 1
        request = resting_order(uuid.uuid4().hex, self.instruments, self.number)
        begun = time.perf_counter()
        stub = order_service_pb2_grpc.OrderServiceStub(self.channel)
        answer = await stub.Place(request, metadata=self.metadata)
        self.placed_at[answer.order.order_id] = begun

    async def until_answered(self) -> None:
        """Wait until the venue has answered every order."""
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while not self.placed_at.keys() <= self.answered_at.keys():
                self.news.clear()
                await self.news.wait()

    async def callers(self, seconds: float) -> tuple[int, float]:
        """Place orders by many callers at once; return their number and seconds to the last."""
        self.placed_at.clear()
        begun = time.perf_counter()

        async def call() -> None:
            while time.perf_counter() - begun < seconds:
                await self.place()

        await asyncio.gather(*(call() for _ in range(CALLERS)))
        await self.until_answered()
        return len(self.placed_at), time.perf_counter() - begun

    async def lone(self, rate: int, count: int) -> list[float]:
        """Place orders at a fixed rate; return milliseconds to the venue's answer of each."""
        self.placed_at.clear()
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as calls:
            for number in range(count):
                await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
                calls.create_task(self.place())
        await self.until_answered()
        return [(self.answered_at[order_id] - at) * 1000 for order_id, at in self.placed_at.items()]


class _Table:
    """Figures by name."""

    def __init__(self) -> None:
        self.figures: dict[str, Figure] = {}

    def add(self, name: str, unit: str, value: float) -> None:
        self.figures.setdefault(name, Figure(name, unit)).values.append(value)


def measure(plan: Plan) -> list[Figure]:
    """Orders a second of 64 callers; CPU of a lone order and latency to the venue's answer."""
    table = _Table()
    for _ in range(plan.repeats):
        with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
            uvloop.run(_plain(plan, table, Path(folder)))
        uvloop.run(_ours(plan, table))
    return list(table.figures.values())


async def _plain(plan: Plan, table: _Table, folder: Path) -> None:
    async with embedded_postgres(folder) as server, _venue(folder) as venue_port:
        url = server.owner_url("oms").replace("postgresql:", "postgresql+asyncpg:")
        store = folder / "plain"
        store.mkdir()
        service = child("bench.peers.plain_python.service", url, str(venue_port), str(store))
        with service as (process, ready):
            async with grpc.aio.insecure_channel(f"127.0.0.1:{ready['port']}") as channel:
                client = Client(channel, (), [f"{one.symbol}.SIMA" for one in INSTRUMENTS])
                await _measure(plan, table, PLAIN, client, [process.pid])


async def _ours(plan: Plan, table: _Table) -> None:
    with running_mesh() as mesh:
        orders = OrderBench(mesh, plan)
        await orders.prepare()
        pids = mesh.pids()
        async with mesh.direct() as channel:
            client = Client(channel, orders.metadata, orders.instruments)
            await _measure(plan, table, OURS, client, [pids[name] for name in LINK])


async def _measure(
    plan: Plan, table: _Table, who: str, client: Client, pids: Sequence[int]
) -> None:
    processes = {str(pid): pid for pid in pids}
    async with client.watching():
        await client.callers(plan.seconds / 4)  # warms up
        meter = CpuMeter(processes)
        count, taken = await client.callers(plan.seconds)
        used = sum(meter.seconds().values())
        table.add(f"{CALLERS} callers, {who}", "orders/s", count / taken)
        table.add(f"{CALLERS} callers, {who}: CPU of an order", "ms", used / count * 1000)
        for rate in LONE_RATES_PER_S:
            count = lone_orders(plan, rate)
            meter = CpuMeter(processes)
            times = await client.lone(rate, count)
            used = sum(meter.seconds().values())
            name = f"lone order at {rate}/s, {who}"
            table.add(f"{name}: CPU", "ms", used / count * 1000)
            for percent in (50, 99):
                value = percentile(times, percent)
                table.add(f"{name}: place to acknowledged, p{percent}", "ms", value)


@contextlib.asynccontextmanager
async def _venue(folder: Path) -> AsyncIterator[int]:
    """Run a simulated venue, as the mesh of the bench does."""
    port, ops = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sim_exchange", "--no-agents", "--clients", "PLAIN",
        "--port", str(port), "--store", str(folder / "sim"), "--ops", f"127.0.0.1:{ops}",
        cwd=PROJECT, stdout=subprocess.DEVNULL,
        env=child_environment({
            "ORDERMESH_SIM_LATENCY_MS": "0", "ORDERMESH_LOG_LEVEL": "warning",
        }),
    )  # fmt: skip
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await http_ready(ops):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await process.wait()
