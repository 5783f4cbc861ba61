"""What is taken, what is refused, and that a refusal names field, value and expectation."""

from decimal import Decimal
from functools import partial

import pytest

from kernel.side import Side
from kernel.ticks import band_at
from svc_oms.domain.commands import (
    ApproveOrder,
    CancelOrder,
    DeclineOrder,
    PlaceOrder,
    ReplaceOrder,
)
from svc_oms.domain.events import (
    CancelRequested,
    OrderAccepted,
    OrderAcknowledged,
    OrderApproved,
    OrderCanceled,
    OrderExpired,
    OrderInDoubt,
    OrderReplaced,
    OrderTriggered,
    ReplaceRequested,
    Stamp,
)
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Link, LinkKind, OrderType, Trigger, TriggerPriceType, WaitsFor
from svc_oms.domain.order import (
    OrderRefused,
    decide_approve,
    decide_cancel,
    decide_decline,
    decide_place,
    decide_replace,
    evolve,
)
from svc_oms.domain.order_terms.checks import Limits, check_terms
from svc_oms.domain.order_terms.terms import BASIC
from tests.support.lifecycle import INSTRUMENT, ORDER_ID, TrackedOrder, terms

D = Decimal
NO_LIMITS = Limits()


def refusal(type_, order_terms, instrument=INSTRUMENT, limits=NO_LIMITS, reference=None):
    with pytest.raises(OrderRefused) as refused:
        check_terms(type_, order_terms, instrument, limits, 7, reference)
    error = refused.value
    assert str(error) == f"{error.reason}: {error.text}"
    for value in error.metadata.values():
        assert value == "" or value in error.text
    return error


def test_a_listing_of_unknown_currency_is_not_traded():
    unknown = INSTRUMENT._replace(currency="")
    error = refusal(OrderType.LIMIT, terms(100, "50"), unknown)
    assert (error.reason, error.field) == ("INSTRUMENT_NOT_TRADABLE", "instrument_id")
    assert "its currency is not known" in error.text
    # A replace only changes what is there.
    check_terms(OrderType.LIMIT, terms(90, "50"), unknown, NO_LIMITS, 7, None, terms(100, "50"))


def test_place_accepts_with_everything_the_command_and_the_instrument_have():
    command = PlaceOrder(
        "key-1",
        "ACC-ALICE",
        "ASML.SIMA",
        Side.SELL,
        OrderType.LIMIT,
        terms(100, "50"),
        "alice",
        regulatory=b"r",
        link=Link(LinkKind.OTO, "G1"),
        client_note="note",
    )
    order = decide_place(command, INSTRUMENT, NO_LIMITS, ORDER_ID, 7).order
    assert (order.order_id, order.cl_ord_id) == (ORDER_ID, f"{ORDER_ID}-1")
    assert (order.account_id, order.idempotency_key) == ("ACC-ALICE", "key-1")
    assert (order.instrument_id, order.symbol, order.venue_mic) == ("ASML.SIMA", "ASML", "SIMA")
    assert (order.isin, order.currency) == ("NL0010273215", "EUR")
    assert (order.side, order.type, order.terms) == (Side.SELL, OrderType.LIMIT, terms(100, "50"))
    assert (order.placed_by, order.client_note) == ("alice", "note")
    assert (order.regulatory, order.link) == (b"r", Link(LinkKind.OTO, "G1"))
    assert (order.state, order.leaves_quantity) == (OrderState.PENDING_NEW, 100)
    accepted = evolve(None, OrderAccepted(order), Stamp(8), 5)
    assert (accepted.created_sequence, accepted.last_sequence, accepted.version) == (5, 5, 1)
    assert (accepted.created_at_ns, accepted.updated_at_ns) == (8, 8)


def test_place_refuses_what_the_checks_refuse():
    command = PlaceOrder("k", "A", "ASML.SIMA", Side.BUY, OrderType.PEGGED, terms(), "alice")
    with pytest.raises(OrderRefused, match="UNSUPPORTED_ORDER_CHARACTERISTIC: type PEGGED"):
        decide_place(command, INSTRUMENT, NO_LIMITS, ORDER_ID, 7)


def stop_terms(**fields):
    return terms(100, None)._replace(stop_price=D(40), **fields)


