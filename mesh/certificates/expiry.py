"""Certificates and keys that expire: shown as a metric, warned about in the log.

A process reads its files at start, so what is watched is what it has, not what the files have now.
"""

import asyncio
import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from mesh.log import get_logger
from mesh.telemetry import gauge

CHECK_INTERVAL_S: Final = 3600.0
WARNING_DAYS: Final = 30
SIGNING_KEY_DAYS: Final = 365
_MADE: Final = re.compile(rb"^Made: (\d{4}-\d\d-\d\dT[0-9:]{8}\+00:00)$", re.MULTILINE)

EXPIRES = gauge(
    "expires_timestamp_seconds",
    "When a certificate or key of this process expires, UTC.",
    ["name"],
)
_log = get_logger(__name__)


class Expiring(NamedTuple):
    """A certificate or a key."""

    name: str
    expires_ns: int

    def days_left(self, now_ns: int) -> int:
        """Return whole days until it expires; below 0 if it has expired."""
        return (self.expires_ns - now_ns) // NS_PER_DAY

    def words(self, now_ns: int) -> str:
        """Say when it expires, or since when it is expired."""
        day = dt.datetime.fromtimestamp(self.expires_ns // NS_PER_S, dt.UTC).strftime("%Y-%m-%d")
        days = self.days_left(now_ns)
        if days < 0:
            return f"{self.name} has expired on {day}"
        return f"{self.name} expires in {days} days, on {day}"


def of_certificates(path: Path) -> list[Expiring]:
    """Return the certificate of a PEM file that expires first; none if it cannot be read here.

    Whoever uses the file reports that it cannot be read.
    """
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return []
    expires = min(one.not_valid_after_utc for one in found)
    return [Expiring(str(path), int(expires.timestamp()) * NS_PER_S)]


def made_line(now: dt.datetime) -> bytes:
    """Return the line of a key file, before the key, that says when the key was made."""
    return f"Made: {now.isoformat(timespec='seconds')}\n".encode()


def of_signing_keys(path: Path, days: int) -> list[Expiring]:
    """Return when the signing key of a file, or each in a folder, is to be replaced.

    A key itself does not expire; replace it so many days after it was made. A file
    without the line counts from when it was last changed.
    """
    found = []
    for file in sorted(path.glob("*.pem")) if path.is_dir() else [path]:
        try:
            made = _MADE.search(file.read_bytes())
            made_s = _seconds(made[1]) if made else int(file.stat().st_mtime)
        except (OSError, ValueError):
            continue
        found.append(Expiring(f"signing key {file}", made_s * NS_PER_S + days * NS_PER_DAY))
    return found


def _seconds(time: bytes) -> int:
    return int(dt.datetime.fromisoformat(time.decode()).timestamp())


class ExpiryWatch:
    """What this process has that expires."""

    def __init__(self, clock: Clock, warning_days: int = WARNING_DAYS) -> None:
        """Watch nothing yet.

        Args:
            clock: The time.
            warning_days: So many days before the end, the log warns once a day.
        """
        self._clock = clock
        self._warning_days = warning_days
        self._watched: dict[str, Expiring] = {}
        self._warned_day: dict[str, int] = {}

    def add(self, found: Iterable[Expiring]) -> None:
        """Watch more."""
        for one in found:
            self._watched[one.name] = one
            EXPIRES.labels(one.name).set(one.expires_ns / NS_PER_S)

    def check(self) -> None:
        """Warn about what expires soon, once a day each."""
        now_ns = self._clock.now_ns()
        for name, one in self._watched.items():
            day = now_ns // NS_PER_DAY
            if one.days_left(now_ns) < self._warning_days and self._warned_day.get(name) != day:
                self._warned_day[name] = day
                _log.warning(
                    "expires soon: replace it and restart this process",
                    name=name,
                    what=one.words(now_ns),
                    days_left=one.days_left(now_ns),
                )

    async def run(self) -> None:
        """Check at intervals, forever."""
        while True:
            self.check()
            await asyncio.sleep(CHECK_INTERVAL_S)
