"""The restore drill of docs/RESTORE.md: dump, trade on, restore, recover, confirm."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from meshctl.stack.servers import postgres as stack
from ordermesh.oms.v1 import order_pb2, recovery_pb2, recovery_service_pb2
from ordermesh_client import MeshClient, MeshRefusedError, MeshUnreachableError
from tests.support.stack import Mesh, running_mesh
from tests.support.trading import limit_order, logged_in, two_sided_quote, verify
from tests.support.waiting import until, wait_for

# A mesh that is started, restored and verified, on a machine that does other things, too.
pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

ACCOUNT, LISTING = "ACC-ALICE", "ASML.SIMA"
NEW, FILLED = order_pb2.ORDER_STATE_NEW, order_pb2.ORDER_STATE_FILLED
# Orders and drop copies of two venues.
SESSIONS = 4
CANCELED = order_pb2.ORDER_STATE_CANCELED


class Database:
    """The embedded PostgreSQL of a mesh, as the drill's commands use it."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._binaries = stack._find_binaries()
        self._data = mesh.home.data / "postgres"
        self.port = mesh.ports["postgres"]

    def run(self, program: str, *words: str) -> str:
        password = self._mesh.home.secret("postgres-superuser")
        done = subprocess.run(
            [*stack._not_as_root(), str(self._binaries / program), *words],
            env={**os.environ, "PGPASSWORD": password, "TZ": "UTC"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"
        return done.stdout

    def at(self) -> tuple[str, ...]:
        return "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"

    def dump(self, file: Path) -> None:
        self.run("pg_dump", *self.at(), "-Fc", "-n", "oms", "-f", str(file), "ordermesh")

    def restore(self, file: Path) -> None:
        """Replace the order book while the mesh is down."""
        server = ("-D", str(self._data), "-w", "-o", f"-p {self.port} -k '' -h 127.0.0.1")
        self.run("pg_ctl", "start", *server, "-l", str(self._mesh.home.logs / "restore.log"))
        try:
            self.replace(file)
        finally:
            self.run("pg_ctl", "stop", "-D", str(self._data), "-w", "-m", "fast")

    def replace(self, file: Path) -> None:
        """Replace the order book, whoever is connected."""
        self.run("psql", *self.at(), "-c", "DROP SCHEMA oms CASCADE", "ordermesh")
        self.run(
            "pg_restore", *self.at(), "--exit-on-error", "--single-transaction",
            "-d", "ordermesh", str(file),
        )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The home of a mesh that is stopped and started again."""
    return tmp_path / "home"


async def reaches(client: MeshClient, order_id: str, wanted: int) -> order_pb2.Order:
    """Wait until an order is in a state; one that was lost is not there before it is recovered."""
    found = order_pb2.Order()
    try:
        async with asyncio.timeout(30):
            while found.progress.state != wanted:
                try:
                    found = (await client.get(order_id)).order
                except MeshRefusedError as refused:
                    if refused.code != "NOT_FOUND":
                        raise
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not in state {wanted}: {found}") from None
    return found


async def resting(client: MeshClient, quantity: str) -> str:
    quote = await two_sided_quote(client, LISTING)
    price = str(int(float(quote.bid_price) * 0.98))
    placed = await client.place(limit_order(ACCOUNT, LISTING, order_pb2.SIDE_BUY, quantity, price))
    await reaches(client, placed.order.order_id, NEW)
    return placed.order.order_id


async def before_the_loss(mesh: Mesh, dump: Path) -> tuple[str, str, str]:
    """Return an order of the dump, and two later ones: one rests, one is filled."""
    async with logged_in(mesh, "alice") as alice:
        kept = await resting(alice, "10")
        await asyncio.to_thread(Database(mesh).dump, dump)
        working = await resting(alice, "11")
        request = limit_order(ACCOUNT, LISTING, order_pb2.SIDE_BUY, "20", "")
        filled = (await alice.place(request)).order.order_id
        await reaches(alice, filled, FILLED)
        # What the gateways are given with the next heartbeat.
        mark = mesh.home.data / "gateway" / "sima-orders" / "book-mark.json"
        await until(mark.exists, "the gateway has a mark of the book")
    return kept, working, filled


async def complete_report(rita: MeshClient) -> recovery_pb2.Recovery:
    """Return the report when every session has taken part."""
    report = recovery_pb2.Recovery()
    async with asyncio.timeout(30):
        while len(report.sessions) < SESSIONS or not all(one.compared for one in report.sessions):
            request = recovery_service_pb2.ShowRequest()
            report = (await rita.call(rita.recovery.Show, request)).recovery
            await asyncio.sleep(0.05)
    assert not report.sessions_missing
    return report


async def after_the_restore(
    mesh: Mesh, kept: str, working: str, filled: str, *also: str, resting: int
) -> None:
    """Follow the report and confirm it.

    Args:
        mesh: Runs on the restored database.
        kept: The order that the database has.
        working: A lost order that rested at the venue.
        filled: A lost order that was filled.
        also: Further orders that are lost, and may have been filled.
        resting: The state of the orders that rested.
    """
    async with logged_in(mesh, "alice") as alice, logged_in(mesh, "rita") as rita:
        order = await reaches(alice, filled, FILLED)
        assert order.origin == order_pb2.ORDER_ORIGIN_RECOVERED
        executions = (await alice.get(filled)).executions
        assert sum(int(one.quantity) for one in executions) == 20
        order = await reaches(alice, working, resting)
        assert order.origin == order_pb2.ORDER_ORIGIN_RECOVERED
        assert (await reaches(alice, kept, resting)).origin == 0
        with pytest.raises(MeshRefusedError) as refused:
            await alice.place(limit_order(ACCOUNT, LISTING, order_pb2.SIDE_BUY, "1", ""))
        assert (refused.value.code, refused.value.reason) == ("UNAVAILABLE", "RECOVERING")
        state = await alice.call(alice.recovery.GetState, recovery_service_pb2.GetStateRequest())
        assert state.recovering
        report = await complete_report(rita)
        recovered = {*report.recovered_order_ids}
        assert {working, filled} <= recovered <= {working, filled, *also}
        assert {one.order_id for one in report.executions} == recovered - {working}
        assert (report.parked_messages, report.unknown_orders) == (0, 0)
        confirm = recovery_service_pb2.ConfirmRequest(
            recovery_id=report.recovery_id, reason="compared with the venue's list, ticket 7"
        )
        await rita.call(rita.recovery.Confirm, confirm)
        again = limit_order(ACCOUNT, LISTING, order_pb2.SIDE_BUY, "1", "")
        placed = await alice.place(again, retry_for_s=10)
        await reaches(alice, placed.order.order_id, FILLED)


def test_the_restore_drill(folder: Path, tmp_path: Path) -> None:
    dump = tmp_path / "book.dump"
    with running_mesh(folder, keep_data=True) as mesh:
        orders = asyncio.run(before_the_loss(mesh, dump))
    Database(mesh).restore(dump)
    with running_mesh(folder) as mesh:
        wait_for(
            lambda: "ordermesh_oms_recovering 1.0" in mesh.metrics("oms"), "the book is RECOVERING"
        )
        assert "RECOVERING" in mesh.command("status").stdout
        # The simulated venues were stopped, too, and cancel what rested there.
        asyncio.run(after_the_restore(mesh, *orders, resting=CANCELED))
        assert "ordermesh_oms_recovering 0.0" in mesh.metrics("oms")
        assert verify(mesh).returncode == 0


async def refused_until_recovering(mesh: Mesh, database: Database, dump: Path) -> list[str]:
    """Restore while a client goes on trading; return what was taken before the restore.

    No order may be taken by the restored book.
    """
    taken = []
    async with logged_in(mesh, "alice") as alice:
        restoring = asyncio.create_task(asyncio.to_thread(database.replace, dump))
        while True:
            over = restoring.done()
            try:
                placed = await alice.place(
                    limit_order(ACCOUNT, LISTING, order_pb2.SIDE_BUY, "1", ""), retry_for_s=0
                )
            except MeshRefusedError as refused:
                if refused.reason == "RECOVERING":
                    break
            except MeshUnreachableError:
                # The process ends by itself, and begins again.
                continue
            else:
                assert not over, f"{placed.order.order_id} was taken by the restored book"
                taken.append(placed.order.order_id)
        await restoring
    return taken


def test_a_restore_under_a_running_mesh(folder: Path, tmp_path: Path) -> None:
    dump = tmp_path / "book.dump"
    with running_mesh(folder) as mesh:
        orders = asyncio.run(before_the_loss(mesh, dump))
        taken = asyncio.run(refused_until_recovering(mesh, Database(mesh), dump))
        asyncio.run(after_the_restore(mesh, *orders, *taken, resting=NEW))
        assert verify(mesh).returncode == 0
