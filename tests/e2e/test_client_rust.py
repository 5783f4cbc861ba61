"""The example of the Rust client, and that of docs/PROGRAMS.md, against a whole mesh."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from meshctl.stack.home import HOME_NAME
from tests.support.sources import ROOT
from tests.support.stack import Mesh

FOLDER = ROOT / "clients/rust"
CARGO = shutil.which("cargo") or ""
PROGRAMS = (ROOT / "docs/PROGRAMS.md").read_text("utf-8")
MANIFEST = f"""
[package]
name = "program"
version = "0.1.0"
edition = "2024"

[dependencies]
ordermesh-client = {{ path = "{FOLDER}" }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}
"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not CARGO, reason="there is no cargo here; https://rustup.rs installs it"),
]


def test_the_rust_example_places_an_order(mesh: Mesh) -> None:
    edge = (f"localhost:{mesh.ports['edge_tls']}", str(mesh.home.tls / "ca.pem"))
    done = subprocess.run(
        [CARGO, "run", "--quiet", "--locked", "--example", "place_order", *edge, "alice"],
        cwd=FOLDER, input=f"{mesh.users['alice']}\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "placed" in done.stdout
    assert "filled 100 at" in done.stdout


def test_ten_minutes_in_rust(mesh: Mesh, tmp_path: Path) -> None:
    (tmp_path / HOME_NAME).symlink_to(mesh.home.root)
    blocks: list[str] = re.findall(r"^```rust\n(.*?)^```$", PROGRAMS, re.DOTALL | re.MULTILINE)
    (program,) = blocks
    edge = f"localhost:{mesh.ports['edge_tls']}"
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").write_text(program.replace("localhost:8443", edge), "utf-8")
    (tmp_path / "Cargo.toml").write_text(MANIFEST, "utf-8")
    # With the versions of the client and what was built of them.
    shutil.copy(FOLDER / "Cargo.lock", tmp_path)
    done = subprocess.run(
        [CARGO, "run", "--quiet", "--", mesh.users["alice"]],
        cwd=tmp_path, env=os.environ | {"CARGO_TARGET_DIR": str(FOLDER / "target")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "filled 100 at" in done.stdout
