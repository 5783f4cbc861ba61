import subprocess
import sys

import pytest

from tests.support.sources import ROOT

FLAKY = """
import pathlib

def test_flaky():
    seen = pathlib.Path("seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""
BAD = "def test_bad(): assert False"
CRASHES = "import os\ndef test_crashes(): os._exit(7)"
BROKEN = "import no_such_module"
GOOD = "def test_good(): pass"
# Without the plugins that nothing here needs.
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


@pytest.mark.parametrize(
    ("files", "code", "flaky", "repeats"),
    [
        pytest.param([GOOD], 0, False, False, id="nothing fails"),
        pytest.param([GOOD, FLAKY], 0, True, True, id="passes alone"),
        pytest.param([BAD, FLAKY], 1, True, True, id="fails again"),
        pytest.param([BROKEN, FLAKY], 1, False, False, id="a file cannot be collected"),
        pytest.param([CRASHES, FLAKY], 3, False, False, id="a worker crashes"),
    ],
)
def test_failed_tests_are_repeated_alone(tmp_path, files, code, flaky, repeats):
    for number, text in enumerate(files):
        (tmp_path / f"test_{number}.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p xdist\n")
    ours = (ROOT / "tests/conftest.py").read_text("utf-8")
    hook = ours[ours.index("def pytest_handlecrashitem") :]
    (tmp_path / "conftest.py").write_text(f"import pytest\n\n{hook}")
    done = subprocess.run(
        [sys.executable, "-m", "tools.run_tests", "--repeat-failed", "-n", "1"],
        cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    named = [line for line in lines if line.startswith("FLAKY")]
    assert named == (["FLAKY test_1.py::test_flaky"] if flaky else [])
    assert any(line.startswith("repeating") for line in lines) == repeats
