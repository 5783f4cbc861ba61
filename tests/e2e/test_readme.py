"""The examples of the README and of docs/PROGRAMS.md, copied as they stand."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meshctl.stack.home import HOME_NAME
from tests.support.sources import ROOT
from tests.support.stack import Mesh

README = (ROOT / "README.md").read_text("utf-8")
PROGRAMS = (ROOT / "docs/PROGRAMS.md").read_text("utf-8")
VITE = ROOT / "web/node_modules/.bin/vite"
ENVIRONMENT = {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen/python'}", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def project(mesh: Mesh, tmp_path: Path) -> Path:
    """A folder that looks like the project to whoever works in it."""
    (tmp_path / HOME_NAME).symlink_to(mesh.home.root)
    (tmp_path / "gen").symlink_to(ROOT / "gen")
    return tmp_path


def block(having: str, page: str = README) -> str:
    """The code block of a page that holds these words."""
    fenced: list[str] = re.findall(r"^```\w*\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return next(text for text in fenced if having in text)


def edge(mesh: Mesh) -> str:
    """Host and port of the edge of this mesh."""
    return f"localhost:{mesh.ports['edge_tls']}"


def shell(mesh: Mesh, folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run lines of the README, with the ports of this mesh and `ordermesh` at hand."""
    script = script.replace("localhost:8443", f"localhost:{mesh.ports['edge_tls']}")
    return subprocess.run(
        ["/bin/bash", "-c", f'ordermesh() {{ {sys.executable} -m meshctl "$@"; }}\n{script}'],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_python(mesh: Mesh, project: Path) -> None:
    program_text = block("MeshClient").replace(
        "localhost:8443", f"localhost:{mesh.ports['edge_tls']}"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program_text],
        cwd=project, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(f"{mesh.users['alice']}\n")
        program.stdin.flush()
        assert "placed" in program.stdout.readline()
        assert any("ORDER_STATE_FILLED" in line for line in program.stdout)
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=30)
        assert (program.returncode, errors) == (0, ""), "Ctrl-C ends it without a traceback"


def test_ten_minutes_in_python(mesh: Mesh, project: Path) -> None:
    program = block("from decimal import", PROGRAMS)
    done = subprocess.run(
        [sys.executable, "-u", "-c", program.replace("localhost:8443", edge(mesh))],
        cwd=project, env=ENVIRONMENT, input=f"{mesh.users['alice']}\n",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "placed" in done.stdout
    assert "filled 100 at" in done.stdout


@pytest.mark.skipif(not VITE.exists(), reason="web/node_modules is not installed")
def test_ten_minutes_in_typescript(mesh: Mesh, project: Path) -> None:
    program = block("@ordermesh/client/node", PROGRAMS)
    (project / "program.ts").write_text(program.replace("localhost:8443", edge(mesh)), "utf-8")
    build = [VITE, "build", "--config", ROOT / "clients/typescript/conformance/vite.config.ts"]
    subprocess.run(
        [str(word) for word in build], cwd=ROOT / "web", check=True,
        env=os.environ | {"PROGRAM": str(project / "program.ts"), "OUT": str(project / "built")},
    )  # fmt: skip
    done = subprocess.run(
        ["node", str(project / "built/program.mjs"), mesh.users["alice"]],  # noqa: S607
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "filled 100 at" in done.stdout


def test_curl(mesh: Mesh, project: Path) -> None:
    assert mesh.command("login", "alice").returncode == 0
    login, _, place = block("curl --cacert").partition("\n\n")
    login = login.replace('"..."', f'"{mesh.users["alice"]}"')
    done = shell(mesh, project, f"set -e\n{login}\necho\n{place}")
    assert done.returncode == 0, done.stderr
    logged_in, placed = done.stdout.strip().splitlines()
    assert '"accessToken"' in logged_in
    assert '"idempotencyKey":"my-1"' in placed


def test_curl_shows_why_it_was_not_let_in(mesh: Mesh, project: Path) -> None:
    place = block("curl --cacert").partition("\n\n")[2].partition("\n")[2]
    assert '"reason":"UNAUTHENTICATED"' in shell(mesh, project, f"TOKEN=wrong\n{place}").stdout
