"""The example of the Go client against a whole mesh."""

import shutil
import subprocess

import pytest

from tests.support.sources import ROOT
from tests.support.stack import Mesh


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_go_example_places_an_order(mesh: Mesh) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no go here")
    edge = (f"localhost:{mesh.ports['edge_tls']}", str(mesh.home.tls / "ca.pem"))
    done = subprocess.run(
        [go, "run", "./examples/placeorder", *edge, "alice"],
        cwd=ROOT / "clients/go",
        input=f"{mesh.users['alice']}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "placed" in done.stdout
    assert "filled 100 at" in done.stdout
