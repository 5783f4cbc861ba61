"""What the commands of `svc_oms.admin` share: the database, progress, times as people type them."""

import time
from datetime import UTC, datetime
from typing import Final

import typer

from mesh.settings import load_settings
from svc_oms.settings import OmsSettings

EXIT_DIFFERENCE = 1
# Seconds between two lines that say how far a command is.
PROGRESS_INTERVAL_S = 2.0
TIME_WORDS: Final = (
    "a time with its zone or of UTC, as in 2026-11-30, 2026-11-30T09:30 or "
    "2026-11-30T09:30:00.5+01:00"
)
NS_PER_US: Final = 1_000


def database_url(kind: type[OmsSettings] = OmsSettings) -> str:
    """Return the URL of the settings; a command that has more keys gives their class."""
    url = load_settings(kind).database_url
    if not url:
        raise typer.BadParameter(
            "set ORDERMESH_DATABASE_URL to postgresql://user@host:port/name; svc_oms/README.md has "
            "the one of the local stack"
        )
    return url


class Progress:
    """Writes how far a command is to standard error, now and then."""

    def __init__(self) -> None:
        self._due = time.monotonic() + PROGRESS_INTERVAL_S

    def show(self, line: str) -> None:
        """Write a line, if the last one was long enough ago."""
        if time.monotonic() >= self._due:
            typer.echo(line, err=True)
            self._due = time.monotonic() + PROGRESS_INTERVAL_S


def range_ns(begin: str, end: str, now_ns: int) -> tuple[int, int]:
    """Read --from and --to, in nanoseconds since 1970; empty: the beginning, and now."""
    since = _time_ns(begin, "--from") if begin else 0
    until = _time_ns(end, "--to") if end else now_ns
    if until > now_ns:
        raise typer.BadParameter(f"--to is {end}, in the future; it should be a time in the past")
    if since >= until:
        raise typer.BadParameter(f"--from is {begin}; it should be before --to, {end or 'now'}")
    return since, until


def _time_ns(text: str, option: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} is {text!r}; it should be {TIME_WORDS}") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    since_epoch = at - datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = (since_epoch.days * 86_400 + since_epoch.seconds) * 1_000_000
    return (microseconds + since_epoch.microseconds) * NS_PER_US
