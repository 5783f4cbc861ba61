"""The end of a superseded leg is not the end of the order; a working order is open again."""

import pytest

from svc_oms.domain.events import (
    OrderExecuted,
    OrderInDoubt,
    StatusRequested,
    VenueReportParked,
)
from svc_oms.domain.facts import CancelRejectFacts, ReceiptFacts
from svc_oms.domain.model import FORMER_ORDER_IDS_MAX, VenueHolds
from svc_oms.domain.reports.legs import Leg, leg_of
from tests.support.lifecycle import ORDER_ID, TrackedOrder, report

X, Y, Z = (f"{ORDER_ID}-{number}" for number in (1, 2, 3))


@pytest.fixture
def working():
    tracked = TrackedOrder()
    tracked.place(100)
    tracked.report("0", "0", cum_quantity=0, leaves_quantity=100)
    yield tracked
    assert tracked.findings() == []


@pytest.fixture
def replaced(working):
    """OrderID(37) is V2 after a replace to 120."""
    working.replace(120)
    grant(working)
    return working


def grant(tracked, **fields):
    fields = {"venue_order_id": "V2", "cum_quantity": 0, "leaves_quantity": 120} | fields
    return tracked.report(
        "5", "0", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=120, limit_price="50", **fields
    )


def kinds(events):
    return [type(event) for event in events]


# --- A leg that another one has superseded ----------------------------------------------


@pytest.mark.parametrize("cl_ord_id", [X, Y, "their-own"])
@pytest.mark.parametrize(
    ("exec_type", "status"),
    [*((one, one) for one in "4C8379B"), ("D", "0"), ("L", "0"), ("5", "0")],
)
def test_a_report_of_the_former_order_id_ends_nothing(replaced, exec_type, status, cl_ord_id):
    events = replaced.report(
        exec_type, status, cl_ord_id=cl_ord_id, cum_quantity=0, leaves_quantity=0
    )
    assert kinds(events) == [VenueReportParked, StatusRequested]
    assert replaced.status == ("NEW", 0, 120)
    assert replaced.order.anomaly_count == 1
    cancel = replaced.cancel()
    replaced.report("4", "4", cl_ord_id=cancel, venue_order_id="V2", cum_quantity=0)
    assert replaced.status == ("CANCELED", 0, 0)
    assert replaced.order.anomaly_count == 1


@pytest.mark.parametrize("exec_type", ["4", "C", "8"])
def test_an_earlier_cl_ord_id_without_an_order_id_ends_nothing(replaced, exec_type):
    replaced.report(exec_type, exec_type, cl_ord_id=X, venue_order_id="", cum_quantity=0)
    assert replaced.status == ("NEW", 0, 120)
    assert replaced.order.anomaly_count == 1


@pytest.mark.parametrize("status", "48C")
def test_the_last_fill_of_a_superseded_leg_counts_and_ends_nothing(replaced, status):
    last = {"exec_id": "E1", "last_quantity": 10, "last_price": "50", "leaves_quantity": 0}
    events = replaced.report("F", status, cum_quantity=10, **last)
    assert kinds(events) == [OrderExecuted, VenueReportParked, StatusRequested]
    assert replaced.status == ("PARTIALLY_FILLED", 10, 110)
    assert replaced.order.anomaly_count == 1


@pytest.mark.parametrize("status", "48C")
def test_the_last_fill_of_either_leg_counts_and_is_a_doubt(replaced, status):
    last = {"exec_id": "E1", "last_quantity": 10, "last_price": "50", "leaves_quantity": 0}
    replaced.report("F", status, venue_order_id="V2", cum_quantity=10, **last)
    assert replaced.status == ("UNKNOWN", 10, 110)
    assert replaced.order.asked_about


