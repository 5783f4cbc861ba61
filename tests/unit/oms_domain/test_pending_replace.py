"""While a replace has no answer, its terms are possible: whichever session reports first."""

from decimal import Decimal

import pytest

from svc_oms.domain.facts import CancelRejectFacts, ReceiptFacts
from svc_oms.domain.groups.group_rules import consequences
from svc_oms.domain.kill_switches import PullOutcome, find
from svc_oms.domain.model import Link, LinkKind
from svc_oms.domain.order import OrderRefused
from tests.support.lifecycle import ORDER_ID, TrackedOrder, report

X, Y = f"{ORDER_ID}-1", f"{ORDER_ID}-2"


@pytest.fixture
def tracked():
    """31 work; a replace to 121 has no answer."""
    tracked = TrackedOrder()
    tracked.copied_venue = True
    tracked.place(31)
    tracked.report("0", "0")
    tracked.replace(121)
    yield tracked
    assert tracked.findings() == []


def copy(tracked, cum, quantity, leaves, exec_id="E1"):
    facts = report(
        "F", "1", cl_ord_id=Y, exec_id=exec_id, last_quantity=quantity, last_price="50",
        order_quantity=121, cum_quantity=cum, leaves_quantity=leaves,
    )  # fmt: skip
    tracked.copy(facts)
    assert tracked.findings() == []


def granted(tracked):
    """The order session reports the replace, which the drop copy has overtaken."""
    tracked.report("5", "0", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=121, cum_quantity=0)


@pytest.mark.parametrize(
    ("executed", "shown"),
    [
        (30, ("PENDING_REPLACE", 30, 1)),
        (31, ("PENDING_REPLACE", 31, 90)),
        (38, ("PENDING_REPLACE", 38, 83)),
        (121, ("FILLED", 121, 0)),
    ],
)
def test_the_drop_copy_overtakes_the_replace(tracked, executed, shown):
    copy(tracked, executed, executed, 121 - executed)
    assert tracked.status == shown
    assert tracked.order.anomaly_count == 0
    granted(tracked)
    state = "FILLED" if executed == 121 else "PARTIALLY_FILLED"
    assert tracked.status == (state, executed, 121 - executed)


def test_more_than_the_larger_quantity_is_an_anomaly(tracked):
    copy(tracked, 122, 122, 0)
    assert tracked.status == ("FILLED", 122, 0)
    assert "122 are executed of an order of 121" in tracked.order.anomaly


def test_the_replace_is_refused_after_the_last_fill(tracked):
    tracked.fill("E1", 31, ord_status="2")
    assert tracked.status == ("PENDING_REPLACE", 31, 90)
    tracked.hear(CancelRejectFacts(Y, response_to="2", cxl_rej_reason=0, ord_status="2"))
    assert tracked.status == ("FILLED", 31, 0)
    assert tracked.order.anomaly_count == 0


@pytest.mark.parametrize(
    "answer",
    [
        CancelRejectFacts(Y, response_to="2", cxl_rej_reason=0),
        ReceiptFacts(Y, "REPLACE", "NOT_SENT", "too old"),
    ],
)
def test_a_replace_refused_where_more_is_executed_than_the_old_terms_allow(tracked, answer):
    copy(tracked, 38, 38, 83)
    tracked.hear(answer)
    assert tracked.status == ("FILLED", 38, 0)
    assert "38 are executed of an order of 31 whose replace was refused" in tracked.order.anomaly


def test_a_replace_in_doubt_is_possible_too(tracked):
    tracked.hear(ReceiptFacts(Y, "REPLACE", "IN_DOUBT", ""))
    tracked.fill("E1", 31)
    assert tracked.status == ("UNKNOWN", 31, 90)
    tracked.report("I", "2", cl_ord_id=Y, status_request_id=Y, cum_quantity=31, order_quantity=31)
    assert tracked.status == ("FILLED", 31, 0)
    assert tracked.order.anomaly_count == 0


def test_a_decrease_leaves_what_the_order_still_has(tracked):
    granted(tracked)
    tracked.replace(40)
    tracked.fill("E1", 40)
    assert tracked.status == ("PENDING_REPLACE", 40, 81)


def test_an_end_of_the_venue_closes_whatever_is_pending(tracked):
    tracked.fill("E1", 31)
    tracked.report("4", "4", cum_quantity=31)
    assert tracked.status == ("CANCELED", 31, 0)


def test_a_bust_after_the_window_opened(tracked):
    tracked.fill("E1", 31)
    tracked.report("H", "E", exec_id="E2", exec_ref_id="E1", cum_quantity=0)
    assert tracked.status == ("PENDING_REPLACE", 0, 31)


def test_it_can_be_cancelled_in_the_window(tracked):
    copy(tracked, 38, 38, 83)
    cancel = tracked.cancel()
    assert tracked.status == ("PENDING_CANCEL", 38, 83)
    granted(tracked)
    tracked.report("4", "4", cl_ord_id=cancel, orig_cl_ord_id=Y, cum_quantity=38)
    assert tracked.status == ("CANCELED", 38, 0)
    assert tracked.order.anomaly_count == 0


def test_it_cannot_be_replaced_again_before_the_answer(tracked):
    copy(tracked, 38, 38, 83)
    with pytest.raises(OrderRefused) as refused:
        tracked.replace(200)
    assert refused.value.reason == "ORDER_CHANGE_PENDING"


def test_a_kill_switch_does_not_skip_it(tracked):
    copy(tracked, 38, 38, 83)
    finding = find(tracked.order, 0, session_up=True, overdue=False)
    assert (finding.outcome, finding.ask) == (PullOutcome.PENDING, True)


def test_an_oco_group_does_not_take_it_for_filled(tracked):
    copy(tracked, 38, 38, 83)
    link = Link(LinkKind.OCO, "G1")
    one = tracked.order._replace(link=link)
    other = one._replace(order_id="B", cum_quantity=Decimal(0), pending_replace_id="")
    cancelled = consequences([one, other], one, one._replace(cum_quantity=Decimal(0)))
    assert [each.order.order_id for each in cancelled] == ["B"]


def test_a_child_waits_for_the_answer_to_its_parents_replace(tracked):
    copy(tracked, 38, 38, 83)
    parent = tracked.order._replace(link=Link(LinkKind.OTO, "G1"))
    child = parent._replace(order_id="C", link=Link(LinkKind.OTO, "G1", parent.order_id))
    assert consequences([parent, child], parent, parent) == []