@pytest.mark.parametrize(
    ("type_", "fields", "state", "waits_for"),
    [
        (OrderType.LIMIT, {}, "PENDING_NEW", None),
        (OrderType.STOP, {}, "AWAITING_TRIGGER", WaitsFor.PRICE),
        (OrderType.LIMIT, {"hold_for_approval": True}, "HELD", WaitsFor.APPROVAL),
        (OrderType.STOP, {"hold_for_approval": True}, "HELD", WaitsFor.APPROVAL),
        (
            OrderType.LIMIT,
            {"link": Link(LinkKind.OTO, "G", "P")},
            "AWAITING_TRIGGER",
            WaitsFor.PARENT,
        ),
        (
            OrderType.STOP,
            {"link": Link(LinkKind.OTO, "G", "P")},
            "AWAITING_TRIGGER",
            WaitsFor.PARENT,
        ),
        (OrderType.LIMIT, {"link": Link(LinkKind.OTO, "G")}, "PENDING_NEW", None),
    ],
)
def test_what_a_new_order_waits_for(type_, fields, state, waits_for):
    asked = stop_terms() if type_ is OrderType.STOP else terms()
    command = PlaceOrder("k", "A", "ASML.SIMA", Side.BUY, type_, asked, "alice", **fields)
    order = decide_place(command, INSTRUMENT, NO_LIMITS, ORDER_ID, 7).order
    assert (order.state.name, order.waits_for) == (state, waits_for)
    assert (order.trigger is not None) == (type_ is OrderType.STOP)


def held(**fields):
    place = PlaceOrder(
        "k", "A", "ASML.SIMA", Side.BUY, OrderType.LIMIT, terms(), "alice", hold_for_approval=True
    )
    order = decide_place(place, INSTRUMENT, NO_LIMITS, ORDER_ID, 7).order
    return evolve(None, OrderAccepted(order), Stamp(8), 5)._replace(**fields)


def test_an_approved_order_waits_for_what_is_left_to_wait_for():
    yes = ApproveOrder("a", ORDER_ID, "bob", 1)
    parent = held(state=OrderState.NEW)
    assert decide_approve(held(), yes, None) == OrderApproved("bob")
    assert decide_approve(held(), yes, parent) == OrderApproved("bob", WaitsFor.PARENT)
    done = parent._replace(state=OrderState.FILLED)
    assert decide_approve(held(), yes, done) == OrderApproved("bob")
    stop = held(trigger=Trigger(D(40)))
    assert decide_approve(stop, yes, None) == OrderApproved("bob", WaitsFor.PRICE)


def test_a_decline_reports_who_and_why():
    no = DeclineOrder("d", ORDER_ID, "bob", "too large")
    assert decide_decline(held(), no).rejection.text == "bob declined the order: too large"
    assert decide_decline(held(), no._replace(text="")).rejection.text == "bob declined the order"


@pytest.mark.parametrize(
    ("order", "command", "reason"),
    [
        (held(), ApproveOrder("a", ORDER_ID, "alice"), "SECOND_PERSON_REQUIRED"),
        (held(), DeclineOrder("a", ORDER_ID, "alice"), "SECOND_PERSON_REQUIRED"),
        (held(), ApproveOrder("a", ORDER_ID, "bob", 2), "STALE_VERSION"),
        (held(state=OrderState.NEW), ApproveOrder("a", ORDER_ID, "bob"), "OBJECT_STATE"),
        (held(state=OrderState.REJECTED), DeclineOrder("a", ORDER_ID, "bob"), "OBJECT_STATE"),
    ],
)
def test_approvals_that_are_refused(order, command, reason):
    decide = decide_decline
    if isinstance(command, ApproveOrder):
        decide = partial(decide_approve, parent=None)
    with pytest.raises(OrderRefused) as refused:
        decide(order, command)
    assert refused.value.reason == reason


def test_a_stop_that_is_the_venues_to_watch_cannot_be_held_against_a_quote():
    takes = BASIC._replace(order_types=BASIC.order_types | {OrderType.STOP})
    place = PlaceOrder("k", "A", "ASML.SIMA", Side.BUY, OrderType.STOP, stop_terms(), "alice")
    order = decide_place(place, INSTRUMENT, NO_LIMITS, ORDER_ID, 7, None, takes).order
    asked = stop_terms(trigger_price_type=TriggerPriceType.BEST_BID)
    change = ReplaceOrder("r", ORDER_ID, asked, "alice")
    with pytest.raises(OrderRefused, match="trigger_price_type BEST_BID: it should be LAST"):
        decide_replace(order, change, INSTRUMENT, NO_LIMITS, 8, None, takes)