@pytest.mark.parametrize("status", "48C")
@pytest.mark.parametrize(
    ("exec_type", "fields", "left"),
    [("H", {"cum_quantity": 0}, 120), ("G", {"last_quantity": 100, "last_price": "50"}, 20)],
)
def test_a_bust_or_correction_of_a_superseded_leg_does_not_end_the_order(
    replaced, exec_type, fields, left, status
):
    replaced.fill("E1", 120, ord_status="2", cl_ord_id=Y, venue_order_id="V2")
    assert replaced.status == ("FILLED", 120, 0)
    replaced.report(exec_type, status, exec_id="E2", exec_ref_id="E1", **fields)
    assert replaced.order.leaves_quantity == left
    assert not replaced.order.is_closed
    assert replaced.order.asked_about


def test_the_answer_of_the_venue_can_still_end_the_order(replaced):
    replaced.report("4", "4", cum_quantity=0)
    replaced.report("I", "4", cl_ord_id=Y, venue_order_id="V2", cum_quantity=0, leaves_quantity=0)
    assert replaced.status == ("CANCELED", 0, 0)


@pytest.mark.parametrize("status", "48C379B")
@pytest.mark.parametrize("asked", [{"mass_status_request_id": "M1"}, {}])
def test_an_answer_lists_the_former_leg_as_ended_or_paused(replaced, asked, status):
    answer = replaced.report("I", status, cum_quantity=0, **asked)
    assert answer == []
    assert replaced.status == ("NEW", 0, 120)


@pytest.mark.parametrize(
    ("fields", "leg"),
    [
        ({"cl_ord_id": Y, "venue_order_id": "V2"}, Leg.CURRENT),
        ({"cl_ord_id": Y, "venue_order_id": ""}, Leg.CURRENT),
        ({"cl_ord_id": Y, "venue_order_id": "V9"}, Leg.CURRENT),
        ({"cl_ord_id": Y, "venue_order_id": "V1"}, Leg.SUPERSEDED),
        ({"cl_ord_id": X, "venue_order_id": "V1"}, Leg.SUPERSEDED),
        ({"cl_ord_id": X, "venue_order_id": ""}, Leg.SUPERSEDED),
        ({"cl_ord_id": X, "venue_order_id": "NONE"}, Leg.SUPERSEDED),
        ({"cl_ord_id": X, "venue_order_id": "V2"}, Leg.UNCLEAR),
        # A venue that goes on with the first ClOrdID(11): the terms show the order as it is now.
        (
            {"cl_ord_id": X, "venue_order_id": "V2", "order_quantity": 120, "limit_price": "50"},
            Leg.CURRENT,
        ),
        ({"cl_ord_id": X, "venue_order_id": "V2", "order_quantity": 120}, Leg.UNCLEAR),
        # Of what nobody asked for, OrigClOrdID(41) may be all that names the order.
        ({"cl_ord_id": "", "orig_cl_ord_id": X, "venue_order_id": ""}, Leg.SUPERSEDED),
        ({"cl_ord_id": "their-own", "orig_cl_ord_id": X}, Leg.SUPERSEDED),
        ({"cl_ord_id": "their-own", "orig_cl_ord_id": X, "venue_order_id": "V2"}, Leg.UNCLEAR),
        ({"cl_ord_id": "their-own", "orig_cl_ord_id": Y, "venue_order_id": ""}, Leg.CURRENT),
        (
            {"cl_ord_id": X, "venue_order_id": "V2", "order_quantity": 100, "limit_price": "50"},
            Leg.UNCLEAR,
        ),
    ],
)
@pytest.mark.parametrize("exec_type", ["4", "C"])
def test_which_leg_an_end_is_of(replaced, exec_type, fields, leg):
    assert leg_of(replaced.order, report(exec_type, exec_type, **fields)) is leg


def test_the_answer_to_our_cancel_is_of_the_order_whatever_it_names(replaced):
    cancel = replaced.cancel()
    for fields in ({"cl_ord_id": cancel, "venue_order_id": "V1"}, {"venue_order_id": "V2"}):
        assert leg_of(replaced.order, report("4", "4", **fields)) is Leg.CURRENT


