"""The FIX 4.4 order state change matrices, by their public case numbers.

Source: FIX 4.4 volume 4 / fixtrading.org "Order State Changes", groups A to L. The
cases are described in our words and run against decide, interpret and evolve. Each line
asserts what a client sees: state, CumQty(14), LeavesQty(151).

Where we part from the matrices on purpose, the test says so: a closed state shows
through a pending request (lifecycle.py says why), an order done for the day keeps its
leaves because it is alive, and a second replace is refused here while one is pending.
Left out are the cases of features the OMS does not offer: cancel-if-not-best (E.1.e),
stock splits (H.1.b). Cash quantities (L.1.b) are in tests/unit/oms_domain/test_cash.py, too.
"""

from decimal import Decimal

import pytest

from svc_oms.domain.facts import CancelRejectFacts
from svc_oms.domain.model import OrderOrigin, TimeInForce
from svc_oms.domain.order import OrderRefused
from tests.support.lifecycle import ORDER_ID, TrackedOrder

X, Y, Z = (f"{ORDER_ID}-{number}" for number in (1, 2, 3))


@pytest.fixture
def tracked():
    tracked = TrackedOrder()
    tracked.place(10000)
    yield tracked
    assert tracked.findings() == []


def acknowledge(tracked):
    tracked.report("0", "0", cl_ord_id=X, cum_quantity=0)
    assert tracked.status == ("NEW", 0, 10000)


def acknowledge_and_fill(tracked, quantity=1000):
    acknowledge(tracked)
    tracked.fill("E1", quantity)
    assert tracked.status == ("PARTIALLY_FILLED", quantity, 10000 - quantity)


def refuse(tracked, cl_ord_id, ord_status, reason=0, response_to="1"):
    tracked.hear(
        CancelRejectFacts(
            cl_ord_id,
            orig_cl_ord_id=X,
            ord_status=ord_status,
            response_to=response_to,
            cxl_rej_reason=reason,
        )
    )


# --- A: vanilla --------------------------------------------------------------------------


def test_a_1_a_filled_order(tracked):
    """New, three fills, filled."""
    acknowledge(tracked)
    tracked.fill("E1", 2000)
    assert tracked.status == ("PARTIALLY_FILLED", 2000, 8000)
    tracked.fill("E2", 1000)
    assert tracked.status == ("PARTIALLY_FILLED", 3000, 7000)
    tracked.fill("E3", 7000, ord_status="2")
    assert tracked.status == ("FILLED", 10000, 0)
    assert tracked.order.anomaly_count == 0


def test_a_1_a_rejected_by_the_venue(tracked):
    tracked.report("8", "8", ord_rej_reason=1, text="unknown symbol")
    assert tracked.status == ("REJECTED", 0, 0)
    assert tracked.order.rejection.reason == "INSTRUMENT_NOT_FOUND"
    assert tracked.order.rejection.venue_code == 1
    assert tracked.order.rejection.venue_text == "unknown symbol"


def test_a_1_a_rejected_after_it_was_new(tracked):
    acknowledge(tracked)
    tracked.report("8", "8", ord_rej_reason=0, text="trader says no")
    assert tracked.status == ("REJECTED", 0, 0)


def test_a_1_a_pending_new_comes_before_new(tracked):
    tracked.report("A", "A")
    assert tracked.status == ("PENDING_NEW", 0, 10000)
    acknowledge(tracked)


def test_a_1_b_part_filled_day_order_done_for_day(tracked):
    """No other day follows for a DAY order, and nothing is left: it is closed."""
    acknowledge_and_fill(tracked, 2000)
    tracked.fill("E2", 1000)
    tracked.report("3", "3", cum_quantity=3000, leaves_quantity=0)
    assert tracked.status == ("EXPIRED", 3000, 0)
    assert tracked.report("C", "C", cum_quantity=3000, leaves_quantity=0) == []
    assert tracked.order.anomaly_count == 0


