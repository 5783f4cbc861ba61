"""`ordermesh calendar`: what it asks for, and what it shows."""

import datetime as dt

import pytest
import typer

from kernel.calendars.library import library_calendar
from kernel.nanoseconds import NS_PER_S
from mesh.timestamps import to_timestamp
from meshctl.commands.instruments.calendars import (
    calendar_words,
    request_of,
    session_words,
    sessions_table,
    zone_of,
)
from meshctl.commands.words import quote_words
from ordermesh.marketdata.v1 import calendar_pb2 as pb
from ordermesh.marketdata.v1 import instrument_pb2, market_data_pb2
from ordermesh.marketdata.v1.instrument_service_pb2 import GetCalendarResponse
from svc_marketdata.api.mapping import phase_to_proto

PHASES = pb.TradingPhase


def ns(text):
    return int(dt.datetime.fromisoformat(f"{text}Z").timestamp()) * NS_PER_S


def session_of(mic, text):
    date = dt.date.fromisoformat(text)
    phases = [phase_to_proto(one) for one in library_calendar(mic).session(date).phases]
    return pb.CalendarSession(date=text, phases=phases)


def test_a_calendar_and_what_is_scheduled_is_not_what_the_venue_says():
    answer = GetCalendarResponse(
        name="SIMA", origin=pb.CALENDAR_ORIGIN_VENUES_FILE, time_zone="Europe/Amsterdam",
        simulated=True, trading_date="2026-11-30",
        day_began_at=to_timestamp(ns("2026-11-29T23:00")),
        day_ends_at=to_timestamp(ns("2026-11-30T23:00")),
        trading_status=instrument_pb2.TRADING_STATUS_HALTED,
        scheduled=pb.ScheduledPhase(
            phase=PHASES.TRADING_PHASE_PRE_OPEN, ends_at=to_timestamp(ns("2026-11-30T08:00"))
        ),
    )  # fmt: skip
    assert list(calendar_words(answer)) == [
        "calendar SIMA (simulated, of the venues file), Europe/Amsterdam",
        "trading day 2026-11-30: 2026-11-30 00:00 to 2026-12-01 00:00",
        "now scheduled: pre-open until 2026-11-30 08:00Z",
        "the venue reports HALTED",
    ]


def test_a_venue_of_which_nobody_knows_the_hours():
    answer = GetCalendarResponse(
        name="UTC", origin=pb.CALENDAR_ORIGIN_NOBODY, time_zone="UTC", trading_date="2026-11-30",
        day_began_at=to_timestamp(ns("2026-11-30T00:00")),
        day_ends_at=to_timestamp(ns("2026-12-01T00:00")),
    )  # fmt: skip
    first, day = calendar_words(answer)
    assert first == "calendar UTC (nobody says when the venue trades: days of UTC), UTC"
    assert day == "trading day 2026-11-30: 2026-11-30 00:00 to 2026-12-01 00:00"


@pytest.mark.parametrize(("mic", "verified"), [("XETR", True), ("XTKS", False)])
def test_auctions_that_are_not_verified_are_named(mic, verified):
    answer = GetCalendarResponse(
        name=mic, origin=pb.CALENDAR_ORIGIN_LIBRARY, time_zone="UTC", auctions_verified=verified,
        sessions=[session_of(mic, "2026-11-30")],
    )  # fmt: skip
    said = [line for line in calendar_words(answer) if line.startswith("auctions")]
    assert (not said) is verified
    assert verified or said[0].startswith("auctions: not verified for XTKS; the phases are")


@pytest.mark.parametrize(
    ("mic", "date", "local", "utc"),
    [
        ("XETR", "2026-11-30",
         "opening auction 08:50-09:00, continuous 09:00-17:30, closing auction 17:30-17:35",
         "opening auction 07:50-08:00, continuous 08:00-16:30, closing auction 16:30-16:35"),
        ("XTKS", "2026-11-30", "continuous 09:00-11:30, continuous 12:30-15:30",
         "continuous 00:00-02:30, continuous 03:30-06:30"),
        ("XNZE", "2026-11-30", "continuous 10:00-16:45", "continuous 21:00(-1d)-03:45"),
        ("CMES", "2026-11-30", "continuous 17:00(-1d)-17:00", "continuous 23:00(-1d)-23:00"),
    ],
)  # fmt: skip
def test_the_phases_of_a_session(mic, date, local, utc):
    session = session_of(mic, date)
    assert session_words(session, library_calendar(mic).zone) == local
    assert session_words(session, dt.UTC) == utc


@pytest.mark.parametrize(
    ("zone", "columns"),
    [
        ("Europe/Amsterdam", ["date", "phases in Europe/Amsterdam", "phases in UTC"]),
        ("UTC", ["date", "phases in UTC"]),
    ],
)
def test_utc_is_shown_once(zone, columns):
    answer = GetCalendarResponse(time_zone=zone, sessions=[session_of("XETR", "2026-11-30")])
    shown = sessions_table(answer)
    assert [column.header for column in shown.columns] == columns
    assert shown.row_count == 1


def test_a_zone_that_is_not_known_here_is_shown_in_utc():
    assert zone_of("Mars/Olympus").key == "UTC"


def test_what_is_asked_for():
    request = request_of("xams", "2026-12-01", "2026-12-31")
    assert (request.venue_mic, request.from_date, request.to_date) == (
        "XAMS", "2026-12-01", "2026-12-31",
    )  # fmt: skip
    assert request_of("asml.sima", "", "").instrument_id == "ASML.SIMA"


@pytest.mark.parametrize(
    ("name", "first", "last", "text"),
    [
        ("ASML", "2026-02-30", "", "--from '2026-02-30' is not a date, as in 2027-01-31"),
        ("SIMA", "", "31.12.2026", "--to '31.12.2026' is not a date"),
        ("AMSTERDAM", "", "", "'AMSTERDAM' is neither a MIC, as in XAMS, nor a listing"),
        ("", "", "", "'' is neither a MIC"),
    ],
)
def test_what_cannot_be_asked_for(name, first, last, text, capsys):
    with pytest.raises(typer.Exit) as left:
        request_of(name, first, last)
    assert left.value.exit_code == 2
    assert text in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"price": "10.5", "size": "400"}, "auction 400 at 10.5"),
        ({"price": "10.5", "imbalance_size": "50", "imbalance_side": 1},
         "auction ? at 10.5, 50 more to buy"),
        ({"imbalance_size": "50", "imbalance_side": 2}, "auction no price, 50 more to sell"),
        ({"imbalance_size": "50", "faulty": True},
         "auction no price, 50 more (a value of the venue cannot be used)"),
    ],
)  # fmt: skip
def test_an_auction_in_the_line_of_a_quote(fields, words):
    quote = market_data_pb2.Quote(auction=market_data_pb2.AuctionIndication(**fields))
    assert quote_words("ASML.SIMA", quote).endswith(words)
    assert "auction" not in quote_words("ASML.SIMA", market_data_pb2.Quote())
