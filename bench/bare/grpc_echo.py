"""A bare grpc.aio bidirectional stream between two Python processes.

Frames carry N orders as protobuf, parsed and serialised on both sides, as the mesh has to.
Plain loopback TCP without TLS, no interceptors.
"""

import asyncio
import time

import grpc
import grpc.aio
import uvloop

from bench.children import child, say_ready
from bench.measure import Figure, Plan, percentile
from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb
from ordermesh.oms.v1 import order_pb2, order_service_pb2

METHOD = "/bench.Echo/Echo"
BATCHES = (1, 32, 128)
IN_FLIGHT_FRAMES = 64


def frame_of(items: int) -> flow_pb.FlowRequest:
    """A frame of new orders."""
    place = order_service_pb2.PlaceRequest(
        idempotency_key="bench-000000000000",
        account_id="ACC-BENCH",
        instrument_id="ASML.SIMA",
        side=order_pb2.SIDE_BUY,
        type=order_pb2.ORDER_TYPE_LIMIT,
        terms=order_pb2.OrderTerms(
            quantity="100", limit_price="150.25", time_in_force=order_pb2.TIME_IN_FORCE_DAY
        ),
    )
    return flow_pb.FlowRequest(
        commands=[flow_pb.FlowCommand(correlation_id=n + 1, place=place) for n in range(items)]
    )


async def _serve() -> None:
    async def echo(requests, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
        async for request in requests:
            yield request

    handler = grpc.stream_stream_rpc_method_handler(
        echo,
        request_deserializer=flow_pb.FlowRequest.FromString,
        response_serializer=flow_pb.FlowRequest.SerializeToString,
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("bench.Echo", {"Echo": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    say_ready(port=port)
    await server.wait_for_termination()


def measure(plan: Plan) -> list[Figure]:
    """Items a second at each batch size, and the ping-pong latency of one item."""
    with child("bench.bare.grpc_echo") as (_, ready):
        return uvloop.run(_measure(plan, ready["port"]))


async def _measure(plan: Plan, port: int) -> list[Figure]:
    figures = [Figure(f"grpc echo, {n} a frame", "items/s") for n in BATCHES]
    latency = Figure("grpc echo, ping-pong p50", "ms")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        for _ in range(plan.repeats):
            for figure, items in zip(figures, BATCHES, strict=True):
                figure.values.append(await _throughput(channel, items, plan.seconds))
            latency.values.append(await _ping_pong(channel, plan.round_trips))
    return [*figures, latency]


def _open(channel: grpc.aio.Channel) -> grpc.aio.StreamStreamCall:
    return channel.stream_stream(
        METHOD,
        request_serializer=flow_pb.FlowRequest.SerializeToString,
        response_deserializer=flow_pb.FlowRequest.FromString,
    )()


async def _throughput(channel: grpc.aio.Channel, items: int, seconds: float) -> float:
    call, frame = _open(channel), frame_of(items)
    window = asyncio.Semaphore(IN_FLIGHT_FRAMES)
    end = time.perf_counter() + seconds

    async def send() -> None:
        while time.perf_counter() < end:
            await window.acquire()
            await call.write(frame)
        await call.done_writing()

    sender = asyncio.create_task(send())
    start, received = time.perf_counter(), 0
    async for answer in call:
        received += len(answer.commands)
        window.release()
    await sender
    return received / (time.perf_counter() - start)


async def _ping_pong(channel: grpc.aio.Channel, round_trips: int) -> float:
    call, frame = _open(channel), frame_of(1)
    taken: list[float] = []
    for _ in range(round_trips):
        start = time.perf_counter()
        await call.write(frame)
        await call.read()
        taken.append((time.perf_counter() - start) * 1000)
    await call.done_writing()
    return percentile(taken, 50)


if __name__ == "__main__":
    uvloop.run(_serve())
