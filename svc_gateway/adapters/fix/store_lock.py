"""One process per FIX store, enforced by the operating system.

The lock is flock(2) on a file of the session's folder. It is free the moment its process is gone,
for whatever reason, and works between machines on a shared volume if the volume's flock does (NFS
since Linux 2.6.12, CephFS, any ReadWriteMany of a cluster file system). It guards only the store;
the OMS's lease decides who may have the session.
"""

import asyncio
import fcntl
import os
from pathlib import Path


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
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.pwrite(file, f"{self._instance}\n".encode(), 0)
        self._file = file
        self._taken.set()
        return True

    def free(self) -> None:
        """Free the lock."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self._taken.clear()

    def holder(self) -> str:
        """Return a text that names the process which took it last."""
        try:
            return (self._folder / "lock").read_text(encoding="utf-8").strip() or "nobody"
        except OSError:
            return "nobody"

    async def until_held(self) -> None:
        """Wait until this process has it."""
        await self._taken.wait()
