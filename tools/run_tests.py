"""Run pytest; with `--repeat-failed` first, failed tests run once more, alone.

    python -m tools.run_tests [--repeat-failed] <arguments of pytest>

A test that passes then is printed on a line `FLAKY <test>` and does not count as failed. Only
failed tests are repeated: after a collection error or a crashed worker the exit code is final.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

# More failures than this are no accident of time: they are not repeated.
REPEATED_MAX = 20
ALONE = ("-n", "0", "--last-failed", "--last-failed-no-failures", "none")


def run_tests(arguments: Sequence[str], *, repeat_failed: bool) -> int:
    """Run, repeat if asked, and return the exit code."""
    with tempfile.TemporaryDirectory() as cache:
        code = _pytest(cache, arguments)
        failed = _failed(cache)
        # What could not be collected stands there as a file or folder, without "::".
        tests_alone = bool(failed) and all("::" in one for one in failed)
        if not repeat_failed or code != pytest.ExitCode.TESTS_FAILED or not tests_alone:
            return code
        if len(failed) > REPEATED_MAX:
            print(f"{len(failed)} tests failed; more than {REPEATED_MAX} are not repeated")
            return code
        print(f"repeating {len(failed)} failed tests, alone", flush=True)
        code = _pytest(cache, [*arguments, *ALONE])
        for test in sorted(failed - _failed(cache)):
            print(f"FLAKY {test}")
        return code


def _pytest(cache: str, arguments: Sequence[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *arguments]
    # To rewrite the assertions of all tests takes a worker 15 s of CPU; the next run finds them.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run(command, check=False, env=environment).returncode


def _failed(cache: str) -> set[str]:
    file = Path(cache) / "v" / "cache" / "lastfailed"
    return set(json.loads(file.read_text("utf-8"))) if file.exists() else set()


if __name__ == "__main__":
    repeat = sys.argv[1:2] == ["--repeat-failed"]
    sys.exit(run_tests(sys.argv[2 if repeat else 1 :], repeat_failed=repeat))
