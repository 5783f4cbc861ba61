"""Fan-out of frames that are serialised already: one process, many streams, nothing else.

With the mesh's own mutual TLS and channel options, so that the comparison with
svc_marketdata compares the service and not the transport; once without
TLS too, to show what TLS costs. One reader process counts updates without parsing them.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path

import grpc
import grpc.aio
import uvloop

from bench.children import child, say_ready
from bench.measure import CpuMeter, Figure, Plan
from mesh.certificates.tls import TlsFiles, server_credentials
from mesh.rpc.channel import mesh_channel
from mesh.rpc.limits import CHANNEL_OPTIONS, SERVER_OPTIONS
from meshctl.stack.servers.certificates import ensure_dev_certificates
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2

METHOD = "/bench.FanOut/Watch"
UPDATES_PER_FRAME = 50
SUBSCRIBERS = (1, 20, 100)
LOW_PRICE = "645.1"
UPDATE_MARK = market_data_pb2.Quote(low_price=LOW_PRICE).SerializeToString()
"""Bytes that every update has once."""


def quote_frame(updates: int = UPDATES_PER_FRAME) -> bytes:
    """A frame of quotes of the size svc_marketdata sends."""
    quote = market_data_pb2.Quote(
        bid_price="650.25", bid_size="1200", ask_price="650.35", ask_size="900",
        last_price="650.3", last_size="100", open_price="648", high_price="655.5",
        low_price=LOW_PRICE, close_price="647.9", volume="1204500",
    )  # fmt: skip
    quote.venue_time.FromNanoseconds(time.time_ns())
    quote.received_at.FromNanoseconds(time.time_ns())
    item = market_data_pb2.MarketDataItem(
        update=market_data_pb2.MarketDataUpdate(
            instrument_id="ASML.SIMA", sequence=100_000, quote=quote
        )
    )
    return market_data_service_pb2.WatchResponse(items=[item] * updates).SerializeToString()


async def _serve(tls_folder: str) -> None:
    frame = quote_frame()

    async def watch(request, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
        while True:
            yield frame

    handler = grpc.unary_stream_rpc_method_handler(watch)
    server = grpc.aio.server(options=SERVER_OPTIONS)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("bench.FanOut", {"Watch": handler}),)
    )
    if tls_folder:
        tls = TlsFiles.of_service(Path(tls_folder), "svc-marketdata")
        port = server.add_secure_port("127.0.0.1:0", server_credentials(tls))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    say_ready(port=port)
    await server.wait_for_termination()


def measure(plan: Plan) -> list[Figure]:
    """Updates a second summed over all subscribers."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        ensure_dev_certificates(Path(folder))
        for tls in (True, False):
            with child("bench.bare.fan_out", folder if tls else "") as (process, ready):
                way = Path(folder) if tls else None
                figures += uvloop.run(_measure(plan, ready["port"], process.pid, way))
    return figures


async def _measure(plan: Plan, port: int, pid: int, tls_folder: Path | None) -> list[Figure]:
    figures = []
    for subscribers in SUBSCRIBERS if tls_folder else SUBSCRIBERS[-1:]:
        way = "mTLS" if tls_folder else "plain"
        figure = Figure(f"bare fan-out to {subscribers}, {way}", "updates/s")
        cpu = Figure(f"bare fan-out to {subscribers}, {way}: CPU", "µs/update")
        for _ in range(plan.repeats):
            async with channel_to(port, tls_folder) as channel:
                stub = channel.unary_stream(METHOD)
                calls = [stub(b"") for _ in range(subscribers)]
                meter = CpuMeter({"bare": pid})
                counter = UpdateCounter(calls)
                figure.values.append(await counter.rate(plan.seconds))
                updates = sum(counter.counts)
                cpu.values.append(meter.seconds()["bare"] / updates * 1e6)
        figures += [figure, cpu]
    return figures


@contextlib.asynccontextmanager
async def channel_to(port: int, tls_folder: Path | None):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Connect as Envoy would, or without TLS."""
    target = f"127.0.0.1:{port}"
    if tls_folder is None:
        channel = grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
    else:
        tls = TlsFiles.of_service(tls_folder, "envoy")
        channel = mesh_channel(target, "svc-marketdata", tls)
    async with channel:
        yield channel


class UpdateCounter:
    """Reads many streams and counts their updates, unparsed: a frame may hold any number."""

    def __init__(self, calls: list[grpc.aio.UnaryStreamCall]) -> None:
        self.counts = [0] * len(calls)
        self._calls = calls
        self._tasks = [asyncio.create_task(self._read(n, c)) for n, c in enumerate(calls)]

    async def rate(self, seconds: float) -> float:
        """Updates a second, over all streams, once each has begun; then ends them."""
        while not all(self.counts):  # noqa: ASYNC110  # an event a frame would be measured too
            await asyncio.sleep(0.01)
        before, start = sum(self.counts), time.perf_counter()
        await asyncio.sleep(seconds)
        rate = (sum(self.counts) - before) / (time.perf_counter() - start)
        await self.stop()
        return rate

    async def stop(self) -> None:
        """End the streams."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, number: int, call: grpc.aio.UnaryStreamCall) -> None:
        async for frame in call:
            self.counts[number] += frame.count(UPDATE_MARK)


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1] if len(sys.argv) > 1 else ""))
