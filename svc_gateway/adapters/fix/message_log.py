"""A log of FIX messages that never grows beyond its bound. Off by default."""

import re
import time
from pathlib import Path
from typing import TextIO

# Password(554) and NewPassword(925) never reach a file.
_SECRET = re.compile("\x01(554|925)=[^\x01]*")


class MessageLog:
    """Two files per session: a full one replaces the old one."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        self._path = path
        self._half = bytes_max // 2
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("a", encoding="utf-8", errors="surrogateescape")
        self._size = path.stat().st_size

    def write(self, direction: str, raw: str) -> None:
        """Append one message with its time; fields are shown with | between them."""
        text = _SECRET.sub("\x01\\1=***", raw).replace("\x01", "|")
        line = f"{time.time_ns()} {direction} {text}\n"
        if self._size + len(line) > self._half:
            self._turn()
        self._file.write(line)
        self._file.flush()
        self._size += len(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _turn(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_suffix(".old"))
        self._file = self._path.open("a", encoding="utf-8", errors="surrogateescape")
        self._size = 0
