"""Reports of orders that the venue works: a limit found, a stop moved, a peg repriced."""

from decimal import Decimal

import pytest

from kernel.side import Side
from svc_oms.domain.commands import PlaceOrder, ReplaceOrder
from svc_oms.domain.events import OrderExpired, OrderReplaced, OrderRestated
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import OrderTerms, OrderType, Peg, TimeInForce
from svc_oms.domain.order import decide_place, decide_replace
from svc_oms.domain.order_terms.checks import Limits
from svc_oms.domain.order_terms.terms import Capabilities
from tests.support.lifecycle import INSTRUMENT, ORDER_ID, TrackedOrder

D = Decimal
ALL = Capabilities(frozenset(OrderType), frozenset(TimeInForce))
T = OrderType
REPRICED, OTHER = 3, 99


def working(type_, **terms):
    tracked = TrackedOrder()
    command = PlaceOrder(
        "k1", "ACC-ALICE", "ASML.SIMA", Side.SELL, type_, OrderTerms(D(100), **terms), "alice"
    )
    tracked.apply(decide_place(command, INSTRUMENT, Limits(), ORDER_ID, 0, capabilities=ALL))
    tracked.report("0", "0", order_quantity=D(100))
    return tracked


def ask_replace(tracked, **changes):
    terms = tracked.order.terms._replace(**changes)
    command = ReplaceOrder("k", ORDER_ID, terms, "alice")
    tracked.apply(decide_replace(tracked.order, command, INSTRUMENT, Limits(), 0, capabilities=ALL))
    return tracked.order.pending_replace_id


def kinds(events):
    return [type(event).__name__ for event in events]


@pytest.mark.parametrize(
    ("exec_type", "said"),
    [("D", {}), ("F", {"exec_id": "E2", "last_quantity": D(10), "last_price": D(50)})],
)
def test_a_market_to_limit_order_learns_its_limit(exec_type, said):
    tracked = working(T.MARKET_TO_LIMIT)
    tracked.fill("E1", 40)
    assert tracked.order.terms.limit_price is None
    cum = D(50) if said else D(40)
    events = tracked.report(
        exec_type, "1", limit_price=D(50), cum_quantity=cum, leaves_quantity=100 - cum, **said
    )
    assert kinds(events)[-1] == "OrderRestated"
    assert tracked.order.terms.limit_price == 50
    assert (tracked.order.type, tracked.order.state) == (
        T.MARKET_TO_LIMIT,
        OrderState.PARTIALLY_FILLED,
    )
    # HandedKind again, it is nothing new.
    assert kinds(tracked.fill("E3", 10, limit_price=D(50))) == ["OrderExecuted"]
    number = ask_replace(tracked, quantity=D(90), limit_price=D(51))
    tracked.report("5", "1", cl_ord_id=number, limit_price=D(51), order_quantity=D(90))
    assert (tracked.order.terms.quantity, tracked.order.terms.limit_price) == (90, 51)
    assert tracked.findings() == []


def test_a_market_to_limit_order_that_is_filled_needs_no_limit():
    tracked = working(T.MARKET_TO_LIMIT)
    events = tracked.fill("E1", 100, ord_status="2", limit_price=D(50), leaves_quantity=D(0))
    assert kinds(events) == ["OrderExecuted"]
    assert tracked.order.state is OrderState.FILLED


def test_the_acknowledgement_may_report_the_limit():
    tracked = TrackedOrder()
    command = PlaceOrder(
        "k1", "A", "ASML.SIMA", Side.BUY, T.MARKET_TO_LIMIT, OrderTerms(D(100)), "alice"
    )
    tracked.apply(decide_place(command, INSTRUMENT, Limits(), ORDER_ID, 0, capabilities=ALL))
    assert kinds(tracked.report("0", "0", limit_price=D(50))) == [
        "OrderAcknowledged",
        "OrderRestated",
    ]


