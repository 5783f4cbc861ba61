"""The log file of a process of the stack: of a bounded size, with one older file beside it."""

from pathlib import Path
from typing import BinaryIO

LOG_FILE_MAX_BYTES = 32 * 1024 * 1024
"""Of one log file; then it becomes NAME.log.1, and the older NAME.log.1 is dropped."""


class RotatedLog:
    """A log that one process writes, line by line."""

    def __init__(self, path: Path, bytes_max: int = LOG_FILE_MAX_BYTES) -> None:
        self.path = path
        self._bytes_max = bytes_max
        self._begun_at = 0
        self._file: BinaryIO | None = None
        self._bytes = 0

    def begin(self) -> None:
        """Note where the lines of this start of the process begin."""
        self.close()
        self.rotate()
        self._begun_at = self._bytes = size_of(self.path)

    def write(self, line: bytes) -> None:
        """Add a line."""
        if self._bytes > self._bytes_max:
            self.close()
            self.rotate()
        if self._file is None:
            self._file = self.path.open("ab", buffering=0)
            self._bytes = size_of(self.path)
        self._file.write(line)
        self._bytes += len(line)

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def since_begin(self) -> str:
        """Return the lines of this start that are in the newest file."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            file.seek(self._begun_at)
            return file.read().decode("utf-8", "replace")

    def rotate(self) -> bool:
        """Begin a new file if this one is full; return whether it was."""
        if size_of(self.path) <= self._bytes_max:
            return False
        self.path.replace(self.path.with_suffix(".log.1"))
        self._begun_at = 0
        return True


def size_of(path: Path) -> int:
    """Return the bytes of a file; 0 if there is none."""
    return path.stat().st_size if path.exists() else 0
