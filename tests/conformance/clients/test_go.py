"""The Go client: its own tests, and what Go's tools say about it."""

import shutil
import subprocess

import pytest

from tests.support.sources import ROOT

FOLDER = ROOT / "clients/go"

pytestmark = [
    # A first build of gRPC takes a minute of CPU; later ones come from Go's cache.
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("go") is None, reason="there is no go here"),
]


def run(*command: str) -> str:
    """Run a command in the client's folder that must succeed, and return what it prints."""
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_own_tests_pass():
    run("go", "test", "./...")


def test_go_vet_and_staticcheck_find_nothing():
    run("go", "vet", "./...")
    # In the client's module, with the linter of the other one.
    staticcheck = run("go", "-C", "tools", "tool", "-n", "staticcheck").strip()
    run(staticcheck, "./...")


def test_it_is_formatted_and_its_module_is_tidy():
    sources = [str(path) for path in FOLDER.rglob("*.go") if "gen" not in path.parts]
    assert run("gofmt", "-l", *sources) == ""
    run("go", "mod", "tidy", "-diff")
    run("go", "mod", "verify")
