"""What reports mean: fills, ends, refusals, repeats, and what cannot be understood."""

from decimal import Decimal

import pytest

from svc_oms.domain.events import (
    CancelRefused,
    OrderAcknowledged,
    OrderCanceled,
    OrderExecuted,
    OrderExpired,
    OrderInDoubt,
    OrderReplaced,
    OrderResolved,
    OrderSuspended,
    ReplaceRefused,
    VenueReportParked,
)
from svc_oms.domain.facts import (
    BusinessRejectFacts,
    CancelRejectFacts,
    ReceiptFacts,
    SessionRejectFacts,
)
from svc_oms.domain.model import OrderTerms, ResolutionSource, TimeInForce
from svc_oms.domain.reports.venue_reports import interpret, request_number
from tests.support.lifecycle import ORDER_ID, TrackedOrder, report, terms

X, Y, Z = (f"{ORDER_ID}-{number}" for number in (1, 2, 3))


@pytest.fixture
def tracked():
    tracked = TrackedOrder()
    tracked.place(100)
    yield tracked
    assert tracked.findings() == []


@pytest.fixture
def working(tracked):
    tracked.report("0", "0")
    return tracked


def kinds(events):
    return [type(event).__name__ for event in events]


def parked(events):
    (event,) = events
    assert isinstance(event, VenueReportParked)
    return event.text


# --- new, fills -------------------------------------------------------------------------


def test_a_fill_without_acknowledgement_implies_one(tracked):
    assert kinds(tracked.fill("E1", 40)) == ["OrderAcknowledged", "OrderExecuted"]
    assert tracked.status == ("PARTIALLY_FILLED", 40, 60)
    assert tracked.order.venue_order_id == "V1"
    assert tracked.report("0", "0") == []


def test_an_execution_carries_what_the_venue_reported(working):
    (event,) = working.fill(
        "E1",
        40,
        "50.5",
        transact_time_ns=7,
        received_at_ns=8,
        last_liquidity=1,
        last_market_mic="XPAR",
    )
    assert isinstance(event, OrderExecuted)
    fill = event.execution
    assert (fill.exec_id, fill.venue_mic, fill.order_id) == ("E1", "SIMA", ORDER_ID)
    assert (fill.account_id, fill.instrument_id, fill.currency) == ("ACC-ALICE", "ASML.SIMA", "EUR")
    assert (fill.quantity, fill.price) == (40, Decimal("50.5"))
    assert (fill.venue_time_ns, fill.received_at_ns) == (7, 8)
    assert (fill.liquidity, fill.last_market_mic, fill.busted) == (1, "XPAR", False)


@pytest.mark.parametrize(
    "missing",
    [{"exec_id": ""}, {"last_quantity": None}, {"last_quantity": 0}, {"last_price": None}],
)
def test_a_fill_without_its_numbers_is_parked(working, missing):
    fields = {"exec_id": "E1", "last_quantity": 40, "last_price": "50", **missing}
    text = parked(working.report("F", "1", **fields))
    assert "a fill needs ExecID(17)" in text
    assert working.status == ("NEW", 0, 100)
    assert working.order.anomaly == text


def test_a_fill_known_already_is_nothing(working):
    working.fill("E1", 40)
    again = report("F", "1", exec_id="E1", last_quantity=40, last_price="50")
    assert working.hear(again) == []


def test_a_fill_whose_cum_does_not_add_up_counts_and_is_an_anomaly(working):
    events = working.fill("E1", 40, cum_quantity=70)
    assert kinds(events) == ["OrderExecuted", "VenueReportParked", "StatusRequested"]
    assert working.status == ("PARTIALLY_FILLED", 40, 60)
    assert "CumQty(14) 70" in events[1].text


def test_an_overfill_counts_and_is_an_anomaly(working):
    working.fill("E1", 120, ord_status="2")
    assert working.status == ("FILLED", 120, 0)
    assert working.order.anomaly == "120 are executed of an order of 100"
    working.fill("E2", 10, ord_status="2")
    assert working.status == ("FILLED", 130, 0)
    assert working.order.anomaly_count == 2


