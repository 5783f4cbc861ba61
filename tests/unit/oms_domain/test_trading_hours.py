"""What a venue takes in each trading status, what is kept of its reports, when DAY ends."""

import pytest

from kernel.calendars.library import library_calendar
from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from kernel.trading_calendar import UTC_DAYS
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.order_terms.trading_hours import (
    CLOSING_S,
    DAY_MAX_S,
    NOT_KNOWN,
    SessionStatus,
    TradingSession,
    day_ends_at_ns,
    known,
    quotes_count,
    require_taken,
    status_at,
    takes,
    waits_for_opening,
)
from svc_oms.domain.refusal import OrderRefused

HOUR = 3600 * NS_PER_S
DAY = 20_000 * NS_PER_DAY
DAY_END_S = 22 * 3600
S = SessionStatus


@pytest.mark.parametrize("status", list(SessionStatus))
@pytest.mark.parametrize("time_in_force", list(TimeInForce))
def test_every_status_and_time_in_force(status, time_in_force):
    session = TradingSession(status, DAY)
    at_open = time_in_force is TimeInForce.AT_OPEN
    at_once = time_in_force in {TimeInForce.IOC, TimeInForce.FOK}
    expected = {
        S.UNKNOWN: True,
        S.HALTED: at_open,
        S.OPEN: True,
        S.CLOSED: at_open,
        S.PRE_OPEN: not at_once,
        S.PRE_CLOSE: True,
        S.REQUEST_REJECTED: True,
    }[status]
    assert takes(session, time_in_force, DAY) is expected
    if expected:
        require_taken(session, "ASML.SIMA", "SIMA", time_in_force, DAY)
        return
    with pytest.raises(OrderRefused) as refused:
        require_taken(session, "ASML.SIMA", "SIMA", time_in_force, DAY)
    assert (refused.value.reason, refused.value.field) == (
        "INSTRUMENT_NOT_TRADABLE",
        "terms.time_in_force",
    )
    assert refused.value.metadata["trading_status"] == status.name
    assert refused.value.metadata["value"] == time_in_force.name


def test_an_order_is_for_the_next_session_while_the_venue_is_closed_or_halted():
    found = {one for one in S if waits_for_opening(TradingSession(one, DAY), DAY)}
    assert found == {S.CLOSED, S.HALTED}


@pytest.mark.parametrize(
    ("after_s", "since_h", "status", "counts"),
    [
        (-1, 7, S.OPEN, S.OPEN),
        (0, 7, S.OPEN, S.CLOSED),
        (CLOSING_S - 1, 7, S.PRE_CLOSE, S.CLOSED),
        # Later, what the venue reports counts: it may have prolonged its session.
        (CLOSING_S, 7, S.OPEN, S.OPEN),
        # It opened after that time: the time is of an earlier session.
        (1, 17, S.OPEN, S.OPEN),
        (1, 7, S.HALTED, S.HALTED),
    ],
)
def test_at_its_closing_time_a_venue_counts_as_closed_for_a_moment(
    after_s, since_h, status, counts
):
    closes = DAY + 16 * HOUR
    session = TradingSession(status, DAY + since_h * HOUR, closes)
    assert status_at(session, closes + after_s * NS_PER_S) is counts


def test_a_status_reported_again_keeps_its_first_time():
    closed = known(NOT_KNOWN, TradingSession(S.CLOSED, DAY), DAY)
    assert closed == (S.CLOSED, DAY, 0, DAY)
    again = known(closed, TradingSession(S.CLOSED, DAY + HOUR, DAY + 40 * HOUR), DAY + HOUR)
    assert again == (S.CLOSED, DAY, DAY + 40 * HOUR, DAY)
    opened = known(again, TradingSession(S.OPEN, DAY + 2 * HOUR, DAY + 40 * HOUR), DAY + 2 * HOUR)
    assert opened == (S.OPEN, DAY + 2 * HOUR, DAY + 40 * HOUR, DAY)
    # The gateway was away over the close, and hears of the next session.
    later = known(opened, TradingSession(S.OPEN, DAY + 50 * HOUR, DAY + 60 * HOUR), DAY + 50 * HOUR)
    assert later == (S.OPEN, DAY + 2 * HOUR, DAY + 60 * HOUR, DAY + 40 * HOUR)


