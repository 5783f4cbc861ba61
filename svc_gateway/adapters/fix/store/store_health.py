"""Whether a session's FIX store can be written: free space, a read-only disk, errors of QuickFIX.

QuickFIX only reports "IO Error: Unable to write to file", sends nothing from then on, and does not
recover when there is space again. So the free space is read before a write fails, and the cause is
named: folder, error, numbers. After an error of QuickFIX only a file that was really written, and
a new engine, make the store sound again.
"""

import errno
import os
from pathlib import Path

# With less free space the session is down for new orders; a store grows by about 1 kB an order.
STORE_FREE_BYTES_MIN = 4 * 1024 * 1024
# It is up again with so much more, so that it does not go up and down with each file.
STORE_FREE_BYTES_MARGIN = 1024 * 1024
# Written as a test after an error: more than one block, less than any quota that makes sense.
PROBE_BYTES = 64 * 1024
# QuickFIX's words when its store cannot be written; the file follows.
_IO_ERROR = "IO Error: "


class StoreHealth:
    """Looks after the store of one session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fault = ""
        # What QuickFIX said about its store, since its engine was started.
        self.broken = ""

    def begin(self) -> None:
        """A new engine opens the store."""
        self.broken = ""

    def note(self, text: str) -> None:
        """Note a text of QuickFIX."""
        if text.startswith(_IO_ERROR):
            self.broken = text

    def fault(self) -> str:
        """Return why the store cannot be written now; empty if it can."""
        self._fault = self._look()
        return self._fault

    def _look(self) -> str:
        folder = self._existing()
        try:
            disk = os.statvfs(folder)
        except OSError as error:
            return self._text(error)
        if disk.f_flag & os.ST_RDONLY:
            return self._text(OSError(errno.EROFS, os.strerror(errno.EROFS)))
        free = disk.f_bavail * disk.f_frsize
        least = STORE_FREE_BYTES_MIN + (STORE_FREE_BYTES_MARGIN if self._fault else 0)
        if free < least:
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return f"{self._text(full)}; {free} bytes are free, at least {least} are needed"
        if not (self.broken or self._fault):
            return ""
        try:
            self._probe(folder)
        except OSError as error:
            return self._text(error) + (f"; QuickFIX: {self.broken}" if self.broken else "")
        return ""

    def _existing(self) -> Path:
        """Return the folder, or the nearest one above it that exists."""
        return next(path for path in (self._folder, *self._folder.parents) if path.exists())

    def _probe(self, folder: Path) -> None:
        probe = folder / "probe"
        try:
            with probe.open("wb") as file:
                file.write(bytes(PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)

    def _text(self, error: OSError) -> str:
        name = errno.errorcode.get(error.errno or 0, "")
        return f"FIX store {self._folder} cannot be written: {error.strerror} ({name})"
