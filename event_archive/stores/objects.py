"""The archive in a store that speaks S3, by obstore.

An entry of the manifest is created by a PUT that the store refuses where the name is taken
(`If-None-Match: *`), which is all that keeps two writers apart: there is no lock.
"""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, cast
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store
from typing_extensions import override

from event_archive.stores.port import (
    PARTIAL,
    ExistsError,
    MissingError,
    StoreError,
    StoreReadOnlyError,
)

SCHEME: Final = "s3"
READ_BYTES: Final = 1 << 20
"""What one request reads of an object."""
PART_BYTES: Final = 16 << 20
"""A larger file is sent in parts of this size, one at a time."""


class ObjectStore:
    """Objects below a prefix of a bucket."""

    def __init__(self, store: Any, place: str, spool: Path) -> None:
        """Take a store of obstore.

        Args:
            store: Its names are those of the archive.
            place: For people.
            spool: Local folder for files that are being written.
        """
        self._store = store
        self._place = place
        self._spool = spool

    @classmethod
    def of_url(cls, url: str, spool: Path) -> Self:
        """Open s3://bucket/prefix; who we are, region and endpoint are in the AWS_* variables."""
        parts = urlsplit(url)
        prefix = parts.path.strip("/") or None
        return cls(S3Store(parts.netloc, prefix=prefix), url, spool)

    @property
    def place(self) -> str:
        """The URL."""
        return self._place

    def lock(self) -> bool:
        """Go on: whoever creates the next entry of the manifest is the one writer."""
        return True

    def unlock(self) -> None:
        """Nothing is locked."""

    def partial_folder(self) -> Path:
        """Return the spool."""
        try:
            self._spool.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self._spool}: {error.strerror}") from error
        return self._spool

    def probe(self) -> None:
        """Write an object, and remove it again."""
        name = f"{PARTIAL}/probe"
        with self._faults(name):
            obstore.put(self._store, name, b"probe")
            obstore.delete(self._store, name)

    def create(self, name: str, content: bytes) -> None:
        """Write an object under a name that is free."""
        with self._faults(name):
            obstore.put(self._store, name, content, mode="create", use_multipart=False)

    def put(self, name: str, partial: Path) -> None:
        """Send a file; it has its name when all of it is there."""
        with self._faults(name), partial.open("rb") as file:
            obstore.put(self._store, name, file, chunk_size=PART_BYTES, max_concurrency=1)
        partial.unlink()

    def read(self, name: str) -> bytes:
        """Return what is in an object."""
        with self._faults(name):
            return bytes(obstore.get(self._store, name).bytes())

    def open(self, name: str) -> BinaryIO:
        """Open an object."""
        with self._faults(name):
            size = obstore.head(self._store, name)["size"]
        return cast("BinaryIO", io.BufferedReader(_Object(self._store, name, size), READ_BYTES))

    def folders(self, folder: str) -> list[str]:
        """Return the folders in a folder."""
        names = self._listed(folder)["common_prefixes"]
        return sorted(name.rstrip("/").rpartition("/")[2] for name in names)

    def files(self, folder: str) -> Iterator[str]:
        """Yield the objects in a folder."""
        return iter(sorted(one["path"] for one in self._listed(folder)["objects"]))

    def remove(self, name: str) -> None:
        """Remove an object."""
        with self._faults(name), contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, name)

    def _listed(self, folder: str) -> Any:
        with self._faults(folder):
            return obstore.list_with_delimiter(self._store, folder or None)

    @contextlib.contextmanager
    def _faults(self, name: str) -> Iterator[None]:
        try:
            yield
        except AlreadyExistsError:
            raise ExistsError(name) from None
        except FileNotFoundError:
            raise MissingError(name) from None
        except (BaseError, OSError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
            kind = StoreReadOnlyError if refused else StoreError
            raise kind(f"{self._place}: {name}: {first}") from error


class _Object(io.RawIOBase):
    """An object that is read by ranges."""

    def __init__(self, store: Any, name: str, size: int) -> None:
        self._store, self._name, self._size = store, name, size
        self._at = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._at

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    @override
    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), self._size - self._at)
        if length <= 0:
            return 0
        try:
            found = obstore.get_range(self._store, self._name, start=self._at, length=length)
        except BaseError as error:
            raise OSError(str(error)) from error
        buffer[: len(found)] = memoryview(found)
        self._at += len(found)
        return len(found)
