"""Children as orders, as a decision takes them; and what is ours of what venues show."""

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.events import OrderAcknowledged, OrderSuspended
from svc_oms.domain.model import (
    InstrumentKey,
    Link,
    LinkKind,
    OrderState,
    Routing,
    RoutingSchedule,
    TradedBefore,
)
from svc_oms.domain.refusal import OrderRefused
from svc_oms.domain.routing.orders import parent_state
from svc_oms.domain.routing.paced.orders import (
    counted_from,
    decide_pause,
    decide_resume,
    routing_from,
)
from svc_oms.domain.routing.view import OwnOrder
from svc_oms.service.reference.routing_views import owned_of
from tests.support.order_events import ORDER, REJECTION
from tests.support.routing import D, venue

PARENT = ORDER._replace(routing=Routing(1), link=Link(LinkKind.ROUTED, ORDER.order_id))
WORKING = ORDER._replace(
    order_id="C",
    link=Link(LinkKind.ROUTED, ORDER.order_id, ORDER.order_id),
    state=OrderState.NEW,
    base_state=OrderState.NEW,
    pending_terms=None,
    pending_cancel_id="",
    pending_replace_id="",
    in_doubt=(),
    rejection=None,
)


def refused_at_ns(order):
    return parent_state(PARENT, [order], expired=False, now_ns=0).children[0].refused_at_ns


def test_a_refused_change_is_known_until_the_next_one_is_requested():
    refused = WORKING._replace(rejection=REJECTION)
    assert refused_at_ns(WORKING) == 0
    assert refused_at_ns(refused) == refused.updated_at_ns
    assert refused_at_ns(refused._replace(pending_cancel_id="C-3")) == 0


SCHEDULE = RoutingSchedule(10 * NS_PER_S, 70 * NS_PER_S, 20, 1000)
POV = PARENT._replace(
    routing=Routing(6, ("SIMA", "SIMB"), ("SIMB",), SCHEDULE),
    traded_before=(),
    state=OrderState.NEW,
    base_state=OrderState.NEW,
    pending_cancel_id="",
)


def test_a_pov_order_counts_each_venue_that_it_may_use_once_and_not_before_its_start():
    traded = {"SIMA": D(100), "SIMB": D(200), "SIMC": D(300)}
    assert counted_from(POV, traded, 9 * NS_PER_S) == ()
    counted = counted_from(POV, traded, 10 * NS_PER_S)
    assert counted == (TradedBefore("SIMA", D(100)),)
    known = POV._replace(traded_before=counted)
    assert counted_from(known, {"SIMA": D(150)}, 11 * NS_PER_S) == ()
    assert counted_from(PARENT, traded, 11 * NS_PER_S) == ()


def test_a_schedule_begins_when_its_order_is_accepted_unless_it_begins_later():
    routing = POV.routing
    assert routing_from(routing, 9 * NS_PER_S) == routing
    begun = routing_from(routing._replace(schedule=SCHEDULE._replace(slice_s=0)), 12 * NS_PER_S)
    assert (begun.schedule.start_time_ns, begun.schedule.slice_s) == (12 * NS_PER_S, 60)
    assert routing_from(Routing(1), 1) == Routing(1)
    assert routing_from(None, 1) is None


def test_closed_children_of_the_present_slice_are_known_one_by_one():
    closed = WORKING._replace(
        state=OrderState.CANCELED, base_state=OrderState.CANCELED, created_at_ns=31 * NS_PER_S,
        replace_asked_at_ns=0,
    )  # fmt: skip
    older = closed._replace(order_id="B", created_at_ns=29 * NS_PER_S)
    state = parent_state(POV, [older, closed], expired=False, now_ns=35 * NS_PER_S)
    assert [child.child_id for child in state.children] == ["C"]
    plain = parent_state(PARENT, [older, closed], expired=False, now_ns=35 * NS_PER_S)
    assert plain.children == ()


def test_what_a_venue_reports_later_places_a_child_in_no_other_slice():
    """An execution or a cancel of a later slice takes nothing of that slice's bound."""
    placed = WORKING._replace(created_at_ns=11 * NS_PER_S, replace_asked_at_ns=0)
    grown = placed._replace(replace_asked_at_ns=31 * NS_PER_S)
    for order, at_s in ((placed, 11), (grown, 31)):
        later = order._replace(updated_at_ns=52 * NS_PER_S, request_count=3)
        state = parent_state(POV, [later], expired=False, now_ns=55 * NS_PER_S)
        assert state.children[0].placed_at_ns == at_s * NS_PER_S


def test_only_an_open_twap_or_pov_order_is_paused_and_only_a_paused_one_resumed():
    paused = POV._replace(state=OrderState.SUSPENDED, base_state=OrderState.SUSPENDED)
    ended = POV._replace(state=OrderState.EXPIRED, base_state=OrderState.EXPIRED)
    assert decide_pause(POV) == OrderSuspended("paused")
    assert decide_resume(paused) == OrderAcknowledged()
    assert parent_state(paused, [], expired=False, now_ns=0).paused
    for act, order, reason in (
        (decide_pause, paused, "OBJECT_STATE"),
        (decide_resume, POV, "OBJECT_STATE"),
        (decide_pause, WORKING._replace(routing=None), "OBJECT_STATE"),
        (decide_pause, POV._replace(pending_cancel_id="P-2"), "ORDER_CHANGE_PENDING"),
        (decide_resume, ended, "ORDER_CLOSED"),
    ):
        with pytest.raises(OrderRefused) as refused:
            act(order)
        assert refused.value.reason == reason


def test_own_orders_are_summed_by_the_levels_that_are_shown():
    shown = venue("SIMA", "300@650.05", "100@650.00")
    own = [
        WORKING._replace(
            order_id=f"O{number}",
            link=None,
            leaves_quantity=D(2),
            terms=WORKING.terms._replace(
                limit_price=D("650.05") + D(number % 1000), stop_price=None, display_quantity=None
            ),
        )
        for number in range(5000)
    ]
    book = OpenBook(own, {}, lambda _: None)
    # However many own orders there are, the record of a decision stays small.
    owned = owned_of(book, InstrumentKey.of(WORKING), [shown])
    assert owned == (OwnOrder("SIMA", False, D("650.05"), D(10)),)
