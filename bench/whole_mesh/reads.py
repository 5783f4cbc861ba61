"""Frequent reads: 1,000 a second of an account at rest, with Redis and without.

Get of an order, List of the open orders, and ListPositions, each for itself: latency, CPU time of
svc_oms, PostgreSQL and Redis for a read, and transactions of PostgreSQL for a read.
"""

import asyncio
import time
from collections.abc import Mapping

import asyncpg
import grpc.aio
import uvloop
from google.protobuf.message import Message

from bench.measure import CpuMeter, Figure, Plan, percentile
from bench.stack import ACCOUNT, Mesh, running_mesh
from bench.whole_mesh.orders import OrderBench
from meshctl.stack.servers.postgres import EmbeddedPostgres
from ordermesh.oms.v1 import limit_service_pb2, order_service_pb2, order_service_pb2_grpc

READS_PER_S = 1_000
AT_ONCE = 64
"""A mesh that cannot answer so many a second gets fewer."""
OPEN_ORDERS = 100
NO_REDIS = {"ORDERMESH_REDIS_URL": "redis://127.0.0.1:1"}
METERED = ("oms", "postgres", "redis")
TRANSACTIONS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
STATISTICS_S = 1.5
"""A backend of PostgreSQL reports what it counted at most a second later."""
QUIET_S = 1.2
"""An account that changed within a second is read without copies."""
ORDERS = "/ordermesh.oms.v1.OrderService/"
LIMITS = "/ordermesh.oms.v1.LimitService/"


def measure(plan: Plan) -> list[Figure]:
    """Start a mesh with Redis and one without in turn, and measure their reads."""
    figures: dict[str, Figure] = {}
    for _ in range(plan.repeats):
        for how, environment in (("with Redis", {}), ("without Redis", NO_REDIS)):
            with running_mesh(environment) as mesh:
                for name, (unit, value) in uvloop.run(_measure(mesh, plan, how)).items():
                    figures.setdefault(name, Figure(name, unit)).values.append(value)
    return [figures[name] for name in sorted(figures)]


async def _measure(mesh: Mesh, plan: Plan, how: str) -> Mapping[str, tuple[str, float]]:
    orders = OrderBench(mesh, plan)
    await orders.prepare()
    found: dict[str, tuple[str, float]] = {}
    async with orders.resting(OPEN_ORDERS), mesh.direct() as channel:
        stub = order_service_pb2_grpc.OrderServiceStub(channel)
        newest = order_service_pb2.ListRequest(account_id=ACCOUNT, page_size=1)
        (order,) = (await stub.List(newest, metadata=orders.metadata)).orders
        await asyncio.sleep(QUIET_S)
        requests: dict[str, Message] = {
            f"{ORDERS}Get": order_service_pb2.GetRequest(order_id=order.order_id),
            f"{ORDERS}List": order_service_pb2.ListRequest(account_id=ACCOUNT, open_only=True),
            f"{LIMITS}ListPositions": limit_service_pb2.ListPositionsRequest(account_id=ACCOUNT),
        }
        for method, request in requests.items():
            name = f"{method.rpartition('/')[2]}, {how}"
            meter, before = CpuMeter(mesh.pids()), await _transactions(mesh)
            times = await _reads(channel, method, request, orders.metadata, plan)
            used = meter.seconds()
            statements = await _transactions(mesh) - before
            for process in METERED:
                cpu = used.get(process, 0.0) / len(times) * 1e6
                found[f"{name}: CPU, {process}"] = ("µs/read", cpu)
            found[f"{name}: transactions"] = ("1/read", statements / len(times))
            for percent in (50, 99):
                found[f"{name}: p{percent}"] = ("ms", percentile(times, percent))
    return found


async def _reads(
    channel: grpc.aio.Channel,
    method: str,
    request: Message,
    metadata: tuple[tuple[str, str], ...],
    plan: Plan,
) -> list[float]:
    """Read at the rate, at most so many at once; return milliseconds of each."""
    # Answers are not parsed: the client must not be what limits the rate.
    read = channel.unary_unary(method)
    body, times, free = request.SerializeToString(), list[float](), asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        begun = time.perf_counter()
        await read(body, metadata=metadata)
        times.append((time.perf_counter() - begun) * 1000)
        free.release()

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as reads:
        for number in range(int(READS_PER_S * plan.seconds)):
            await asyncio.sleep(max(0.0, begun + number / READS_PER_S - time.perf_counter()))
            await free.acquire()
            reads.create_task(one())
    return times


async def _transactions(mesh: Mesh) -> int:
    await asyncio.sleep(STATISTICS_S)
    server = EmbeddedPostgres(mesh.home, mesh.ports["postgres"])
    connection = await asyncpg.connect(server.owner_url("oms"))
    try:
        return int(await connection.fetchval(TRANSACTIONS))
    finally:
        await connection.close()
