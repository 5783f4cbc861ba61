"""How a named person ends a doubt, and how the venue takes that back."""

from decimal import Decimal

import pytest

from svc_oms.domain.model import ResolutionSource, VenueHolds
from svc_oms.domain.order import OrderRefused
from svc_oms.domain.reports.facts import ReceiptFacts
from tests.support.lifecycle import ORDER_ID, TrackedOrder

X, Y, Z = (f"{ORDER_ID}-{number}" for number in (1, 2, 3))
NOTHING, WORKING, CANCELED, FILLED = VenueHolds


@pytest.fixture
def tracked():
    tracked = TrackedOrder()
    tracked.place(100)
    yield tracked
    assert tracked.findings() == []


def doubt(tracked, cl_ord_id=X, kind="NEW"):
    tracked.hear(ReceiptFacts(cl_ord_id, kind, "IN_DOUBT", "the gateway was killed"))
    assert tracked.order.state.name == "UNKNOWN"


@pytest.fixture
def in_doubt(tracked):
    doubt(tracked)
    return tracked


@pytest.fixture
def cancel_in_doubt(tracked):
    tracked.report("0", "0")
    tracked.fill("E1", 40)
    doubt(tracked, tracked.cancel(), "CANCEL")
    return tracked


@pytest.fixture
def replace_in_doubt(tracked):
    tracked.report("0", "0")
    tracked.fill("E1", 40)
    doubt(tracked, tracked.replace(120), "REPLACE")
    return tracked


def test_the_event_says_how_and_why(in_doubt):
    events = in_doubt.resolve(WORKING, venue_order_id="V9")
    resolved = next(event for event in events if type(event).__name__ == "OrderResolved")
    assert resolved.source is ResolutionSource.PERSON
    assert resolved.text == "said on the telephone"
    assert in_doubt.status == ("NEW", 0, 100)
    assert in_doubt.order.venue_order_id == "V9"
    assert in_doubt.order.stated_by_person


def test_the_venue_never_had_it(in_doubt):
    in_doubt.resolve(NOTHING)
    assert in_doubt.status == ("REJECTED", 0, 0)
    assert in_doubt.order.rejection.reason == "NOT_SENT"


def test_it_works_in_part_filled(in_doubt):
    in_doubt.resolve(WORKING, [("E1", 40, "50")])
    assert in_doubt.status == ("PARTIALLY_FILLED", 40, 60)
    assert in_doubt.order.anomaly_count == 0
    assert in_doubt.fill("E1", 40) == []


def test_it_is_filled(in_doubt):
    in_doubt.resolve(FILLED, [("E1", 40, "50"), ("E2", 60, "51")])
    assert in_doubt.status == ("FILLED", 100, 0)
    assert in_doubt.order.average_price == Decimal("50.6")


def test_it_is_cancelled_after_a_fill(in_doubt):
    in_doubt.resolve(CANCELED, [("E1", 40, "50")])
    assert in_doubt.status == ("CANCELED", 40, 0)


@pytest.mark.parametrize(
    ("holds", "status"), [(WORKING, "PARTIALLY_FILLED"), (CANCELED, "CANCELED")]
)
def test_a_cancel_in_doubt(cancel_in_doubt, holds, status):
    cancel_in_doubt.resolve(holds)
    assert cancel_in_doubt.order.state.name == status
    assert cancel_in_doubt.order.pending_cancel_id == ""
    assert cancel_in_doubt.order.anomaly_count == 0


def test_a_cancel_in_doubt_of_an_order_that_filled(cancel_in_doubt):
    cancel_in_doubt.resolve(FILLED, [("E1", 40, "50"), ("E2", 60, "50")])
    assert cancel_in_doubt.status == ("FILLED", 100, 0)


@pytest.mark.parametrize(("replaced", "quantity", "number"), [(True, 120, Y), (False, 100, X)])
def test_a_replace_in_doubt(replace_in_doubt, replaced, quantity, number):
    replace_in_doubt.resolve(WORKING, replaced=replaced)
    assert replace_in_doubt.status == ("PARTIALLY_FILLED", 40, quantity - 40)
    assert replace_in_doubt.order.cl_ord_id == number
    assert replace_in_doubt.order.pending_terms is None


def test_a_replace_that_took_effect_and_was_filled(replace_in_doubt):
    replace_in_doubt.resolve(FILLED, [("E2", 80, "50")], replaced=True)
    assert replace_in_doubt.status == ("FILLED", 120, 0)
    assert replace_in_doubt.order.anomaly_count == 0


def test_executions_missing_are_named_or_said_not_to_be(tracked):
    tracked.report("0", "0")
    tracked.report("I", "1", cum_quantity=60)
    tracked.resolve(WORKING, [("E1", 60, "50")])
    assert tracked.status == ("PARTIALLY_FILLED", 60, 40)
    tracked.report("I", "1", cum_quantity=80)
    assert tracked.order.state.name == "UNKNOWN"
    tracked.resolve(WORKING)
    assert tracked.status == ("PARTIALLY_FILLED", 60, 40)


