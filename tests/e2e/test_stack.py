"""`ordermesh up`, `down` and `status` as an operator meets them."""

import json
import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from meshctl.stack.home import Home, Ports
from tests.support.ports import free_offset
from tests.support.stack import run_command, running_mesh
from tests.support.waiting import wait_for


@pytest.mark.long
def test_no_process_remains_and_data_survives(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with running_mesh(home.root, keep_data=True) as mesh:
        pids = _pids(home)
        assert mesh.command("login", "alice").returncode == 0
        bought = mesh.command("order", "buy", "ASML.SIMA", "1", "--json")
        assert bought.returncode == 0, bought.stderr
        order_id = json.loads(bought.stdout.splitlines()[0])["order_id"]
        again = run_command(home, "up", "--port-offset", "0")
        assert again.returncode == 3
        assert "already runs here" in again.stderr
        assert mesh.command("down").returncode == 0
        _gone(pids)
        assert mesh.process.wait(timeout=30) == 0
        stopped = mesh.command("status", "--json")
        assert stopped.returncode == 4
        assert json.loads(stopped.stdout)["running"] is False
        nobody = mesh.command("orders")
        assert nobody.returncode == 4, nobody.stderr

    with running_mesh(home.root) as mesh:
        listed = mesh.command("orders", "--json")
        assert order_id in listed.stdout, listed.stderr


@pytest.mark.long
def test_a_killed_supervisor_leaves_nothing_the_next_one_cannot_clean(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with running_mesh(home.root) as mesh:
        pids = _pids(home)
        mesh.process.send_signal(signal.SIGKILL)
        mesh.process.wait()
        # The kernel signals the children, and each ends by itself, also those with FIX sessions.
        _gone(pids)
        status = mesh.command("status", "--json")
        assert json.loads(status.stdout)["running"] is False
        down = mesh.command("down")
        assert down.returncode == 0, down.stderr


def test_a_taken_port_is_reported_by_name(tmp_path: Path) -> None:
    offset = free_offset()
    ports = Ports().shifted(offset)
    with socket.create_server(("127.0.0.1", ports["edge_tls"])):
        up = run_command(Home(tmp_path), "up", "--port-offset", str(offset))
    assert up.returncode == 3
    assert f"edge_tls: 127.0.0.1:{ports['edge_tls']}" in up.stderr
    assert f"pid {os.getpid()}" in up.stderr
    assert "--port-offset" in up.stderr


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    up = run_command(Home(tmp_path), "up", "--venues", str(tmp_path / "none.yaml"))
    assert up.returncode == 3
    assert "none.yaml" in up.stderr


def _pids(home: Home) -> list[int]:
    pids = [entry["pid"] for entry in home.state()["processes"]]
    assert len(pids) == 10
    children = [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]
    return [home.state()["supervisor_pid"], *pids, *children]


def _gone(pids: list[int]) -> None:
    def all_ended() -> bool:
        return not any(_alive(pid) for pid in pids)

    wait_for(all_ended, f"no process of the mesh is left: {[p for p in pids if _alive(p)]}")


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