@pytest.mark.parametrize(("exec_type", "state"), [("4", "CANCELED"), ("C", "EXPIRED")])
def test_a_fill_after_the_end_counts_and_is_an_anomaly(working, exec_type, state):
    working.report(exec_type, exec_type)
    working.fill("E1", 40, ord_status=exec_type)
    assert working.status == (state, 40, 0)
    assert working.order.anomaly == f"EXECUTED does not fit an order that is {state}"


def test_a_fill_of_a_rejected_order_counts(tracked):
    tracked.report("8", "8")
    tracked.fill("E1", 40, ord_status="8")
    assert tracked.status == ("REJECTED", 40, 0)
    assert tracked.order.anomaly_count == 1


def test_an_order_given_up_that_works_after_all_is_open_again(tracked):
    tracked.hear(ReceiptFacts(X, "NEW", "NOT_SENT", "too old"))
    assert tracked.status == ("REJECTED", 0, 0)
    tracked.report("0", "0")
    assert tracked.status == ("NEW", 0, 100)
    assert tracked.order.rejection is None
    assert tracked.order.anomaly_count == 1


def test_a_later_new_reports_the_venue_order_id(tracked):
    tracked.report("0", "0", venue_order_id="")
    assert tracked.report("0", "0", venue_order_id="") == []
    assert tracked.report("0", "0") == [OrderAcknowledged("V1")]
    assert tracked.report("0", "0") == []


@pytest.mark.parametrize("exec_type", ["Z", "", "1", "2"])
def test_unknown_exec_type_is_parked(working, exec_type):
    """Also the two characters a fill had before FIX 4.4: this dialect has them no more."""
    assert parked(working.report(exec_type, "0")) == f"ExecType(150)={exec_type} is not known"


# --- ends -------------------------------------------------------------------------------


def test_an_end_that_reports_more_than_has_come_closes_and_is_an_anomaly(working):
    events = working.report("4", "4", cum_quantity=40)
    assert kinds(events) == ["OrderCanceled", "VenueReportParked", "StatusRequested"]
    assert working.status == ("CANCELED", 0, 0)
    assert working.order.anomaly_count == 1
    working.fill("E1", 40)
    assert working.status == ("CANCELED", 40, 0)


@pytest.mark.parametrize("exec_type", ["4", "C", "8"])
def test_a_repeated_end_is_nothing(working, exec_type):
    assert working.report(exec_type, exec_type)
    assert working.report(exec_type, exec_type) == []


def test_an_end_of_a_filled_order_is_an_anomaly(working):
    working.fill("E1", 100, ord_status="2")
    working.report("4", "4", cum_quantity=100)
    assert working.status == ("FILLED", 100, 0)
    assert working.order.anomaly_count == 1


@pytest.mark.parametrize("exec_type", ["3", "7", "9", "B"])
def test_a_repeated_pause_is_nothing_and_a_new_ends_it(working, exec_type):
    assert len(working.report(exec_type, exec_type)) == 1
    assert working.report(exec_type, exec_type) == []
    assert working.report("0", "0") == [OrderAcknowledged("V1")]
    assert working.status == ("NEW", 0, 100)


def test_a_restatement_may_leave_it_suspended(working):
    events = working.report("D", "9", order_quantity=50, text="halt")
    assert events[1] == OrderSuspended("halt")
    assert working.status == ("SUSPENDED", 0, 50)


def test_a_restatement_below_what_is_executed(working):
    working.fill("E1", 60)
    working.report("D", "2", order_quantity=50)
    assert working.status == ("FILLED", 60, 0)
    assert working.order.anomaly == "60 are executed of an order now of 50"


# --- requests ---------------------------------------------------------------------------


def test_pending_reports_without_a_request_of_ours_are_nothing(working):
    assert working.report("6", "6") == []
    assert working.report("E", "E") == []


def test_replaced_takes_the_terms_the_venue_reports(working):
    working.replace(200, "50.5")
    events = working.report(
        "5", "0", cl_ord_id=Y, order_quantity=150, limit_price="50.2", time_in_force="1"
    )
    reported = OrderTerms(Decimal(150), Decimal("50.2"), time_in_force=TimeInForce.GTC)
    assert events[0] == OrderReplaced(reported, "V1")
    assert working.order.terms == reported
    # They are not those that were asked for.
    assert kinds(events) == ["OrderReplaced", "VenueReportParked", "StatusRequested"]
    for text in ("OrderQty(38) is 150", "Price(44) is 50.2", "TimeInForce(59) is GTC"):
        assert text in events[1].text


