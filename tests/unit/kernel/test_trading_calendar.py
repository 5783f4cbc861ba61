"""Trading days, sessions and phases: zones, summer time, holidays, half days, evenings before."""

import datetime as dt

import pytest

from kernel.calendars.library import NAMES, default_calendar, library_calendar
from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import (
    UTC_DAYS,
    Origin,
    Phase,
    SessionTimes,
    TradingCalendar,
    parse_hours,
)

MON_TO_FRI = range(5)
CHRISTMAS = (dt.date(2026, 12, 25),)


def ns(text: str) -> int:
    return int(dt.datetime.fromisoformat(f"{text}Z").timestamp()) * NS_PER_S


@pytest.mark.parametrize(
    ("calendar", "at", "begins", "ends"),
    [
        (UTC_DAYS, "2026-11-30T00:00", "2026-11-30T00:00", "2026-12-01T00:00"),
        (UTC_DAYS, "2026-11-29T23:59", "2026-11-29T00:00", "2026-11-30T00:00"),
        # Tokyo's morning is still yesterday in UTC.
        (
            TradingCalendar("Asia/Tokyo"),
            "2026-11-29T23:30", "2026-11-29T15:00", "2026-11-30T15:00",
        ),
        # New York's evening is tomorrow in UTC already.
        (
            TradingCalendar("America/New_York"),
            "2026-12-01T00:30", "2026-11-30T05:00", "2026-12-01T05:00",
        ),
        # Days of 23 and of 25 hours.
        (
            TradingCalendar("Europe/Amsterdam"),
            "2026-03-29T10:00", "2026-03-28T23:00", "2026-03-29T22:00",
        ),
        (
            TradingCalendar("Europe/Amsterdam"),
            "2026-10-25T10:00", "2026-10-24T22:00", "2026-10-25T23:00",
        ),
        # A weekend and a holiday belong to the day before.
        (
            TradingCalendar("Europe/Amsterdam", 0, MON_TO_FRI),
            "2026-11-29T12:00", "2026-11-26T23:00", "2026-11-29T23:00",
        ),
        (
            TradingCalendar("Europe/Amsterdam", 0, MON_TO_FRI, CHRISTMAS),
            "2026-12-25T12:00", "2026-12-23T23:00", "2026-12-27T23:00",
        ),
        # A day that begins on the evening before.
        (
            TradingCalendar("America/Chicago", 17 * 60, (6, 0, 1, 2, 3)),
            "2026-11-30T03:00", "2026-11-29T23:00", "2026-11-30T23:00",
        ),
    ],
)  # fmt: skip
def test_the_trading_day_of_an_instant(calendar, at, begins, ends) -> None:
    for _ in range(2):
        assert calendar.day_of(ns(at)) == (ns(begins), ns(ends))


@pytest.mark.parametrize("days", [1, 30, 31, 32, 33, 62, 366])
def test_a_closure_of_any_length_is_one_trading_day(days) -> None:
    """What a calendar says before, in and after a closure from Tuesday, 2 June 2026."""
    first = dt.date(2026, 6, 2)
    closed = [first + dt.timedelta(days=number) for number in range(days)]
    times = SessionTimes([(dt.date(2026, 1, 1), parse_hours("09:00-17:30"))])
    calendar = TradingCalendar("UTC", 0, closed=closed, times=times)
    again = dt.datetime.combine(first + dt.timedelta(days=days), dt.time()).isoformat()
    opens, closes = ns(again) + 9 * 3600 * NS_PER_S, ns(again) + 63_000 * NS_PER_S
    for at in (ns("2026-06-01T18:00"), ns("2026-06-02T12:00"), ns(again) - 1):
        fresh = TradingCalendar("UTC", 0, closed=closed, times=times)
        for one in (calendar, fresh):
            assert one.day_of(at) == (ns("2026-06-01T00:00"), ns(again))
            assert one.phase_at(at) == (Phase.CLOSED, ns("2026-06-01T17:30"), opens)
            assert one.close_after(at) == closes
    assert calendar.date_of(calendar.day_of(ns(again))) == first + dt.timedelta(days=days)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("Mars/Olympus",), "time zone 'Mars/Olympus' is not known here"),
        (("",), "time zone"),
        (("UTC", 1440), "hour must be in 0..23"),
        (("UTC", 0, ()), "weekdays"),
        (("UTC", 0, (7,)), "weekdays"),
    ],
)
def test_a_calendar_that_does_not_exist(arguments, text) -> None:
    with pytest.raises(ValueError, match=text):
        TradingCalendar(*arguments)


