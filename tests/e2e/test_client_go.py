"""The example of the Go client, and that of docs/PROGRAMS.md, against a whole mesh."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from meshctl.stack.home import HOME_NAME
from tests.support.sources import ROOT
from tests.support.stack import Mesh

FOLDER = ROOT / "clients/go"
GO = shutil.which("go") or ""
PROGRAMS = (ROOT / "docs/PROGRAMS.md").read_text("utf-8")

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not GO, reason="there is no go here"),
]


def test_the_go_example_places_an_order(mesh: Mesh) -> None:
    edge = (f"localhost:{mesh.ports['edge_tls']}", str(mesh.home.tls / "ca.pem"))
    done = subprocess.run(
        [GO, "run", "./examples/placeorder", *edge, "alice"],
        cwd=FOLDER, input=f"{mesh.users['alice']}\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "placed" in done.stdout
    assert "filled 100 at" in done.stdout


def test_ten_minutes_in_go(mesh: Mesh, tmp_path: Path) -> None:
    (tmp_path / HOME_NAME).symlink_to(mesh.home.root)
    blocks: list[str] = re.findall(r"^```go\n(.*?)^```$", PROGRAMS, re.DOTALL | re.MULTILINE)
    (program,) = blocks
    edge = f"localhost:{mesh.ports['edge_tls']}"
    (tmp_path / "main.go").write_text(program.replace("localhost:8443", edge), "utf-8")
    # Built in the client's module, which has what it needs, without asking a registry.
    built = str(tmp_path / "program")
    subprocess.run([GO, "build", "-o", built, str(tmp_path / "main.go")], cwd=FOLDER, check=True)
    done = subprocess.run(
        [built, mesh.users["alice"]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "filled 100 at" in done.stdout
