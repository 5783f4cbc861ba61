"""How a named person ends a doubt, and how the venue takes that back."""

from decimal import Decimal

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.commands import FoundExecution, ResolveOrder
from svc_oms.domain.facts import CancelRejectFacts, ReceiptFacts
from svc_oms.domain.model import ResolutionSource, VenueHolds
from svc_oms.domain.order import OrderRefused
from svc_oms.domain.recovery.unanswered import unanswered
from svc_oms.domain.reports.resolve import statement_value
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
    assert in_doubt.fill("E1", 40, cum_quantity=40) == []


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


def test_a_filled_order_has_no_requests_left(tracked):
    """Also none that was in no doubt itself."""
    tracked.replace(150)
    tracked.cancel()
    doubt(tracked)
    tracked.resolve(FILLED, [("E1", 100, "50")])
    assert tracked.status == ("FILLED", 100, 0)


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


# --- Orders that are in no doubt ------------------------------------------------------------


def odd(tracked):
    """Give the order an anomaly: a report that is not known."""
    tracked.report("?", "0")
    assert tracked.order.anomaly_count == 1
    return tracked


@pytest.fixture
def working(tracked):
    tracked.report("0", "0")
    tracked.fill("E1", 40)
    return tracked


@pytest.mark.parametrize(
    ("holds", "fills", "status"),
    [
        (WORKING, [("E2", 10, "50")], ("PARTIALLY_FILLED", 50, 50)),
        (WORKING, [], ("PARTIALLY_FILLED", 40, 60)),
        (CANCELED, [], ("CANCELED", 40, 0)),
        (CANCELED, [("E2", 10, "50")], ("CANCELED", 50, 0)),
        (FILLED, [("E2", 60, "50")], ("FILLED", 100, 0)),
    ],
)
def test_an_order_with_an_anomaly_takes_a_statement(working, holds, fills, status):
    with pytest.raises(OrderRefused, match="it has no anomaly"):
        working.resolve(holds, fills)
    odd(working).resolve(holds, fills)
    assert working.status == status
    assert working.order.stated_by_person
    # What was stated comes after all, once.
    for name, quantity, _ in fills:
        assert working.fill(name, quantity, cum_quantity=working.order.cum_quantity) == []


def test_an_order_without_an_answer_takes_a_statement_if_it_has_an_anomaly(tracked):
    with pytest.raises(OrderRefused, match="it has no anomaly"):
        tracked.resolve(NOTHING)
    # A refusal of a request that the order never had.
    tracked.hear(CancelRejectFacts(Y, cxl_rej_reason=0, ord_status="0"))
    assert (tracked.order.state.name, tracked.order.anomaly_count) == ("PENDING_NEW", 1)
    tracked.resolve(NOTHING)
    assert tracked.status == ("REJECTED", 0, 0)
    assert tracked.order.rejection.reason == "NOT_SENT"
    # If the venue has it after all, its report opens the order again, with an anomaly.
    tracked.report("0", "0")
    assert tracked.status == ("NEW", 0, 100)
    assert tracked.order.anomaly_count == 2


@pytest.mark.parametrize("fills", [30, 100])
def test_a_closed_order_in_cash_keeps_its_state_and_terms(fills):
    tracked = TrackedOrder()
    tracked.place_cash(2500)
    odd(tracked)
    tracked.report("8", "8")
    terms = tracked.order.terms
    assert terms.quantity_is_estimate
    tracked.resolve(FILLED, [("E1", fills, "50")])
    assert (tracked.order.state.name, tracked.order.cum_quantity) == ("REJECTED", fills)
    assert tracked.order.terms == terms
    # The execution of a rejected order is odd, and nothing else.
    assert tracked.order.anomaly_count == 2
    assert tracked.findings() == []