# --- B: cancel ---------------------------------------------------------------------------


def test_b_1_a_cancel_of_a_zero_filled_order(tracked):
    acknowledge(tracked)
    assert tracked.cancel() == Y
    assert tracked.status == ("PENDING_CANCEL", 0, 10000)
    tracked.report("6", "6", cl_ord_id=Y, orig_cl_ord_id=X, cum_quantity=0)
    assert tracked.status == ("PENDING_CANCEL", 0, 10000)
    tracked.report("4", "4", cl_ord_id=Y, orig_cl_ord_id=X, cum_quantity=0)
    assert tracked.status == ("CANCELED", 0, 0)
    assert tracked.order.pending_cancel_id == ""


@pytest.mark.parametrize("considered", [False, True])
def test_b_1_a_the_cancel_is_refused(tracked, considered):
    """By the OMS at once, or by the exchange once it was pending: the order works on."""
    acknowledge(tracked)
    tracked.cancel()
    if considered:
        tracked.report("6", "6", cl_ord_id=Y, orig_cl_ord_id=X)
    refuse(tracked, Y, "0", reason=2)
    assert tracked.status == ("NEW", 0, 10000)
    assert tracked.order.rejection.venue_code == 2


def test_b_1_b_part_filled_cancel_with_fills_between(tracked):
    acknowledge_and_fill(tracked, 2000)
    tracked.cancel()
    assert tracked.status == ("PENDING_CANCEL", 2000, 8000)
    tracked.fill("E2", 3000)
    assert tracked.status == ("PENDING_CANCEL", 5000, 5000)
    tracked.report("6", "6", cl_ord_id=Y, orig_cl_ord_id=X)
    tracked.fill("E3", 500, ord_status="6")
    assert tracked.status == ("PENDING_CANCEL", 5500, 4500)
    tracked.report("4", "4", cl_ord_id=Y, orig_cl_ord_id=X, cum_quantity=5500)
    assert tracked.status == ("CANCELED", 5500, 0)
    assert tracked.order.anomaly_count == 0


def test_b_1_b_the_cancel_is_refused_after_fills(tracked):
    acknowledge_and_fill(tracked, 2000)
    tracked.cancel()
    tracked.fill("E2", 3000)
    refuse(tracked, Y, "1")
    assert tracked.status == ("PARTIALLY_FILLED", 5000, 5000)


def test_b_1_c_filled_before_the_cancel_can_be_accepted(tracked):
    """FIX shows pending cancel above filled until the refusal; we show FILLED at once."""
    acknowledge_and_fill(tracked, 2000)
    tracked.cancel()
    tracked.fill("E2", 3000)
    tracked.report("6", "6", cl_ord_id=Y, orig_cl_ord_id=X)
    tracked.fill("E3", 5000, ord_status="6")
    assert tracked.status == ("FILLED", 10000, 0)
    refuse(tracked, Y, "2", reason=0)
    assert tracked.status == ("FILLED", 10000, 0)
    assert tracked.order.pending_cancel_id == ""
    assert tracked.order.anomaly_count == 0


def test_b_1_d_cancel_of_an_order_not_yet_acknowledged(tracked):
    """The venue answers the cancel with pending cancel, then cancels: there was no New."""
    tracked.cancel()
    assert tracked.status == ("PENDING_CANCEL", 0, 10000)
    tracked.report("6", "6", cl_ord_id=Y, orig_cl_ord_id=X)
    tracked.report("4", "4", cl_ord_id=Y, orig_cl_ord_id=X, cum_quantity=0)
    assert tracked.status == ("CANCELED", 0, 0)


def test_b_1_d_refused_and_then_acknowledged(tracked):
    tracked.cancel()
    refuse(tracked, Y, "A")
    assert tracked.status == ("PENDING_NEW", 0, 10000)
    acknowledge(tracked)


