"""A report contradicts its order: the venue is asked once, and its answer ends it."""

from decimal import Decimal

import pytest

from svc_oms.domain.events import StatusRequested
from svc_oms.domain.facts import ReceiptFacts
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.reports.report_parts import ask_venue
from tests.support.lifecycle import ORDER_ID, TrackedOrder

X, Y = (f"{ORDER_ID}-{number}" for number in (1, 2))


@pytest.fixture
def working():
    tracked = TrackedOrder()
    tracked.place(100)
    tracked.report("0", "0")
    yield tracked
    assert tracked.findings() == []


def kinds(events):
    return [type(event).__name__ for event in events]


def asked(events):
    return [event for event in events if isinstance(event, StatusRequested)]


def test_a_contradiction_is_asked_about_once(working):
    (question,) = asked(working.fill("E1", 10, cum_quantity=30))
    assert question == StatusRequested(X, "CumQty(14) is 20 above the executions")
    assert working.order.asked_about == question.text
    assert asked(working.fill("E2", 10, cum_quantity=40)) == []
    assert working.order.anomaly_count == 2


def test_another_contradiction_is_asked_about_too(working):
    working.fill("E1", 10, cum_quantity=30)
    assert asked(working.fill("E2", 10, cum_quantity=50))


def test_the_question_names_the_clordid_that_the_venue_uses(working):
    working.replace(120)
    working.report("5", "0", cl_ord_id=Y, order_quantity=120)
    (question,) = asked(working.fill("E1", 10, cl_ord_id=Y, cum_quantity=30))
    assert question.cl_ord_id == Y


def test_an_answer_that_agrees_ends_it_and_the_next_contradiction_is_asked_about(working):
    working.fill("E1", 10, cum_quantity=30)
    answer = working.report("I", "1", cum_quantity=10, leaves_quantity=90)
    assert kinds(answer) == ["OrderResolved"]
    assert working.order.asked_about == ""
    assert working.order.anomaly_count == 1
    assert asked(working.fill("E2", 10, cum_quantity=40))


def test_an_answer_that_reports_more_puts_the_order_in_doubt_until_the_executions_come(working):
    working.fill("E1", 10, cum_quantity=30)
    working.report("I", "1", cum_quantity=30, leaves_quantity=70)
    assert working.status == ("UNKNOWN", 10, 90)
    assert asked(working.fill("E3", 10, cum_quantity=40)) == []
    working.fill("E2", 20, cum_quantity=40)
    assert working.status == ("PARTIALLY_FILLED", 40, 60)


def test_an_answer_that_reports_less_is_an_anomaly_and_is_not_asked_about_again(working):
    working.fill("E1", 10, cum_quantity=5)
    assert kinds(working.report("I", "1", cum_quantity=5)) == ["VenueReportParked"]
    assert working.order.anomaly_count == 2
    assert asked(working.fill("E2", 10, cum_quantity=15)) == []


@pytest.mark.parametrize("current", [X, Y])
def test_an_answer_that_the_order_is_not_known_is_an_anomaly(working, current):
    if current == Y:
        working.replace(120)
        working.report("5", "0", cl_ord_id=Y, order_quantity=120)
    working.fill("E1", 10, cl_ord_id=current, cum_quantity=30)
    answer = working.report("I", "8", cl_ord_id=current, ord_rej_reason=5, venue_order_id="NONE")
    assert "does not know an order that is PARTIALLY_FILLED" in answer[0].text
    assert working.order.anomaly_count == 2


def test_a_question_that_was_not_sent_changes_nothing(working):
    cancel = working.cancel()
    for outcome in ("NOT_SENT", "IN_DOUBT"):
        assert working.hear(ReceiptFacts(cancel, "STATUS", outcome, "no form")) == []
    assert working.order.state.name == "PENDING_CANCEL"


def test_nothing_is_asked_about_an_order_that_waits_here():
    tracked = TrackedOrder()
    held = tracked.place(100)._replace(base_state=OrderState.HELD)
    assert ask_venue(held, "anything") == []
    assert held.terms.quantity == Decimal(100)