def test_a_stop_that_went_is_replaced_as_what_it_became():
    place = PlaceOrder("k", "A", "ASML.SIMA", Side.BUY, OrderType.STOP, stop_terms(), "alice")
    order = decide_place(place, INSTRUMENT, NO_LIMITS, ORDER_ID, 7).order
    order = evolve(None, OrderAccepted(order), Stamp(8), 5)
    order = evolve(order, OrderTriggered(D(41)), Stamp(9), 6)
    change = ReplaceOrder("r", ORDER_ID, stop_terms(quantity=D(50)), "alice")
    event = decide_replace(order, change, INSTRUMENT, NO_LIMITS, 8)
    assert event == ReplaceRequested(f"{ORDER_ID}-2", stop_terms(quantity=D(50)))


@pytest.mark.parametrize(
    ("type_", "order_terms", "reason", "field", "expected"),
    [
        (
            OrderType.LIMIT,
            terms(100, None),
            "INVALID_FIELD",
            "terms.limit_price",
            "a price, because the type is LIMIT",
        ),
        (OrderType.LIMIT, terms(100, "0"), "INVALID_FIELD", "terms.limit_price", "above 0"),
        (OrderType.LIMIT, terms(100, "-1"), "INVALID_FIELD", "terms.limit_price", "above 0"),
        (
            OrderType.MARKET,
            terms(100, "50"),
            "INVALID_FIELD",
            "terms.limit_price",
            "empty, because the type is MARKET",
        ),
        (OrderType.LIMIT, terms(0), "INVALID_FIELD", "terms.quantity", "above 0"),
    ],
)
def test_terms_that_do_not_go_together(type_, order_terms, reason, field, expected):
    error = refusal(type_, order_terms)
    assert (error.reason, error.field) == (reason, field)
    assert error.metadata["expected"] == expected
    assert field in error.text


def test_instrument_that_cannot_be_traded():
    halted = INSTRUMENT._replace(tradable=False, trading_status="HALTED")
    error = refusal(OrderType.LIMIT, terms(), halted)
    assert (error.reason, error.field) == ("INSTRUMENT_NOT_TRADABLE", "instrument_id")
    assert error.text.endswith("its trading status is HALTED")
    untold = halted._replace(trading_status="")
    assert refusal(OrderType.LIMIT, terms(), untold).text.endswith("is not reported")


@pytest.mark.parametrize(
    ("price", "tick", "nearest"),
    [
        ("50.005", "0.01", "50 or 50.01"),
        ("0.001", "0.01", "0.01"),
        ("100.01", "0.05", "100 or 100.05"),
        ("99.999", "0.01", "99.99 or 100"),
        ("499.99", "0.05", "499.95 or 500"),
        ("500.05", "0.1", "500 or 500.1"),
    ],
)
def test_price_off_tick_names_the_nearest_valid_prices(price, tick, nearest):
    error = refusal(OrderType.LIMIT, terms(100, price))
    assert (error.reason, error.field) == ("PRICE_OFF_TICK", "terms.limit_price")
    assert error.metadata == {"value": price, "tick_size": tick, "nearest": nearest}
    assert error.text == (
        f"terms.limit_price {price} is not a multiple of the tick size {tick} that ASML.SIMA has "
        f"at this price: nearest is {nearest}"
    )


def test_where_the_table_steps_up_between_two_ticks_the_step_is_the_next_price():
    odd = INSTRUMENT._replace(
        tick_table=(
            INSTRUMENT.tick_table[0]._replace(tick_size=D(3)),
            INSTRUMENT.tick_table[1]._replace(from_price=D(100), tick_size=D(10)),
        )
    )
    assert refusal(OrderType.LIMIT, terms(100, "99.5"), odd).metadata["nearest"] == "99 or 100"


