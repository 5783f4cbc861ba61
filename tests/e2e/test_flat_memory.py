"""A mesh under load: memory does not grow with what has passed, the disk by what is kept."""

import asyncio
from pathlib import Path

import psutil
import pytest

from meshctl.stack.upkeep import ACCESS_LOG_BYTES_MAX
from tests.support.stack import Mesh, running_mesh
from tests.support.trading import Load, check_invariants, logged_in
from tests.support.waiting import until

TASKS = 12
# Until then caches, pools and the tails of the streams are filled.
WARM_UP_COMMANDS = 1_000
MEASURED_COMMANDS = 2_000
WATCHED = ("oms", "gateway", "marketdata", "identity")
# What is kept in memory of a command until its table is full: a receipt of the gateway (100,000 at
# most), an order that is known (200,000 accounts at most). A leak of every frame or price is more.
KEPT_BYTES_PER_COMMAND_MAX = 2_048
# What the allocators of C keep at hand.
SLACK_BYTES = 12 * 1024 * 1024
# PostgreSQL's tables and indexes, and both FIX stores; 4.1 KB and 1 KB measured.
DISK_BYTES_PER_COMMAND_MAX = 16 * 1024
DISK_SLACK_BYTES = 48 * 1024 * 1024

# A minute on a free machine.
pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


def memory(mesh: Mesh) -> dict[str, int]:
    """Return the memory that each process has for itself."""
    found = {}
    for name in WATCHED:
        found[name] = psutil.Process(mesh.entry(name)["pid"]).memory_full_info().uss
    return found


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


async def test_memory_is_flat_and_the_disk_is_bounded(tmp_path: Path) -> None:
    with running_mesh(tmp_path) as mesh:
        async with logged_in(mesh, "alice") as client:
            listings = [one for one in await client.instruments("ASML") if one.symbol == "ASML"]
            load = Load(client, "ACC-ALICE", listings)
            reader = asyncio.create_task(load.read())
            await until(lambda: load.blotter.last_sequence, "the snapshot is complete")
            trading = asyncio.create_task(load.trade(TASKS))

            async def passed(commands: int) -> None:
                target = load.commands + commands
                await until(
                    lambda: load.commands > target or trading.done(), f"{commands} more", 150
                )

            await passed(WARM_UP_COMMANDS)
            before, disk_before = memory(mesh), disk(mesh.home.root)
            await passed(MEASURED_COMMANDS)
            after, disk_after = memory(mesh), disk(mesh.home.root)
            load.stop()
            await trading
            await load.settle()
            check_invariants(mesh, load)
            reader.cancel()
        most = SLACK_BYTES + MEASURED_COMMANDS * KEPT_BYTES_PER_COMMAND_MAX
        grown = {name: after[name] - before[name] for name in WATCHED}
        assert all(bytes_ < most for bytes_ in grown.values()), grown
        room = DISK_SLACK_BYTES + MEASURED_COMMANDS * DISK_BYTES_PER_COMMAND_MAX
        assert disk_after - disk_before < room
        for log in mesh.home.logs.glob("access.log*"):
            assert log.stat().st_size <= 2 * ACCESS_LOG_BYTES_MAX
