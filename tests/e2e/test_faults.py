"""kill -9 under load: nothing is lost, nothing is doubled, the mesh heals by itself."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.stack import Mesh, running_mesh
from tests.support.trading import Load, check_invariants, logged_in
from tests.support.waiting import until

pytestmark = pytest.mark.long

TASKS = 12
COMMANDS_BEFORE = 150
COMMANDS_AFTER = 150


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """A mesh of its own: these tests leave their mark in its logs."""
    with running_mesh(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.mark.parametrize(
    "victim", ["oms", "gateway", "redis", "marketdata", "sima", "envoy", "postgres", "identity"]
)
async def test_kill_nine_under_load(mesh: Mesh, victim: str) -> None:
    async with logged_in(mesh, "alice") as client:
        listings = [one for one in await client.instruments("ASML") if one.symbol == "ASML"]
        load = Load(client, "ACC-ALICE", listings)
        reader = asyncio.create_task(load.read())
        await until(lambda: load.blotter.last_sequence, "the snapshot is complete")
        trading = asyncio.create_task(load.trade(TASKS))
        await until(lambda: load.commands > COMMANDS_BEFORE or trading.done(), "load runs", 60)

        await asyncio.to_thread(mesh.kill, victim)

        target = load.commands + COMMANDS_AFTER
        await until(lambda: load.commands > target or trading.done(), "load runs again", 90)
        load.stop()
        await trading
        await load.settle()
        check_invariants(mesh, load)
        reader.cancel()