@pytest.mark.parametrize(
    ("price", "tick"),
    [("0.01", "0.01"), ("99.99", "0.01"), ("100", "0.05"), ("500", "0.1"), ("9999", "0.1")],
)
def test_a_price_lies_in_the_band_it_reaches(price, tick):
    assert band_at(INSTRUMENT.tick_table, D(price)).tick_size == D(tick)
    check_terms(OrderType.LIMIT, terms(100, price), INSTRUMENT, NO_LIMITS, 7)


@pytest.mark.parametrize(
    ("quantity", "nearest"), [("105", "100 or 110"), ("3", "10"), ("99.5", "90 or 100")]
)
def test_quantity_off_lot_names_the_nearest_valid_quantities(quantity, nearest):
    tens = INSTRUMENT._replace(lot_size=D(10))
    error = refusal(OrderType.LIMIT, terms(quantity), tens)
    assert (error.reason, error.field) == ("QUANTITY_OFF_LOT", "terms.quantity")
    assert error.metadata == {"value": quantity, "lot_size": "10", "nearest": nearest}


@pytest.mark.parametrize(
    ("limits", "instrument", "whose"),
    [
        (Limits(max_quantity=D(99)), INSTRUMENT, "the account's limit of 99"),
        (NO_LIMITS, INSTRUMENT._replace(max_quantity=D(99)), "the venue's limit of 99"),
    ],
)
def test_quantity_above_a_limit(limits, instrument, whose):
    error = refusal(OrderType.LIMIT, terms(100), instrument, limits)
    assert error.reason == "MAX_QUANTITY_EXCEEDED"
    assert error.text == f"terms.quantity 100 is above {whose}"
    check_terms(OrderType.LIMIT, terms(99), instrument, limits, 7)


def test_quantity_below_the_smallest_order_of_the_venue():
    listing = INSTRUMENT._replace(min_quantity=D(100))
    error = refusal(OrderType.LIMIT, terms(99), listing)
    assert (error.reason, error.field) == ("INVALID_FIELD", "terms.quantity")
    assert "at least 100, the smallest order that the venue takes" in error.text
    check_terms(OrderType.LIMIT, terms(100), listing, NO_LIMITS, 7)
    # The smallest order has grown since: another price is no other quantity.
    check_terms(OrderType.LIMIT, terms(99), listing, NO_LIMITS, 7, standing=terms(99))
    with pytest.raises(OrderRefused):
        check_terms(OrderType.LIMIT, terms(99), listing, NO_LIMITS, 7, standing=terms(101))


def test_value_above_the_limit_is_of_the_limit_price_or_the_reference_price():
    limits = Limits(max_value=D(5000))
    check_terms(OrderType.LIMIT, terms(100, "50"), INSTRUMENT, limits, 7)
    check_terms(OrderType.MARKET, terms(100, None), INSTRUMENT, limits, 7, D(50))
    error = refusal(OrderType.LIMIT, terms(100, "50.01"), INSTRUMENT, limits, D(1))
    assert (error.reason, error.metadata["value"]) == ("MAX_VALUE_EXCEEDED", "5001")
    error = refusal(OrderType.MARKET, terms(100, None), INSTRUMENT, limits, D("50.01"))
    assert (error.reason, error.metadata["price"]) == ("MAX_VALUE_EXCEEDED", "50.01")


@pytest.mark.parametrize("reference", [None, D(0)])
def test_a_market_order_needs_a_reference_price_only_where_a_value_limit_is(reference):
    market = terms(100, None)
    check_terms(OrderType.MARKET, market, INSTRUMENT, NO_LIMITS, 7, reference)
    error = refusal(OrderType.MARKET, market, INSTRUMENT, Limits(max_value=D(1)), reference)
    assert error.reason == "REFERENCE_PRICE_MISSING"


# --- replace and cancel ------------------------------------------------------------------


def replace(tracked, quantity, price="50", expected_version=0, **limits):
    command = ReplaceOrder("k", ORDER_ID, terms(quantity, price), "alice", expected_version)
    return decide_replace(tracked.order, command, INSTRUMENT, Limits(**limits), 7)


def cancel(tracked):
    return decide_cancel(tracked.order, CancelOrder("k", ORDER_ID, "alice"))


@pytest.fixture
def tracked():
    tracked = TrackedOrder()
    tracked.place(100)
    tracked.apply(OrderAcknowledged("V1"))
    return tracked