def test_replaced_keeps_the_terms_asked_for_where_the_venue_is_silent(working):
    working.replace(200, "50.5")
    working.report("5", "0", cl_ord_id=Y)
    assert working.order.terms == terms(200, "50.5")
    assert working.report("5", "0", cl_ord_id=Y) == []


def test_replaced_by_a_venue_that_keeps_the_old_cl_ord_id(working):
    working.replace(200, "50.5")
    working.report("5", "0", cl_ord_id=X, order_quantity=200, limit_price="50.5")
    assert working.status == ("NEW", 0, 200)
    assert working.order.cl_ord_id == Y


def test_a_repeated_replaced_is_not_taken_for_the_next(working):
    working.replace(200)
    working.report("5", "0", cl_ord_id=Y, order_quantity=200)
    working.replace(300)
    assert working.report("5", "0", cl_ord_id=Y, order_quantity=200) == []
    assert working.status == ("PENDING_REPLACE", 0, 200)


def test_replaced_without_a_request_of_ours_is_applied_and_an_anomaly(working):
    working.report("5", "0", order_quantity=80)
    assert working.status == ("NEW", 0, 80)
    assert "no replace was pending" in working.order.anomaly


def test_replaced_to_less_than_is_executed(working):
    working.fill("E1", 60)
    working.replace(70)
    working.report("5", "2", cl_ord_id=Y, order_quantity=50)
    assert working.status == ("FILLED", 60, 0)
    assert working.order.anomaly_count == 2, "less than executed, and not what was asked for"


def test_the_price_of_a_market_order_stays_empty():
    tracked = TrackedOrder()
    tracked.place(100, None)
    tracked.report("0", "0")
    tracked.replace(200, None)
    tracked.report("5", "0", cl_ord_id=Y, order_quantity=200, limit_price="50", stop_price="1")
    assert tracked.order.terms == terms(200, None)


def test_a_stop_price_reported_is_taken_over(tracked):
    order = tracked.order._replace(terms=tracked.order.terms._replace(stop_price=Decimal(40)))
    (event,) = interpret(order, report("D", "0", stop_price="41"))
    assert event.terms.stop_price == 41


@pytest.mark.parametrize(("response_to", "kind"), [("1", CancelRefused), ("2", ReplaceRefused)])
def test_a_refusal_that_names_no_request_goes_by_what_it_answers(working, response_to, kind):
    working.replace(200)
    working.cancel()
    (event,) = working.hear(CancelRejectFacts("?", response_to=response_to, text="no"))
    assert isinstance(event, kind)
    assert event.rejection.venue_text == "no"


def test_a_refusal_of_nothing_pending(working):
    assert "refusal of nothing" in parked(working.hear(CancelRejectFacts("", response_to="1")))
    assert "refusal of ?" in parked(working.hear(CancelRejectFacts("?")))


def test_a_refusal_answered_already_is_nothing(working):
    working.cancel()
    refusal = CancelRejectFacts(Y, response_to="1", cxl_rej_reason=0)
    assert kinds(working.hear(refusal)) == ["CancelRefused"]
    assert working.hear(refusal) == []
    assert working.order.rejection.text == "SIMA refused the cancel: code 0"


def test_a_cancel_refused_with_an_execution_report(working):
    working.cancel()
    assert kinds(working.report("8", "8", cl_ord_id=Y)) == ["CancelRefused"]
    assert working.order.rejection.text == "SIMA refused the order: without a reason"
    assert working.status == ("NEW", 0, 100)


# --- busts and corrections --------------------------------------------------------------


def test_a_bust_of_what_is_not_known_is_parked(working):
    assert "E9" in parked(working.report("H", "0", exec_id="E2", exec_ref_id="E9"))
    assert "none" in parked(working.report("H", "0", exec_id="E3"))


def test_a_repeated_bust_is_nothing(working):
    working.fill("E1", 40)
    working.report("H", "0", exec_id="E2", exec_ref_id="E1")
    assert working.status == ("NEW", 0, 100)
    assert working.report("H", "0", exec_id="E3", exec_ref_id="E1") == []


