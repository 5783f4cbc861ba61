"""The order path: client, OMS, database, gateway, FIX, venue, and all the way back.

An order counts when the *venue's acknowledgement* of it has been applied durably and was
streamed back to the client over the same OrderFlowService.Flow stream. Orders rest: they
are buys below the market in a book without other flow.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import grpc
import grpc.aio
import uvloop

from bench.measure import CpuMeter, Figure, Plan, percentile
from bench.stack import ACCOUNT, Mesh, running_mesh, until_tradable
from ordermesh.oms.v1 import (
    event_pb2,
    order_flow_service_pb2_grpc,
    order_pb2,
    order_service_pb2,
    order_service_pb2_grpc,
)
from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb

FRAME_COMMANDS = 50
IN_FLIGHT_ORDERS = 1_000
QUICK_IN_FLIGHT_ORDERS = 300
LATENCY_ORDERS_PER_S = 100
ANSWER_TIMEOUT_S = 60
WARM_UP_TRIES = 10
WARM_UP_PAUSE_S = 2.0
CLEARING_PAUSE_S = 0.2
BOOK_SIZES = (1_000, 10_000, 50_000)
PRICE = "10"
QUANTITIES = 1_000


@dataclass
class Flow:
    """One order stream and the items that came back over it."""

    call: grpc.aio.StreamStreamCall
    instruments: list[str]
    run: str
    sent: int = 0
    accepted: int = 0
    acknowledged: int = 0
    cancelled: int = 0
    refused: int = 0
    refusal: str = ""
    sent_at: dict[int, float] = field(default_factory=dict)
    order_of: dict[str, int] = field(default_factory=dict)
    accepted_ms: list[float] = field(default_factory=list)
    acknowledged_ms: list[float] = field(default_factory=list)
    early: dict[str, float] = field(default_factory=dict)
    timed: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        """Open the stream and wait for the end of the snapshot."""
        watch = order_service_pb2.WatchRequest(accounts=[{"account_id": ACCOUNT}])
        await self.call.write(flow_pb.FlowRequest(open=flow_pb.FlowOpen(watch=watch)))
        while True:
            frame = await self.call.read()
            if frame is grpc.aio.EOF:
                raise RuntimeError(f"the flow ended: {await self.call.details()}")
            if any(item.HasField("snapshot_complete") for item in frame.items):
                return

    async def place(self, count: int) -> None:
        """Send a frame of new orders."""
        commands = []
        for _ in range(count):
            self.sent += 1
            commands.append(
                flow_pb.FlowCommand(correlation_id=self.sent, place=self._order(self.sent))
            )
        if self.timed:
            now = time.perf_counter()
            self.sent_at.update((command.correlation_id, now) for command in commands)
        await self.call.write(flow_pb.FlowRequest(commands=commands))

    async def place_at(self, orders_per_s: float, count: int) -> None:
        """Send single orders at a fixed rate, whatever comes back; wait for the venue's answers."""
        start = time.perf_counter()
        for number in range(count):
            due = start + number / orders_per_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await self.place(1)
        await self.until_answered(0)

    async def read(self) -> None:
        """Read the stream until cancelled."""
        while True:
            frame = await self.call.read()
            if frame is grpc.aio.EOF:
                self.refusal = f"the flow ended: {await self.call.details()}"
                self.news.set()
                return
            now = time.perf_counter()
            for result in frame.results:
                self._take_result(result, now)
            for item in frame.items:
                self._take_event(item.event, now)
            self.news.set()

    async def until_answered(self, most_open: int) -> None:
        """Wait until at most so many orders have no answer from the venue."""
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while self.sent - self.acknowledged - self.refused > most_open:
                if self.refusal:
                    raise RuntimeError(self.refusal)
                self.news.clear()
                await self.news.wait()

    async def until_cancelled(self, count: int) -> None:
        """Wait until the venue has acknowledged so many cancels."""
        while self.cancelled < count:
            if self.refusal:
                raise RuntimeError(self.refusal)
            self.news.clear()
            await self.news.wait()

    def _order(self, number: int) -> order_service_pb2.PlaceRequest:
        return resting_order(f"{self.run}-{number}", self.instruments, number)

    def _take_event(self, event: event_pb2.OrderEvent, now: float) -> None:
        if event.HasField("acknowledged"):
            self.acknowledged += 1
            if self.timed:
                self._take_acknowledged(event.order_id, now)
        elif event.HasField("canceled"):
            self.cancelled += 1

    def _take_result(self, result: flow_pb.FlowResult, now: float) -> None:
        if result.HasField("refused"):
            self.refused += 1
            self.refusal = f"order {result.correlation_id} was refused: {result.refused.text}"
            return
        self.accepted += 1
        if not self.timed:
            return
        number = result.correlation_id
        self.accepted_ms.append((now - self.sent_at[number]) * 1000)
        order_id = result.accepted.order_id
        self.order_of[order_id] = number
        # The venue's answer may be streamed before the result is.
        if order_id in self.early:
            self._take_acknowledged(order_id, self.early.pop(order_id))

    def _take_acknowledged(self, order_id: str, at: float) -> None:
        number = self.order_of.get(order_id)
        if number is None:
            self.early[order_id] = at
        else:
            self.acknowledged_ms.append((at - self.sent_at[number]) * 1000)