# Hours of New Zealand, without auctions, and of a venue that begins on the evening before.
AMSTERDAM, NEW_YORK, TOKYO, AUCKLAND, CHICAGO = (
    library_calendar(name) for name in ("XAMS", "XNYS", "XTKS", "XNZE", "CMES")
)


@pytest.mark.parametrize(
    ("calendar", "accepted", "closes"),
    [
        # In winter and in summer, at the end of the closing auction.
        (AMSTERDAM, "2026-11-30T10:00", "2026-11-30T16:35"),
        (AMSTERDAM, "2026-07-01T10:00", "2026-07-01T15:35"),
        # Over a weekend on which the clocks go back.
        (AMSTERDAM, "2026-10-23T16:00", "2026-10-26T16:35"),
        # After the close, over Christmas; the day before it is half a day.
        (AMSTERDAM, "2026-12-24T10:00", "2026-12-24T13:10"),
        (AMSTERDAM, "2026-12-24T14:00", "2026-12-28T16:35"),
        # New York changes its clocks two weeks before Europe does.
        (NEW_YORK, "2026-03-06T12:00", "2026-03-06T21:00"),
        (NEW_YORK, "2026-03-09T12:00", "2026-03-09T20:00"),
        (NEW_YORK, "2026-11-27T12:00", "2026-11-27T18:00"),
        # A break at noon ends no day.
        (TOKYO, "2026-11-30T03:00", "2026-11-30T06:30"),
        # The session is on both sides of midnight UTC.
        (AUCKLAND, "2026-11-29T22:30", "2026-11-30T03:45"),
        (AUCKLAND, "2026-11-30T02:00", "2026-11-30T03:45"),
        # Monday begins on Sunday evening.
        (CHICAGO, "2026-11-29T23:30", "2026-11-30T23:00"),
        (UTC_DAYS, "2026-11-30T10:00", None),
    ],
)
def test_when_the_session_closes_for_an_order_that_is_accepted_now(calendar, accepted, closes):
    assert calendar.close_after(ns(accepted)) == (ns(closes) if closes else None)


@pytest.mark.parametrize(
    ("calendar", "at", "date", "begins"),
    [
        (AMSTERDAM, "2026-11-28T12:00", "2026-11-27", "2026-11-26T23:00"),
        (AMSTERDAM, "2026-12-26T12:00", "2026-12-24", "2026-12-23T23:00"),
        (AUCKLAND, "2026-11-29T12:00", "2026-11-30", "2026-11-29T11:00"),
        (TOKYO, "2026-11-29T23:30", "2026-11-30", "2026-11-29T15:00"),
        (CHICAGO, "2026-11-29T22:30", "2026-11-27", "2026-11-26T23:00"),
        (CHICAGO, "2026-11-29T23:30", "2026-11-30", "2026-11-29T23:00"),
        (CHICAGO, "2026-11-30T12:00", "2026-11-30", "2026-11-29T23:00"),
        (UTC_DAYS, "2026-11-30T12:00", "2026-11-30", "2026-11-30T00:00"),
    ],
)
def test_the_date_of_a_trading_day(calendar, at, date, begins):
    day = calendar.day_of(ns(at))
    assert (calendar.date_of(day), day.begins_ns) == (dt.date.fromisoformat(date), ns(begins))