@pytest.mark.parametrize(
    ("session", "accepted_h", "ends_h"),
    [
        # Nothing reported, and no calendar: the setting.
        (NOT_KNOWN, 9, 22),
        (NOT_KNOWN, 22, 46),
        (TradingSession(S.REQUEST_REJECTED, DAY), 9, 22),
        # TradSesCloseTime(344), whatever the calendar says.
        (TradingSession(S.OPEN, DAY + 7 * HOUR, DAY + 16 * HOUR), 9, 16),
        (TradingSession(S.OPEN, DAY + 7 * HOUR, DAY + 23 * HOUR), 9, 23),
        # The venue has closed since.
        (TradingSession(S.CLOSED, DAY + 15 * HOUR, 0, DAY + 15 * HOUR), 9, 15),
        (TradingSession(S.CLOSED, DAY + 15 * HOUR, DAY + 40 * HOUR, DAY + 15 * HOUR), 9, 15),
        (TradingSession(S.OPEN, DAY + 31 * HOUR, DAY + 40 * HOUR, DAY + 15 * HOUR), 9, 15),
        # Accepted after the close: for the next session.
        (TradingSession(S.CLOSED, DAY + 15 * HOUR, 0, DAY + 15 * HOUR), 17, None),
        (TradingSession(S.CLOSED, DAY + 15 * HOUR, DAY + 40 * HOUR, DAY + 15 * HOUR), 17, 40),
        (TradingSession(S.OPEN, DAY + 31 * HOUR, DAY + 40 * HOUR, DAY + 15 * HOUR), 17, 40),
        # It trades, and has not said how long: a day after acceptance or opening at the latest.
        (TradingSession(S.OPEN, DAY + 7 * HOUR), 9, 9 + DAY_MAX_S // 3600),
        (TradingSession(S.OPEN, DAY + 31 * HOUR, 0, DAY + 15 * HOUR), 17, 31 + DAY_MAX_S // 3600),
        (TradingSession(S.HALTED, DAY + 12 * HOUR), 9, 12 + DAY_MAX_S // 3600),
    ],
)
def test_when_day_ends_for_an_order_that_waits_here(session, accepted_h, ends_h):
    expected = None if ends_h is None else DAY + ends_h * HOUR
    assert day_ends_at_ns(DAY + accepted_h * HOUR, session, UTC_DAYS, DAY_END_S) == expected


@pytest.mark.parametrize(
    ("session", "listing", "count"),
    [
        (S.OPEN, "OPEN", True),
        (S.UNKNOWN, "OPEN", True),
        (S.PRE_CLOSE, "OPEN", True),
        (S.OPEN, "NOT_KNOWN", True),
        (S.OPEN, "", True),
        (S.PRE_OPEN, "OPEN", False),
        (S.HALTED, "OPEN", False),
        (S.CLOSED, "OPEN", False),
        (S.OPEN, "PRE_OPEN", False),
        (S.OPEN, "AUCTION", False),
        (S.OPEN, "HALTED", False),
        (S.OPEN, "CLOSED", False),
        (S.OPEN, "DELISTED", False),
    ],
)
def test_when_bid_and_offer_say_what_the_market_is(session, listing, count):
    assert quotes_count(TradingSession(session, DAY), listing, DAY + HOUR) is count


AMSTERDAM = library_calendar("XAMS")
MONDAY = 20_787 * NS_PER_DAY
"""2026-11-30."""


@pytest.mark.parametrize(
    ("session", "accepted_h", "ends_h"),
    [
        # The venue reports nothing: the calendar, whatever the setting says.
        (NOT_KNOWN, 9, 15 + 95 / 60),
        (NOT_KNOWN, 17, 39 + 95 / 60),
        # What it reports counts.
        (TradingSession(S.OPEN, MONDAY, MONDAY + 18 * HOUR), 9, 18),
        (TradingSession(S.OPEN, MONDAY + 8 * HOUR), 9, 9 + DAY_MAX_S // 3600),
    ],
)
def test_day_ends_by_the_calendar_where_the_venue_reports_nothing(session, accepted_h, ends_h):
    ends_ns = day_ends_at_ns(MONDAY + accepted_h * HOUR, session, AMSTERDAM, DAY_END_S)
    assert ends_ns == MONDAY + round(ends_h * 60) * HOUR // 60
