"""The trading status of a venue: several trading sessions, questions, and what answers them."""

import pytest

from fix.wire import SOH
from svc_gateway.adapters.fix.orders.orders_in import OrderReader
from svc_gateway.domain.market.trading_sessions import (
    ANSWER_MAX_S,
    TRADING_SESSIONS_MAX,
    UNKNOWN,
    Reported,
    TradingSessions,
)

HALTED, OPEN, CLOSED, PRE_OPEN, PRE_CLOSE = 1, 2, 3, 4, 5


def sessions(*reports):
    made = TradingSessions(asks=True)
    for at, report in enumerate(reports, 1):
        made.heard(report, at)
    return made


def test_nothing_is_known_before_the_first_report():
    made = TradingSessions(asks=True)
    assert (made.status, made.since_ns, made.closes_at_ns) == (UNKNOWN, 0, 0)


@pytest.mark.parametrize(
    ("statuses", "counts"),
    [
        ([CLOSED], CLOSED),
        ([CLOSED, OPEN], OPEN),
        ([OPEN, CLOSED], OPEN),
        ([CLOSED, HALTED], HALTED),
        ([HALTED, PRE_OPEN], PRE_OPEN),
        ([CLOSED, UNKNOWN], UNKNOWN),
        ([PRE_CLOSE, PRE_OPEN, CLOSED], PRE_CLOSE),
    ],
)
def test_of_several_trading_sessions_the_one_counts_that_takes_most(statuses, counts):
    made = sessions(*(Reported(status, f"S{n}") for n, status in enumerate(statuses)))
    assert made.status == counts


def test_a_trading_session_that_is_reported_again_has_its_new_status_and_the_first_time_of_it():
    made = sessions(Reported(OPEN, "DAY", 100), Reported(OPEN, "DAY", 200))
    assert (made.status, made.since_ns, made.closes_at_ns) == (OPEN, 1, 200)
    made.heard(Reported(CLOSED, "DAY"), 3)
    assert (made.status, made.since_ns, made.closes_at_ns) == (CLOSED, 3, 0)
    # What the venue resends was so when it was first sent.
    made.heard(Reported(OPEN, "DAY", first_sent_ns=4), 9)
    assert (made.status, made.since_ns) == (OPEN, 4)


def test_the_first_answer_after_a_logon_voids_what_was_known():
    made = sessions(Reported(OPEN, "EVENING"), Reported(CLOSED, "DAY"))
    made.logged_on()
    assert made.due
    made.asked("T1", 0.0)
    assert not made.due
    made.heard(Reported(CLOSED, "DAY", request_id="T0"), 5)
    assert made.status == OPEN
    made.heard(Reported(CLOSED, "DAY", request_id="T1"), 6)
    assert made.status == CLOSED
    made.heard(Reported(HALTED, "EVENING", request_id="T1"), 7)
    assert made.status == HALTED
    assert not made.is_overdue(ANSWER_MAX_S + 1, 8)


@pytest.mark.parametrize("how", ["refused", "overdue"])
def test_a_question_that_is_refused_or_not_answered_leaves_the_status_unknown(how):
    made = sessions(Reported(CLOSED, "DAY"))
    assert not made.refused(1)
    made.logged_on()
    made.asked("T1", 0.0)
    assert not made.is_overdue(ANSWER_MAX_S, 2)
    assert made.refused(2) if how == "refused" else made.is_overdue(ANSWER_MAX_S + 0.1, 2)
    assert (made.status, made.since_ns) == (UNKNOWN, 2)


def test_what_the_venue_resends_after_a_logon_does_not_count_before_its_answer():
    made = sessions(Reported(CLOSED, "DAY"))
    made.logged_on()
    made.heard(Reported(OPEN, "DAY", first_sent_ns=1), 5)
    assert (made.status, made.pending) == (CLOSED, True)
    made.logged_out()
    assert not made.pending


def test_after_a_logout_nothing_is_known_where_the_venue_can_be_asked():
    made = sessions(Reported(OPEN, "DAY", 100))
    made.logged_out()
    assert (made.status, made.since_ns, made.closes_at_ns) == (UNKNOWN, 0, 0)
    other = TradingSessions(asks=False)
    other.heard(Reported(CLOSED), 1)
    other.logged_out()
    assert (other.status, other.since_ns) == (CLOSED, 1)


def test_a_venue_that_is_not_asked_may_still_report():
    made = TradingSessions(asks=False)
    made.logged_on()
    assert not made.due
    made.heard(Reported(CLOSED), 1)
    assert made.status == CLOSED


def test_further_trading_sessions_than_can_be_kept_are_left_out():
    made = sessions(*(Reported(CLOSED, f"S{n}") for n in range(TRADING_SESSIONS_MAX)))
    made.heard(Reported(OPEN, "ONE MORE"), 1)
    assert made.status == CLOSED
    made.heard(Reported(OPEN, "S0"), 2)
    assert made.status == OPEN


@pytest.mark.parametrize(
    ("fields", "report"),
    [
        ("336=DAY 340=2", Reported(OPEN, "DAY")),
        ("335=T1 336=DAY 340=3", Reported(CLOSED, "DAY", request_id="T1")),
        ("336=A 340=2 344=19700101-00:00:05", Reported(OPEN, "A", 5 * 10**9)),
        ("336=A 340=2 345=19700101-00:00:06", Reported(OPEN, "A", 6 * 10**9)),
        ("340=2 344=soon", Reported(OPEN)),
        ("340=6", Reported(UNKNOWN)),
        ("340=closed", Reported(UNKNOWN)),
        ("336=DAY", Reported(UNKNOWN, "DAY")),
        ("340=3 122=19700101-00:00:07", Reported(CLOSED, first_sent_ns=7 * 10**9)),
    ],
)
def test_what_is_read_of_trading_session_status(fields, report):
    raw = SOH.join(["8=FIX.4.4", "9=1", "35=h", *fields.split(), "10=000", ""])
    assert OrderReader(lambda _: "").trading_session(raw) == report