def test_an_unclear_end_is_a_doubt_that_the_venue_or_a_person_ends(replaced):
    events = replaced.report("4", "4", cl_ord_id=X, venue_order_id="V2", cum_quantity=0)
    assert kinds(events) == [VenueReportParked, OrderInDoubt, StatusRequested]
    assert replaced.status == ("UNKNOWN", 0, 120)
    replaced.report("I", "0", cl_ord_id=Y, venue_order_id="V2", cum_quantity=0)
    assert replaced.status == ("NEW", 0, 120)
    replaced.report("4", "4", cl_ord_id=X, venue_order_id="V2", cum_quantity=0)
    replaced.resolve(VenueHolds.CANCELED)
    assert replaced.status == ("CANCELED", 0, 0)


def test_a_fill_of_the_former_leg_counts(replaced):
    replaced.fill("E1", 40, cl_ord_id=X)
    assert replaced.status == ("PARTIALLY_FILLED", 40, 80)


def test_an_end_of_a_former_leg_after_the_end_is_nothing(replaced):
    replaced.report("4", "4", cl_ord_id=Y, venue_order_id="V2", cum_quantity=0)
    assert replaced.report("C", "C", cum_quantity=0) == []
    assert replaced.order.anomaly_count == 0


def test_order_ids_kept(working):
    for number in range(FORMER_ORDER_IDS_MAX + 3):
        asked = working.replace(101 + number)
        working.report(
            "5", "0", cl_ord_id=asked, order_quantity=101 + number, venue_order_id=f"W{number}"
        )
    former = working.order.former_venue_order_ids
    assert len(former) == FORMER_ORDER_IDS_MAX
    assert (former[0], former[-1]) == ("W2", f"W{FORMER_ORDER_IDS_MAX + 1}")
    asked = working.replace(200)
    working.report("5", "0", cl_ord_id=asked, order_quantity=200, venue_order_id="W5")
    assert "W5" not in working.order.former_venue_order_ids


# --- A report that shows a working order after a close ----------------------------------


def test_the_former_leg_is_cancelled_before_the_replace_is_reported(working):
    working.replace(120)
    working.report("4", "4", cum_quantity=0, leaves_quantity=0)
    assert working.status == ("CANCELED", 0, 0)
    grant(working)
    assert working.status == ("NEW", 0, 120)
    assert (working.order.cl_ord_id, working.order.venue_order_id) == (Y, "V2")
    assert working.order.anomaly_count == 1
    working.cancel()
    assert working.order.state.name == "PENDING_CANCEL"


@pytest.mark.parametrize("end", ["4", "C", "8"])
@pytest.mark.parametrize(
    ("exec_type", "status", "fields"),
    [
        ("0", "0", {"cum_quantity": 0, "leaves_quantity": 100}),
        ("0", "0", {}),
        ("5", "0", {"order_quantity": 120, "leaves_quantity": 120}),
        ("D", "0", {"leaves_quantity": 100}),
        ("I", "0", {"cum_quantity": 0, "leaves_quantity": 100}),
    ],
)
def test_a_report_of_a_working_order_opens_it_again(working, end, exec_type, status, fields):
    working.report(end, end, cum_quantity=0, leaves_quantity=0)
    assert working.order.is_closed
    working.report(exec_type, status, **fields)
    assert not working.order.is_closed
    assert working.order.anomaly_count >= 1


FILL = {"exec_id": "E1", "last_quantity": 40, "last_price": "50", "cum_quantity": 40}


@pytest.mark.parametrize("end", "4C8")
def test_a_late_fill_of_an_order_that_ended_counts_and_only_the_venues_answer_opens_it(
    working, end
):
    working.report(end, end, cum_quantity=0, leaves_quantity=0)
    working.report("F", "1", leaves_quantity=60, **FILL)
    assert working.order.is_closed
    assert (working.order.cum_quantity, working.order.anomaly_count >= 1) == (40, True)
    assert working.order.asked_about
    working.report("I", "1", cum_quantity=40, leaves_quantity=60)
    assert not working.order.is_closed


