"""Fan-out of frames that are serialised already: one process, many streams, nothing else.

With the mesh's own mutual TLS and channel options, so that the comparison with
svc_marketdata compares the service and not the transport. The readers are those of Go.
"""

import sys
import tempfile
from pathlib import Path

import grpc
import grpc.aio
import uvloop

from bench.bare.quote_frame import quote_frame
from bench.children import child, say_ready
from bench.measure import CpuMeter, Figure, Plan
from bench.peers.go import built
from bench.peers.grpc_readers import Streams, reading
from mesh.certificates.tls import TlsFiles, server_credentials
from mesh.rpc.limits import SERVER_OPTIONS
from meshctl.stack.servers.certificates import ensure_dev_certificates

METHOD = "/bench.FanOut/Watch"
SUBSCRIBERS = (1, 20, 100)


async def _serve(folder: Path) -> None:
    frame = quote_frame()

    async def watch(request, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
        while True:
            yield frame

    handler = grpc.unary_stream_rpc_method_handler(watch)
    server = grpc.aio.server(options=SERVER_OPTIONS)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("bench.FanOut", {"Watch": handler}),)
    )
    tls = TlsFiles.of_service(folder, "svc-marketdata")
    port = server.add_secure_port("127.0.0.1:0", server_credentials(tls))
    await server.start()
    say_ready(port=port)
    await server.wait_for_termination()


def measure(plan: Plan) -> list[Figure]:
    """Updates a second summed over all subscribers."""
    program = built("readers")
    if program is None:
        return []
    figures = []
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        ensure_dev_certificates(Path(folder))
        with child("bench.bare.fan_out", folder) as (process, ready):
            run = _measure(plan, program, ready["port"], process.pid, Path(folder))
            figures += uvloop.run(run)
    return figures


async def _measure(plan: Plan, program: Path, port: int, pid: int, folder: Path) -> list[Figure]:
    figures = []
    tls = TlsFiles.of_service(folder, "envoy")
    for subscribers in SUBSCRIBERS:
        rate = Figure(f"bare fan-out to {subscribers}, mTLS", "updates/s")
        cpu = Figure(f"bare fan-out to {subscribers}, mTLS: CPU", "µs/update")
        streams = Streams(
            f"127.0.0.1:{port}", "localhost", tls.tls_ca, METHOD, [b""], subscribers,
            plan.seconds, tls,
        )  # fmt: skip
        for _ in range(plan.repeats):
            async with reading(program, streams) as readers:
                meter = CpuMeter({"bare": pid})
                found = await readers.found
                rate.values.append(found.rate)
                cpu.values.append(meter.seconds()["bare"] / found.updates * 1e6)
        figures += [rate, cpu]
    return figures


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1])))
