"""`ordermesh up --kafka`: a new user's orders are in Kafka, whatever is killed."""

import json
import os
import signal
from pathlib import Path

import pytest

from event_archive.reading import read_entries
from event_archive.stores import open_store
from meshctl.stack.home import Home
from tests.support.stack import Mesh, running_mesh
from tests.support.waiting import wait_for


def events(mesh: Mesh, count: int) -> list[dict]:
    """Read the first events of alice's account."""
    words = ("events", "tail", "--topic", "orders", "--from-beginning", "--key", "ACC-ALICE")
    done = mesh.command(*words, "--limit", str(count))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def archived_orders(mesh: Mesh) -> set[str | None]:
    """Return the orders of which the archive has an event."""
    store = open_store(str(mesh.home.event_archive))
    return {one.about.order_id for one in read_entries(store, "orders")}


def buy(mesh: Mesh) -> str:
    bought = mesh.command("order", "buy", "ASML.SIMA", "1", "--json")
    assert bought.returncode == 0, bought.stderr
    return json.loads(bought.stdout.splitlines()[0])["order_id"]


@pytest.mark.long
@pytest.mark.timeout(400)
def test_orders_are_in_kafka_whatever_is_killed(tmp_path: Path) -> None:
    with running_mesh(Home(tmp_path / "home").root, "--kafka") as mesh:
        assert mesh.command("login", "alice").returncode == 0
        first = buy(mesh)
        mesh.kill("relay")
        mesh.kill("kafka")
        second = buy(mesh)
        # Accepted, acknowledged, executed: three events of each at least.
        found = events(mesh, 6)
        assert [one["sequence"] for one in found] == [1, 2, 3, 4, 5, 6]
        assert found[0]["value"]["order_id"] == first
        assert second in {one["value"]["order_id"] for one in found}
        wait_for(lambda: "lag_seconds 0.0" in mesh.metrics("relay"), "everything is in Kafka")
        status = json.loads(mesh.command("status", "--json").stdout)
        rows = {row["name"]: row for row in status["processes"]}
        assert rows["relay"]["ready"]
        assert rows["kafka"]["ready"]
        assert mesh.command("topics", "apply", "--replication", "1").stdout == ""
        assert rows["archive"]["ready"]
        wait_for(lambda: "lag_seconds 0.0" in mesh.metrics("archive"), "everything is read")
        # It ends in good order, so it closes its files.
        os.kill(mesh.entry("archive")["pid"], signal.SIGTERM)
        wait_for(lambda: first in archived_orders(mesh), "the order is in the archive", 60)
        verified = mesh.command("archive", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert verified.stdout.endswith("no difference\n")
