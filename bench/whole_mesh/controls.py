"""The cost of controls and their speed, on a whole mesh.

Cost per order and latency with every kind of limit in force compared with none; 1,000 resting
orders pulled by one kill switch, and by one mass cancel, until the last cancel is
acknowledged by the venue and streamed back; 64 callers at once on one account.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio
import uvloop

from bench.measure import CpuMeter, Figure, Plan, percentile
from bench.stack import ACCOUNT, Mesh, running_mesh
from bench.whole_mesh.orders import OrderBench
from ordermesh.oms.v1 import (
    kill_switch_service_pb2 as kill_pb,
)
from ordermesh.oms.v1 import (
    kill_switch_service_pb2_grpc,
    limit_pb2,
    limit_service_pb2_grpc,
    order_service_pb2_grpc,
)
from ordermesh.oms.v1 import limit_service_pb2 as limit_pb

RESTING_ORDERS = 1_000
QUICK_RESTING_ORDERS = 100
CALLERS = 64
PULL_TIMEOUT_S = 60
RISK, SECOND_RISK = "rita", "ravi"
HUGE = "100000000000"
DAY_MS = 86_400_000

EVERY_KIND: dict[str, dict[str, Any]] = {
    "MAX_ORDER_QUANTITY": {"quantity": HUGE},
    "MAX_ORDER_VALUE": {"value": HUGE},
    # Orders of the bench rest far from the market.
    "PRICE_COLLAR": {"percent": "1000000", "window_percent": "1000000", "window_ms": 60_000},
    "VOLUME": {"quantity": HUGE, "value": HUGE, "window_ms": DAY_MS},
    "OPEN_EXPOSURE": {"value": HUGE},
    "POSITION": {"long_quantity": HUGE, "short_quantity": HUGE},
    "MESSAGE_RATE": {"messages": 1_000_000, "cancels": 1_000_000, "window_ms": 1_000},
    "REPEATED_EXECUTION": {"executions": 1_000_000, "window_ms": 60_000},
    "INSTRUMENT_PERMISSION": {
        "permission": "PERMISSION_MODE_DENY_LISTED",
        "instruments": ["NONE.SIMA"],
    },
    "SHORT_SALE": {"short_sale_allowed": False},
    "BUYING_POWER": {"value": HUGE},
    "SELF_MATCH": {"self_match": "SELF_MATCH_POLICY_REJECT_NEW"},
    "DUPLICATE_ORDER": {"window_ms": 1},
}


class ControlsBench:
    """Measures the controls of a running mesh."""

    def __init__(self, mesh: Mesh, plan: Plan) -> None:
        self._mesh = mesh
        self._plan = plan
        self._orders = OrderBench(mesh, plan)
        self._tokens: dict[str, str] = {}

    async def measure(self) -> list[Figure]:
        """All figures of the controls."""
        await self._orders.prepare()
        for user in (RISK, SECOND_RISK):
            self._tokens[user] = await self._mesh.token(user)
        figures = await self._pulled("kill switch", self._engage)
        figures += await self._pulled("mass cancel", self._mass_cancel)
        figures += await self._callers()
        figures += await self._cost("no limits but the default ones")
        await self._set_limits()
        figures += await self._cost("every limit on")
        return figures

    def _as(self, user: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._tokens[user]}"),)

    async def _cost(self, what: str) -> list[Figure]:
        cpu = Figure(f"CPU of an order, {what}: oms", "µs/order")
        rate = Figure(f"orders, {what}", "orders/s")
        latency = {p: Figure(f"place to accepted, {what}, p{p}", "ms") for p in (50, 99)}
        for _ in range(self._plan.repeats):
            await self._orders.log_in()
            meter = CpuMeter({"oms": self._mesh.pids()["oms"]})
            per_s, count = await self._orders.throughput(self._plan.seconds)
            rate.values.append(per_s)
            cpu.values.append(meter.seconds()["oms"] / count * 1e6)
            flow = await self._orders.fixed_rate(max(self._plan.seconds, 1.0))
            for percent, figure in latency.items():
                figure.values.append(percentile(flow.accepted_ms, percent))
        return [rate, cpu, *latency.values()]

    async def _set_limits(self) -> None:
        async with self._mesh.direct() as channel:
            stub = limit_service_pb2_grpc.LimitServiceStub(channel)
            for kind, values in EVERY_KIND.items():
                scope = limit_pb2.LimitRange(
                    scope=limit_pb2.LIMIT_SCOPE_ACCOUNT,
                    scope_id=ACCOUNT,
                    currency="EUR" if kind == "BUYING_POWER" else "",
                )
                request = limit_pb.SetLimitRequest(
                    idempotency_key=uuid.uuid4().hex,
                    kind=f"LIMIT_KIND_{kind}",
                    range=scope,
                    values=limit_pb2.LimitValues(**values),
                    reason="bench",
                )
                answer = await stub.SetLimit(request, metadata=self._as(RISK))
                if answer.HasField("proposed"):
                    # Looser than the limit of the settings: a second person confirms it.
                    confirm = limit_pb.ConfirmChangeRequest(
                        idempotency_key=uuid.uuid4().hex, change_id=answer.proposed.change_id
                    )
                    await stub.ConfirmChange(confirm, metadata=self._as(SECOND_RISK))

    async def _pulled(
        self, name: str, pull: Callable[[grpc.aio.Channel], Awaitable[None]]
    ) -> list[Figure]:
        """Let orders rest, pull them at once, wait for the venue's last answer."""
        count = QUICK_RESTING_ORDERS if self._plan.is_quick else RESTING_ORDERS
        answered = Figure(f"{name} of {count} orders: answered", "ms")
        last = Figure(f"{name} of {count} orders: last cancel acknowledged", "ms")
        for _ in range(self._plan.repeats):
            await self._orders.log_in()
            async with self._mesh.direct() as channel, self._orders.resting(count) as flow:
                begun = time.perf_counter()
                await pull(channel)
                answered.values.append((time.perf_counter() - begun) * 1000)
                async with asyncio.timeout(PULL_TIMEOUT_S):
                    await flow.until_cancelled(count)
                last.values.append((time.perf_counter() - begun) * 1000)
            await self._release()
        return [answered, last]

    async def _engage(self, channel: grpc.aio.Channel) -> None:
        stub = kill_switch_service_pb2_grpc.KillSwitchServiceStub(channel)
        request = kill_pb.EngageRequest(
            idempotency_key=uuid.uuid4().hex, scope={"account_id": ACCOUNT}, reason="bench"
        )
        answer = await stub.Engage(request, metadata=self._as(RISK))
        self._engaged = answer.kill_switch.switch_id

    _engaged = ""

    async def _release(self) -> None:
        if not self._engaged:
            return
        async with self._mesh.direct() as channel:
            stub = kill_switch_service_pb2_grpc.KillSwitchServiceStub(channel)
            proposed = kill_pb.ProposeReleaseRequest(switch_id=self._engaged, reason="bench")
            await stub.ProposeRelease(proposed, metadata=self._as(RISK))
            approved = kill_pb.ApproveReleaseRequest(switch_id=self._engaged)
            await stub.ApproveRelease(approved, metadata=self._as(SECOND_RISK))
        self._engaged = ""

    async def _mass_cancel(self, channel: grpc.aio.Channel) -> None:
        stub = kill_switch_service_pb2_grpc.KillSwitchServiceStub(channel)
        request = kill_pb.MassCancelRequest(
            idempotency_key=uuid.uuid4().hex, scope={"account_id": ACCOUNT}, reason="bench"
        )
        await stub.MassCancel(request, metadata=self._as(RISK))

    async def _callers(self) -> list[Figure]:
        """Unary Place by many callers at once, all on one account: its row is one lock."""
        rate = Figure(f"{CALLERS} callers of Place on one account", "orders/s", note="durable")
        latency = {
            p: Figure(f"{CALLERS} callers of Place on one account, p{p}", "ms") for p in (50, 99)
        }
        for _ in range(self._plan.repeats):
            await self._orders.log_in()
            taken_ms: list[float] = []
            async with self._mesh.direct() as channel:
                stub = order_service_pb2_grpc.OrderServiceStub(channel)
                until = time.perf_counter() + self._plan.seconds

                async def call(
                    stub: Any = stub, until: float = until, taken_ms: list[float] = taken_ms
                ) -> None:
                    while (begun := time.perf_counter()) < until:
                        await stub.Place(
                            self._orders.request(uuid.uuid4().hex),
                            metadata=self._orders.metadata,
                        )
                        taken_ms.append((time.perf_counter() - begun) * 1000)

                begun = time.perf_counter()
                await asyncio.gather(*(call() for _ in range(CALLERS)))
                rate.values.append(len(taken_ms) / (time.perf_counter() - begun))
            for percent, figure in latency.items():
                figure.values.append(percentile(taken_ms, percent))
        return [rate, *latency.values()]


def measure(plan: Plan) -> list[Figure]:
    """Start a mesh, which is left with limits, and measure its controls."""
    with running_mesh() as mesh:
        return uvloop.run(ControlsBench(mesh, plan).measure())
