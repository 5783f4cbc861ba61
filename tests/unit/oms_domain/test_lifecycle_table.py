"""The table itself: complete, closed where it must be, and what its odd rows are."""

import pytest

from kernel.side import Side
from svc_oms.domain import lifecycle
from svc_oms.domain.events import (
    CancelPending,
    CancelRefused,
    CancelRequested,
    CommandRefused,
    ExecutionBusted,
    ExecutionCorrected,
    OrderAccepted,
    OrderAcknowledged,
    OrderApproved,
    OrderCalculated,
    OrderCanceled,
    OrderDoneForDay,
    OrderExecuted,
    OrderExpired,
    OrderInDoubt,
    OrderRejected,
    OrderReleased,
    OrderReplaced,
    OrderResolved,
    OrderRestated,
    OrderStopped,
    OrderSuspended,
    OrderTriggered,
    ReplacePending,
    ReplaceRefused,
    ReplaceRequested,
    RoutingDecided,
    Stamp,
    StatusRequested,
    TriggerMoved,
    VenueReportParked,
)
from svc_oms.domain.lifecycle import (
    LOCAL,
    OVERLAYS,
    TABLE,
    TERMINAL,
    EventKind,
    OrderState,
    Rule,
    next_base,
)
from svc_oms.domain.model import Execution, Rejection, ResolutionSource, Trigger, WaitsFor
from svc_oms.domain.numbers import Decimal
from svc_oms.domain.order import evolve
from svc_oms.domain.verification.verify import check_arithmetic
from tests.support.lifecycle import ORDER_ID, TrackedOrder, terms

S, K = OrderState, EventKind


def test_every_state_has_a_row_and_every_row_keeps_records():
    assert set(TABLE) == set(S)
    for state, row in TABLE.items():
        assert row[K.COMMAND_REFUSED] is Rule.STAY, state
        assert row[K.VENUE_REPORT_PARKED] is Rule.STAY, state


def test_nothing_leaves_a_closed_state_but_the_odd_rows():
    leaving = {
        (state.name, kind.name)
        for state in TERMINAL
        for kind, found in TABLE[state].items()
        if found is not Rule.STAY
    }
    assert leaving == {
        ("FILLED", "EXECUTION_BUSTED"),
        ("FILLED", "EXECUTION_CORRECTED"),
        ("FILLED", "REPLACED"),
        ("FILLED", "RESTATED"),
        ("CANCELED", "ACKNOWLEDGED"),
        ("EXPIRED", "ACKNOWLEDGED"),
        ("REJECTED", "ACKNOWLEDGED"),
    }


def test_a_row_under_an_overlay_never_points_beneath_again():
    for state, row in TABLE.items():
        if state not in OVERLAYS:
            assert Rule.BENEATH not in row.values(), state


def test_no_command_event_fits_a_closed_order():
    for state in TERMINAL:
        assert K.CANCEL_REQUESTED not in TABLE[state]
        assert K.REPLACE_REQUESTED not in TABLE[state]


def test_acceptance_is_only_ever_first():
    assert not any(K.ACCEPTED in row for row in TABLE.values())


def test_cell_looks_beneath_an_overlay():
    assert lifecycle.cell(S.PENDING_CANCEL, S.NEW, K.SUSPENDED) is S.SUSPENDED
    assert lifecycle.cell(S.UNKNOWN, S.PENDING_NEW, K.ACKNOWLEDGED) is S.NEW
    assert lifecycle.cell(S.NEW, S.NEW, K.SUSPENDED) is S.SUSPENDED
    assert lifecycle.cell(S.HELD, S.HELD, K.EXECUTED) is None


@pytest.mark.parametrize(
    ("base", "kind", "filled", "complete", "expected"),
    [
        (S.PENDING_NEW, K.EXECUTED, True, False, S.PARTIALLY_FILLED),
        (S.NEW, K.EXECUTED, True, False, S.PARTIALLY_FILLED),
        (S.NEW, K.EXECUTED, True, True, S.FILLED),
        (S.SUSPENDED, K.EXECUTED, True, False, S.SUSPENDED),
        (S.SUSPENDED, K.EXECUTED, True, True, S.FILLED),
        (S.STOPPED, K.EXECUTED, True, False, S.STOPPED),
        (S.DONE_FOR_DAY, K.EXECUTED, True, False, S.DONE_FOR_DAY),
        (S.CANCELED, K.EXECUTED, True, False, S.CANCELED),
        (S.PARTIALLY_FILLED, K.EXECUTION_BUSTED, False, False, S.NEW),
        (S.PARTIALLY_FILLED, K.EXECUTION_BUSTED, True, False, S.PARTIALLY_FILLED),
        (S.FILLED, K.EXECUTION_BUSTED, True, False, S.PARTIALLY_FILLED),
        (S.FILLED, K.EXECUTION_BUSTED, False, False, S.NEW),
        (S.PENDING_NEW, K.EXECUTION_BUSTED, False, False, S.PENDING_NEW),
    ],
)
def test_by_leaves(base, kind, filled, complete, expected):
    assert next_base(Rule.BY_LEAVES, base, kind, filled=filled, complete=complete) is expected


