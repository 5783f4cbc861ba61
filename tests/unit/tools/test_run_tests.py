import subprocess
import sys

import pytest

from tests.support.sources import ROOT
from tools.run_tests import worse

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


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p xdist\n")
    ours = (ROOT / "tests/conftest.py").read_text("utf-8")
    hook = ours[ours.index("def pytest_handlecrashitem") :]
    (folder / "conftest.py").write_text(f"import pytest\n\n{hook}")


def run(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "tools.run_tests", *words, "-n", "1"],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip


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
    write(tmp_path, {f"test_{number}.py": text for number, text in enumerate(files)})
    done = run(tmp_path, "--repeat-failed")
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    named = [line for line in lines if line.startswith("FLAKY")]
    assert named == (["FLAKY test_1.py::test_flaky"] if flaky else [])
    assert any(line.startswith("repeating") for line in lines) == repeats


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        pytest.param([0, 0], 0, id="nothing fails"),
        pytest.param([1, 0], 1, id="the workers fail"),
        pytest.param([0, 1], 1, id="the process fails"),
        pytest.param([1, 2], 2, id="the worse one counts"),
        pytest.param([3, 1], 3, id="a worker crashes"),
        pytest.param([0, 5], 0, id="no test in the process"),
        pytest.param([5, 0], 0, id="no test for the workers"),
        pytest.param([5, 1], 1, id="the only tests fail"),
        pytest.param([5, 5], 5, id="no test at all"),
    ],
)
def test_the_exit_code_is_the_worse_one_of_both_runs(codes, code):
    assert worse(codes) == code


def test_what_only_computes_runs_in_one_process_and_no_worker_collects_it(tmp_path):
    # Each file writes down who reads it.
    where = (
        "import os\n"
        "with open('read', 'a') as read:\n"
        "    print(os.environ.get('PYTEST_XDIST_WORKER', 'none'), __name__, file=read)\n"
    )
    again = FLAKY.replace('seen")', 'seen-too")').replace("flaky", "flaky_too")
    write(tmp_path, {"computes/test_alone.py": where + FLAKY, "test_beside.py": where + again})
    done = run(tmp_path, "--repeat-failed", "--alone", "computes")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    # A failed test is repeated without workers.
    read = set((tmp_path / "read").read_text("utf-8").splitlines())
    assert read == {"none test_alone", "gw0 test_beside", "none test_beside"}
    assert "computes, in one process:" in lines
    assert {line for line in lines if line.startswith("FLAKY")} == {
        "FLAKY computes/test_alone.py::test_flaky", "FLAKY test_beside.py::test_flaky_too",
    }  # fmt: skip
