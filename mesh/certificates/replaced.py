"""Certificate files that are replaced while a process runs."""

import threading
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mesh.log import get_logger

_log: Final = get_logger(__name__)
_Mark = tuple[tuple[int, int, int], ...]


class Pems(NamedTuple):
    """Content of the three files."""

    cert: bytes
    key: bytes
    ca: bytes


class ReplacedFiles:
    """Says when the files have a new content that fits together; safe in threads."""

    def __init__(self, cert: Path, key: Path, ca: Path) -> None:
        """Watch a certificate chain, its private key and the authorities, each as PEM."""
        self._paths = (cert, key, ca)
        self._lock = threading.Lock()
        self._mark: _Mark | None = None
        self._content: Pems | None = None

    def read(self) -> Pems:
        """Read the files.

        Raises:
            OSError: A file cannot be read.
            ValueError: A file has no certificate or key, or the key is not the certificate's.
        """
        with self._lock:
            self._mark = self._seen()
            self._content = self._read()
            return self._content

    def replaced(self) -> Pems | None:
        """Return the content if it has changed since it was last returned; None if it has not.

        Files are replaced one after another. While they do not fit together, the process keeps
        what it has, and says so once in the log for each change.
        """
        with self._lock:
            mark = self._seen()
            if mark == self._mark:
                return None
            self._mark = mark
            try:
                found = self._read()
            except (OSError, ValueError) as error:
                _log.warning(
                    "certificate files cannot be used yet: the process keeps those it has",
                    files=[str(path) for path in self._paths],
                    error=str(error),
                )
                return None
            if found == self._content:
                return None
            self._content = found
        _log.info("certificate files were replaced", files=[str(path) for path in self._paths])
        return found

    def _seen(self) -> _Mark:
        return tuple(_seen(path) for path in self._paths)

    def _read(self) -> Pems:
        pems = Pems(*(path.read_bytes() for path in self._paths))
        leaf = x509.load_pem_x509_certificate(pems.cert)
        if load_pem_private_key(pems.key, None).public_key() != leaf.public_key():
            raise ValueError(f"{self._paths[1]} is not the key of {self._paths[0]}")
        x509.load_pem_x509_certificates(pems.ca)
        return pems


def _seen(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0  # reading it says why
    return found.st_ino, found.st_mtime_ns, found.st_size
