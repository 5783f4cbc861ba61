"""What the archive needs of the place that keeps it: a folder, or a store that speaks S3."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

LOCK_NAME: Final = "writer.lock"
PARTIAL: Final = "partial"
"""Folder of files that are being written; whatever is in it counts for nothing."""


class StoreError(Exception):
    """The store cannot be used now; the text names the place and says why."""


class StoreFullError(StoreError):
    """There is no room."""


class StoreReadOnlyError(StoreError):
    """It may be read and not written."""


class ExistsError(Exception):
    """A name is taken already."""


class MissingError(Exception):
    """There is no such name."""


class Store(Protocol):
    """Names are relative, with ``/``. Every method may raise StoreError."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def lock(self) -> bool:
        """Become the one writer of files, if nobody else is; return whether this is it."""

    def unlock(self) -> None:
        """Let another writer come."""

    def partial_folder(self) -> Path:
        """Return a local folder for files that are being written."""

    def probe(self) -> None:
        """Raise StoreError unless something can be written."""

    def create(self, name: str, content: bytes) -> None:
        """Write a small file, whole and durable.

        Raises:
            ExistsError: The name is taken; nothing was changed.
        """

    def put(self, name: str, partial: Path) -> None:
        """Move a file of the partial folder to its name, whole and durable."""

    def read(self, name: str) -> bytes:
        """Return the content of a small file. Raises MissingError."""

    def open(self, name: str) -> BinaryIO:
        """Open a file, which can be read from any place. Raises MissingError."""

    def folders(self, folder: str) -> list[str]:
        """Return the names of the folders in a folder, sorted; none if it is missing."""

    def files(self, folder: str) -> Iterator[str]:
        """Yield the full names of the files in a folder, sorted; none if it is missing."""

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens if it is missing."""
