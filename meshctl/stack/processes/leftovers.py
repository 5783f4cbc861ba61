"""Processes of a stack whose supervisor was killed: found by its state file, ended in order."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from meshctl.stack.home import Home
from meshctl.stack.processes.process import StartError

STOP_GRACE_S = 10.0
START_TIME_TOLERANCE_S = 2.0


@contextmanager
def only_supervisor(home: Home) -> Iterator[None]:
    """Hold the home's lock; raises StartError when another supervisor has it."""
    with (home.run / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = home.state().get("supervisor_pid", "?")
            raise StartError(
                f"a mesh already runs here (supervisor pid {pid}); `ordermesh down` stops it"
            ) from error
        yield


def supervisor_runs(home: Home) -> bool:
    """Return whether a supervisor holds the home's lock."""
    if not (home.run / "lock").exists():
        return False
    with (home.run / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


def end_leftovers(home: Home) -> list[str]:
    """End the processes of a killed supervisor; return their names."""
    left = [(entry["name"], process) for entry, process in _left(home)]
    for _, process in left:
        _signal(process, kill=False)
    _, alive = psutil.wait_procs([process for _, process in left], timeout=STOP_GRACE_S)
    for process in alive:
        _signal(process, kill=True)
    psutil.wait_procs(alive, timeout=STOP_GRACE_S)
    return [name for name, _ in left]


def _left(home: Home) -> Iterator[tuple[dict[str, Any], psutil.Process]]:
    for entry in home.state().get("processes", []):
        pid = entry.get("pid")
        if not pid or not psutil.pid_exists(pid):
            continue
        try:
            process = psutil.Process(pid)
            # Another process may have the pid by now: the start time shows it.
            if process.create_time() <= entry["since"] + START_TIME_TOLERANCE_S:
                yield entry, process
        except psutil.NoSuchProcess:
            continue


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