@pytest.mark.parametrize(
    ("calendar", "at", "phase", "ends"),
    [
        (AMSTERDAM, "2026-11-30T05:00", Phase.CLOSED, "2026-11-30T06:15"),
        (AMSTERDAM, "2026-11-30T07:00", Phase.PRE_OPEN, "2026-11-30T08:00"),
        (AMSTERDAM, "2026-11-30T08:00", Phase.CONTINUOUS, "2026-11-30T16:30"),
        (AMSTERDAM, "2026-11-30T16:30", Phase.CLOSING_AUCTION, "2026-11-30T16:35"),
        (AMSTERDAM, "2026-11-30T16:35", Phase.CLOSED, "2026-12-01T06:15"),
        (AMSTERDAM, "2026-12-25T12:00", Phase.CLOSED, "2026-12-28T06:15"),
        (library_calendar("XETR"), "2026-11-30T07:55", Phase.OPENING_AUCTION, "2026-11-30T08:00"),
        (TOKYO, "2026-11-30T03:00", Phase.CLOSED, "2026-11-30T03:30"),
        (TOKYO, "2026-11-30T03:30", Phase.CONTINUOUS, "2026-11-30T06:30"),
        (CHICAGO, "2026-11-29T12:00", Phase.CLOSED, "2026-11-29T23:00"),
    ],
)
def test_the_phase_of_an_instant(calendar, at, phase, ends):
    for _ in range(2):
        found = calendar.phase_at(ns(at))
        assert (found.phase, found.ends_ns) == (phase, ns(ends))
        assert found.begins_ns <= ns(at) < found.ends_ns


def test_days_of_utc_have_no_sessions():
    assert UTC_DAYS.phase_at(ns("2026-11-30T12:00")) is None
    assert UTC_DAYS.session(dt.date(2026, 11, 30)) is None
    assert not UTC_DAYS.has_hours


def test_a_session_on_a_weekend_is_a_trading_day():
    saturday = dt.date(2026, 11, 28)
    times = SessionTimes([(dt.date(2026, 1, 1), parse_hours("09:00-17:30"))],
                         {saturday: parse_hours("10:00-12:00")})  # fmt: skip
    calendar = TradingCalendar("UTC", 0, MON_TO_FRI, times=times)
    day = calendar.day_of(ns("2026-11-28T11:00"))
    assert calendar.date_of(day) == saturday
    assert calendar.close_after(ns("2026-11-27T18:00")) == ns("2026-11-28T12:00")


def test_a_pre_open_phase_may_begin_on_the_evening_before():
    times = SessionTimes([(dt.date(2026, 1, 1), parse_hours("00:30-12:00"))], {}, 60, 30, 15)
    calendar = TradingCalendar("Europe/Amsterdam", 0, times=times)
    day = calendar.day_of(ns("2026-11-29T22:30"))
    assert day.begins_ns == ns("2026-11-29T22:00")
    assert calendar.date_of(day) == dt.date(2026, 11, 30)
    assert [one.phase for one in calendar.session(dt.date(2026, 11, 30)).phases] == list(Phase)[:4]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("09:00-17:30", ((540, 1050),)),
        ("09:00-11:30 12:30-15:00", ((540, 690), (750, 900))),
        ("00:00-24:00", ((0, 1440),)),
        ("17:00-16:00", ((-420, 960),)),
        ("17:00-17:00", ((-420, 1020),)),
        ("20:00-22:00 02:00-16:00", ((-240, -120), (120, 960))),
    ],
)
def test_hours(text, hours):
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    "text",
    ["", "9:00-17:30", "09:00", "09:00-25:00", "09:60-10:00", "09:00-12:00 11:00-17:00", "x"],
)
def test_hours_that_are_none(text):
    with pytest.raises(ValueError, match="hours "):
        parse_hours(text)


def test_every_calendar_of_the_library_can_be_used():
    for name in NAMES:
        calendar = library_calendar(name)
        assert calendar.origin is Origin.LIBRARY
        assert calendar.close_after(ns("2026-11-30T12:00"))


def test_a_venue_without_a_calendar_has_days_of_utc():
    assert default_calendar("SIMA") is UTC_DAYS
    assert default_calendar("XNAS") is NEW_YORK
    assert library_calendar("../data/XNYS") is None


def test_where_the_lengths_of_auctions_are_verified():
    verified = {name for name in NAMES if library_calendar(name).auctions_verified}
    assert verified == {"XAMS", "XBRU", "XLIS", "XPAR", "XETR", "XLON", "XMAD"}
    assert not UTC_DAYS.auctions_verified
