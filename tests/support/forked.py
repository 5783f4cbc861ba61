"""Our commands and services as processes of their own, forked from one that has their libraries.

Python takes most of a second of CPU to read what a process needs. A server forks a process that has
read it already; only the module itself runs anew, with its environment.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import reduction
from pathlib import Path
from typing import IO, Any

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
        given, out, errors = (Path(output or place, name) for name in ("in", "out", "err"))
        given.write_text(text, "utf-8")
        with given.open("rb") as first, out.open("wb") as second, errors.open("wb") as third:
            files = {"stdin": first, "stdout": second, "stderr": third}
            process = Forked(module, words, environment, **files, folder=folder)
        code = process.wait()
        texts = [file.read_text("utf-8") for file in (out, errors)]
    return subprocess.CompletedProcess([module, *words], code, *texts)


class Forked:
    """`python -m module words` that runs, as subprocess.Popen starts it.

    Attributes:
        pid: Of the process.
        returncode: What it ended with, less than 0 for a signal; None as far as is known.
        stdin: Where it reads text, if that is a pipe.
        stdout: What it writes, if that is a pipe.
        stderr: What it writes of errors, if that is a pipe.
    """

    def __init__(
        self,
        module: str,
        words: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        *,
        stdin: IO[Any] | int | None = None,
        stdout: IO[Any] | int | None = None,
        stderr: IO[Any] | int | None = None,
        folder: Path = ROOT,
    ) -> None:
        """Start it; stdin, stdout and stderr are files or subprocess.PIPE."""
        self.returncode: int | None = None
        self.stdin, reads = _file(stdin, 0)
        self.stdout, writes = _file(stdout, 1)
        self.stderr, complains = _file(stderr, 2)
        command = [module, *words]
        handed = {n: _Handed(fd) for n, fd in enumerate((reads, writes, complains)) if fd != n}
        chosen = dict(os.environ if environment is None else environment)
        self._process = _FORKS.Process(
            target=_run, args=(command, chosen, folder, handed), daemon=True
        )
        self._process.start()
        for ours, theirs in (
            (self.stdin, reads),
            (self.stdout, writes),
            (self.stderr, complains),
        ):
            if ours is not None:
                os.close(theirs)
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Return what it ended with; None while it runs."""
        if self.returncode is None and (code := self._process.exitcode) is not None:
            self.returncode = code
            self._process.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return what it ended with."""
        if self.returncode is None:
            self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Close its input, wait for its end, and return what it wrote to pipes."""
        if self.stdin is not None:
            self.stdin.close()
        # Both are read at the same time: it may wait until somebody reads the other one.
        pool = ThreadPoolExecutor(2)
        texts = [pool.submit(_read, pipe) for pipe in (self.stdout, self.stderr)]
        pool.shutdown(wait=False)
        self.wait(timeout)
        out, errors = (text.result(timeout) for text in texts)
        return out, errors

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def launched(
    module: str, environment: Mapping[str, str], log: Path, *, fresh: bool
) -> Forked | subprocess.Popen[bytes]:
    """Start a service that writes to the end of a file.

    Args:
        module: What to run.
        environment: Its whole environment.
        log: The file.
        fresh: Python reads everything anew: a forked process has the memory of libraries, too.
    """
    with log.open("ab") as file:
        if not fresh:
            return Forked(module, (), environment, stdout=file, stderr=file)
        command = [sys.executable, "-m", module]
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file)


class _Handed:
    """A file descriptor that goes to the forked process."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _taken, (reduction.DupFd(self.number),)


def _taken(given: Any) -> int:
    return int(given.detach())


def _file(wanted: IO[Any] | int | None, number: int) -> tuple[IO[str] | None, int]:
    """Return our end of a pipe, if one is wanted, and the descriptor for the process."""
    if wanted is None:
        return None, number
    if wanted != subprocess.PIPE:
        return None, wanted if isinstance(wanted, int) else wanted.fileno()
    reading, writing = os.pipe()
    if number == 0:
        return os.fdopen(writing, "w", encoding="utf-8"), reading
    return os.fdopen(reading, encoding="utf-8"), writing


def _read(pipe: IO[str] | None) -> str:
    if pipe is None:
        return ""
    with pipe:
        return pipe.read()


def _run(
    command: list[str], environment: dict[str, str], folder: Path, handed: dict[int, int]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, given in handed.items():
        os.dup2(given, number)
        os.close(given)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__")
