"""The wheel of the Python client in an environment that has nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sources import ROOT
from tests.support.stack import Mesh

NEEDS = {"ordermesh-client", "grpcio", "protobuf", "typing_extensions"}


def run(*command: object, text: str = "") -> str:
    """Run a command that must succeed, and return what it prints."""
    done = subprocess.run(
        [str(word) for word in command], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of an empty environment into which the wheel was installed."""
    tree = tmp_path / "tree"
    for part in ("clients/python", "gen/python"):
        shutil.copytree(ROOT / part, tree / part)
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, tree / "clients/python")
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    installed = tmp_path / "venv/bin/python"
    run(installed, "-m", "pip", "install", *tmp_path.glob("ordermesh_client-*.whl"))
    return installed


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_wheel_alone_places_an_order(mesh: Mesh, python: Path) -> None:
    listed = run(python, "-m", "pip", "list", "--format=freeze", "--exclude=pip")
    assert {line.partition("==")[0] for line in listed.split()} - {"setuptools"} <= NEEDS
    example = ROOT / "clients/python/examples/place_order.py"
    edge = (f"localhost:{mesh.ports['edge_tls']}", mesh.home.tls / "ca.pem")
    output = run(python, "-I", example, *edge, "alice", text=f"{mesh.users['alice']}\n")
    assert "placed" in output
    assert "filled 100 at" in output