def test_b_1_e_acknowledgement_and_cancel_cross(tracked):
    """The New passes the cancel on the connection: pending cancel stays on top."""
    tracked.cancel()
    tracked.report("0", "0", cl_ord_id=X)
    assert tracked.status == ("PENDING_CANCEL", 0, 10000)
    tracked.report("6", "6", cl_ord_id=Y, orig_cl_ord_id=X)
    refuse(tracked, Y, "0")
    assert tracked.status == ("NEW", 0, 10000)


def test_b_1_f_cancel_of_an_order_unknown_to_the_venue(tracked):
    """It contradicts the New: the cancel is over, and the order in doubt until an answer."""
    acknowledge(tracked)
    tracked.cancel()
    refuse(tracked, Y, "8", reason=1)
    assert tracked.status == ("UNKNOWN", 0, 10000)
    assert tracked.order.rejection.venue_code == 1
    tracked.report("I", "0", cum_quantity=0)
    assert tracked.status == ("NEW", 0, 10000)


# --- C: replace, changes of quantity --------------------------------------------------------


def test_c_1_a_zero_filled_increase(tracked):
    acknowledge(tracked)
    assert tracked.replace(11000) == Y
    assert tracked.status == ("PENDING_REPLACE", 0, 10000)
    tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=10000)
    tracked.report("5", "0", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=11000)
    assert tracked.status == ("NEW", 0, 11000)
    assert tracked.order.cl_ord_id == Y
    tracked.fill("E1", 1000, cl_ord_id=Y)
    tracked.fill("E2", 2000, cl_ord_id=Y)
    assert tracked.status == ("PARTIALLY_FILLED", 3000, 8000)


@pytest.mark.parametrize("considered", [False, True])
def test_c_1_a_refused(tracked, considered):
    acknowledge(tracked)
    tracked.replace(11000)
    if considered:
        tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X)
    refuse(tracked, Y, "0", response_to="2")
    assert tracked.status == ("NEW", 0, 10000)
    assert (tracked.order.cl_ord_id, tracked.order.pending_terms) == (X, None)


def test_c_1_b_part_filled_increase_with_a_fill_while_pending(tracked):
    acknowledge_and_fill(tracked)
    tracked.replace(12000)
    tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X)
    tracked.fill("E2", 100, ord_status="E")
    assert tracked.status == ("PENDING_REPLACE", 1100, 8900)
    tracked.report("5", "1", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=12000)
    assert tracked.status == ("PARTIALLY_FILLED", 1100, 10900)
    tracked.fill("E3", 10900, ord_status="2", cl_ord_id=Y)
    assert tracked.status == ("FILLED", 12000, 0)


def test_c_1_c_filled_while_an_increase_is_pending_and_then_granted(tracked):
    """The old quantity is executed, the larger one still possible: the order is not closed."""
    acknowledge(tracked)
    tracked.replace(12000)
    tracked.fill("E1", 10000, ord_status="2")
    assert tracked.status == ("PENDING_REPLACE", 10000, 2000)
    tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X)
    assert tracked.status == ("PENDING_REPLACE", 10000, 2000)
    tracked.report("5", "1", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=12000)
    assert tracked.status == ("PARTIALLY_FILLED", 10000, 2000)
    tracked.fill("E2", 2000, ord_status="2", cl_ord_id=Y)
    assert tracked.status == ("FILLED", 12000, 0)


def test_c_1_c_refused(tracked):
    acknowledge(tracked)
    tracked.replace(12000)
    tracked.fill("E1", 10000, ord_status="2")
    refuse(tracked, Y, "2", response_to="2")
    assert tracked.status == ("FILLED", 10000, 0)
    with pytest.raises(OrderRefused, match="ORDER_CLOSED"):
        tracked.replace(12000)


def test_c_2_a_change_of_price_refused_as_a_fill_has_occurred(tracked):
    acknowledge_and_fill(tracked)
    tracked.replace(10000, "50.5")
    tracked.fill("E2", 9000, ord_status="2")
    refuse(tracked, Y, "2", reason=0, response_to="2")
    assert tracked.status == ("FILLED", 10000, 0)
    assert tracked.order.terms.limit_price == Decimal(50)