def test_a_peg_and_a_trailing_stop_are_reported_where_they_begin():
    peg = working(T.PEGGED, peg=Peg(1, D(0)))
    assert peg.order.pegged_price is None
    number = ask_replace(peg, quantity=D(90))
    events = peg.report("5", "0", cl_ord_id=number, order_quantity=D(90), pegged_price=D(50))
    assert kinds(events) == ["OrderReplaced", "OrderRestated"]
    assert (peg.order.pegged_price, peg.order.terms.quantity) == (50, 90)
    assert kinds(peg.fill("E1", 10, pegged_price=D(50))) == ["OrderExecuted"]
    stop = TrackedOrder()
    command = PlaceOrder(
        "k1", "A", "ASML.SIMA", Side.BUY, T.TRAILING_STOP,
        OrderTerms(D(100), trailing_offset=D(1)), "alice",
    )  # fmt: skip
    stop.apply(decide_place(command, INSTRUMENT, Limits(), ORDER_ID, 0, capabilities=ALL))
    stop.report("0", "0", stop_price=D(51))
    assert (stop.order.state, stop.order.terms.stop_price) == (OrderState.NEW, 51)


def test_a_market_order_does_not_learn_a_limit():
    tracked = working(T.MARKET)
    assert tracked.report("D", "0", limit_price=D(50)) == [OrderRestated(OrderTerms(D(100)))]


@pytest.mark.parametrize("exec_type", ["D", "L"])
@pytest.mark.parametrize(
    ("type_", "terms"),
    [
        (T.STOP, {"stop_price": D(49)}),
        (T.STOP_LIMIT, {"stop_price": D(49), "limit_price": D(48)}),
        (T.TRAILING_STOP, {"trailing_offset": D("0.5")}),
    ],
)
def test_a_triggered_stop_works_on(exec_type, type_, terms):
    tracked = working(type_, **terms)
    (event,) = tracked.report(exec_type, "0", exec_restatement_reason=OTHER, text="triggered")
    assert event == OrderRestated(OrderTerms(D(100), **terms), OTHER)
    assert (tracked.order.state, tracked.order.type) == (OrderState.NEW, type_)
    tracked.fill("E1", 100, "48", ord_status="2")
    assert tracked.order.state is OrderState.FILLED
    assert tracked.findings() == []


def test_a_trailing_stop_follows_the_venue():
    tracked = working(T.TRAILING_STOP, trailing_offset=D("0.5"))
    for stop in ("49.5", "50.5"):
        (event,) = tracked.report("D", "0", stop_price=D(stop), exec_restatement_reason=REPRICED)
        assert (event.reason_code, tracked.order.terms.stop_price) == (REPRICED, D(stop))
    number = ask_replace(tracked, trailing_offset=D(1), stop_price=None)
    events = tracked.report("5", "0", cl_ord_id=number, stop_price=D("50.1"))
    assert kinds(events) == ["OrderReplaced"]
    assert tracked.order.terms.trailing_offset == 1
    assert tracked.order.terms.stop_price == D("50.1")
    assert tracked.findings() == []


def test_a_peg_keeps_its_cap_and_reports_where_it_is():
    tracked = working(T.PEGGED, peg=Peg(1, D("0.01")), limit_price=D(45))
    (event,) = tracked.report(
        "D", "0", pegged_price=D("50.01"), limit_price=D(45), exec_restatement_reason=REPRICED
    )
    assert event.pegged_price == D("50.01")
    assert (tracked.order.pegged_price, tracked.order.terms.limit_price) == (D("50.01"), D(45))
    tracked.report("D", "0", exec_restatement_reason=OTHER)
    assert tracked.order.pegged_price == D("50.01")
    assert tracked.findings() == []


def test_a_restatement_crosses_a_replace():
    tracked = working(T.TRAILING_STOP, trailing_offset=D("0.5"), stop_price=D(49))
    number = ask_replace(tracked, quantity=D(80))
    tracked.report("D", "0", stop_price=D("49.5"), exec_restatement_reason=REPRICED)
    assert tracked.order.state is OrderState.PENDING_REPLACE
    (event,) = tracked.report(
        "5", "0", cl_ord_id=number, order_quantity=D(80), stop_price=D("49.5")
    )
    assert isinstance(event, OrderReplaced)
    assert (event.terms.quantity, event.terms.stop_price) == (80, D("49.5"))


def test_a_gtd_order_expires():
    tracked = working(
        T.LIMIT, limit_price=D(50), time_in_force=TimeInForce.GTD, expire_time_ns=86_400 * 10**9
    )
    tracked.fill("E1", 40)
    assert tracked.report("C", "C", cum_quantity=D(40), text="expired") == [OrderExpired("expired")]
    assert (tracked.order.state, tracked.order.leaves_quantity) == (OrderState.EXPIRED, 0)
    assert tracked.order.terms.expire_time_ns == 86_400 * 10**9
    assert tracked.findings() == []