@pytest.mark.parametrize(
    ("ord_status", "closing", "state"),
    [("4", OrderCanceled, "CANCELED"), ("C", OrderExpired, "EXPIRED")],
)
def test_a_bust_of_a_filled_order_that_the_venue_does_not_take_up(
    working, ord_status, closing, state
):
    working.fill("E1", 100, ord_status="2")
    events = working.report("H", ord_status, exec_id="E2", exec_ref_id="E1")
    assert isinstance(events[1], closing)
    assert working.status == (state, 0, 0)


def test_a_correction_of_what_is_not_known_or_not_reported_is_parked(working):
    assert "not known" in parked(working.report("G", "1", exec_id="E2", exec_ref_id="E9"))
    working.fill("E1", 40)
    text = parked(working.report("G", "1", exec_id="E2", exec_ref_id="E1"))
    assert text == "a correction needs ExecID(17), LastQty(32) and LastPx(31)"


def test_a_repeated_correction_is_nothing(working):
    working.fill("E1", 40)
    correction = {"exec_id": "E2", "exec_ref_id": "E1", "last_quantity": 30, "last_price": "51"}
    working.report("G", "1", **correction)
    assert working.status == ("PARTIALLY_FILLED", 30, 70)
    assert working.order.notional == 1530
    assert working.report("G", "1", **correction) == []
    late = {**correction, "exec_id": "E3"}
    assert "corrected before" in parked(working.report("G", "1", **late))


def test_a_correction_beyond_the_quantity_is_an_anomaly(working):
    working.fill("E1", 40)
    working.report("G", "2", exec_id="E2", exec_ref_id="E1", last_quantity=110, last_price="50")
    assert working.status == ("FILLED", 110, 0)
    assert working.order.anomaly_count == 1


# --- rejects of messages, receipts ------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            BusinessRejectFacts(X, "D", 4, "not available"),
            "BusinessMessageReject(j): not available",
        ),
        (SessionRejectFacts(X, "D", 5, 44, "bad price"), "Reject(3): bad price (tag 44)"),
        (SessionRejectFacts(X, "D", 5), "Reject(3): "),
    ],
)
def test_a_new_order_refused_as_a_message(tracked, facts, words):
    tracked.hear(facts)
    assert tracked.status == ("REJECTED", 0, 0)
    assert tracked.order.rejection.text == f"SIMA refused the order: {words}"
    assert tracked.order.rejection.venue_code == facts.reason


def test_a_cancel_or_replace_refused_as_a_message(working):
    working.replace(200)
    working.cancel()
    assert kinds(working.hear(BusinessRejectFacts(Y, "G", 3))) == ["ReplaceRefused"]
    assert kinds(working.hear(SessionRejectFacts(Z, "F", 3))) == ["CancelRefused"]
    assert working.status == ("NEW", 0, 100)


@pytest.mark.parametrize(("request_kind", "ref_msg_type"), [("cancel", "F"), ("replace", "G")])
def test_a_refused_message_that_says_the_order_is_unknown_is_a_doubt(
    working, request_kind, ref_msg_type
):
    """BusinessRejectReason(380)=1, unknown ID, says what CxlRejReason(102)=1 says."""
    asked = working.cancel() if request_kind == "cancel" else working.replace(120)
    working.hear(BusinessRejectFacts(asked, ref_msg_type, 1, "unknown order"))
    assert working.status == ("UNKNOWN", 0, 100)
    assert (working.order.anomaly_count, bool(working.order.asked_about)) == (1, True)
    working.report("I", "0", cl_ord_id=X, cum_quantity=0, leaves_quantity=100)
    assert working.status == ("NEW", 0, 100)


def test_a_cancel_refused_as_unknown_before_anything_was_reported_is_a_doubt_of_the_order(tracked):
    asked = tracked.cancel()
    tracked.hear(BusinessRejectFacts(asked, "F", 1, "unknown order"))
    assert tracked.order.in_doubt == (X,)


def test_other_refused_messages_are_parked(working):
    text = parked(working.hear(BusinessRejectFacts(X, "D", 5, "again")))
    assert text == "BusinessMessageReject(j) of RefMsgType(372)=D to an order that is NEW: again"
    assert "RefMsgType(372)=H" in parked(working.hear(BusinessRejectFacts("", "H", 3)))