def test_executions_missing_of_an_order_the_venue_cancelled(tracked):
    tracked.report("0", "0")
    tracked.report("I", "4", cum_quantity=60)
    assert tracked.order.state.name == "UNKNOWN"
    with pytest.raises(OrderRefused, match="venue_holds"):
        tracked.resolve(WORKING)
    tracked.resolve(CANCELED, [("E1", 60, "50")])
    assert tracked.status == ("CANCELED", 60, 0)
    assert tracked.order.anomaly_count == 0


# --- What is refused -------------------------------------------------------------------------


def test_only_what_is_in_doubt(tracked):
    with pytest.raises(OrderRefused) as refused:
        tracked.resolve(WORKING)
    assert refused.value.reason == "OBJECT_STATE"


@pytest.mark.parametrize(
    ("holds", "fills", "replaced", "field"),
    [
        (NOTHING, [], False, "venue_holds"),  # it worked
        (FILLED, [], False, "venue_holds"),  # 60 are missing
        (WORKING, [("E2", 60, "50")], False, "venue_holds"),  # then it is filled
        (CANCELED, [("E2", 60, "50")], False, "venue_holds"),
        (FILLED, [("E2", 61, "50")], False, "executions"),
        (WORKING, [("E2", 1, "50"), ("E2", 1, "50")], False, "executions[1].exec_id"),
        (WORKING, [("E1", 41, "50")], False, "executions[0].quantity"),
        (WORKING, [("E1", 40, "51")], False, "executions[0].quantity"),
        (WORKING, [], True, "replaced"),
    ],
)
def test_a_word_that_contradicts_the_venue_or_does_not_add_up(
    cancel_in_doubt, holds, fills, replaced, field
):
    before = cancel_in_doubt.order
    with pytest.raises(OrderRefused) as refused:
        cancel_in_doubt.resolve(holds, fills, replaced=replaced)
    assert (refused.value.reason, refused.value.field) == ("INVALID_FIELD", field)
    assert refused.value.metadata["expected"]
    assert cancel_in_doubt.order is before


# --- The venue has the last word ------------------------------------------------------------


@pytest.mark.parametrize("holds", [NOTHING, CANCELED])
@pytest.mark.parametrize("reported", [("0", "0"), ("I", "0"), ("A", "A"), ("6", "6")])
def test_an_order_given_up_on_a_word_works_after_all(in_doubt, holds, reported):
    in_doubt.resolve(holds)
    in_doubt.report(*reported)
    assert in_doubt.status == ("NEW", 0, 100)
    assert in_doubt.order.anomaly_count == 1
    assert not in_doubt.order.stated_by_person


@pytest.mark.parametrize("holds", [NOTHING, CANCELED])
def test_an_order_given_up_on_a_word_trades(in_doubt, holds):
    in_doubt.resolve(holds)
    in_doubt.fill("E1", 40)
    assert in_doubt.status == ("PARTIALLY_FILLED", 40, 60)
    assert in_doubt.order.anomaly_count == 1
    in_doubt.fill("E2", 60, ord_status="2")
    assert in_doubt.status == ("FILLED", 100, 0)
    assert in_doubt.order.anomaly_count == 1


@pytest.mark.parametrize(
    ("holds", "reported", "state"),
    [
        (NOTHING, ("8", "8"), "REJECTED"),
        (CANCELED, ("4", "4"), "CANCELED"),
        (CANCELED, ("I", "4"), "CANCELED"),
        (WORKING, ("0", "0"), "NEW"),
    ],
)
def test_a_word_the_venue_confirms(in_doubt, holds, reported, state):
    in_doubt.resolve(holds)
    in_doubt.report(*reported, cum_quantity=0)
    assert in_doubt.order.state.name == state
    assert in_doubt.order.anomaly_count == 0
    assert not in_doubt.order.stated_by_person


def test_a_late_fill_of_an_order_both_call_cancelled(in_doubt):
    in_doubt.resolve(CANCELED)
    in_doubt.fill("E1", 40, ord_status="4")
    assert in_doubt.status == ("CANCELED", 40, 0)
    assert in_doubt.order.anomaly_count > 0


def test_a_cancel_said_not_to_be_there_takes_effect(cancel_in_doubt):
    cancel_in_doubt.resolve(WORKING)
    cancel_in_doubt.report("4", "4", cl_ord_id=Y, orig_cl_ord_id=X, cum_quantity=40)
    assert cancel_in_doubt.status == ("CANCELED", 40, 0)
    assert cancel_in_doubt.order.anomaly_count == 1


def test_executions_found_are_taken_back_by_a_bust(in_doubt):
    in_doubt.resolve(FILLED, [("E1", 100, "50")])
    in_doubt.report("H", "0", exec_id="E2", exec_ref_id="E1")
    assert in_doubt.status == ("NEW", 0, 100)
