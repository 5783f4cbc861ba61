"""The corners of the fold that no report leads to."""

from decimal import Decimal

import pytest

from svc_oms.domain.events import (
    CancelRefused,
    ExecutionBusted,
    ExecutionCorrected,
    OrderAcknowledged,
    OrderExpired,
    OrderInDoubt,
    OrderReplaced,
    OrderResolved,
    OrderSuspended,
    ReplaceRefused,
    ReplaceRequested,
    VenueReportParked,
)
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Rejection, ResolutionSource, Routing
from tests.support.lifecycle import ORDER_ID, TrackedOrder

NO = Rejection("VENUE_REJECTED", "no")
D = Decimal


@pytest.fixture
def working():
    tracked = TrackedOrder()
    tracked.place(100)
    tracked.report("0", "0")
    tracked.fill("E1", 40)
    return tracked


@pytest.mark.parametrize("kind", [CancelRefused, ReplaceRefused])
def test_a_refusal_of_something_else_changes_nothing(working, kind):
    order = working.apply(kind(f"{ORDER_ID}-9", NO))
    assert order.rejection is None
    assert "which is not pending" in order.anomaly


def test_when_a_replace_was_requested_stays_when_it_is_answered_and_filled(working):
    asked = working.apply(ReplaceRequested(f"{ORDER_ID}-2", working.order.terms))
    assert asked.replace_asked_at_ns == asked.updated_at_ns > 0
    answered = working.apply(OrderReplaced(asked.terms))
    assert answered.replace_asked_at_ns == asked.replace_asked_at_ns


def test_when_an_order_was_closed_stays_when_more_is_reported(working):
    assert working.order.closed_sequence == 0
    closed = working.apply(OrderExpired())
    assert closed.closed_sequence == closed.last_sequence > 0
    assert working.apply(VenueReportParked("8", "odd")).closed_sequence == closed.closed_sequence
    assert working.order.last_sequence > closed.closed_sequence


def test_more_taken_back_than_executed_changes_nothing(working):
    order = working.apply(ExecutionBusted("E2", "E1", D(50), D(50)))
    assert order.cum_quantity == 40
    assert order.anomaly == "execution E1 taken back is of 50 where 40 are executed"


def test_more_corrected_than_executed_changes_nothing(working):
    fill = working.executions["E1"]
    order = working.apply(ExecutionCorrected("E1", fill, D(50), D(50)))
    assert order.cum_quantity == 40
    assert order.anomaly == "execution E1 corrected was of 50 where 40 are executed"


def test_a_doubt_is_noted_once(working):
    working.apply(OrderInDoubt(f"{ORDER_ID}-1"))
    order = working.apply(OrderInDoubt(f"{ORDER_ID}-1"))
    assert order.in_doubt == (f"{ORDER_ID}-1",)


def test_a_person_ends_a_doubt(working):
    working.apply(OrderInDoubt(f"{ORDER_ID}-1"))
    working.apply(OrderInDoubt("", venue_cum_quantity=D(70)))
    order = working.apply(OrderResolved(ResolutionSource.PERSON, f"{ORDER_ID}-1", "V2"))
    assert (order.state.name, order.in_doubt, order.venue_order_id) == ("UNKNOWN", (), "V2")
    order = working.apply(OrderResolved(ResolutionSource.PERSON, ""))
    assert (order.state.name, order.awaited_cum) == ("PARTIALLY_FILLED", 0)


def test_a_pause_outlives_the_last_fill_and_its_bust(working):
    """A late fill completes a paused routed order; when it is busted, the order is paused again."""
    working.order = working.order._replace(routing=Routing(5))
    assert working.apply(OrderSuspended("paused")).state is OrderState.SUSPENDED
    assert working.apply(OrderReplaced(working.order.terms)).state is OrderState.SUSPENDED
    working.fill("E2", 60)
    assert working.order.state is OrderState.FILLED
    busted = working.apply(ExecutionBusted("E3", "E2", D(60), D(50)))
    assert (busted.state, busted.leaves_quantity) == (OrderState.SUSPENDED, 60)
    assert working.apply(OrderAcknowledged()).state is OrderState.PARTIALLY_FILLED
    working.fill("E4", 60)
    assert working.apply(ExecutionBusted("E5", "E4", D(60), D(50))).state is (
        OrderState.PARTIALLY_FILLED
    )


def test_an_order_that_a_venue_suspended_works_again_after_a_bust(working):
    """Only a person pauses; what a venue suspended, and then executed, works."""
    working.apply(OrderSuspended("halt"))
    working.fill("E2", 60)
    busted = working.apply(ExecutionBusted("E3", "E2", D(60), D(50)))
    assert busted.state is OrderState.PARTIALLY_FILLED