FILL = Execution(
    "E1",
    "SIMA",
    ORDER_ID,
    "ACC-ALICE",
    "ASML.SIMA",
    Side.BUY,
    Decimal(10),
    Decimal(50),
    "EUR",
    0,
    0,
)
NO = Rejection("VENUE_REJECTED", "no")
ONE_OF_EACH = [
    OrderAcknowledged("V1"),
    OrderExecuted(FILL),
    CancelRequested(f"{ORDER_ID}-2"),
    CancelPending(),
    CancelRefused(f"{ORDER_ID}-2", NO),
    OrderCanceled(),
    ReplaceRequested(f"{ORDER_ID}-2", terms(200)),
    ReplacePending(),
    ReplaceRefused(f"{ORDER_ID}-2", NO),
    OrderReplaced(terms(200)),
    OrderRejected(NO),
    OrderExpired(),
    OrderDoneForDay(),
    OrderSuspended(),
    OrderStopped(),
    OrderCalculated(),
    OrderRestated(terms(200)),
    ExecutionBusted("E2", "E1", Decimal(10), Decimal(50)),
    ExecutionCorrected("E1", FILL._replace(exec_id="E2"), Decimal(10), Decimal(50)),
    OrderInDoubt(f"{ORDER_ID}-1"),
    OrderResolved(ResolutionSource.PERSON, f"{ORDER_ID}-1"),
    OrderTriggered(Decimal(50)),
    OrderApproved("bob"),
    TriggerMoved(Trigger(Decimal(49), Decimal(51))),
    OrderReleased(),
    StatusRequested("A-1", "CumQty(14) is 10 above the executions"),
    RoutingDecided(1, b"", "100 at SIMA"),
    CommandRefused("cancel", NO),
    VenueReportParked("8", "odd"),
]


def test_one_of_each_is_one_of_each():
    assert {event.kind for event in ONE_OF_EACH} == set(K) - {K.ACCEPTED}


def order_in(state):
    """An order brought to a state by events the table has for it."""
    tracked = TrackedOrder()
    tracked.place()
    first = f"{ORDER_ID}-1"
    if state in LOCAL:
        waits_for = WaitsFor.APPROVAL if state is S.HELD else WaitsFor.PRICE
        waiting = tracked.order._replace(state=state, waits_for=waits_for)
        tracked.order = evolve(None, OrderAccepted(waiting), Stamp(1), 1)
        return tracked.order
    ways = {
        S.PENDING_NEW: [],
        S.NEW: [OrderAcknowledged()],
        S.PARTIALLY_FILLED: [OrderExecuted(FILL)],
        S.FILLED: [OrderExecuted(FILL._replace(quantity=Decimal(100)))],
        S.DONE_FOR_DAY: [OrderAcknowledged(), OrderDoneForDay()],
        S.CANCELED: [OrderCanceled()],
        S.PENDING_CANCEL: [OrderAcknowledged(), CancelRequested(f"{ORDER_ID}-2")],
        S.STOPPED: [OrderAcknowledged(), OrderStopped()],
        S.REJECTED: [OrderRejected(NO)],
        S.SUSPENDED: [OrderAcknowledged(), OrderSuspended()],
        S.CALCULATED: [OrderAcknowledged(), OrderCalculated()],
        S.EXPIRED: [OrderExpired()],
        S.PENDING_REPLACE: [OrderAcknowledged(), ReplaceRequested(f"{ORDER_ID}-2", terms(200))],
        S.UNKNOWN: [OrderInDoubt(first)],
    }
    for event in ways[state]:
        tracked.apply(event)
    return tracked.order


@pytest.mark.parametrize("state", list(S), ids=lambda state: state.name)
@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.kind.name)
def test_evolve_takes_every_event_in_every_state(state, event):
    """Facts are never refused; what is not in the table moves nothing and is an anomaly."""
    before = order_in(state)
    assert before.state is state
    after = evolve(before, event, Stamp(9), 99)
    assert (after.version, after.last_sequence) == (before.version + 1, 99)
    assert check_arithmetic(after) == []
    found = lifecycle.cell(state, before.base_state, event.kind)
    if found is None:
        assert (after.state, after.base_state) == (state, before.base_state)
        assert after.anomaly
        assert after.anomaly_count == before.anomaly_count + 1
    elif isinstance(found, OrderState) and state not in OVERLAYS:
        assert after.state is found


@pytest.mark.parametrize(
    ("state", "event", "expected"),
    [
        (S.HELD, OrderApproved("bob"), S.PENDING_NEW),
        (S.HELD, OrderApproved("bob", WaitsFor.PRICE), S.AWAITING_TRIGGER),
        (S.AWAITING_TRIGGER, OrderReleased(), S.PENDING_NEW),
        (S.AWAITING_TRIGGER, OrderReleased(WaitsFor.VENUE), S.AWAITING_TRIGGER),
    ],
)
def test_onward_is_to_the_venue_or_to_the_next_thing_waited_for(state, event, expected):
    after = evolve(order_in(state), event, Stamp(9), 99)
    assert (after.state, after.base_state) == (expected, expected)
    assert after.waits_for is event.waits_for


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.kind.name)
@pytest.mark.parametrize("state", list(S), ids=lambda state: state.name)
def test_an_order_waits_for_something_exactly_while_it_is_here(state, event):
    after = evolve(order_in(state), event, Stamp(9), 99)
    assert (after.waits_for is not None) == (after.base_state in LOCAL)


def test_a_repeated_acceptance_is_an_anomaly():
    order = order_in(S.NEW)
    after = evolve(order, OrderAccepted(order), Stamp(9), 99)
    assert after.state is S.NEW
    assert after.anomaly == "ACCEPTED does not fit an order that is NEW"


def test_an_order_begins_with_its_acceptance():
    with pytest.raises(ValueError, match="begins with OrderAccepted, not with OrderCanceled"):
        evolve(None, OrderCanceled(), Stamp(1), 1)
