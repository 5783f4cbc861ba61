"""One process per FIX store, enforced by the operating system.

The lock is flock(2) on a file of the session's folder. It is free the moment its process is gone,
for whatever reason, and works between machines on a shared volume if the volume's flock does (NFS
since Linux 2.6.12, CephFS, any ReadWriteMany of a cluster file system). It guards only the store;
the OMS's lease decides who may have the session.

A process that hangs keeps its lock. So its holder renews the file's time while it lives, and a
process that the OMS gave the session to may kill a holder on the same machine that does not.
"""

import asyncio
import contextlib
import fcntl
import os
import time
from pathlib import Path

from svc_gateway.adapters.fix.store.lock_holder import LockHolder
from svc_gateway.service.ports import OWNER_SILENCE_MAX_S, StoreFaultError


class FileStoreLock:
    """Holds the FIX store of a session for one process, by a lock on a file."""

    def __init__(self, folder: Path, instance: str) -> None:
        self._folder = folder
        self._instance = instance
        self._file: int | None = None
        self._taken = asyncio.Event()

    @property
    def held(self) -> bool:
        """Whether this process has it."""
        return self._file is not None

    def take(self) -> bool:
        """Take it, if no other process has it."""
        if self._file is not None:
            return True
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        with contextlib.suppress(OSError):  # a disk that is full or read-only is reported elsewhere
            os.ftruncate(file, 0)
            os.pwrite(file, LockHolder.this_process(self._instance).text().encode(), 0)
        self._taken.set()
        return True

    def _open(self) -> int:
        path = self._folder / "lock"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            # A store that can only be read can be locked all the same, and its numbers be shown.
            with contextlib.suppress(OSError):
                return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            raise StoreFaultError(f"the lock of the FIX store cannot be opened: {error}") from error

    def stamp(self) -> None:
        """Show other processes that this one, which has it, still lives."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # see `_open`
                os.utime(self._file)

    def end_hung_holder(self) -> str:
        """Kill the process that has it, if it hangs on this machine; return which one, or ""."""
        path = self._folder / "lock"
        silent_s = time.time() - path.stat().st_mtime
        if silent_s <= OWNER_SILENCE_MAX_S:
            return ""
        holder = LockHolder.read(path.read_text(encoding="utf-8"))
        if not holder.kill():
            return ""
        return f"{holder.instance}, process {holder.pid}, no sign of life for {silent_s:.1f} s"

    def free(self) -> None:
        """Free the lock."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self._taken.clear()

    def holder(self) -> str:
        """Return a text that names the process which took it last."""
        try:
            text = (self._folder / "lock").read_text(encoding="utf-8")
        except OSError:
            return "nobody"
        return LockHolder.read(text).instance or "nobody"

    async def until_held(self) -> None:
        """Wait until this process has it."""
        await self._taken.wait()