def resting_order(key: str, instruments: list[str], number: int) -> order_service_pb2.PlaceRequest:
    """A buy far below the market; quantities differ, so that none is another's duplicate."""
    return order_service_pb2.PlaceRequest(
        idempotency_key=key,
        account_id=ACCOUNT,
        instrument_id=instruments[number % len(instruments)],
        side=order_pb2.SIDE_BUY,
        type=order_pb2.ORDER_TYPE_LIMIT,
        terms=order_pb2.OrderTerms(
            quantity=str(100 + number // len(instruments) % QUANTITIES),
            limit_price=PRICE,
            time_in_force=order_pb2.TIME_IN_FORCE_DAY,
        ),
    )


class OrderBench:
    """Measures the order path of a running mesh."""

    def __init__(self, mesh: Mesh, plan: Plan) -> None:
        self._mesh = mesh
        self._plan = plan
        self._runs = 0
        self.placed = 0
        self._instruments: list[str] = []
        self._token = ""
        self._number = 0

    async def _log_in(self) -> None:
        """Get a fresh token: a stream ends with the token it was opened with."""
        self._token = await self._mesh.token()

    # For the other benches of this mesh.

    async def prepare(self) -> None:
        """Wait until orders can be placed, and place some."""
        self._instruments = await until_tradable(self._mesh)
        await self._warm_up()

    async def log_in(self) -> None:
        """Get a fresh token."""
        await self._log_in()

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the headers of a call."""
        return (("authorization", f"Bearer {self._token}"),)

    @property
    def instruments(self) -> list[str]:
        """Return the listings that orders are for."""
        return self._instruments

    def request(self, key: str) -> order_service_pb2.PlaceRequest:
        """Return a new order."""
        self._number += 1
        return resting_order(key, self._instruments, self._number)

    async def throughput(self, seconds: float) -> tuple[float, int]:
        """Return orders per second, direct, and their number."""
        return await self._throughput(self._mesh.direct(), seconds)

    async def fixed_rate(self, seconds: float) -> Flow:
        """Send single orders at a fixed rate."""
        return await self._fixed_rate(self._mesh.direct(), seconds)

    @contextlib.asynccontextmanager
    async def flow(self, kind: type[Flow] = Flow) -> AsyncIterator[Flow]:
        """Open a stream, direct, whose orders are timed."""
        await self._log_in()
        async with self._mesh.direct() as channel:
            flow = await self._open(channel, kind)
            flow.timed = True
            reader = asyncio.create_task(flow.read())
            yield flow
            self._finish(flow, reader)

    @contextlib.asynccontextmanager
    async def resting(self, count: int) -> AsyncIterator[Flow]:
        """Let exactly so many orders rest, and nothing else of the account."""
        async with self._mesh.direct() as channel:
            await self.clear(channel)
            flow = await self._open(channel)
            reader = asyncio.create_task(flow.read())
            for sent in range(0, count, FRAME_COMMANDS):
                await flow.place(min(FRAME_COMMANDS, count - sent))
            await flow.until_answered(0)
            yield flow
            self._finish(flow, reader)

    async def clear(self, channel: grpc.aio.Channel) -> None:
        """Cancel all orders of the account, until none is open."""
        stub = order_service_pb2_grpc.OrderServiceStub(channel)
        while True:
            request = order_service_pb2.CancelAllRequest(
                idempotency_key=uuid.uuid4().hex, account_id=ACCOUNT
            )
            if not (await stub.CancelAll(request, metadata=self.metadata)).results:
                return
            await asyncio.sleep(CLEARING_PAUSE_S)

    # The order path itself.

    async def measure(self) -> list[Figure]:
        """All figures of the order path."""
        self._instruments = await until_tradable(self._mesh)
        figures = await self._ways()
        figures += await self._latency()
        figures += await self._growth()
        return figures

    async def _ways(self) -> list[Figure]:
        """Orders a second, direct and through Envoy, and the CPU they take."""
        figures: list[Figure] = []
        await self._warm_up()
        for way, connect in (("direct", self._mesh.direct), ("through Envoy", self._mesh.edge)):
            rate = Figure(f"orders, {way}", "orders/s", note="venue-acknowledged, streamed back")
            total = Figure(f"CPU of an order, {way}", "µs/order", note="all our processes")
            parts: dict[str, Figure] = {}
            for _ in range(self._plan.repeats):
                await self._log_in()  # hashing the password is no part of an order
                meter = CpuMeter(self._mesh.pids())
                orders_per_s, count = await self._throughput(connect(), self._plan.seconds)
                rate.values.append(orders_per_s)
                used = meter.seconds()
                total.values.append(sum(used.values()) / count * 1e6)
                for name, seconds in used.items():
                    part = parts.setdefault(
                        name, Figure(f"CPU of an order, {way}: {name}", "µs/order")
                    )
                    part.values.append(seconds / count * 1e6)
            figures += [rate, total, *parts.values()]
        return figures

    async def _warm_up(self) -> None:
        """Trade until it works: the services may still be connecting."""
        await self._log_in()
        for left in range(WARM_UP_TRIES - 1, -1, -1):
            try:
                await self._throughput(self._mesh.direct(), 0.5)
            except (grpc.aio.AioRpcError, RuntimeError):
                if not left:
                    raise
                await asyncio.sleep(WARM_UP_PAUSE_S)
            else:
                return

    async def _latency(self) -> list[Figure]:
        names = ("accepted (durable)", "venue-acknowledged, streamed back")
        figures = {
            (name, percent): Figure(
                f"place to {name}, p{percent}", "ms", note=f"at {LATENCY_ORDERS_PER_S} orders/s"
            )
            for name in names
            for percent in (50, 90, 99)
        }
        for _ in range(self._plan.repeats):
            await self._log_in()
            flow = await self._fixed_rate(self._mesh.direct(), max(self._plan.seconds, 1.0))
            for name, values in zip(names, (flow.accepted_ms, flow.acknowledged_ms), strict=True):
                for percent in (50, 90, 99):
                    figures[name, percent].values.append(percentile(values, percent))
        return list(figures.values())

    async def _growth(self) -> list[Figure]:
        """Orders a second with so many orders in the book of record already."""
        figures = []
        sizes = BOOK_SIZES[:1] if self._plan.is_quick else BOOK_SIZES
        for size in sizes:
            await self._log_in()
            if self.placed < size:
                await self._place(self._mesh.direct(), size - self.placed)
            figure = Figure(f"orders with {self.placed // 1000}k in the book", "orders/s")
            rate, _ = await self._throughput(self._mesh.direct(), self._plan.seconds)
            figure.values.append(rate)
            figures.append(figure)
        return figures

    async def _open(self, channel: grpc.aio.Channel, kind: type[Flow] = Flow) -> Flow:
        self._runs += 1
        stub = order_flow_service_pb2_grpc.OrderFlowServiceStub(channel)
        call = stub.Flow(metadata=(("authorization", f"Bearer {self._token}"),))
        flow = kind(call, self._instruments, run=f"bench-{time.time_ns()}-{self._runs}")
        await flow.open()
        return flow

    async def _throughput(self, channel: grpc.aio.Channel, seconds: float) -> tuple[float, int]:
        """Keep a window of orders in flight; return the rate and the number of orders."""
        window = QUICK_IN_FLIGHT_ORDERS if self._plan.is_quick else IN_FLIGHT_ORDERS
        async with channel:
            flow = await self._open(channel)
            reader = asyncio.create_task(flow.read())
            start = time.perf_counter()
            while time.perf_counter() - start < seconds:
                await flow.until_answered(window - FRAME_COMMANDS)
                await flow.place(FRAME_COMMANDS)
            await flow.until_answered(0)
            taken = time.perf_counter() - start
            self._finish(flow, reader)
            return flow.acknowledged / taken, flow.acknowledged

    async def _place(self, channel: grpc.aio.Channel, count: int) -> None:
        async with channel:
            flow = await self._open(channel)
            reader = asyncio.create_task(flow.read())
            while flow.sent < count:
                await flow.until_answered(IN_FLIGHT_ORDERS - FRAME_COMMANDS)
                await flow.place(FRAME_COMMANDS)
            await flow.until_answered(0)
            self._finish(flow, reader)

    async def _fixed_rate(self, channel: grpc.aio.Channel, seconds: float) -> Flow:
        """Send single orders at a fixed rate, whatever comes back."""
        async with channel:
            flow = await self._open(channel)
            flow.timed = True
            reader = asyncio.create_task(flow.read())
            await flow.place_at(LATENCY_ORDERS_PER_S, int(seconds * LATENCY_ORDERS_PER_S))
            self._finish(flow, reader)
            return flow

    def _finish(self, flow: Flow, reader: asyncio.Task[None]) -> None:
        reader.cancel()
        flow.call.cancel()
        if flow.refused:
            raise RuntimeError(flow.refusal)
        self.placed += flow.acknowledged


def measure(plan: Plan) -> list[Figure]:
    """Start a mesh and measure its order path."""
    with running_mesh() as mesh:
        return uvloop.run(OrderBench(mesh, plan).measure())
