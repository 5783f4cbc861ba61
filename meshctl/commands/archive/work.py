"""What the commands of the archive do."""

import contextlib
import getpass
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from event_archive import retention
from event_archive.manifest import ArchivedFile, ArchiveError, Hold, present
from event_archive.stores import open_store
from event_archive.stores.port import Store, StoreError
from event_archive.verification.verify import Asked, Verification
from kernel.clock import SystemClock
from kernel.nanoseconds import NS_PER_US
from mesh.checkpoints import CheckpointError
from meshctl.commands.common import (
    EXIT_REFUSED,
    EXIT_UNREACHABLE,
    console,
    errors,
    say,
    table,
    usage_error,
)

EXIT_DIFFERENT: Final = 1
_clock = SystemClock()


def show(place: str, *, files: bool) -> None:
    """Print what an archive has."""
    with _opened(place) as store:
        known = present(store)
        if known.identity is None:
            raise ArchiveError(f"{store.place} is no archive, or nothing was archived yet")
        if files:
            for one in known.files.values():
                typer.echo(json.dumps(one._asdict()))
            return
        say(f"{store.place}: {known.identity.words()}")
        _print_days(list(known.files.values()))
        for hold_ in known.holds.values():
            say(_hold_words(hold_))


def _print_days(files: list[ArchivedFile]) -> None:
    days: dict[tuple[str, str], list[ArchivedFile]] = {}
    for one in files:
        topic, day, _ = one.name.split("/")
        days.setdefault((topic, day), []).append(one)
    shown = table("topic", "day", "files", "entries", "bytes", whole=("topic", "day"))
    for (topic, day), some in sorted(days.items()):
        rows, size = sum(one.rows for one in some), sum(one.bytes for one in some)
        shown.add_row(topic, day, str(len(some)), str(rows), str(size))
    console.print(shown if files else "no files")


def _hold_words(one: Hold) -> str:
    what = f"account {one.account}" if one.account else "everything"
    return f"hold {one.number}: {what}, since {_day(one.at_us)}, by {one.by}: {one.reason}"


def verify(place: str, key: Path | None, against: tuple[Path, ...], *, begins_later: bool) -> None:
    """Print what is wrong with an archive; exit code 1 if anything is."""
    count = 0
    with _opened(place) as store, _progress() as progress:
        asked = Asked(key, against, begins_later, _clock.now_ns() // NS_PER_US)
        verification = Verification(store, asked, progress)
        for text in verification.findings():
            count += 1
            typer.echo(text)
    for note in verification.notes:
        typer.echo(f"note: {note}")
    if verification.not_archived_yet:
        typer.echo(
            f"note: {verification.not_archived_yet} entries that checkpoints name are not archived "
            "yet"
        )
    typer.echo(
        f"{verification.entries} entries in {verification.files} files, "
        f"{verification.removed} files removed by retention: "
        + (f"{count} differences" if count else "no difference")
    )
    if count:
        raise typer.Exit(EXIT_DIFFERENT)


def retain(place: str, years: int, *, remove: bool) -> None:
    """Print what is old enough to go; remove it if that was asked for."""
    if years < retention.YEARS_MIN:
        usage_error(f"--years is {years}, should be {retention.YEARS_MIN} or more")
    before_us = retention.oldest_kept_us(_clock.now_ns() // NS_PER_US, years)
    with _opened(place) as store:
        say(f"older than {years} years: before {_day(before_us)}")
        if remove:
            count = 0
            for file in retention.remove(store, before_us, _person(), _clock.now_ns):
                count += 1
                say(f"removed {file.name}: {file.rows} entries up to {_day(file.last_us)}")
            say(f"{count} files removed")
        for one in retention.plan(store, before_us):
            held = f", held by hold {one.hold.number}: {one.hold.reason}" if one.hold else ""
            say(f"{one.file.name}: {one.file.rows} entries up to {_day(one.file.last_us)}{held}")


def hold(place: str, account: str, reason: str, *, not_archived_yet: bool) -> None:
    """Set a hold."""
    with _opened(place) as store:
        made = retention.hold(
            store, account, _words(reason), _person(), _clock.now_ns(),
            not_archived_yet=not_archived_yet,
        )  # fmt: skip
        say(_hold_words(made))


def release(place: str, number: int, reason: str) -> None:
    """End a hold."""
    with _opened(place) as store:
        ended = retention.release(store, number, _words(reason), _person(), _clock.now_ns())
        say(f"released hold {ended.number}")


def _words(reason: str) -> str:
    if not reason.strip():
        usage_error("--reason is empty; it should say why")
    return reason.strip()


def _person() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _day(us: int) -> str:
    return datetime.fromtimestamp(us // 1_000_000, UTC).date().isoformat()


@contextlib.contextmanager
def _opened(place: str) -> Iterator[Store]:
    try:
        yield open_store(place)
    except (ArchiveError, CheckpointError) as error:
        errors.print(str(error), markup=False, highlight=False)
        raise typer.Exit(EXIT_REFUSED) from None
    except StoreError as error:
        errors.print(str(error), markup=False, highlight=False)
        raise typer.Exit(EXIT_UNREACHABLE) from None


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error where somebody looks."""
    columns = ("verifying", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("verify")

        def shown(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield shown
