"""Which process has a lock, and its end if it hangs.

A process that was stopped keeps its locks. The process that must take its place identifies it by
what it wrote into the lock's file, and kills it: then the lock is free, and nothing can wake. Only
a process of this machine, and of this view of its processes, can be identified for certain.
"""

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import NamedTuple, Self

_PROC = Path("/proc")
# Of fields in /proc/PID/stat after the command's name, from 0: the state, and when it began.
_STATE, _STARTED = 0, 19
# Stopped by a signal, or by a debugger.
_STOPPED = frozenset("Tt")


class LockHolder(NamedTuple):
    """A process: its name in the mesh, and what identifies it for certain."""

    instance: str
    pid: int = 0
    # Clock ticks since the machine started: another process of the same pid began later.
    started: str = ""
    # The start of the machine, and the namespace of its pids.
    machine: str = ""

    @classmethod
    def this_process(cls, instance: str) -> Self:
        """Return the holder that this process is."""
        pid = os.getpid()
        return cls(instance, pid, _stat(pid)[_STARTED], _machine())

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the holder that a lock's file names; without a pid if it names none."""
        instance, _, rest = text.partition("\n")
        try:
            return cls(instance.strip(), **json.loads(rest))
        except (ValueError, TypeError):
            return cls(instance.strip())

    def text(self) -> str:
        """Return what the lock's file must contain."""
        facts = {"pid": self.pid, "started": self.started, "machine": self.machine}
        return f"{self.instance}\n{json.dumps(facts)}\n"

    def kill(self) -> bool:
        """Kill it, and those of its children that are stopped; return whether it was killed."""
        if not self.machine or self.machine != _machine() or self.pid == os.getpid():
            return False
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            # With the handle open the pid cannot become another process's.
            if _stat(self.pid)[_STARTED] != self.started:
                return False
            children = _children(self.pid)
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        except OSError:
            return False
        finally:
            os.close(handle)
        # A guard process that was stopped, too, would keep the venue's connection.
        for child in children:
            with contextlib.suppress(OSError):
                if _stat(child)[_STATE] in _STOPPED:
                    os.kill(child, signal.SIGKILL)
        return True


def _stat(pid: int) -> list[str]:
    """Return the fields after the command's name; empty texts where there is no /proc."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return [""] * (_STARTED + 1)
    return text.rpartition(")")[2].split()


def _children(pid: int) -> list[int]:
    tasks = _PROC / str(pid) / "task"
    found: list[int] = []
    for task in tasks.iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _machine() -> str:
    """Return what identifies this machine and the namespace of its pids; empty if nothing does."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""
