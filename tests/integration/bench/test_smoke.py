"""The bench runs; what it measures in a smoke run is not looked at."""

import subprocess
import sys

import pytest

PARTS = ["grpc", "postgres", "fix", "fan-out", "market-data"]


def run(*words, timeout_s=110):
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--no-write", *words],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_every_bare_part_and_market_data():
    words = [word for part in PARTS for word in ("--only", part)]
    output = run(*words)
    assert "fan-out to 100" in output
    assert "quickfix pair" in output


@pytest.mark.long
@pytest.mark.timeout(240)  # It starts a mesh, or two, beside what other workers run.
@pytest.mark.parametrize(
    ("part", "figure"),
    [
        ("orders", "orders, through Envoy"),
        ("lone", "CPU of a mesh without orders"),
        ("plain", "64 callers, plain Python"),
        ("router", "routed order at 1000/s: CPU of svc_oms"),
    ],
)
def test_parts_with_a_whole_mesh(part, figure):
    assert figure in run("--only", part, timeout_s=220)
