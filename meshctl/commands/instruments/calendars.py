"""`ordermesh calendar`: the sessions and phases of a venue or listing."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from typing import Annotated, Final, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.table import Table

from meshctl.commands.common import JsonOption, console, emit, say, table, usage_error, with_mesh
from meshctl.commands.words import phase_name, phase_words, trading_words
from ordermesh.marketdata.v1 import calendar_pb2 as pb
from ordermesh.marketdata.v1.instrument_service_pb2 import GetCalendarRequest, GetCalendarResponse
from ordermesh_client import MeshClient, MeshRefusedError

MIC: Final = re.compile(r"[A-Z0-9]{4}")
LISTING: Final = re.compile(r"[A-Z0-9_-]+\.[A-Z0-9]{4}")
_ORIGINS: Final = {
    pb.CALENDAR_ORIGIN_LIBRARY: "of the library exchange-calendars",
    pb.CALENDAR_ORIGIN_VENUES_FILE: "of the venues file",
    pb.CALENDAR_ORIGIN_NOBODY: "nobody says when the venue trades: days of UTC",
}


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("calendar")(calendar)


@with_mesh
async def calendar(
    mesh: MeshClient,
    name: Annotated[str, typer.Argument(help="MIC or listing: XAMS, SIMA, ASML.SIMA.")],
    first: Annotated[
        str, typer.Option("--from", help="First date: 2027-01-31; by default today.")
    ] = "",
    last: Annotated[
        str, typer.Option("--to", help="Last date; by default 6 days after the first one.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show the trading days of a venue or listing: sessions and phases, in its zone and UTC."""
    if "." not in name and not MIC.fullmatch(name.upper()):
        await no_mic(mesh, name)
    request = request_of(name, first, last)
    try:
        answer = await mesh.call(mesh.instrument_service.GetCalendar, request)
    except MeshRefusedError as error:
        if error.metadata.get("field") == "venue_mic":
            await no_mic(mesh, name)
        raise
    if as_json:
        emit(answer)
        return
    for line in calendar_words(answer):
        say(line, markup=False)
    if answer.sessions:
        console.print(sessions_table(answer))


async def no_mic(mesh: MeshClient, name: str) -> NoReturn:
    """Leave with the usage exit code: a name without a venue is no MIC, but may be a symbol."""
    found = [one for one in await mesh.instruments(name.upper()) if one.symbol == name.upper()]
    if not found:
        usage_error(
            f"{name} is not a MIC we know, and no listing has this symbol: expected a MIC, as in "
            "XAMS, or a listing, as in ASML.SIMA"
        )
    listings = " or ".join(one.instrument_id for one in found)
    usage_error(f"{name} is not a MIC we know; did you mean the listing {listings}?")


def request_of(name: str, first: str, last: str) -> GetCalendarRequest:
    """Read what was typed; what is no MIC, listing or date leaves with the usage exit code."""
    for option, text in (("--from", first), ("--to", last)):
        try:
            date.fromisoformat(text or "2000-01-01")
        except ValueError:
            usage_error(f"{option} {text!r} is not a date, as in 2027-01-31")
    request = GetCalendarRequest(from_date=first, to_date=last)
    if MIC.fullmatch(name.upper()):
        request.venue_mic = name.upper()
    elif LISTING.fullmatch(name.upper()):
        request.instrument_id = name.upper()
    else:
        usage_error(f"{name!r} is neither a MIC, as in XAMS, nor a listing, as in ASML.SIMA")
    return request


def sessions_table(answer: GetCalendarResponse) -> Table:
    """Return the sessions by the clock of the calendar's zone, and by UTC if that is another."""
    zones: dict[str, tzinfo] = {answer.time_zone: zone_of(answer.time_zone), "UTC": UTC}
    shown = table("date", *(f"phases in {name}" for name in zones), whole=("date",))
    for session in answer.sessions:
        shown.add_row(session.date, *(session_words(session, zone) for zone in zones.values()))
    return shown


def calendar_words(answer: GetCalendarResponse) -> Iterator[str]:
    """Describe a calendar, and what it and the venue say now."""
    simulated = "simulated, " if answer.simulated else ""
    until = f"; holidays are known until {answer.known_until}" if answer.known_until else ""
    whose = f"{simulated}{_ORIGINS[answer.origin]}"
    yield f"calendar {answer.name} ({whose}), {answer.time_zone}{until}"
    if answer.sessions and not answer.auctions_verified:
        yield (
            f"auctions: not verified for {answer.name}; the phases are continuous trading only, "
            "and the venue may hold auctions beside it"
        )
    zone = zone_of(answer.time_zone)
    began, ends = (
        stamp.ToDatetime(UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
        for stamp in (answer.day_began_at, answer.day_ends_at)
    )
    yield f"trading day {answer.trading_date}: {began} to {ends}"
    if answer.HasField("scheduled"):
        yield f"now {phase_words(answer.scheduled)}"
    if answer.trading_status:
        yield f"the venue reports {trading_words(answer.trading_status)}"


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; UTC if this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def session_words(session: pb.CalendarSession, zone: tzinfo) -> str:
    """Describe the phases of a session by the clock of a zone: "pre-open 07:15-09:00, ..."."""
    day = date.fromisoformat(session.date)

    def clock(moment: datetime) -> str:
        days = (moment.date() - day).days
        return moment.strftime("%H:%M") + (f"({days:+}d)" if days else "")

    return ", ".join(
        f"{phase_name(one.phase)} {clock(one.begins_at.ToDatetime(UTC).astimezone(zone))}"
        f"-{clock(one.ends_at.ToDatetime(UTC).astimezone(zone))}"
        for one in session.phases
    )
