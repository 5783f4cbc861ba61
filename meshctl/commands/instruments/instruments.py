"""`ordermesh instruments`: listings, search, and what is known of one instrument."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from meshctl.commands.common import (
    JsonOption,
    console,
    emit,
    enum_word,
    errors,
    say,
    table,
    with_mesh,
)
from meshctl.commands.instruments import actions, calendars, reference
from meshctl.commands.instruments.words import action_words, contradiction_words, record_words
from meshctl.commands.orders.ticket import moment
from meshctl.commands.words import left_out_words, no_prices_words, trading_words
from ordermesh.marketdata.v1 import instrument_pb2, instrument_service_pb2
from ordermesh.marketdata.v1 import reference_data_service_pb2 as pb
from ordermesh_client import MeshClient, MeshRefusedError


class _ListByDefault(TyperGroup):
    """`ordermesh instruments ASML` lists, as `ordermesh instruments list ASML` does."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


instruments = typer.Typer(
    cls=_ListByDefault,
    help="Instruments and listings; without a command: the listings that can be traded.",
)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(instruments, name="instruments")
    reference.register(instruments)
    actions.register(instruments)
    calendars.register(app)


@instruments.command("list")
@with_mesh
async def list_listings(
    mesh: MeshClient,
    text: Annotated[str, typer.Argument(help="Part of the symbol or name.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the listings that the venues report."""
    answer = await mesh.instrument_list(text)
    found = answer.instruments
    if as_json:
        for one in (*found, *answer.left_out):
            emit(one)
        return
    shown = table(
        "listing", "symbol", "name", "ISIN", "currency", "lot", "status", "prices",
        whole=("listing", "symbol", "ISIN", "status"),
    )  # fmt: skip
    for one in found:
        status = trading_words(one.trading_status)
        shown.add_row(
            one.instrument_id, one.venue_symbol or one.symbol, one.name, one.isin,
            one.currency or "unknown", one.lot_size, status,
            no_prices_words(one) or ("simulated" if one.simulated else "live"),
        )  # fmt: skip
    console.print(shown)
    for left_out in answer.left_out:
        errors.print(left_out_words(left_out), style="yellow", markup=False, soft_wrap=True)


@instruments.command()
@with_mesh
async def search(
    mesh: MeshClient,
    text: Annotated[
        str, typer.Argument(help="ISIN, symbol, name or issuer, its beginning, or nearly so.")
    ],
    venue: Annotated[str, typer.Option("--venue", help="Only what is listed at this MIC.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Find instruments, best match first; typing errors are forgiven."""
    request = instrument_service_pb2.SearchRequest(
        text=text, venue_mic=venue.upper(), page_size=limit
    )
    answer = await mesh.call(mesh.instrument_service.Search, request)
    if as_json:
        for one in answer.instruments:
            emit(one)
        return
    shown = table("ISIN", "name", "kind", "listings", "match", whole=("ISIN",))
    for one in answer.instruments:
        kind = enum_word(instrument_pb2.InstrumentKind, one.kind) if one.kind else ""
        listings = ", ".join(f"{each.instrument_id} {each.currency}" for each in one.listings)
        shown.add_row(one.isin, one.name, kind, listings, str(one.score))
    if answer.instruments:
        console.print(shown)
    else:
        say(f"nothing is like {text!r}")


@instruments.command()
@with_mesh
async def show(
    mesh: MeshClient,
    key: Annotated[str, typer.Argument(help="ISIN or listing: NL0010273215, ASML.SIMA.")],
    day: Annotated[str, typer.Option("--day", help="About this day: 2027-01-31.")] = "",
    known: Annotated[
        str, typer.Option("--known", help="As known at this time: 2027-01-31T10:32 (UTC), 2h ago.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show what venues and reference data say of an instrument, now or in the past."""
    key = key.upper()
    live = [] if day or known else await _live(mesh, key)
    try:
        records = await _records(mesh, key, day, known)
    except MeshRefusedError as error:
        if not live or error.reason not in {"INSTRUMENT_NOT_FOUND", "DEPENDENCY_UNAVAILABLE"}:
            raise
        records = pb.GetRecordsResponse()
    if as_json:
        for one in (records, *live):
            emit(one)
        return
    if records.HasField("instrument"):
        say(record_words(records.instrument), markup=False)
    for record in records.listings:
        say(f"  {record_words(record)}", markup=False)
    for listing in live:
        _say_live(listing)


async def _records(mesh: MeshClient, key: str, day: str, known: str) -> pb.GetRecordsResponse:
    request = pb.GetRecordsRequest(key=key, date=day)
    if known:
        request.known_at.CopyFrom(moment(known, datetime.now(UTC), "--known", past=True))
    answer: pb.GetRecordsResponse = await mesh.call(mesh.reference_data.GetRecords, request)
    return answer


async def _live(mesh: MeshClient, key: str) -> list[instrument_pb2.Instrument]:
    return [one for one in await mesh.instruments() if key in {one.instrument_id, one.isin}]


def _say_live(one: instrument_pb2.Instrument) -> None:
    status = trading_words(one.trading_status)
    say(
        f"{one.instrument_id}: {one.name}, {one.currency or 'currency unknown'}, lot "
        f"{one.lot_size or 'unknown'}, {status}, as {one.venue_mic} reports",
        markup=False,
    )
    for each in one.contradictions:
        say(f"  {contradiction_words(each)}", style="yellow", markup=False)
    for action in one.corporate_actions:
        say(f"  {action_words(action)}", markup=False)
