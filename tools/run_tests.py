"""Run pytest: what only computes in one process, and the rest in workers beside it.

    python -m tools.run_tests [--repeat-failed] [--alone PATH]... <arguments of pytest>

Each worker of pytest-xdist collects all tests that it may be given, and each test costs messages.
Unit tests are most of the tests and wait for nothing, so workers bring them nothing: the tests of
the folders named by `--alone` run in one process without workers, and no worker collects them.
Its output is printed when both have ended.

With `--repeat-failed`, failed tests run once more, alone. A test that passes then is printed on a
line `FLAKY <test>` and does not count as failed. Only failed tests are repeated: after a collection
error or a crashed worker the exit code is final.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

# More failures than this are no accident of time: they are not repeated.
REPEATED_MAX = 20
ALONE = ("-n", "0", "--last-failed", "--last-failed-no-failures", "none")
NOTHING_WRONG = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def run_tests(arguments: Sequence[str], alone: Sequence[str], *, repeat_failed: bool) -> int:
    """Run, repeat if asked, and return the exit code: the higher one of both runs.

    Args:
        arguments: Of pytest.
        alone: Folders whose tests run in one process without workers.
        repeat_failed: Failed tests run once more, alone.
    """
    if not alone:
        return _run(arguments, repeat_failed=repeat_failed, output=None)
    ignored = [f"--ignore={path}" for path in alone]
    with (
        tempfile.TemporaryFile() as output,
        ThreadPoolExecutor(1) as beside,
    ):
        first = [*arguments, "-n", "0", *alone]
        running = beside.submit(_run, first, repeat_failed=repeat_failed, output=output)
        codes = [_run([*arguments, *ignored], repeat_failed=repeat_failed, output=None)]
        codes.append(running.result())
        output.seek(0)
        print(f"\n{' '.join(alone)}, in one process:", flush=True)
        sys.stdout.buffer.write(output.read())
        sys.stdout.flush()
    return worse(codes)


def worse(codes: Sequence[int]) -> int:
    """Return the exit code of several runs; one without any test is right beside others."""
    wrong = [code for code in codes if code not in NOTHING_WRONG]
    return max(wrong) if wrong else min(codes)


def _run(arguments: Sequence[str], *, repeat_failed: bool, output: IO[bytes] | None) -> int:
    with tempfile.TemporaryDirectory() as cache:
        code = _pytest(cache, arguments, output)
        failed = _failed(cache)
        # What could not be collected stands there as a file or folder, without "::".
        tests_alone = bool(failed) and all("::" in one for one in failed)
        if not repeat_failed or code != pytest.ExitCode.TESTS_FAILED or not tests_alone:
            return code
        if len(failed) > REPEATED_MAX:
            print(f"{len(failed)} tests failed; more than {REPEATED_MAX} are not repeated")
            return code
        print(f"repeating {len(failed)} failed tests, alone", flush=True)
        code = _pytest(cache, [*arguments, *ALONE], output)
        for test in sorted(failed - _failed(cache)):
            print(f"FLAKY {test}")
        return code


def _pytest(cache: str, arguments: Sequence[str], output: IO[bytes] | None) -> int:
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *arguments]
    # To rewrite the assertions of all tests takes a worker 15 s of CPU; the next run finds them.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        command, check=False, env=environment, stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode


def _failed(cache: str) -> set[str]:
    file = Path(cache) / "v" / "cache" / "lastfailed"
    return set(json.loads(file.read_text("utf-8"))) if file.exists() else set()


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.run_tests", add_help=False, allow_abbrev=False
    )
    parser.add_argument("--repeat-failed", action="store_true")
    parser.add_argument("--alone", action="append", default=[])
    ours, arguments = parser.parse_known_args()
    return run_tests(arguments, ours.alone, repeat_failed=ours.repeat_failed)


if __name__ == "__main__":
    sys.exit(main())
