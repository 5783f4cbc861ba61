"""A mesh under load: memory does not grow with what has passed, the disk by what is kept."""

import asyncio
import re
import time
from collections import defaultdict
from pathlib import Path

import psutil
import pytest

from meshctl.stack.upkeep import ACCESS_LOG_BYTES_MAX
from tests.support.growth import Bounds, Sample, edge, growths, leaks
from tests.support.stack import Mesh, running_mesh
from tests.support.trading import Load, check_invariants, logged_in
from tests.support.waiting import until

TASKS = 12
# So the open orders are as many at the end as at the begin.
ORDERS_OF_A_TASK_MAX = 20
# Until then caches, pools and the tails of the streams are filled.
WARM_UP_S = 60
WINDOW_S = 75
WINDOWS = 2
SAMPLE_S = 1.0
MIB = 1024 * 1024
# Above what was measured with 70 commands a second: 0.3 MB of svc_marketdata, 0.1 of svc_identity.
# What is kept of a command until its table is full was 360 bytes of svc_oms (an order that is
# known) and 480 of the gateway (a receipt; 100,000 at most).
BOUNDS = {
    "oms": Bounds(MIB / 4, 2_000, 400, 7),
    "gateway": Bounds(MIB / 4, 2_000, 480, 3.2),
    "marketdata": Bounds(MIB * 3 / 4, 5_000),
    "identity": Bounds(MIB / 4, 2_000),
}
# PostgreSQL's tables and indexes, and both FIX stores; 4.1 KB and 1 KB measured.
DISK_BYTES_PER_COMMAND_MAX = 16 * 1024
DISK_SLACK_BYTES = 48 * 1024 * 1024

# Four minutes.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def sample(mesh: Mesh, name: str, commands: int) -> Sample:
    """Look at a process."""
    used = psutil.Process(mesh.entry(name)["pid"]).memory_full_info().uss
    blocks = re.search(r"^ordermesh_python_blocks (\S+)$", mesh.metrics(name), re.MULTILINE)
    assert blocks is not None
    return Sample(used, float(blocks[1]), commands)


def disk(folder: Path) -> int:
    """Return the bytes below a folder, but the write-ahead log, which has a bound of its own."""
    total = 0
    for path in folder.rglob("*"):
        if "pg_wal" not in path.parts:
            try:
                total += path.stat().st_size if path.is_file() else 0
            except FileNotFoundError:
                continue
    return total


async def window(mesh: Mesh, load: Load, seconds: float) -> dict[str, Sample]:
    """Look at the processes for so long; return what they have at the end."""
    samples = defaultdict(list)
    end = due = time.monotonic() + SAMPLE_S
    end += seconds
    while due < end:
        await until(lambda at=due: time.monotonic() >= at, "the next sample is due")
        for name in BOUNDS:
            samples[name].append(await asyncio.to_thread(sample, mesh, name, load.commands))
        due = max(due + SAMPLE_S, time.monotonic())
    return {name: edge(found) for name, found in samples.items()}


async def test_memory_is_flat_and_the_disk_is_bounded(tmp_path: Path) -> None:
    with running_mesh(tmp_path) as mesh:
        async with logged_in(mesh, "alice") as client:
            listings = [one for one in await client.instruments("ASML") if one.symbol == "ASML"]
            load = Load(client, "ACC-ALICE", listings, mine_max=ORDERS_OF_A_TASK_MAX)
            reader = asyncio.create_task(load.read())
            await until(lambda: load.blotter.last_sequence, "the snapshot is complete")
            trading = asyncio.create_task(load.trade(TASKS))
            edges = [await window(mesh, load, WARM_UP_S)]
            commands_before, disk_before = load.commands, disk(mesh.home.root)
            edges += [await window(mesh, load, WINDOW_S) for _ in range(WINDOWS)]
            commands, disk_after = load.commands - commands_before, disk(mesh.home.root)
            load.stop()
            await trading
            await load.settle()
            check_invariants(mesh, load)
            reader.cancel()
        of = {name: [found[name] for found in edges] for name in BOUNDS}
        leaking = {name: growths(of[name]) for name in BOUNDS if leaks(of[name], BOUNDS[name])}
        assert not leaking
        assert disk_after - disk_before < DISK_SLACK_BYTES + commands * DISK_BYTES_PER_COMMAND_MAX
        for log in mesh.home.logs.glob("access.log*"):
            assert log.stat().st_size <= 2 * ACCESS_LOG_BYTES_MAX
