"""Fan-out through svc_marketdata: a scripted feed in, counted updates out, over mutual TLS.

Frames of the feed change the best bid of 50 listings; each subscriber of EVERY_EVENT gets every
one of these quotes. The feed sends the next frame when the slowest subscriber is at most some
frames late, as in the bare measurement, where flow control does it. The readers are those of Go.
"""

import asyncio
import tempfile
from pathlib import Path

import uvloop

from bench.bare.fan_out import SUBSCRIBERS
from bench.bare.quote_frame import UPDATES_PER_FRAME
from bench.measure import CpuMeter, Figure, Plan
from bench.peers.go import built
from bench.peers.grpc_readers import Streams, Taken, reading
from bench.prices.feed import ScriptedFeed
from bench.prices.service import Issuer, running_service
from mesh.certificates.tls import TlsFiles
from mesh.rpc.channel import mesh_channel
from meshctl.stack.servers.certificates import ensure_dev_certificates
from ordermesh.marketdata.v1 import market_data_service_pb2

WATCH = "/ordermesh.marketdata.v1.MarketDataService/Watch"


def measure(plan: Plan) -> list[Figure]:
    """Updates a second summed over all subscribers, and CPU an update of service and readers."""
    program = built("readers")
    if program is None:
        return []
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        return uvloop.run(_measure(plan, program, Path(folder)))


async def _measure(plan: Plan, program: Path, folder: Path) -> list[Figure]:
    ensure_dev_certificates(folder)
    issuer = Issuer(folder)
    figures = []
    async with running_service(folder, await issuer.start()) as (port, pid):
        target = f"127.0.0.1:{port}"
        gateway = mesh_channel(target, "svc-marketdata", TlsFiles.of_service(folder, "svc-gateway"))
        edge = TlsFiles.of_service(folder, "envoy")
        async with gateway:
            feed = ScriptedFeed(gateway, "SIMA", UPDATES_PER_FRAME)
            await feed.open()
            for mode in ("EVERY_EVENT", "LATEST_ON_READY"):
                for subscribers in SUBSCRIBERS if mode == "EVERY_EVENT" else SUBSCRIBERS[-1:]:
                    name = f"svc_marketdata to {subscribers}, {mode}"
                    rate = Figure(name, "updates/s")
                    cpu = Figure(f"{name}: CPU", "µs/update")
                    of_readers = Figure(f"{name}: CPU of the readers", "µs/update")
                    request = market_data_service_pb2.WatchRequest(
                        subscription={"mode": f"DELIVERY_MODE_{mode}"}, heartbeat_s=60
                    ).SerializeToString()
                    streams = Streams(
                        target, "localhost", edge.tls_ca, WATCH, [request], subscribers,
                        plan.seconds, edge, tokens=[issuer.token()],
                    )  # fmt: skip
                    for _ in range(plan.repeats):
                        meter = CpuMeter({"marketdata": pid})
                        found = await _run(program, streams, feed, paced=mode == "EVERY_EVENT")
                        used = meter.seconds()["marketdata"]
                        rate.values.append(found.rate)
                        cpu.values.append(used / found.updates * 1e6)
                        of_readers.values.append(found.cpu_s / found.updates * 1e6)
                    figures += [rate, cpu, of_readers]
            await feed.close()
    await issuer.stop()
    return figures


async def _run(program: Path, streams: Streams, feed: ScriptedFeed, *, paced: bool) -> Taken:
    async with reading(program, streams) as readers:
        before = readers.taken
        taken = (lambda: readers.taken - before) if paced else None
        pushing = asyncio.create_task(feed.push(taken))
        found = await readers.found
        feed.stop()
        await pushing
        return found
