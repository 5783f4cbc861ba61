"""`ordermesh instruments import|export|history`: the reference data as files, and their past."""

import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from meshctl.commands.common import (
    EXIT_REFUSED,
    JsonOption,
    console,
    emit,
    errors,
    say,
    table,
    usage_error,
    when,
    with_mesh,
)
from meshctl.commands.instruments.words import record_words
from meshctl.commands.orders.ticket import moment
from ordermesh.marketdata.v1 import reference_data_service_pb2 as pb
from ordermesh_client import MeshClient

PACKED_BYTES_MAX: Final = 4 * 1024 * 1024 - 4096
"""Bytes of one request of the mesh, less what is beside the file."""


def register(instruments: typer.Typer) -> None:
    """Add the commands to the group."""
    instruments.command("import")(import_file)
    instruments.command()(export)
    instruments.command()(history)


@with_mesh
async def import_file(
    mesh: MeshClient,
    file: Annotated[Path, typer.Argument(help="CSV file; docs/INSTRUMENTS.md has the columns.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")],
    valid_from: Annotated[
        str, typer.Option("--valid-from", help="Day from which it holds: 2027-01-31; today.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check and count.")] = False,
    as_json: JsonOption = False,
) -> int | None:
    """Record a CSV file of reference data, all of it or nothing."""
    try:
        packed = gzip.compress(file.read_bytes(), mtime=0)
    except OSError as error:
        usage_error(f"{file}: {error.strerror}")
    if len(packed) > PACKED_BYTES_MAX:
        usage_error(
            f"{file} has {len(packed)} bytes when compressed; it should have at most "
            f"{PACKED_BYTES_MAX}: split it"
        )
    request = pb.ImportRequest(csv=packed, reason=reason, valid_from=valid_from, dry_run=dry_run)
    done = await mesh.call(mesh.reference_data.Import, request)
    if as_json:
        emit(done)
    elif done.fault_count:
        for fault in done.faults:
            errors.print(
                f"{file}:{fault.line}: {fault.field} was {fault.value!r}; it should be "
                f"{fault.expected}",
                markup=False, highlight=False,
            )  # fmt: skip
        if done.fault_count > len(done.faults):
            errors.print(f"and {done.fault_count - len(done.faults)} more")
        errors.print("[red]nothing was recorded[/]")
    else:
        would = "would change" if dry_run else "changed"
        say(f"{would} {done.changed}, as known {done.unchanged} {done.change_id}".rstrip())
    return EXIT_REFUSED if done.fault_count else None


@with_mesh
async def export(
    mesh: MeshClient,
    file: Annotated[
        Path | None, typer.Argument(help="CSV file to write; standard output if not given.")
    ] = None,
    day: Annotated[str, typer.Option("--day", help="As of this day: 2027-01-31; today.")] = "",
    known: Annotated[
        str, typer.Option("--known", help="As known at this time: 2027-01-31T10:32 (UTC), 2h ago.")
    ] = "",
) -> None:
    """Write the reference data as CSV; importing the file changes nothing."""
    request = pb.ExportRequest(date=day)
    if known:
        request.known_at.CopyFrom(moment(known, datetime.now(UTC), "--known", past=True))
    pages = []
    while True:
        page = await mesh.call(mesh.reference_data.Export, request)
        pages.append(page.csv)
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    text = "".join(pages)
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        usage_error(f"{file}: {error.strerror}")
    say(f"{text.count(chr(10)) - 1} lines in {file}")


@with_mesh
async def history(
    mesh: MeshClient,
    key: Annotated[str, typer.Argument(help="ISIN or listing: NL0010273215, ASML.SIMA.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Show who recorded what of an instrument or listing, when and why; newest first."""
    request = pb.ListHistoryRequest(key=key.upper(), page_size=limit)
    answer = await mesh.call(mesh.reference_data.ListHistory, request)
    if as_json:
        for entry in answer.entries:
            emit(entry)
        return
    shown = table("recorded", "by", "holds from", "what", "reason", whole=("recorded",))
    for entry in answer.entries:
        kind = entry.WhichOneof("record")
        what = record_words(getattr(entry, kind)) if kind else "withdrawn"
        shown.add_row(when(entry.recorded_at), entry.username, entry.valid_from, what, entry.reason)
    if answer.entries:
        console.print(shown)
    else:
        say(f"nothing is recorded of {key}")
