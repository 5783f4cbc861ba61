"""Corporate actions end alerts from the beginning of the listing's trading day on."""

import datetime as dt

import pytest

from kernel.calendars.library import library_calendar
from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import UTC_DAYS
from svc_marketdata.domain.alerts.ending import ActionOnAlert, ended_by
from svc_marketdata.domain.reference.actions import ActionKind

CALENDARS = {
    "A.XAMS": library_calendar("XAMS"),
    "A.XNZE": library_calendar("XNZE"),
    "A.XNYS": library_calendar("XNYS"),
    "A.SIMA": UTC_DAYS,
}
MADE = "2026-11-20T12:00"
ANNOUNCED = "2026-11-23T12:00"


def ns(text):
    return int(dt.datetime.fromisoformat(f"{text}Z").timestamp()) * NS_PER_S


def begins(listing, date):
    return CALENDARS[listing].first_from(date)


def on(listing, date, made=MADE, kind=ActionKind.SPLIT):
    day = dt.date.fromisoformat(date)
    return ActionOnAlert("1", listing, ns(made), kind, day, ns(ANNOUNCED))


@pytest.mark.parametrize(
    ("listing", "date", "effective"),
    [
        ("A.SIMA", "2026-11-30", "2026-11-30T00:00"),
        ("A.XAMS", "2026-11-30", "2026-11-29T23:00"),
        # The Monday of New Zealand begins on Sunday in UTC, that of New York on Monday.
        ("A.XNZE", "2026-11-30", "2026-11-29T11:00"),
        ("A.XNYS", "2026-11-30", "2026-11-30T05:00"),
        # A date without trading: the next day that trades.
        ("A.XAMS", "2026-12-25", "2026-12-27T23:00"),
    ],
)
def test_an_alert_ends_as_its_trading_day_begins(listing, date, effective):
    action = on(listing, date)
    assert ended_by([action], begins, ns(effective) - 1) == {}
    assert ended_by([action], begins, ns(effective)) == {
        "1": f"split effective {date}: a new alert needs a new price"
    }


@pytest.mark.parametrize(
    ("made", "ends"),
    [("2026-11-29T10:59", True), ("2026-11-29T11:00", False), ("2026-11-30T08:00", False)],
)
def test_an_alert_that_knows_the_new_prices_stays(made, ends):
    action = on("A.XNZE", "2026-11-30", made, ActionKind.DELISTING)
    assert bool(ended_by([action], begins, ns("2026-12-10T00:00"))) is ends


def test_an_action_that_is_announced_late_ends_what_was_made_before_the_announcement():
    late = on("A.SIMA", "2026-11-19", kind=ActionKind.SYMBOL_CHANGE)
    assert "change of symbol" in ended_by([late], begins, ns(ANNOUNCED))["1"]
    assert ended_by([late._replace(created_ns=ns(ANNOUNCED))], begins, ns("2026-12-10T00:00")) == {}
