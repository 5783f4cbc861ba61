"""Programs in Go: built where Go is, left out, with the reason, where it is not."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

BUILD_TIMEOUT_S = 300


@cache
def built(name: str) -> Path | None:
    """Build ``bench/peers/NAME``; None, with the reason on standard error, if it is not possible.

    The program is kept until this process ends.
    """
    go = shutil.which("go")
    if go is None:
        print(f"{name}: left out, because Go is not installed", file=sys.stderr)
        return None
    program = Path(_folder().name) / name
    command = [go, "build", "-buildvcs=false", "-o", str(program), "."]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent / name, check=False, capture_output=True, text=True,
            timeout=BUILD_TIMEOUT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"{name}: left out, not built within {BUILD_TIMEOUT_S} s", file=sys.stderr)
        return None
    if done.returncode:
        print(f"{name}: left out, not built: {done.stderr.strip()}", file=sys.stderr)
        return None
    return program


@cache
def _folder() -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="ordermesh-bench-")