@pytest.mark.parametrize(
    ("request_kind", "holds", "status"),
    [
        ("cancel", WORKING, ("PARTIALLY_FILLED", 40, 60)),
        ("cancel", CANCELED, ("CANCELED", 40, 0)),
        ("replace", WORKING, ("PARTIALLY_FILLED", 40, 60)),
        ("replace", CANCELED, ("CANCELED", 40, 0)),
    ],
)
def test_a_request_whose_answer_was_parked_ends_with_the_statement(
    working, request_kind, holds, status
):
    if request_kind == "cancel":
        working.cancel()
    else:
        working.replace(120)
    odd(working).resolve(holds)
    assert working.status == status
    assert not working.order.pending_replace_id or holds is CANCELED


def test_a_replace_whose_answer_was_parked_is_stated(working):
    working.replace(120)
    odd(working).resolve(WORKING, replaced=True)
    assert working.status == ("PARTIALLY_FILLED", 40, 80)


def test_a_missing_execution_of_a_closed_order_is_stated(working):
    working.report("4", "4", cum_quantity=40)
    odd(working).resolve(CANCELED, [("E2", 10, "50")])
    assert working.status == ("CANCELED", 50, 0)


def test_an_order_of_a_venue_that_is_gone_takes_a_statement(working):
    working.resolve(CANCELED, venue_gone=True)
    assert working.status == ("CANCELED", 40, 0)
    with pytest.raises(OrderRefused, match="it has no anomaly"):
        working.resolve(CANCELED, [("E2", 10, "50")], venue_gone=True)


@pytest.mark.parametrize(
    ("holds", "fills", "reference", "value"),
    [
        # Of 100 at a limit of 50, 40 are executed.
        (WORKING, [], None, 0),
        (WORKING, [("E2", "10", "50")], None, 500),
        # A price stated too low does not make a statement small.
        (WORKING, [("E2", "10", "1")], None, 500),
        (WORKING, [("E2", "10", "1")], "55", 550),
        (WORKING, [("E2", "10", "60")], "55", 600),
        # Known already: it adds nothing.
        (WORKING, [("E1", "40", "50")], None, 0),
        (CANCELED, [], None, 3000),
        (CANCELED, [("E2", "10", "50")], None, 3000),
        (FILLED, [("E2", "60", "50")], None, 3000),
    ],
)
def test_what_a_statement_is_worth(working, holds, fills, reference, value):
    command = stated(holds, fills)
    last = None if reference is None else Decimal(reference)
    known = working.parts
    assert statement_value(working.order, command, known, last) == value


def test_the_end_of_an_order_without_any_price_has_no_value(working):
    market = working.order._replace(terms=working.order.terms._replace(limit_price=None))
    assert statement_value(market, stated(CANCELED), {}, None) is None
    assert statement_value(market, stated(CANCELED), {}, Decimal(50)) == 3000


def stated(holds, fills=()):
    found = tuple(FoundExecution(name, Decimal(q), Decimal(p)) for name, q, p in fills)
    return ResolveOrder("k", ORDER_ID, holds, "rita", "said", found)


# --- Requests that are not answered ---------------------------------------------------------


def test_a_request_without_an_answer_is_in_doubt_after_its_age(tracked):
    at = tracked.order.updated_at_ns
    assert unanswered(tracked.order, at + 59 * NS_PER_S, 60) == []
    (doubted,) = unanswered(tracked.order, at + 60 * NS_PER_S, 60)
    assert doubted.cl_ord_id == X
    tracked.apply(doubted)
    assert tracked.order.state.name == "UNKNOWN"
    assert unanswered(tracked.order, at + 600 * NS_PER_S, 60) == []
    tracked.resolve(NOTHING)
    assert tracked.status == ("REJECTED", 0, 0)


def test_only_what_waits_for_an_answer_becomes_unknown(working):
    later = working.order.updated_at_ns + 600 * NS_PER_S
    assert unanswered(working.order, later, 60) == []
    cancel = working.cancel()
    later = working.order.updated_at_ns + 600 * NS_PER_S
    assert [one.cl_ord_id for one in unanswered(working.order, later, 60)] == [cancel]
    working.report("4", "4", cl_ord_id=cancel, cum_quantity=40)
    later = working.order.updated_at_ns + 600 * NS_PER_S
    assert unanswered(working.order, later, 60) == []
