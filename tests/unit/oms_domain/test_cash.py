"""Orders in cash: refused, estimated, and reported by the venue."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.side import Side
from svc_oms.domain.commands import PlaceOrder
from svc_oms.domain.controls.trial import fingerprint
from svc_oms.domain.events import OrderAccepted
from svc_oms.domain.facts import ReceiptFacts
from svc_oms.domain.model import Link, LinkKind, OrderTerms, OrderType, VenueHolds
from svc_oms.domain.numbers import NO_QUANTITY
from svc_oms.domain.order import decide_place, decide_replace
from svc_oms.domain.order_terms.cash import estimated, worth
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.domain.order_terms.terms import BASIC
from tests.support.lifecycle import INSTRUMENT, ORDER_ID, Limits, ReplaceOrder, TrackedOrder

CASH = BASIC._replace(cash_quantity=True)
PRICE = Decimal(50)


def command(cash="10000", limit="50", quantity=NO_QUANTITY, **changes) -> PlaceOrder:
    terms = OrderTerms(quantity, limit and Decimal(limit), cash_quantity=Decimal(cash))
    kind = OrderType.MARKET if limit is None else OrderType.LIMIT
    fields = {"type": kind, "terms": terms} | changes
    return PlaceOrder("k1", "ACC-ALICE", "ASML.SIMA", Side.BUY, actor="alice", **fields)


def placed(**changes) -> OrderAccepted:
    return decide_place(command(**changes), INSTRUMENT, Limits(), ORDER_ID, 0, PRICE, CASH)


@pytest.fixture
def tracked():
    tracked = TrackedOrder()
    tracked.apply(placed())
    assert tracked.status == ("PENDING_NEW", 0, 200)
    yield tracked
    assert tracked.findings() == []


@pytest.mark.parametrize(
    ("changes", "price", "capabilities", "reason"),
    [
        ({"quantity": Decimal(1)}, PRICE, CASH, "INVALID_FIELD"),
        ({"type": OrderType.ICEBERG}, PRICE, CASH, "INVALID_FIELD"),
        ({"link": Link(LinkKind.OCO, "g")}, PRICE, CASH, "INVALID_FIELD"),
        ({"hold_for_approval": True}, PRICE, CASH, "INVALID_FIELD"),
        ({"cash": "0"}, PRICE, CASH, "INVALID_FIELD"),
        ({"cash": "999999999999999999", "limit": "0.00000001"}, PRICE, CASH, "INVALID_FIELD"),
        ({}, PRICE, BASIC, "UNSUPPORTED_ORDER_CHARACTERISTIC"),
        ({}, None, CASH, "REFERENCE_PRICE_MISSING"),
        ({"limit": None}, Decimal(0), CASH, "REFERENCE_PRICE_MISSING"),
    ],
)
def test_what_is_refused_names_the_field(changes, price, capabilities, reason):
    with pytest.raises(OrderRefused) as caught:
        decide_place(command(**changes), INSTRUMENT, Limits(), ORDER_ID, 0, price, capabilities)
    assert (caught.value.reason, caught.value.field) == (reason, "terms.cash_quantity")


def test_limits_of_a_quantity_hold_by_the_reference_price():
    with pytest.raises(OrderRefused) as caught:
        decide_place(command(), INSTRUMENT, Limits(Decimal(199)), ORDER_ID, 0, PRICE, CASH)
    assert caught.value.reason == "MAX_QUANTITY_EXCEEDED"


@given(
    st.decimals("0.01", "1000000000", places=2),
    st.none() | st.decimals("0.01", "10000", places=2),
    st.decimals("0.01", "10000", places=4),
    st.sampled_from(["1", "0.001", "100"]),
)
def test_the_estimate_is_of_whole_lots_and_by_less_than_one_too_much(cash, limit, price, lot):
    listing = INSTRUMENT._replace(lot_size=Decimal(lot))
    limit = None if limit is None else str(limit)
    terms = estimated(command(str(cash), limit), listing, price, CASH)
    lower = min(price, terms.limit_price or price)
    assert terms.quantity % listing.lot_size == 0
    assert (terms.quantity - listing.lot_size) * lower < cash <= terms.quantity * lower
    assert terms.quantity_is_estimate
    assert worth(terms, price) == cash


def test_the_same_cash_twice_is_the_same_order_at_any_price():
    orders = [
        decide_place(command(), INSTRUMENT, Limits(), ORDER_ID, 0, Decimal(price), CASH).order
        for price in (50, 49)
    ]
    first, second = (fingerprint(order, order.terms) for order in orders)
    assert first == second
    other = placed(cash="10001").order
    assert fingerprint(other, other.terms) != first


@pytest.mark.parametrize(
    ("reported", "after"),
    [
        ({"order_quantity": 240}, ("PARTIALLY_FILLED", 210, 30)),
        ({"leaves_quantity": 30}, ("PARTIALLY_FILLED", 210, 30)),
        ({"leaves_quantity": 0, "ord_status": "2"}, ("FILLED", 210, 0)),
    ],
)
def test_a_fill_may_be_the_first_to_report_what_the_cash_makes(tracked, reported, after):
    tracked.fill("E1", 210, **reported)
    assert tracked.status == after
    assert not tracked.order.terms.quantity_is_estimate
    assert tracked.order.anomaly_count == 0
    assert tracked.order.terms.cash_quantity == 10000


@pytest.mark.parametrize(
    ("reported", "after"),
    [
        # The venue worked it out again at the price of the fill.
        ({"order_quantity": 8, "leaves_quantity": 0, "ord_status": "2"}, ("FILLED", 8, 0)),
        # It repeats the first quantity, but the cash is used up.
        ({"order_quantity": 10, "leaves_quantity": 0, "ord_status": "2"}, ("FILLED", 8, 0)),
        ({"leaves_quantity": 0, "ord_status": "2"}, ("FILLED", 8, 0)),
        (
            {"order_quantity": 9, "leaves_quantity": 1, "ord_status": "1"},
            ("PARTIALLY_FILLED", 8, 1),
        ),
        (
            {"order_quantity": 12, "leaves_quantity": 4, "ord_status": "1"},
            ("PARTIALLY_FILLED", 8, 4),
        ),
        ({"ord_status": "1"}, ("PARTIALLY_FILLED", 8, 2)),
    ],
)
def test_the_venue_may_work_the_quantity_out_again(tracked, reported, after):
    tracked.report("0", "0", order_quantity=10, cum_quantity=0, leaves_quantity=10)
    assert tracked.status == ("NEW", 0, 10)
    tracked.fill("E1", 8, cum_quantity=8, **reported)
    assert tracked.status == after
    assert tracked.order.anomaly_count == 0


def test_an_order_that_is_no_longer_for_cash_keeps_its_quantity(tracked):
    tracked.report("0", "0", order_quantity=10, cum_quantity=0, leaves_quantity=10)
    tracked.replace(300)
    tracked.report("5", "0", cl_ord_id=f"{ORDER_ID}-2", order_quantity=300)
    tracked.fill("E1", 8, cum_quantity=8, order_quantity=10, leaves_quantity=0, ord_status="2")
    assert tracked.status[1:] == (8, 292)


def test_a_report_without_numbers_leaves_the_estimate(tracked):
    tracked.report("0", "0", cum_quantity=0, leaves_quantity=0)
    tracked.report("0", "0", cum_quantity=0, leaves_quantity=0)
    assert tracked.status == ("NEW", 0, 200)
    assert tracked.order.terms.quantity_is_estimate
    tracked.report("0", "0", order_quantity=190)
    assert tracked.status == ("NEW", 0, 190)
    assert not tracked.order.terms.quantity_is_estimate


def test_a_status_reports_it_and_a_filled_one_without_cum_concludes_nothing(tracked):
    tracked.report("I", "2")
    assert tracked.order.cum_quantity == 0
    tracked.report("I", "0", order_quantity=190, cum_quantity=0)
    assert tracked.order.terms.quantity == 190


def test_an_order_that_is_over_keeps_its_estimate(tracked):
    tracked.report("4", "4")
    tracked.report("0", "4", order_quantity=190)
    assert tracked.status == ("CANCELED", 0, 0)
    assert tracked.order.terms.quantity_is_estimate


def test_a_replace_waits_until_the_quantity_is_reported(tracked):
    tracked.report("0", "0", cum_quantity=0)
    terms = OrderTerms(Decimal(300), PRICE)
    asked = ReplaceOrder("k", ORDER_ID, terms, "alice")
    with pytest.raises(OrderRefused) as caught:
        decide_replace(tracked.order, asked, INSTRUMENT, Limits(), 0)
    assert caught.value.reason == "UNSUPPORTED_ORDER_CHARACTERISTIC"
    tracked.report("D", "0", order_quantity=190)
    tracked.replace(300)
    tracked.report("5", "0", cl_ord_id=f"{ORDER_ID}-2", order_quantity=300)
    assert tracked.status == ("NEW", 0, 300)
    assert tracked.order.terms.cash_quantity is None


@pytest.mark.parametrize(
    ("exec_type", "state"),
    [("3", "DONE_FOR_DAY"), ("9", "SUSPENDED"), ("7", "STOPPED"), ("B", "CALCULATED")],
)
def test_to_learn_the_quantity_does_not_undo_a_pause(tracked, exec_type, state):
    tracked.report("0", "0", cum_quantity=0)
    tracked.report(exec_type, exec_type)
    tracked.fill("E1", 210, order_quantity=240, ord_status=exec_type)
    assert tracked.status == (state, 210, 30)
    tracked.fill("E2", 30, ord_status="2")
    assert tracked.status == ("FILLED", 240, 0)
    assert tracked.order.anomaly_count == 0


def test_nobody_calls_a_quantity_an_estimate_but_the_book(tracked):
    plain = OrderTerms(Decimal(300), PRICE)
    for wrong in ({"quantity_is_estimate": True}, {"cash_quantity": Decimal(1)}):
        asked = ReplaceOrder("k", ORDER_ID, plain._replace(**wrong), "alice")
        with pytest.raises(OrderRefused) as caught:
            decide_replace(tracked.order, asked, INSTRUMENT, Limits(), 0)
        assert caught.value.reason == "INVALID_FIELD"


def test_a_person_reports_what_it_made(tracked):
    tracked.report("0", "0", cum_quantity=0)
    cancel = tracked.cancel()
    tracked.hear(ReceiptFacts(cancel, "CANCEL", "IN_DOUBT", "the gateway was killed"))
    tracked.resolve(VenueHolds.FILLED, [("E1", 187, 50)])
    assert tracked.status == ("FILLED", 187, 0)
