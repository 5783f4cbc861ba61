"""When trading days begin: zones, summer time, days that belong to the day before."""

import datetime as dt

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_marketdata.domain.trading_calendar import UTC_DAYS, TradingCalendar

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


def test_a_year_of_holidays_has_days_all_the_same() -> None:
    closed = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(365)]
    day = TradingCalendar("UTC", 0, (0,), closed).day_of(ns("2026-06-15T12:00"))
    assert day.begins_ns <= ns("2026-06-15T12:00") < day.ends_ns


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