def test_not_sent(tracked):
    tracked.replace(200)
    tracked.cancel()
    assert kinds(tracked.hear(ReceiptFacts(Y, "REPLACE", "NOT_SENT"))) == ["ReplaceRefused"]
    assert tracked.order.rejection.text == "the replace never reached SIMA"
    assert kinds(tracked.hear(ReceiptFacts(Z, "CANCEL", "NOT_SENT", "odd"))) == ["CancelRefused"]
    assert tracked.order.rejection.text == "the cancel never reached SIMA: odd"
    assert kinds(tracked.hear(ReceiptFacts(X, "NEW", "NOT_SENT"))) == ["OrderRejected"]
    assert (tracked.order.rejection.reason, tracked.status) == ("NOT_SENT", ("REJECTED", 0, 0))


def test_withdrawn(tracked):
    """The gateway had the cancel before it sent the order."""
    tracked.cancel()
    (event,) = tracked.hear(ReceiptFacts(X, "NEW", "WITHDRAWN", "its cancel came first"))
    assert event == OrderCanceled(text="the order never reached SIMA: its cancel came first")
    assert tracked.status == ("CANCELED", 0, 0)
    assert tracked.order.pending_cancel_id == ""
    # The receipt of the cancel, and both again in their place.
    for kind, name, outcome in [("CANCEL", Y, "NOT_SENT"), ("NEW", X, "WITHDRAWN")]:
        assert tracked.hear(ReceiptFacts(name, kind, outcome)) == []


@pytest.mark.parametrize(
    "facts",
    [
        ReceiptFacts(X, "NEW", "NOT_SENT"),
        ReceiptFacts(X, "NEW", "WITHDRAWN"),
        ReceiptFacts(X, "NEW", "IN_DOUBT"),
        ReceiptFacts(X, "NEW", "SENT"),
        ReceiptFacts(Y, "CANCEL", "SENT"),
        ReceiptFacts(Z, "CANCEL", "NOT_SENT"),
        ReceiptFacts(X, "STATUS", "IN_DOUBT"),
    ],
)
def test_receipts_with_nothing_new(working, facts):
    working.cancel()
    assert working.hear(facts) == []


def test_request_number():
    tracked = TrackedOrder()
    order = tracked.place()
    assert [
        request_number(order, text) for text in (X, Y, "", "-1", "other-1", f"{ORDER_ID}-x")
    ] == [
        1,
        0,
        0,
        0,
        0,
        0,
    ]


# --- doubts -----------------------------------------------------------------------------


def test_in_doubt_once(tracked):
    doubt = ReceiptFacts(X, "NEW", "IN_DOUBT", "gateway was killed")
    assert kinds(tracked.hear(doubt)) == ["OrderInDoubt"]
    assert tracked.status == ("UNKNOWN", 0, 100)
    assert tracked.hear(doubt) == []


