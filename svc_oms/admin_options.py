"""What the commands of `svc_oms.admin` share: the database, progress, times, reports."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final, Protocol

import typer

from mesh.settings import load_settings
from svc_oms.adapters.postgres.check_results import keep_result
from svc_oms.service.ports import StoreRefusedError, StoreUnavailableError
from svc_oms.service.ports.recovery_ports import CheckName, CheckResult
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


JsonOption = Annotated[
    bool, typer.Option("--json", help="Write the report as one JSON object; docs/REPLAY.md.")
]


class ReportOfCheck(Protocol):
    """What a comparison of the order book found."""

    found: int

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""

    def data(self) -> dict[str, object]:
        """Return the report as values of JSON."""


def show_report(name: CheckName, report: ReportOfCheck, *, as_json: bool) -> None:
    """Write a report to standard output."""
    if as_json:
        typer.echo(json.dumps({"check": name.value, **report.data()}, indent=2))
        return
    for line in report.lines():
        typer.echo(line)


async def keep_check(url: str, name: CheckName, report: ReportOfCheck, finished_ns: int) -> None:
    """Keep the result of a comparison of the whole book, for metrics and alerts.

    A role that may not write, or an older schema, is said and changes neither report nor exit code.
    """
    try:
        await keep_result(url, CheckResult(name, finished_ns // NS_PER_US, report.found))
    except (StoreRefusedError, StoreUnavailableError) as error:
        typer.echo(f"the result is not kept for metrics: {error}", err=True)


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