def test_c_3_a_decrease_above_what_is_executed(tracked):
    acknowledge_and_fill(tracked)
    tracked.replace(8000)
    tracked.fill("E2", 500)
    tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X)
    tracked.fill("E3", 100, ord_status="E")
    assert tracked.status == ("PENDING_REPLACE", 1600, 8400)
    tracked.report("5", "1", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=8000)
    assert tracked.status == ("PARTIALLY_FILLED", 1600, 6400)
    tracked.fill("E4", 6400, ord_status="2", cl_ord_id=Y)
    assert tracked.status == ("FILLED", 8000, 0)


def test_c_3_b_decrease_to_exactly_what_is_executed(tracked):
    acknowledge(tracked)
    tracked.replace(7000)
    tracked.fill("E1", 7000)
    assert tracked.status == ("PENDING_REPLACE", 7000, 3000)
    tracked.report("5", "2", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=7000)
    assert tracked.status == ("FILLED", 7000, 0)
    assert tracked.order.anomaly_count == 0


def test_c_3_c_decrease_below_what_is_executed_is_granted_as_far_as_can_be(tracked):
    """7000 asked, 8000 filled meanwhile: the venue replaces to 8000."""
    acknowledge(tracked)
    tracked.replace(7000)
    tracked.fill("E1", 8000)
    tracked.report("5", "2", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=8000)
    assert tracked.status == ("FILLED", 8000, 0)
    assert tracked.order.terms.quantity == 8000
    assert tracked.order.anomaly_count == 0


# --- D: sequencing and chaining ----------------------------------------------------------------


def test_d_1_a_two_replaces_one_after_the_other(tracked):
    acknowledge_and_fill(tracked)
    tracked.replace(8000)
    tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X)
    tracked.fill("E2", 500, ord_status="E")
    tracked.report("5", "1", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=8000)
    assert tracked.status == ("PARTIALLY_FILLED", 1500, 6500)
    tracked.fill("E3", 2000, cl_ord_id=Y)
    assert tracked.order.orig_cl_ord_id == Y
    assert tracked.replace(6000) == Z
    tracked.report("E", "E", cl_ord_id=Z, orig_cl_ord_id=Y)
    tracked.report("5", "1", cl_ord_id=Z, orig_cl_ord_id=Y, order_quantity=6000)
    assert tracked.status == ("PARTIALLY_FILLED", 3500, 2500)
    tracked.fill("E4", 2500, ord_status="2", cl_ord_id=Z)
    assert tracked.status == ("FILLED", 6000, 0)


@pytest.mark.parametrize("considered", [False, True], ids=["d_1_b", "d_1_c"])
def test_d_1_b_c_first_replace_refused_second_accepted(tracked, considered):
    """D.1.b: refused at once. D.1.c: refused once pending. The next chains to X again."""
    acknowledge_and_fill(tracked)
    tracked.replace(8000)
    if considered:
        tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X)
    refuse(tracked, Y, "1", response_to="2")
    assert tracked.status == ("PARTIALLY_FILLED", 1000, 9000)
    assert tracked.order.orig_cl_ord_id == X
    assert tracked.replace(7000) == Z
    tracked.report("5", "1", cl_ord_id=Z, orig_cl_ord_id=X, order_quantity=7000)
    assert tracked.status == ("PARTIALLY_FILLED", 1000, 6000)
    assert tracked.order.cl_ord_id == Z


def test_d_2_a_second_replace_is_refused_here_while_one_is_pending(tracked):
    """The OMS keeps one replace in flight; the caller has to wait, the venue is not asked."""
    acknowledge_and_fill(tracked)
    tracked.replace(8000)
    with pytest.raises(OrderRefused) as refused:
        tracked.replace(7000)
    assert refused.value.reason == "ORDER_CHANGE_PENDING"
    assert tracked.status == ("PENDING_REPLACE", 1000, 9000)


