"""Our commands as processes of their own, forked from one that has their libraries.

Python takes most of a second of CPU to read what a command needs. A server forks a process per
command that has read it already; only the command itself is read anew, with its environment.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.sources import ROOT

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.forked_libraries"])


def run_forked(
    module: str,
    words: tuple[str, ...],
    environment: Mapping[str, str],
    text: str = "",
    folder: Path = ROOT,
    output: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module words` to its end, as subprocess.run does.

    Args:
        module: What to run.
        words: Its arguments.
        environment: Its whole environment.
        text: Its input.
        folder: Where it runs.
        output: Folder for the files `out` and `err`, in which its output is while it runs.
    """
    with tempfile.TemporaryDirectory() as place:
        files = [Path(output or place, name) for name in ("in", "out", "err")]
        files[0].write_text(text, "utf-8")
        command = [module, *words]
        process = _FORKS.Process(target=_run, args=(command, dict(environment), folder, files))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        out, errors = (file.read_text("utf-8") for file in files[1:])
    assert code is not None
    return subprocess.CompletedProcess(command, code, out, errors)


def _run(command: list[str], environment: dict[str, str], folder: Path, files: list[Path]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    modes = (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2)
    for number, (file, mode) in enumerate(zip(files, modes, strict=True)):
        os.dup2(os.open(file, mode, 0o600), number)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__")
