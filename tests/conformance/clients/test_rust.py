"""The Rust client: its own tests, and what Rust's tools say about it."""

import shutil
import subprocess

import pytest

from tests.support.sources import ROOT

FOLDER = ROOT / "clients/rust"

pytestmark = [
    # A first build of tonic takes minutes of CPU; later ones come from the target folder.
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        shutil.which("cargo") is None,
        reason="there is no cargo here; https://rustup.rs installs it",
    ),
]


def run(*command: str) -> str:
    """Run a command in the client's folder that must succeed, and return what it prints."""
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_own_tests_pass():
    run("cargo", "test", "--quiet", "--locked", "--workspace")


@pytest.mark.skipif(
    not (shutil.which("cargo-clippy") and shutil.which("cargo-fmt")),
    reason="there is no clippy or rustfmt here; rustup component add clippy rustfmt installs them",
)
def test_clippy_finds_nothing_and_it_is_formatted():
    everything = ("--quiet", "--locked", "--workspace", "--all-targets")
    run("cargo", "clippy", *everything, "--", "-Dwarnings")
    run("cargo", "fmt", "--all", "--check")


def test_a_package_of_it_has_the_proto_files():
    packed = run("cargo", "package", "--quiet", "--list", "--allow-dirty", "-p", "ordermesh-client")
    ours = {line for line in packed.splitlines() if line.startswith("proto/")}
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "proto").rglob("*.proto")}
    assert ours == there