@pytest.mark.parametrize("end", "4C8")
@pytest.mark.parametrize("pending", "6E")
def test_a_late_pending_report_of_an_order_that_ended_changes_nothing(working, end, pending):
    working.report(end, end, cum_quantity=0, leaves_quantity=0)
    working.report(pending, pending, leaves_quantity=100)
    assert working.order.is_closed
    assert working.order.anomaly_count == 0


@pytest.mark.parametrize(
    ("exec_type", "status", "fields"),
    [
        ("0", "0", {"possible_resend": True}),
        ("0", "0", {"cum_quantity": 0}),  # older: 40 are executed
        ("0", "0", {"cum_quantity": 40, "leaves_quantity": 0}),
        ("5", "4", {"order_quantity": 120}),
        ("I", "4", {"cum_quantity": 40}),
        ("3", "3", {}),
        ("F", "4", {"cum_quantity": 50, "leaves_quantity": 0}),
        ("F", "1", {"cum_quantity": 50}),  # it may be late, and does not say what is left
        ("F", "1", {"cum_quantity": 60, "leaves_quantity": 40}),  # another one is missing
    ],
)
def test_what_does_not_show_a_working_order_leaves_it_closed(working, exec_type, status, fields):
    working.fill("E1", 40)
    working.report("4", "4", cum_quantity=40, leaves_quantity=0)
    if exec_type == "F":
        fields = {"exec_id": "E2", "last_quantity": 10, "last_price": "50"} | fields
    working.report(exec_type, status, **fields)
    assert working.order.state.name == "CANCELED"


def test_what_the_drop_copy_overtook_opens_nothing(working):
    """The copy ends the order; the order session reports what came before, then the end."""
    cancel = working.cancel()
    working.hear(ReceiptFacts(cancel, "CANCEL", "IN_DOUBT", ""))
    working.copy(report("4", "4", cl_ord_id=cancel, cum_quantity=0))
    assert working.order.ended_by_copy
    working.report("6", "6", cl_ord_id=cancel, cum_quantity=0, leaves_quantity=100)
    working.report("I", "6", cl_ord_id=cancel, cum_quantity=0, leaves_quantity=100)
    assert working.status == ("CANCELED", 0, 0)
    working.report("4", "4", cl_ord_id=cancel, cum_quantity=0)
    assert not working.order.ended_by_copy
    working.report("D", "0", leaves_quantity=100)
    assert working.status == ("NEW", 0, 100)


# --- OrderCancelReject(9) that says that the order is gone --------------------------------

GONE = [(1, "8"), (0, "4"), (0, "2"), (0, "C"), (None, "4"), (99, "8"), (1, "0"), (1, "")]


@pytest.mark.parametrize("request_kind", ["cancel", "replace"])
@pytest.mark.parametrize(("reason", "status"), GONE)
def test_a_cancel_reject_that_says_the_order_is_gone(working, reason, status, request_kind):
    asked = working.cancel() if request_kind == "cancel" else working.replace(120)
    response_to = "1" if request_kind == "cancel" else "2"
    events = working.hear(
        CancelRejectFacts(asked, response_to=response_to, cxl_rej_reason=reason, ord_status=status)
    )
    assert kinds(events)[-2:] == [OrderInDoubt, StatusRequested]
    assert working.status == ("UNKNOWN", 0, 100)
    # Too late to cancel is normal: the report of the fill or of the end is on its way.
    odd = reason == 1 or status == "8"
    assert kinds(events).count(VenueReportParked) == working.order.anomaly_count == odd
    assert not working.order.pending_cancel_id
    # A person may say what the venue has.
    working.resolve(VenueHolds.CANCELED)
    assert working.status == ("CANCELED", 0, 0)


