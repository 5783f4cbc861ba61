"""A drop copy brings executions and ends doubts; nothing else of it can set an order back."""

from dataclasses import fields

import pytest

from svc_oms.domain.facts import CancelRejectFacts, ReceiptFacts
from svc_oms.domain.model import ResolutionSource
from tests.support.lifecycle import ORDER_ID, TrackedOrder, report

X, Y = f"{ORDER_ID}-1", f"{ORDER_ID}-2"


class CopiedDesk(TrackedOrder):
    """An order that can get reports of a drop copy, too."""

    copied_venue = True

    def copied(self, exec_type, ord_status, **values):
        return self.copy(report(exec_type, ord_status, **values))

    def copied_fill(self, exec_id, quantity, cum, **values):
        return self.copied(
            "F", "1", exec_id=exec_id, last_quantity=quantity, last_price="50", cum_quantity=cum,
            **values,
        )  # fmt: skip


@pytest.fixture
def tracked():
    tracked = CopiedDesk()
    tracked.place(100)
    yield tracked
    assert tracked.findings() == []


@pytest.fixture
def working(tracked):
    tracked.report("0", "0")
    return tracked


def doubt(tracked, cl_ord_id, kind):
    tracked.hear(ReceiptFacts(cl_ord_id, kind, "IN_DOUBT", ""))
    assert tracked.order.state.name == "UNKNOWN"


def sources(events):
    return {
        event.source for event in events if "source" in {one.name for one in fields(event)}
    }  # fmt: skip


def test_a_fill_comes_once_by_whichever_way_is_first(working):
    working.copied_fill("E1", 40, 40)
    assert working.status == ("PARTIALLY_FILLED", 40, 60)
    assert working.fill("E1", 40, cum_quantity=40) == []
    working.fill("E2", 10)
    assert working.copied_fill("E2", 10, 50) == []
    assert working.status == ("PARTIALLY_FILLED", 50, 50)
    assert working.order.anomaly_count == 0


def test_reports_of_the_order_session_that_a_fill_of_the_copy_overtook_are_no_anomaly(tracked):
    """After a restart of the gateway the copies of minutes may come first."""
    tracked.copied_fill("E1", 40, 40)
    tracked.copied("F", "2", exec_id="E2", last_quantity=60, last_price="50", cum_quantity=100)
    assert tracked.status == ("FILLED", 100, 0)
    for kind in "A0":
        assert tracked.report(kind, kind, cum_quantity=0, leaves_quantity=100) == []
    assert tracked.fill("E1", 40, cum_quantity=40, leaves_quantity=60) == []
    assert (tracked.order.anomaly_count, tracked.order.asked_about) == (0, "")


@pytest.mark.parametrize("kind", ["7", "9"])
def test_a_pause_that_a_full_fill_of_the_copy_overtook_is_no_anomaly(working, kind):
    working.copied("F", "2", exec_id="E1", last_quantity=100, last_price="50", cum_quantity=100)
    working.report(kind, kind, cum_quantity=0, leaves_quantity=100)
    assert working.status == ("FILLED", 100, 0)
    assert (working.order.anomaly_count, working.order.asked_about) == (0, "")
    # One that knows of the fill contradicts it.
    working.report(kind, kind, cum_quantity=100, leaves_quantity=0)
    assert working.status == ("FILLED", 100, 0)
    assert working.order.anomaly_count == 1


@pytest.mark.parametrize("kind", ["7", "9"])
def test_without_a_copy_a_pause_of_a_filled_order_contradicts_it(working, kind):
    working.copied_venue = False
    working.fill("E1", 100, ord_status="2")
    working.report(kind, kind, cum_quantity=0, leaves_quantity=100)
    assert working.status == ("FILLED", 100, 0)
    assert working.order.anomaly_count


def test_a_replace_that_a_fill_of_the_copy_overtook_only_asks(working):
    working.replace(120)
    working.copied("F", "2", exec_id="E1", last_quantity=120, last_price="50", cum_quantity=120)
    terms = {"cl_ord_id": Y, "orig_cl_ord_id": X, "order_quantity": 120}
    working.report("5", "0", cum_quantity=0, leaves_quantity=120, **terms)
    assert working.status == ("FILLED", 120, 0)
    assert working.order.anomaly_count == 0
    assert working.order.asked_about == "CumQty(14) is 120 below the executions"


def test_busts_and_corrections_count(working):
    working.fill("E1", 40)
    working.copied("H", "0", exec_id="E2", exec_ref_id="E1", cum_quantity=0)
    assert working.status == ("NEW", 0, 100)


@pytest.mark.parametrize(
    ("exec_type", "status"),
    [
        ("0", "0"),
        ("4", "4"),
        ("C", "C"),
        ("8", "8"),
        ("5", "0"),
        ("D", "0"),
        ("3", "3"),
        ("I", "4"),
    ],
)
def test_without_a_doubt_all_else_is_left_to_the_order_session(working, exec_type, status):
    before = working.order
    assert working.copied(exec_type, status, order_quantity=50, cum_quantity=0) == []
    assert working.order is before


@pytest.mark.parametrize(
    ("reported", "state"),
    [(("0", "0"), "NEW"), (("8", "8"), "REJECTED"), (("4", "4"), "CANCELED"), (("A", "A"), None)],
)
def test_a_new_order_in_doubt(tracked, reported, state):
    doubt(tracked, X, "NEW")
    events = tracked.copied(*reported, cum_quantity=0)
    assert sources(events) <= {ResolutionSource.DROP_COPY}
    assert tracked.order.state.name == (state or "PENDING_NEW")
    assert tracked.order.anomaly_count == 0
    # The order session reports the same later: nothing new.
    tracked.report(*reported, cum_quantity=0)
    assert tracked.order.state.name == (state or "PENDING_NEW")
    assert tracked.order.anomaly_count == 0


def test_a_cancel_in_doubt_is_done_or_refused(working):
    doubt(working, working.cancel(), "CANCEL")
    assert working.copied("0", "0", cum_quantity=0) == []  # late: says nothing of the cancel
    assert working.order.state.name == "UNKNOWN"
    events = working.copy(CancelRejectFacts(Y, cxl_rej_reason=0))
    assert sources(events) == {ResolutionSource.DROP_COPY}
    assert working.status == ("NEW", 0, 100)
    assert working.copy(CancelRejectFacts(Y, cxl_rej_reason=0)) == []
    doubt(working, working.cancel(), "CANCEL")
    working.copied("4", "4", cl_ord_id=working.order.pending_cancel_id, cum_quantity=0)
    assert working.status == ("CANCELED", 0, 0)


def test_a_replace_in_doubt_is_done(working):
    doubt(working, working.replace(120), "REPLACE")
    working.copied("5", "0", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=120, cum_quantity=0)
    assert working.status == ("NEW", 0, 120)
    assert working.report("5", "0", cl_ord_id=Y, order_quantity=120) == []
    assert working.order.anomaly_count == 0


def test_an_end_nobody_asked_for_ends_a_doubt(working):
    doubt(working, working.cancel(), "CANCEL")
    working.copied("C", "C", cum_quantity=0)
    assert working.status == ("EXPIRED", 0, 0)


def test_a_fill_of_an_order_in_doubt(tracked):
    doubt(tracked, X, "NEW")
    events = tracked.copied_fill("E1", 40, 40)
    assert ResolutionSource.DROP_COPY in sources(events)
    assert tracked.status == ("PARTIALLY_FILLED", 40, 60)
    tracked.report("0", "0", cum_quantity=0)
    assert tracked.status == ("PARTIALLY_FILLED", 40, 60)
    assert tracked.order.anomaly_count == 0