def test_d_2_a_a_cancel_chained_to_the_pending_replace_is_taken_in_order(tracked):
    """OrigClOrdID(41) is the last request not refused; both are answered in order."""
    acknowledge_and_fill(tracked)
    tracked.replace(8000)
    assert tracked.order.orig_cl_ord_id == Y
    tracked.cancel()
    assert tracked.status == ("PENDING_CANCEL", 1000, 9000)
    tracked.report("5", "6", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=8000)
    assert tracked.status == ("PENDING_CANCEL", 1000, 7000)
    tracked.report("4", "4", cl_ord_id=Z, orig_cl_ord_id=Y, cum_quantity=1000)
    assert tracked.status == ("CANCELED", 1000, 0)


def test_d_2_d_venue_refuses_a_second_request_because_one_is_pending(tracked):
    acknowledge_and_fill(tracked)
    tracked.replace(8000)
    tracked.cancel()
    tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X)
    refuse(tracked, Z, "E", reason=3)
    assert tracked.status == ("PENDING_REPLACE", 1000, 9000)
    tracked.report("5", "1", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=8000)
    assert tracked.status == ("PARTIALLY_FILLED", 1000, 7000)


# --- E: unsolicited -------------------------------------------------------------------------


def test_e_1_a_order_given_by_telephone():
    """The venue's own reports open it; no ClOrdID(11) is ever reported."""
    tracked = TrackedOrder()
    tracked.hear_unsolicited("0", "0", order_quantity=10000, cum_quantity=0)
    assert tracked.status == ("NEW", 0, 10000)
    for exec_id, quantity, cum in (
        ("E1", 2000, 2000), ("E2", 1000, 3000), ("E2", 1000, 3000), ("E3", 7000, 10000),
    ):  # fmt: skip
        tracked.fill(exec_id, quantity, cl_ord_id="", cum_quantity=cum)
    assert tracked.status == ("FILLED", 10000, 0)
    assert tracked.order.origin is OrderOrigin.VENUE
    assert tracked.findings() == []


def test_e_1_a_telephoned_order_cancelled_here():
    """OrderID(37) is the one name it has, also as OrigClOrdID(41)."""
    tracked = TrackedOrder()
    tracked.hear_unsolicited(
        "F", "1", order_quantity=10000, exec_id="E1", last_quantity=10, last_price=50
    )
    assert tracked.status == ("PARTIALLY_FILLED", 10, 9990)
    assert tracked.order.orig_cl_ord_id == tracked.order.venue_order_id == "V1"
    assert tracked.cancel() == Y
    tracked.report("4", "4", cl_ord_id=Y)
    assert tracked.status == ("CANCELED", 10, 0)
    assert tracked.findings() == []


def test_e_1_b_unsolicited_cancel_of_a_part_filled_order(tracked):
    acknowledge_and_fill(tracked)
    (event,) = tracked.report("4", "4", cum_quantity=1000, exec_restatement_reason=2)
    assert event.unsolicited
    assert tracked.status == ("CANCELED", 1000, 0)


def test_e_1_c_unsolicited_replacement(tracked):
    """Agreed by telephone: 11,000, and after a fill 12,000."""
    acknowledge(tracked)
    tracked.report("D", "0", order_quantity=11000, exec_restatement_reason=2)
    assert tracked.status == ("NEW", 0, 11000)
    tracked.fill("E1", 1000)
    tracked.report("D", "1", order_quantity=12000, exec_restatement_reason=2)
    assert tracked.status == ("PARTIALLY_FILLED", 1000, 11000)


def test_e_1_d_unsolicited_reduction(tracked):
    acknowledge(tracked)
    tracked.report("D", "0", order_quantity=9000, exec_restatement_reason=5)
    assert tracked.status == ("NEW", 0, 9000)
    tracked.fill("E1", 1000)
    assert tracked.status == ("PARTIALLY_FILLED", 1000, 8000)


