"""Gorilla WebSocket over mutual TLS: the same bytes to the same numbers of readers, in Go.

It needs Go (https://go.dev), and the first time the module proxy; without either it is left out.
Both sides are Go, in a process each, so that a reader in Python does not limit the rate.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.bare.fan_out import SUBSCRIBERS
from bench.bare.quote_frame import UPDATE_MARK, quote_frame
from bench.measure import CpuMeter, Figure, Plan
from bench.peers.go import built
from mesh.certificates.tls import TlsFiles
from meshctl.stack.servers.certificates import ensure_dev_certificates

STOP_TIMEOUT_S = 5


def measure(plan: Plan) -> list[Figure]:
    """Updates a second summed over all readers, and CPU of the server an update."""
    program = built("gorilla")
    if program is None:
        return []
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as name:
        folder = Path(name)
        ensure_dev_certificates(folder)
        frame = folder / "frame"
        frame.write_bytes(quote_frame())
        with _server(program, folder, frame) as (process, port):
            return _measure(plan, program, folder, process.pid, port)


def figure_name(readers: int) -> str:
    """Return the name of the figure of so many readers."""
    return f"Gorilla WebSocket to {readers}, mTLS"


def _tls(folder: Path, service: str) -> list[str]:
    files = TlsFiles.of_service(folder, service)
    return [str(files.tls_cert), str(files.tls_key), str(files.tls_ca)]


@contextmanager
def _server(
    program: Path, folder: Path, frame: Path
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    words = [str(program), "serve", *_tls(folder, "svc-marketdata"), str(frame)]
    # Readers that end in a message are logged.
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        yield process, int(json.loads(process.stdout.readline())["port"])
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
        process.stdout.close()


def _measure(plan: Plan, program: Path, folder: Path, pid: int, port: int) -> list[Figure]:
    figures = []
    for readers in SUBSCRIBERS:
        rate = Figure(figure_name(readers), "updates/s", note="server and readers in Go")
        cpu = Figure(f"{figure_name(readers)}: CPU", "µs/update")
        words = [str(port), str(readers), UPDATE_MARK.hex(), str(plan.seconds)]
        for _ in range(plan.repeats):
            meter = CpuMeter({"gorilla": pid})
            done = subprocess.run(
                [str(program), "read", *_tls(folder, "envoy"), *words],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            found = json.loads(done.stdout)
            rate.values.append(found["rate"])
            cpu.values.append(meter.seconds()["gorilla"] / found["updates"] * 1e6)
        figures += [rate, cpu]
    return figures
