"""`ordermesh alerts`: price alerts of the user who is logged in."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import typer

from meshctl.commands.common import (
    JsonOption,
    console,
    emit,
    enum_word,
    number,
    resolve,
    say,
    show,
    table,
    when,
    with_mesh,
)
from meshctl.commands.orders.ticket import moment
from meshctl.commands.words import gap_words
from ordermesh.marketdata.v1 import price_alert_pb2
from ordermesh.marketdata.v1 import price_alert_service_pb2 as pb
from ordermesh_client import MeshClient

PAGE: Final = 500
RETRY_FOR_S: Final = 10.0
_STYLES: Final = {"ACTIVE": "cyan", "FIRED": "bold green", "ENDED": "yellow"}

alerts = typer.Typer(help="Price alerts: durable, and each fires once.", no_args_is_help=True)


class PriceWord(StrEnum):
    """Which price counts."""

    LAST = "last"
    BID = "bid"
    ASK = "ask"
    MID = "mid"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(alerts, name="alerts")


@alerts.command()
@with_mesh
async def add(
    mesh: MeshClient,
    listing: Annotated[str, typer.Argument(help="Listing: ASML.SIMA.")],
    above: Annotated[str, typer.Option(help="Fire at or above this price.")] = "",
    below: Annotated[str, typer.Option(help="Fire at or below this price.")] = "",
    percent: Annotated[
        str, typer.Option(help="Fire after a change by so many percent: 5, or -2.5.")
    ] = "",
    reference: Annotated[
        str, typer.Option(help="The price that --percent is of; the one now if not given.")
    ] = "",
    price: Annotated[PriceWord, typer.Option(help="Which price counts.")] = PriceWord.LAST,
    until: Annotated[
        str, typer.Option(help="When it ends: 2027-01-31T17:30 (UTC), or 7d. 90 days if not given.")
    ] = "",
    note: Annotated[str, typer.Option(help="Your own words, shown when it fires.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Add an alert. It fires once, at the first price that counts and reaches it."""
    request = pb.CreateAlertRequest(
        instrument_id=(await resolve(mesh, listing)).instrument_id,
        price=f"ALERT_PRICE_{price.name}",
        above=number(above), below=number(below), percent=number(percent),
        reference_price=number(reference), note=note,
    )  # fmt: skip
    if until:
        request.expires_at.CopyFrom(moment(until, datetime.now(UTC), "--until"))
    made = (await mesh.call(mesh.alerts.CreateAlert, request, RETRY_FOR_S)).alert
    if as_json:
        emit(made)
    else:
        say(f"{alert_line(made)}, until {when(made.expires_at)}", markup=False)


@alerts.command("list")
@with_mesh
async def list_alerts(
    mesh: MeshClient,
    ended: Annotated[bool, typer.Option("--all", help="Those that fired or ended, too.")] = False,
    most: Annotated[int, typer.Option(min=1, help="How many.")] = 200,
    as_json: JsonOption = False,
) -> None:
    """List your alerts, newest first."""
    request = pb.ListAlertsRequest(active_only=not ended, page_size=min(most, PAGE))
    found: list[price_alert_pb2.PriceAlert] = []
    async for page in mesh.pages(mesh.alerts.ListAlerts, request):
        found += page.alerts
        if len(found) >= most:
            break
    shown = table("alert", "listing", "fires", "state", "until", "note", whole=("alert",))
    for one in found[:most]:
        shown.add_row(
            one.alert_id, one.instrument_id, condition_words(one), state_words(one),
            when(one.ended_at) or when(one.expires_at), one.note,
        )  # fmt: skip
    show(found[:most], shown, "no alerts", as_json=as_json)


@alerts.command()
@with_mesh
async def remove(
    mesh: MeshClient,
    alert_id: Annotated[str, typer.Argument(help="From `ordermesh alerts list`.")],
    as_json: JsonOption = False,
) -> None:
    """Remove an alert that has not fired."""
    request = pb.CancelAlertRequest(alert_id=alert_id)
    removed = (await mesh.call(mesh.alerts.CancelAlert, request)).alert
    if as_json:
        emit(removed)
    else:
        say(alert_line(removed), markup=False)


@alerts.command()
@with_mesh
async def watch(mesh: MeshClient, as_json: JsonOption = False) -> None:
    """Print active alerts, then every change as it happens; Ctrl-C ends."""
    async for item in mesh.watch_alerts():
        kind = item.WhichOneof("item")
        if as_json:
            if kind in {"snapshot", "event", "gap"}:
                emit(item)
        elif kind == "snapshot":
            say(alert_line(item.snapshot), markup=False)
        elif kind == "event":
            one = item.event.alert
            at = when(one.ended_at) or when(one.created_at)
            style = _STYLES.get(enum_word(price_alert_pb2.AlertState, one.state), "bright_black")
            say(f"{at}  {alert_line(one)}", markup=False, style=style)
        elif kind == "gap":
            console.print(gap_words(item.gap), style="yellow", soft_wrap=True)


def condition_words(one: price_alert_pb2.PriceAlert) -> str:
    """Describe when an alert fires: "last at or above 700", "bid at or below 95 (-5 % of 100)"."""
    price = enum_word(price_alert_pb2.AlertPrice, one.price).lower()
    above = one.condition == price_alert_pb2.ALERT_CONDITION_ABOVE
    side = "at or above" if above else "at or below"
    sign = "" if one.percent.startswith("-") else "+"
    change = f" ({sign}{one.percent} % of {one.reference_price})" if one.percent else ""
    late = f", prices of {one.delayed_s // 60} minutes ago" if one.delayed_s else ""
    return f"{price} {side} {one.threshold}{change}{late}"


def state_words(one: price_alert_pb2.PriceAlert) -> str:
    """Describe the state: "FIRED at 700.5", "ENDED: split effective ..."."""
    state = enum_word(price_alert_pb2.AlertState, one.state)
    if one.fired_price:
        return f"{state} at {one.fired_price}"
    return f"{state}: {one.ended_text}" if one.ended_text else state


def alert_line(one: price_alert_pb2.PriceAlert) -> str:
    """Describe an alert in a line."""
    note = f"  {one.note!r}" if one.note else ""
    return f"{one.alert_id}  {one.instrument_id} {condition_words(one)}  {state_words(one)}{note}"