# --- F, G: refusals and status ---------------------------------------------------------------


def test_f_1_a_refused_as_duplicate_of_an_order_that_works(tracked):
    """The refusal is of a second copy; the first works on, and a person sees it."""
    acknowledge_and_fill(tracked)
    tracked.report("8", "8", ord_rej_reason=6, text="duplicate ClOrdID", cum_quantity=1000)
    assert tracked.status == ("PARTIALLY_FILLED", 1000, 9000)
    assert tracked.order.anomaly_count == 1


def test_f_1_b_repeated_confirmation_of_an_order_known(tracked):
    """The venue answers a repeated order with the state of the first: nothing new."""
    acknowledge(tracked)
    assert tracked.report("I", "0", cum_quantity=0) == []
    assert tracked.report("0", "0", cum_quantity=0) == []


def test_g_1_a_status_request_for_an_unknown_order(tracked):
    """The venue never had it: the order ends as NOT_SENT."""
    tracked.report("I", "8", ord_rej_reason=5)
    assert tracked.status == ("REJECTED", 0, 0)
    assert tracked.order.rejection.reason == "NOT_SENT"


def test_g_1_c_status_requests_in_the_life_of_an_order(tracked):
    """Answers that agree change nothing, at any point."""
    tracked.report("I", "A")
    assert tracked.status == ("PENDING_NEW", 0, 10000)
    acknowledge(tracked)
    assert tracked.report("I", "0", cum_quantity=0) == []
    tracked.fill("E1", 2000)
    assert tracked.report("I", "1", cum_quantity=2000) == []
    tracked.fill("E2", 8000, ord_status="2")
    assert tracked.report("I", "2", cum_quantity=10000) == []
    assert tracked.status == ("FILLED", 10000, 0)


# --- H, I, J, K, L -----------------------------------------------------------------------------


def done_for_day_and_renewed(tracked):
    acknowledge_and_fill(tracked, 2000)
    tracked.report("3", "3", cum_quantity=2000)
    assert tracked.status == ("DONE_FOR_DAY", 2000, 8000)
    tracked.report("D", "1", order_quantity=10000, cum_quantity=2000, exec_restatement_reason=1)
    assert tracked.status == ("PARTIALLY_FILLED", 2000, 8000)


def test_h_1_a_gtc_renewed_and_filled_the_next_day(tracked):
    done_for_day_and_renewed(tracked)
    tracked.fill("E2", 1000)
    assert tracked.status == ("PARTIALLY_FILLED", 3000, 7000)


def test_h_1_c_gtc_renewed_and_cancelled_the_next_day(tracked):
    done_for_day_and_renewed(tracked)
    tracked.cancel()
    tracked.report("4", "4", cl_ord_id=Y, orig_cl_ord_id=X, cum_quantity=2000)
    assert tracked.status == ("CANCELED", 2000, 0)


def test_h_1_d_gtc_renewed_and_increased(tracked):
    done_for_day_and_renewed(tracked)
    tracked.replace(15000)
    tracked.report("E", "E", cl_ord_id=Y, orig_cl_ord_id=X)
    tracked.fill("E2", 1000, ord_status="E")
    tracked.report("5", "1", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=15000)
    assert tracked.status == ("PARTIALLY_FILLED", 3000, 12000)


@pytest.mark.parametrize("tif", [TimeInForce.FOK, TimeInForce.IOC], ids=["i_1_a", "i_1_b"])
def test_i_1_a_b_an_order_that_cannot_be_filled_at_once_is_cancelled(tif):
    tracked = TrackedOrder()
    tracked.place(10000, tif=tif)
    tracked.report("0", "0")
    tracked.report("4", "4", cum_quantity=0)
    assert tracked.status == ("CANCELED", 0, 0)
    assert tracked.findings() == []