@pytest.mark.parametrize(
    ("reason", "status"), [(0, "0"), (0, "1"), (3, "6"), (2, "E"), (99, ""), (None, ""), (0, "3")]
)
def test_another_refusal_leaves_the_order_as_it_was(working, reason, status):
    cancel = working.cancel()
    working.hear(CancelRejectFacts(cancel, cxl_rej_reason=reason, ord_status=status))
    assert working.status == ("NEW", 0, 100)
    assert working.order.anomaly_count == 0


@pytest.mark.parametrize(
    ("exec_type", "status", "fields", "after"),
    [
        ("I", "0", {"cum_quantity": 0}, ("NEW", 0, 100)),
        ("I", "4", {"cum_quantity": 0}, ("CANCELED", 0, 0)),
        ("I", "C", {"cum_quantity": 0}, ("EXPIRED", 0, 0)),
        ("I", "2", {"cum_quantity": 100}, ("UNKNOWN", 0, 100)),  # the executions are missing
        ("I", "8", {"ord_rej_reason": 5}, ("UNKNOWN", 0, 100)),  # it says the same again
        ("4", "4", {"cum_quantity": 0}, ("CANCELED", 0, 0)),
        ("D", "0", {"cum_quantity": 0, "leaves_quantity": 100}, ("NEW", 0, 100)),
        ("3", "3", {"cum_quantity": 0}, ("UNKNOWN", 0, 100)),
    ],
)
def test_what_ends_the_doubt(working, exec_type, status, fields, after):
    cancel = working.cancel()
    working.hear(CancelRejectFacts(cancel, cxl_rej_reason=1, ord_status="8"))
    working.report(exec_type, status, **fields)
    assert working.status == after


def test_the_copy_of_a_refusal_says_nothing_of_the_end(working):
    cancel = working.cancel()
    working.hear(ReceiptFacts(cancel, "CANCEL", "IN_DOUBT", ""))
    refused = CancelRejectFacts(cancel, cxl_rej_reason=0, ord_status="4")
    working.copy(refused)
    assert working.status == ("NEW", 0, 100)
    # On the order session it does, although the request is answered already.
    working.hear(refused)
    assert working.status == ("UNKNOWN", 0, 100)
    # A late copy of a New does not show that the order is still there.
    assert working.copy(report("0", "0", cl_ord_id=cancel, cum_quantity=0)) == []
    working.copy(report("4", "4", cum_quantity=0))
    assert working.status == ("CANCELED", 0, 0)


def test_filled_as_it_is_known_is_no_contradiction(working):
    working.replace(120)
    working.fill("E1", 100, ord_status="2")
    working.hear(CancelRejectFacts(Y, response_to="2", cxl_rej_reason=0, ord_status="2"))
    assert working.status == ("FILLED", 100, 0)
    assert working.order.anomaly_count == 0


def test_a_closed_order_is_gone_as_it_is_known(working):
    cancel = working.cancel()
    working.report("C", "C", cum_quantity=0)
    working.hear(CancelRejectFacts(cancel, cxl_rej_reason=0, ord_status="C"))
    assert working.status == ("EXPIRED", 0, 0)
    assert working.order.anomaly_count == 0


def test_unknown_order_of_an_order_that_never_reported_is_asked_about():
    tracked = TrackedOrder()
    tracked.place(100)
    cancel = tracked.cancel()
    tracked.hear(CancelRejectFacts(cancel, cxl_rej_reason=1, ord_status="8"))
    assert tracked.status == ("UNKNOWN", 0, 100)
    assert tracked.order.anomaly_count == 0
    tracked.report("I", "8", ord_rej_reason=5, venue_order_id="NONE", status_request_id=X)
    assert tracked.order.rejection.reason == "NOT_SENT"
    assert tracked.status == ("REJECTED", 0, 0)