def reason_of(call, *args, **kwargs):
    with pytest.raises(OrderRefused) as refused:
        call(*args, **kwargs)
    return refused.value.reason, refused.value.field


def test_replace_and_cancel_count_their_requests(tracked):
    assert replace(tracked, 200) == ReplaceRequested(f"{ORDER_ID}-2", terms(200))
    tracked.replace(200)
    assert cancel(tracked) == CancelRequested(f"{ORDER_ID}-3")


def test_replace_refuses_what_place_refuses(tracked):
    assert reason_of(replace, tracked, 100, "50.001") == ("PRICE_OFF_TICK", "terms.limit_price")
    assert reason_of(replace, tracked, 100, max_quantity=D(1)) == (
        "MAX_QUANTITY_EXCEEDED",
        "terms.quantity",
    )


def test_replace_to_no_more_than_is_executed(tracked):
    tracked.fill("E1", 40)
    assert reason_of(replace, tracked, 40) == ("INVALID_FIELD", "terms.quantity")
    assert replace(tracked, 41).terms.quantity == 41


def test_replace_of_another_version(tracked):
    version = tracked.order.version
    assert reason_of(replace, tracked, 200, expected_version=version - 1) == (
        "STALE_VERSION",
        "expected_version",
    )
    assert replace(tracked, 200, expected_version=version)


def test_nothing_is_asked_of_a_closed_order(tracked):
    tracked.apply(OrderCanceled())
    assert reason_of(replace, tracked, 200) == ("ORDER_CLOSED", "order_id")
    assert reason_of(cancel, tracked) == ("ORDER_CLOSED", "order_id")


def test_one_cancel_and_one_replace_at_a_time(tracked):
    tracked.replace(200)
    assert reason_of(replace, tracked, 300) == ("ORDER_CHANGE_PENDING", "order_id")
    tracked.cancel()
    assert reason_of(cancel, tracked) == ("ORDER_CHANGE_PENDING", "order_id")
    assert reason_of(replace, tracked, 300) == ("ORDER_CHANGE_PENDING", "order_id")


def test_an_order_in_doubt_may_be_cancelled_but_not_replaced(tracked):
    tracked.apply(OrderInDoubt(f"{ORDER_ID}-1", "why"))
    assert reason_of(replace, tracked, 200) == ("OUTCOME_UNKNOWN", "order_id")
    assert cancel(tracked) == CancelRequested(f"{ORDER_ID}-2")


@pytest.mark.parametrize("state", [OrderState.HELD, OrderState.AWAITING_TRIGGER])
def test_what_is_not_at_the_venue_is_changed_here_at_once(state):
    tracked = TrackedOrder()
    tracked.place(100)
    order = evolve(None, OrderAccepted(tracked.order._replace(state=state)), Stamp(1), 1)
    command = ReplaceOrder("k", ORDER_ID, terms(200), "alice")
    replaced = decide_replace(order, command, INSTRUMENT, NO_LIMITS, 7)
    assert replaced == OrderReplaced(terms(200))
    order = evolve(order, replaced, Stamp(2), 2)
    assert (order.state, order.terms.quantity, order.leaves_quantity) == (state, 200, 200)
    assert order.cl_ord_id == f"{ORDER_ID}-1"
    canceled = decide_cancel(order, CancelOrder("k", ORDER_ID, "alice"))
    assert canceled == OrderCanceled()
    assert evolve(order, canceled, Stamp(3), 3).state is OrderState.CANCELED


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (OrderCanceled(text="end of day"), "end of day"),
        (OrderCanceled(unsolicited=True, text="halt"), "unsolicited: halt"),
        (OrderCanceled(unsolicited=True), "unsolicited"),
        (OrderCanceled(), ""),
        (OrderExpired(text="the day is over"), "the day is over"),
    ],
)
def test_why_an_order_ended_is_on_the_order(tracked, event, text):
    assert tracked.order.ended_text == ""
    tracked.apply(event)
    assert tracked.order.ended_text == text
    # A late fill changes nothing of that; an order that the venue works again has not ended.
    tracked.fill("late", 1, "50")
    assert tracked.order.ended_text == text
    tracked.apply(OrderAcknowledged("V1"))
    assert not tracked.order.is_closed
    assert tracked.order.ended_text == ""