def test_no_doubt_about_the_cancel_of_a_closed_order(working):
    working.cancel()
    working.fill("E1", 100, ord_status="2")
    assert working.hear(ReceiptFacts(Y, "CANCEL", "IN_DOUBT")) == []


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (report("0", "0"), ("NEW", 0, 100)),
        (report("A", "A"), ("PENDING_NEW", 0, 100)),
        (
            report("F", "1", exec_id="E1", last_quantity=40, last_price="50"),
            ("PARTIALLY_FILLED", 40, 60),
        ),
        (report("4", "4"), ("CANCELED", 0, 0)),
        (report("8", "8"), ("REJECTED", 0, 0)),
        (report("9", "9"), ("SUSPENDED", 0, 100)),
        (report("D", "0"), ("NEW", 0, 100)),
        (report("I", "0", cum_quantity=0), ("NEW", 0, 100)),
        (report("I", "A"), ("PENDING_NEW", 0, 100)),
        (report("I", "4", cum_quantity=0), ("CANCELED", 0, 0)),
        (report("I", "C", cum_quantity=0), ("EXPIRED", 0, 0)),
        (report("I", "8", cum_quantity=0, text="no"), ("REJECTED", 0, 0)),
        (report("I", "9"), ("SUSPENDED", 0, 100)),
        (report("I", "3"), ("DONE_FOR_DAY", 0, 100)),
        (report("I", "7"), ("STOPPED", 0, 100)),
        (report("I", "B"), ("CALCULATED", 0, 100)),
        (report("I", "8", ord_rej_reason=5), ("REJECTED", 0, 0)),
        (report("8", "8", ord_rej_reason=5), ("REJECTED", 0, 0)),
        (BusinessRejectFacts(X, "D", 4), ("REJECTED", 0, 0)),
        (ReceiptFacts(X, "NEW", "NOT_SENT"), ("REJECTED", 0, 0)),
    ],
)
def test_whatever_the_venue_says_of_a_new_order_ends_the_doubt(tracked, facts, status):
    tracked.hear(ReceiptFacts(X, "NEW", "IN_DOUBT"))
    events = tracked.hear(facts)
    assert isinstance(events[0], OrderResolved)
    assert events[0].cl_ord_id == X
    assert tracked.status == status
    assert tracked.order.in_doubt == ()
    assert tracked.order.anomaly_count == 0


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (report("I", "0", cum_quantity=0), ("NEW", 0, 100)),
        (report("I", "8", cl_ord_id=Y, ord_rej_reason=5), ("NEW", 0, 100)),
        (report("I", "6", cl_ord_id=Y), ("PENDING_CANCEL", 0, 100)),
        (report("6", "6", cl_ord_id=Y), ("PENDING_CANCEL", 0, 100)),
        (report("I", "4", cl_ord_id=Y), ("CANCELED", 0, 0)),
        (report("4", "4", cl_ord_id=Y), ("CANCELED", 0, 0)),
        (CancelRejectFacts(Y, response_to="1"), ("NEW", 0, 100)),
        (ReceiptFacts(Y, "CANCEL", "NOT_SENT"), ("NEW", 0, 100)),
    ],
)
def test_the_doubt_about_a_cancel(working, facts, status):
    working.cancel()
    working.hear(ReceiptFacts(Y, "CANCEL", "IN_DOUBT"))
    assert working.status == ("UNKNOWN", 0, 100)
    events = working.hear(facts)
    assert OrderResolved in {type(event) for event in events}
    assert working.status == status
    assert working.order.in_doubt == ()


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (report("I", "0", cum_quantity=0, order_quantity=100), ("NEW", 0, 100)),
        (report("I", "8", cl_ord_id=Y, ord_rej_reason=5), ("NEW", 0, 100)),
        (report("I", "E", cl_ord_id=X), ("PENDING_REPLACE", 0, 100)),
        (report("E", "E", cl_ord_id=Y), ("PENDING_REPLACE", 0, 100)),
        (report("I", "0", cl_ord_id=Y), ("NEW", 0, 200)),
        (report("I", "0", cl_ord_id=X, order_quantity=200), ("NEW", 0, 200)),
        (report("5", "0", cl_ord_id=Y), ("NEW", 0, 200)),
        (CancelRejectFacts(Y, response_to="2"), ("NEW", 0, 100)),
    ],
)
def test_the_doubt_about_a_replace(working, facts, status):
    working.replace(200)
    working.hear(ReceiptFacts(Y, "REPLACE", "IN_DOUBT"))
    assert working.status == ("UNKNOWN", 0, 100)
    events = working.hear(facts)
    assert isinstance(events[0], OrderResolved)
    assert working.status == status
    assert working.order.in_doubt == ()


def test_a_pending_cancel_may_hide_a_pending_replace(working):
    working.replace(200)
    working.hear(ReceiptFacts(Y, "REPLACE", "IN_DOUBT"))
    working.cancel()
    assert working.status == ("UNKNOWN", 0, 100)
    assert working.report("I", "6", cl_ord_id=X) == []
    assert working.order.in_doubt == (Y,)


@pytest.mark.parametrize("fields", [{"status_request_id": X}, {"cl_ord_id": Y}])
def test_an_old_answer_concludes_nothing_about_younger_requests(working, fields):
    working.replace(200)
    working.report("5", "0", cl_ord_id=Y, order_quantity=200)
    working.cancel()
    working.hear(ReceiptFacts(Z, "CANCEL", "IN_DOUBT"))
    if "cl_ord_id" in fields:
        # An answer that names a request of its own, but not the one the order goes by now.
        working.order = working.order._replace(cl_ord_id=X)
    assert interpret(working.order, report("I", "0", cum_quantity=0, **fields)) == []
    reported = report("I", "0", cum_quantity=0, status_request_id=Z)
    assert kinds(interpret(working.order, reported)) == ["OrderResolved", "CancelRefused"]
    working.order = working.order._replace(cl_ord_id=Y)


