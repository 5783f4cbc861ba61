"""Processes of the bench itself: started as modules, ready when they print it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import meshctl

BENCH_FOLDER = Path(__file__).parents[1]
"""Where modules of the bench are found."""
PROJECT = Path(meshctl.__file__).resolve().parents[1]
"""The tree that is measured. It is another than that of the bench in a run of `--against`."""
STOP_GRACE_S = 5


@contextmanager
def child(module: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run ``python -m module words`` and wait for the line of JSON that says it is ready."""
    process = subprocess.Popen(  # our own modules
        [sys.executable, "-m", module, *words],
        cwd=BENCH_FOLDER,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{module} ended before it was ready")
        yield process, json.loads(line)
    finally:
        process.terminate()
        try:
            process.wait(STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        if process.stdin is not None:
            process.stdin.close()


def say_ready(**facts: object) -> None:
    """Print that this process is ready."""
    print(json.dumps(facts), flush=True)


def free_port() -> int:
    """Find a TCP port on loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
