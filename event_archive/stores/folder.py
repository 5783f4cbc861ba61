"""The archive in a folder: files are written under another name, fsynced, and renamed."""

import contextlib
import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from event_archive.stores.port import (
    LOCK_NAME,
    PARTIAL,
    ExistsError,
    MissingError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)

PROBE_BYTES: Final = 256 * 1024
"""A disk that does not take so much is full."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


class FolderStore:
    """A folder of this machine, or one that is mounted here."""

    def __init__(self, root: Path) -> None:
        """Take the folder; nothing is made before something is written."""
        self._root = root
        self._lock: int | None = None

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._root)

    def lock(self) -> bool:
        """Lock the folder for this process, if no other process has it."""
        if self._lock is not None:
            return True
        with faults(self.place):
            self._root.mkdir(parents=True, exist_ok=True)
            # Not for writing: a disk with such a file cannot be made read-only.
            file = os.open(self._root / LOCK_NAME, os.O_RDONLY | os.O_CREAT, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return False
            except OSError:
                os.close(file)
                raise
            self._lock = file
            return True

    def unlock(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def partial_folder(self) -> Path:
        """Return the folder beside the files, on the same disk."""
        folder = self._root / PARTIAL
        with faults(self.place):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def probe(self) -> None:
        """Write a file, and remove it again."""
        path = self.partial_folder() / "probe"
        with faults(self.place):
            try:
                with path.open("wb") as file:
                    file.write(bytes(PROBE_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                path.unlink(missing_ok=True)

    def create(self, name: str, content: bytes) -> None:
        """Write a small file under a name that is free."""
        partial = self.partial_folder() / f"{Path(name).name}.{secrets.token_hex(4)}"
        with faults(self.place):
            try:
                with partial.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                # A link and no rename: a rename would replace what another process wrote.
                os.link(partial, self._made(name))
            except FileExistsError:
                raise ExistsError(name) from None
            finally:
                partial.unlink(missing_ok=True)
            sync_folder(self._path(name).parent)

    def put(self, name: str, partial: Path) -> None:
        """Rename a file, which the writer has fsynced."""
        with faults(self.place):
            target = self._made(name)
            partial.replace(target)
            sync_folder(target.parent)

    def read(self, name: str) -> bytes:
        """Return what is in a file."""
        with faults(self.place):
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                raise MissingError(name) from None

    def open(self, name: str) -> BinaryIO:
        """Open a file."""
        with faults(self.place):
            try:
                return self._path(name).open("rb")
            except FileNotFoundError:
                raise MissingError(name) from None

    def folders(self, folder: str) -> list[str]:
        """Return the folders in a folder."""
        return sorted(entry.name for entry in self._entries(folder) if entry.is_dir())

    def files(self, folder: str) -> Iterator[str]:
        """Yield the files in a folder."""
        names = sorted(entry.name for entry in self._entries(folder) if entry.is_file())
        return (f"{folder}/{name}" if folder else name for name in names)

    def remove(self, name: str) -> None:
        """Remove a file, durably."""
        path = self._path(name)
        with faults(self.place):
            try:
                path.unlink()
            except FileNotFoundError:
                return
            sync_folder(path.parent)

    def _entries(self, folder: str) -> list[Path]:
        with faults(self.place):
            try:
                return list(self._path(folder).iterdir())
            except FileNotFoundError:
                return []

    def _path(self, name: str) -> Path:
        return self._root / name

    def _made(self, name: str) -> Path:
        """Return the path of a file whose folders are there, durably."""
        path = self._path(name)
        for folder in reversed(path.relative_to(self._root).parents):
            made = self._root / folder
            if not made.is_dir():
                made.mkdir(exist_ok=True)
                sync_folder(made.parent)
        return path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def faults(place: str) -> Iterator[None]:
    """Report an error of the operating system as one of the store."""
    try:
        yield
    except OSError as error:
        text = f"{place}: {error.strerror or error} ({errno.errorcode.get(error.errno or 0, '?')})"
        if error.errno in _FULL:
            raise StoreFullError(text) from error
        if error.errno in _READ_ONLY:
            raise StoreReadOnlyError(text) from error
        raise StoreError(text) from error