def test_an_old_answer_concludes_nothing_about_a_younger_replace(working):
    working.replace(200)
    working.hear(ReceiptFacts(Y, "REPLACE", "IN_DOUBT"))
    assert working.report("I", "0", status_request_id=X) == []
    assert working.order.in_doubt == (Y,)


@pytest.mark.parametrize(
    "answer",
    [
        report("I", "8", cl_ord_id=Y, ord_rej_reason=5),
        report("I", "0", status_request_id=Y),
        report("I", "0", cl_ord_id=Y, order_quantity=100),
    ],
)
@pytest.mark.parametrize("request_kind", ["cancel", "replace"])
def test_a_request_lost_in_a_gap_without_ever_being_in_doubt(working, request_kind, answer):
    """The gateway was sure it went out; the venue reports a gap, and is asked."""
    if request_kind == "cancel":
        working.cancel()
    else:
        working.replace(200)
    assert working.report("I", "0") == []
    assert len(working.hear(answer)) == 1
    assert working.status == ("NEW", 0, 100)
    assert working.order.rejection.reason == "NOT_SENT"


def test_a_status_with_terms_of_its_own_under_the_new_cl_ord_id(working):
    """Granted as far as could be; the report of it comes later and says nothing new."""
    working.replace(200)
    working.hear(ReceiptFacts(Y, "REPLACE", "IN_DOUBT"))
    working.report("I", "0", cl_ord_id=Y, order_quantity=150)
    assert working.status == ("NEW", 0, 150)
    assert working.report("5", "0", cl_ord_id=Y, order_quantity=150) == []


def test_two_doubts_end_one_by_one(tracked):
    tracked.cancel()
    tracked.hear(ReceiptFacts(X, "NEW", "IN_DOUBT"))
    tracked.hear(ReceiptFacts(Y, "CANCEL", "IN_DOUBT"))
    tracked.report("0", "0")
    assert tracked.status == ("UNKNOWN", 0, 100)
    tracked.report("I", "6", cl_ord_id=Y)
    assert tracked.status == ("PENDING_CANCEL", 0, 100)


def test_a_fill_in_doubt_about_a_cancel_leaves_the_doubt(working):
    working.cancel()
    working.hear(ReceiptFacts(Y, "CANCEL", "IN_DOUBT"))
    working.fill("E1", 40)
    assert working.status == ("UNKNOWN", 40, 60)
    working.fill("E2", 60, ord_status="2")
    assert working.status == ("FILLED", 100, 0)


def test_the_venue_does_not_know_an_order_it_worked(working):
    contradiction, doubt = working.report("I", "8", ord_rej_reason=5)
    assert contradiction.text == "the venue does not know an order that is NEW"
    assert doubt == OrderInDoubt(X, contradiction.text)
    assert working.status == ("UNKNOWN", 0, 100)
    # It says so again: that is one more anomaly, and no other doubt.
    assert kinds(working.report("I", "8", ord_rej_reason=5)) == ["VenueReportParked"]
    working.report("4", "4")
    assert working.report("I", "8", ord_rej_reason=5) == []
    assert working.report("I", "8", cl_ord_id="other", ord_rej_reason=5) == []


# --- executions that have not come ------------------------------------------------------


def test_a_status_never_makes_up_a_fill(working):
    """The venue has executed 100; we wait for the reports and count those."""
    events = working.report("I", "2", cum_quantity=100)
    assert kinds(events) == ["OrderInDoubt"]
    assert working.status == ("UNKNOWN", 0, 100)
    assert working.report("I", "2", cum_quantity=100) == []
    working.fill("E1", 60)
    assert working.status == ("UNKNOWN", 60, 40)
    assert kinds(working.fill("E2", 40, ord_status="2")) == ["OrderExecuted", "OrderResolved"]
    assert working.status == ("FILLED", 100, 0)
    assert working.order.anomaly_count == 0


def test_filled_without_a_number_means_all_of_it(working):
    working.report("I", "2")
    assert working.order.awaited_cum == 100


def test_cancelled_after_fills_that_have_not_come_waits_for_them(working):
    working.report("I", "4", cum_quantity=40)
    assert working.status == ("UNKNOWN", 0, 100)
    assert working.order.base_state.name == "CANCELED"
    assert working.report("I", "4", cum_quantity=40) == []
    working.fill("E1", 40, ord_status="4")
    assert working.status == ("CANCELED", 40, 0)
    assert working.order.anomaly_count == 0