def test_j_1_a_filled_order_with_correction_and_cancel_of_executions(tracked):
    acknowledge(tracked)
    tracked.fill("E1", 1000, "50")
    tracked.fill("E2", 9000, "51", ord_status="2")
    tracked.report("G", "2", exec_id="E3", exec_ref_id="E2", last_quantity=9000, last_price="50")
    assert tracked.status == ("FILLED", 10000, 0)
    assert tracked.order.average_price == 50
    tracked.report("H", "1", exec_id="E4", exec_ref_id="E1")
    assert tracked.status == ("PARTIALLY_FILLED", 9000, 1000)
    tracked.report("G", "1", exec_id="E5", exec_ref_id="E3", last_quantity=5000, last_price="50")
    assert tracked.status == ("PARTIALLY_FILLED", 5000, 5000)
    tracked.fill("E6", 5000, "50.5", ord_status="2")
    assert tracked.status == ("FILLED", 10000, 0)
    assert tracked.order.average_price == Decimal("50.25")


def test_j_1_b_cancelled_order_with_a_bust_and_a_new_execution(tracked):
    """The order stays cancelled; the late fill counts, and is an anomaly to us."""
    acknowledge_and_fill(tracked, 5000)
    tracked.cancel()
    tracked.report("4", "4", cl_ord_id=Y, orig_cl_ord_id=X, cum_quantity=5000)
    tracked.report("H", "4", exec_id="E2", exec_ref_id="E1")
    assert tracked.status == ("CANCELED", 0, 0)
    tracked.fill("E3", 4000, ord_status="4")
    assert tracked.status == ("CANCELED", 4000, 0)
    assert tracked.order.anomaly_count == 1


def test_j_1_c_gtc_corrections_over_two_days(tracked):
    done_for_day_and_renewed(tracked)
    tracked.fill("E2", 1000)
    tracked.report("G", "1", exec_id="E3", exec_ref_id="E1", last_quantity=1500, last_price="50")
    assert tracked.status == ("PARTIALLY_FILLED", 2500, 7500)
    tracked.report("G", "1", exec_id="E4", exec_ref_id="E2", last_quantity=500, last_price="50")
    assert tracked.status == ("PARTIALLY_FILLED", 2000, 8000)


def test_k_1_a_trading_halt_and_reinstatement(tracked):
    acknowledge_and_fill(tracked)
    tracked.report("9", "9", cum_quantity=1000)
    assert tracked.status == ("SUSPENDED", 1000, 9000)
    tracked.report("D", "1", cum_quantity=1000)
    assert tracked.status == ("PARTIALLY_FILLED", 1000, 9000)


def test_k_1_b_trading_halt_and_cancel(tracked):
    acknowledge_and_fill(tracked)
    tracked.report("9", "9", cum_quantity=1000)
    tracked.report("4", "4", cum_quantity=1000, exec_restatement_reason=6)
    assert tracked.status == ("CANCELED", 1000, 0)


def test_l_1_a_execution_guaranteed_before_it_is_done(tracked):
    acknowledge(tracked)
    tracked.report("7", "7", last_price="50", last_quantity=1000)
    assert tracked.status == ("STOPPED", 0, 10000)
    tracked.fill("E1", 1000)
    assert tracked.status == ("STOPPED", 1000, 9000)
    tracked.fill("E2", 9000, ord_status="2")
    assert tracked.status == ("FILLED", 10000, 0)


def test_l_1_b_quantity_in_cash():
    """The venue makes 195 of what was estimated as 200, and says so as it takes the order."""
    tracked = TrackedOrder()
    tracked.place_cash(10000)
    assert tracked.status == ("PENDING_NEW", 0, 200)
    tracked.report("0", "0", order_quantity=195, cum_quantity=0)
    assert tracked.status == ("NEW", 0, 195)
    tracked.fill("E1", 100)
    assert tracked.status == ("PARTIALLY_FILLED", 100, 95)
    tracked.fill("E2", 95, ord_status="2")
    assert tracked.status == ("FILLED", 195, 0)
    assert tracked.findings() == []