def test_new_in_doubt_and_fills_missing_at_once(tracked):
    tracked.hear(ReceiptFacts(X, "NEW", "IN_DOUBT"))
    events = tracked.report("I", "1", cum_quantity=40)
    assert kinds(events) == ["OrderResolved", "OrderInDoubt", "OrderAcknowledged"]
    assert tracked.status == ("UNKNOWN", 0, 100)
    tracked.fill("E1", 40)
    assert tracked.status == ("PARTIALLY_FILLED", 40, 60)


def test_a_later_status_that_agrees_ends_the_wait(working):
    working.report("I", "1", cum_quantity=40)
    assert kinds(working.report("I", "0", cum_quantity=0)) == ["OrderResolved"]
    assert working.status == ("NEW", 0, 100)


def test_a_status_that_reports_less_than_has_come_is_parked(working):
    working.fill("E1", 40)
    assert "CumQty(14) 10" in parked(working.report("I", "1", cum_quantity=10))
    assert working.status == ("PARTIALLY_FILLED", 40, 60)


def test_a_bust_ends_the_wait(working):
    working.fill("E1", 20)
    working.report("I", "1", cum_quantity=40)
    assert working.status == ("UNKNOWN", 20, 80)
    working.report("H", "0", exec_id="E2", exec_ref_id="E1")
    assert working.status == ("NEW", 0, 100)


# --- status of orders closed or paused --------------------------------------------------


@pytest.mark.parametrize("status", ["0", "1"])
def test_status_takes_up_a_paused_order(working, status):
    working.report("9", "9")
    assert working.report("I", status) == [OrderAcknowledged("V1")]
    assert working.report("I", "6") == []


def test_status_of_a_paused_order_that_only_reports_a_request(working):
    working.report("9", "9")
    assert working.report("I", "6") == []
    assert working.report("I", "9") == []


def test_status_of_a_closed_order(working):
    working.report("4", "4")
    assert working.report("I", "4", cum_quantity=0) == []
    assert "reported of an order that is CANCELED" in parked(working.report("I", "9"))
    assert "CumQty(14) 40" in parked(working.report("I", "4", cum_quantity=40))


def test_status_of_a_filled_order(working):
    working.fill("E1", 100, ord_status="2")
    assert working.report("I", "2", cum_quantity=100) == []
    assert "reported of an order that is FILLED" in parked(working.report("I", "4"))


def test_status_brings_back_an_order_given_up(tracked):
    tracked.hear(ReceiptFacts(X, "NEW", "NOT_SENT"))
    assert tracked.report("I", "0") == [OrderAcknowledged("V1")]
    assert tracked.status == ("NEW", 0, 100)


def test_status_with_a_state_of_no_meaning_is_parked(working):
    assert parked(working.report("I", "?")) == "OrdStatus(39) '?' is none of FIX 4.4"


def test_a_report_of_a_mass_answer_ends_doubts_as_a_single_answer_does(working):
    cancel = working.cancel()
    working.hear(ReceiptFacts(cancel, "CANCEL", "IN_DOUBT"))
    events = working.report("I", "0", mass_status_request_id="M1", status_request_id=cancel)
    assert kinds(events) == ["OrderResolved", "CancelRefused"]
    assert events[0].source is ResolutionSource.MASS_STATUS
    assert working.status == ("NEW", 0, 100)


def test_a_mass_answer_of_another_life_concludes_nothing_about_requests(working):
    """It may be older than the request; it still shows that the order exists."""
    cancel = working.cancel()
    working.hear(ReceiptFacts(cancel, "CANCEL", "IN_DOUBT"))
    assert working.report("I", "0", mass_status_request_id="M0", cum_quantity=0) == []
    assert working.order.in_doubt == (cancel,)
    working.report("I", "1", mass_status_request_id="M0", cum_quantity=40)
    assert working.order.awaited_cum == 40


def test_the_display_quantity_a_venue_reports_is_taken_over(working):
    terms = working.order.terms._replace(display_quantity=Decimal(10))
    iceberg = working.order._replace(terms=terms)
    (event,) = interpret(iceberg, report("D", "0", display_quantity=Decimal(20)))
    assert event.terms.display_quantity == 20
