"""What one order means for those it is linked with, rule by rule."""

from decimal import Decimal

import pytest

from kernel.side import Side
from svc_oms.domain.events import (
    CancelRequested,
    OrderCanceled,
    OrderReleased,
    OrderReplaced,
    ReplaceRequested,
)
from svc_oms.domain.groups.group_checks import GROUP_ORDERS_MAX, check_link, check_replace
from svc_oms.domain.groups.group_rules import consequences, in_the_way
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Link, LinkKind, Trigger, TriggerPriceType, WaitsFor
from svc_oms.domain.order import OrderRefused
from tests.support.lifecycle import TrackedOrder, terms

S, W = OrderState, WaitsFor
OCO, OTO, BRACKET = LinkKind.OCO, LinkKind.OTO, LinkKind.BRACKET
D = Decimal


def order(order_id, kind=OCO, parent="", *, quantity=100, cum=0, state=S.NEW, **fields):
    made = (
        TrackedOrder()
        .place()
        ._replace(
            order_id=order_id,
            link=Link(kind, "G", parent),
            terms=fields.pop("terms", None) or terms(quantity),
            cum_quantity=D(cum),
            state=state,
            base_state=state,
            side=Side.SELL if parent else Side.BUY,
            waits_for=fields.pop("waits_for", None),
        )
    )
    return made._replace(**fields)


def child(order_id="C1", kind=OTO, waits_for=W.PARENT, **fields):
    return order(
        order_id,
        kind,
        "P",
        state=fields.pop("state", S.AWAITING_TRIGGER),
        waits_for=waits_for,
        **fields,
    )


def follows(members, changed, before=None, lot_of=None):
    found = consequences(members, changed, before or changed, lot_of or (lambda _: D(1)))
    return [(one.order.order_id, one.event) for one in found]


# --- One cancels the other ------------------------------------------------------------------


def test_oco_any_execution_cancels_the_others():
    a = order("A", cum=1, state=S.PARTIALLY_FILLED)
    b, here = order("B"), order("C", state=S.AWAITING_TRIGGER, waits_for=W.PRICE)
    found = follows([a, b, here], a)
    assert found == [
        ("B", CancelRequested(b.next_cl_ord_id)),
        ("C", OrderCanceled(text="another order of its group was executed")),
    ]


def test_oco_without_an_execution_nothing_follows():
    a, b = order("A", state=S.CANCELED), order("B")
    assert follows([a, b], a) == []


def test_oco_what_is_closed_or_about_to_be_cancelled_is_left_alone():
    a = order("A", cum=1, state=S.PARTIALLY_FILLED)
    b, c = order("B", pending_cancel_id="B-2"), order("C", state=S.REJECTED)
    assert follows([a, b, c], a) == []


def test_oco_a_fill_that_crosses_its_cancel_does_not_turn_the_tables():
    a = order("A", cum=1, state=S.PARTIALLY_FILLED)
    b = order("B", cum=50, state=S.PENDING_CANCEL, pending_cancel_id="B-2")
    assert follows([a, b], b) == []
    assert follows([a, b], b, b._replace(cum_quantity=D(0))) == []
    gone = b._replace(state=S.CANCELED, pending_cancel_id="")
    assert follows([a, gone], gone, b) == []


def test_oco_one_filled_leaves_nothing_of_the_others():
    a = order("A", cum=1, state=S.PARTIALLY_FILLED)
    b = order("B", cum=100, state=S.FILLED)
    assert follows([a, b], b) == [("A", CancelRequested(a.next_cl_ord_id))]


def test_oco_a_refused_cancel_is_asked_for_again_when_another_moves():
    a = order("A", cum=1, state=S.PARTIALLY_FILLED)
    pending, b = order("B", pending_cancel_id="B-2"), order("B")
    assert follows([a, b], b, pending) == []
    assert follows([a, b], a) == [("B", CancelRequested(b.next_cl_ord_id))]


# --- One triggers the other -----------------------------------------------------------------


def test_oto_a_child_waits_until_its_parent_is_closed():
    parent = order("P", OTO, cum=40, state=S.PARTIALLY_FILLED)
    assert follows([parent, child()], parent) == []
    missing = parent._replace(state=S.UNKNOWN, base_state=S.CANCELED)
    assert follows([missing, child()], missing) == []


@pytest.mark.parametrize(
    ("cum", "state", "own", "quantity"),
    [
        (100, S.FILLED, 100, None),
        (40, S.CANCELED, 100, 40),
        (40, S.EXPIRED, 30, None),
        (100, S.FILLED, 30, None),
    ],
)
def test_oto_the_parent_is_done_the_child_goes(cum, state, own, quantity):
    parent, waiting = order("P", OTO, cum=cum, state=state), child(quantity=own)
    found = follows([parent, waiting], parent)
    if quantity is not None:
        assert found.pop(0) == ("C1", OrderReplaced(terms(quantity)))
    text = f"its parent P has {cum} executed"
    assert found == [("C1", OrderReleased(W.VENUE, text))]


def test_oto_a_watched_stop_waits_for_its_price_then():
    parent = order("P", OTO, cum=100, state=S.FILLED)
    [(_, event)] = follows([parent, child(trigger=Trigger(D(40)))], parent)
    assert event.waits_for is W.PRICE


@pytest.mark.parametrize("state", [S.CANCELED, S.REJECTED, S.EXPIRED])
def test_oto_nothing_executed_ends_the_children(state):
    parent = order("P", OTO, state=state)
    held = child("C2", state=S.HELD, waits_for=W.APPROVAL)
    done = child("C3", state=S.CANCELED, waits_for=None)
    text = f"its parent P is {state.name} with nothing executed"
    assert follows([parent, child(), held, done], parent) == [
        ("C1", OrderCanceled(text=text)),
        ("C2", OrderCanceled(text=text)),
    ]


def test_oto_a_child_released_or_held_is_not_released_again():
    parent = order("P", OTO, cum=100, state=S.FILLED)
    members = [
        parent,
        child(waits_for=W.VENUE),
        child("C2", state=S.HELD, waits_for=W.APPROVAL),
        child("C3", state=S.NEW, waits_for=None),
    ]
    assert follows(members, parent) == []
    assert follows([order("P", OTO), members[3]], members[3]) == []


def test_oto_a_taken_back_parent_does_not_touch_what_is_at_the_venue():
    parent = order("P", OTO, state=S.CANCELED)
    assert follows([parent, child(state=S.NEW, waits_for=None)], parent) == []


# --- Brackets --------------------------------------------------------------------------------


def exits(first, second, entry_cum=100, entry_state=S.FILLED):
    entry = order("P", BRACKET, cum=entry_cum, state=entry_state)
    return entry, child("C1", BRACKET, **first), child("C2", BRACKET, **second)


AT_VENUE = {"state": S.NEW, "waits_for": None}


def test_bracket_the_exits_go_for_what_the_entry_executed():
    entry, one, two = exits({}, {"trigger": Trigger(D(40))}, 40, S.CANCELED)
    text = "its parent P has 40 executed"
    assert follows([entry, one, two], entry) == [
        ("C1", OrderReplaced(terms(40))),
        ("C1", OrderReleased(W.VENUE, text)),
        ("C2", OrderReplaced(terms(40))),
        ("C2", OrderReleased(W.PRICE, text)),
    ]


def test_bracket_nothing_follows_while_the_entry_works():
    entry, one, two = exits({}, {"state": S.HELD, "waits_for": W.APPROVAL}, 40, S.PARTIALLY_FILLED)
    assert follows([entry, one, two], entry) == []


def test_bracket_an_entry_without_execution_ends_the_exits():
    entry, one, two = exits({}, {}, 0, S.REJECTED)
    assert [order_id for order_id, _ in follows([entry, one, two], entry)] == ["C1", "C2"]


def test_bracket_what_one_exit_fills_the_other_has_less():
    filled = AT_VENUE | {"state": S.PARTIALLY_FILLED, "cum": 30}
    entry, one, two = exits(filled, AT_VENUE)
    assert follows([entry, one, two], one) == [
        ("C2", ReplaceRequested(two.next_cl_ord_id, terms(70)))
    ]
    entry, one, two = exits(filled, {"waits_for": W.PRICE})
    assert follows([entry, one, two], one) == [("C2", OrderReplaced(terms(70)))]


def test_bracket_a_filled_exit_ends_the_other():
    entry, one, two = exits(AT_VENUE | {"state": S.FILLED, "cum": 100}, AT_VENUE)
    assert follows([entry, one, two], one) == [("C2", CancelRequested(two.next_cl_ord_id))]


def test_bracket_the_hidden_part_shrinks_with_the_order():
    shown = terms(100)._replace(display_quantity=D(50))
    filled = AT_VENUE | {"state": S.PARTIALLY_FILLED, "cum": 80}
    entry, one, two = exits(filled, AT_VENUE | {"terms": shown})
    [(_, event)] = follows([entry, one, two], one)
    assert (event.terms.quantity, event.terms.display_quantity) == (20, 20)


def test_bracket_an_exit_with_a_request_on_its_way_is_looked_at_when_that_is_answered():
    filled = AT_VENUE | {"state": S.PARTIALLY_FILLED, "cum": 30}
    asked = {"pending_replace_id": "C2-2", "pending_terms": terms(90), "state": S.PENDING_REPLACE}
    entry, one, pending = exits(filled, AT_VENUE | asked)
    assert follows([entry, one, pending], one) == []
    granted = pending._replace(
        pending_replace_id="", pending_terms=None, state=S.NEW, terms=terms(90)
    )
    wanted = ReplaceRequested(granted.next_cl_ord_id, terms(70))
    assert follows([entry, one, granted], granted, pending) == [("C2", wanted)]


def test_bracket_what_was_refused_is_not_asked_for_at_once():
    filled = AT_VENUE | {"state": S.PARTIALLY_FILLED, "cum": 30}
    asked = {"pending_replace_id": "C2-2", "pending_terms": terms(70), "state": S.PENDING_REPLACE}
    entry, one, pending = exits(filled, AT_VENUE | asked)
    refused = pending._replace(pending_replace_id="", pending_terms=None, state=S.NEW)
    assert follows([entry, one, refused], refused, pending) == []
    assert len(follows([entry, one, refused], one)) == 1


def test_bracket_a_refused_cancel_leaves_room_for_a_change_only():
    pending = AT_VENUE | {"pending_cancel_id": "C2-2", "state": S.PENDING_CANCEL}
    for cum, expected in ((30, [ReplaceRequested]), (100, [])):
        state = S.FILLED if cum == 100 else S.PARTIALLY_FILLED
        entry, one, before = exits(AT_VENUE | {"state": state, "cum": cum}, pending)
        after = before._replace(pending_cancel_id="", state=S.NEW)
        found = follows([entry, one, after], after, before)
        assert [type(event) for _, event in found] == expected


def test_bracket_an_exit_in_doubt_is_looked_at_when_that_is_over():
    filled = AT_VENUE | {"state": S.PARTIALLY_FILLED, "cum": 30}
    entry, one, doubted = exits(filled, AT_VENUE | {"state": S.UNKNOWN, "in_doubt": ("C2-1",)})
    assert follows([entry, one, doubted], one) == []
    sure = doubted._replace(state=S.NEW, in_doubt=())
    assert len(follows([entry, one, sure], sure, doubted)) == 1


def test_bracket_a_fill_of_an_exit_changes_nothing_for_itself():
    entry, one, _ = exits(AT_VENUE | {"state": S.PARTIALLY_FILLED, "cum": 30}, {})
    gone = child("C2", BRACKET, state=S.CANCELED, waits_for=None)
    assert follows([entry, one, gone], one) == []


def test_bracket_a_taken_back_entry_takes_its_exits_along():
    entry, one, two = exits(AT_VENUE, AT_VENUE, 60, S.PARTIALLY_FILLED)
    assert [event.terms.quantity for _, event in follows([entry, one, two], entry)] == [60, 60]
    entry = entry._replace(cum_quantity=D(0), state=S.NEW)
    assert [type(e) for _, e in follows([entry, one, two], entry)] == [CancelRequested] * 2


def test_what_is_not_linked_or_has_lost_its_parent_has_no_consequences():
    alone = order("A")._replace(link=None)
    assert follows([alone], alone) == []
    routed = order("A", LinkKind.ROUTED)
    assert follows([routed], routed) == []
    for kind in (OTO, BRACKET):
        lost = child(kind=kind)
        assert follows([lost], lost) == []


# --- Who may be linked with whom ------------------------------------------------------------


def refusal(new, members):
    with pytest.raises(OrderRefused) as caught:
        check_link(new, members)
    return caught.value.reason, caught.value.field


def test_groups_that_fit():
    check_link(order("A"), [])
    check_link(order("B"), [order("A")])
    check_link(order("P", OTO), [])
    check_link(child(), [order("P", OTO)])
    check_link(child("C2", BRACKET), [order("P", BRACKET), child("C1", BRACKET)])


def exit_at(order_id, side, *, limit=None, stop=None):
    made = terms(price=limit)._replace(stop_price=None if stop is None else D(stop))
    return child(order_id, BRACKET, side=side, terms=made)


@pytest.mark.parametrize(
    ("side", "limit", "stop", "fits"),
    [
        (Side.SELL, "60", "40", True),
        (Side.SELL, "40", "60", False),
        (Side.SELL, "50", "50", False),
        (Side.BUY, "40", "60", True),
        (Side.BUY, "60", "40", False),
    ],
)
def test_bracket_exits_are_on_either_side_of_the_price(side, limit, stop, fits):
    entry = order("P", BRACKET, side=Side.BUY if side is Side.SELL else Side.SELL)
    profit, loss = exit_at("C1", side, limit=limit), exit_at("C2", side, stop=stop)
    for first, second, field in (
        (profit, loss, "terms.stop_price"),
        (loss, profit, "terms.limit_price"),
    ):
        if fits:
            check_link(second, [entry, first])
        else:
            assert refusal(second, [entry, first]) == ("INVALID_FIELD", field)


@pytest.mark.parametrize(
    ("new", "members", "reason", "field"),
    [
        (order("A", LinkKind.ROUTED), [], "INVALID_FIELD", "link.kind"),
        (order("A")._replace(link=Link(OCO, "")), [], "INVALID_FIELD", "link.group_id"),
        (order("A"), [order("P", OTO)], "INVALID_FIELD", "link.kind"),
        (order("A", OCO, "P"), [], "INVALID_FIELD", "link.parent_order_id"),
        (order("A"), [order("B", cum=1)], "OBJECT_STATE", "link.group_id"),
        (order("A"), [order("B", state=S.CANCELED)], "OBJECT_STATE", "link.group_id"),
        (order("A"), [order("B")] * GROUP_ORDERS_MAX, "OBJECT_STATE", "link.group_id"),
        (order("P2", OTO), [order("P", OTO)], "OBJECT_STATE", "link.group_id"),
        (child(), [], "INVALID_FIELD", "link.parent_order_id"),
        (order("C2", OTO, "C1"), [child()], "INVALID_FIELD", "link.parent_order_id"),
        (child(), [order("P", OTO, state=S.FILLED)], "ORDER_CLOSED", "link.parent_order_id"),
        (
            child("C3", BRACKET),
            [order("P", BRACKET), child("C1", BRACKET), child("C2", BRACKET)],
            "OBJECT_STATE",
            "link.group_id",
        ),
        (
            child("C1", BRACKET, instrument_id="X.SIMB"),
            [order("P", BRACKET)],
            "INVALID_FIELD",
            "instrument_id",
        ),
        (child("C1", BRACKET, side=Side.BUY), [order("P", BRACKET)], "INVALID_FIELD", "side"),
        (
            child("C1", BRACKET, quantity=9),
            [order("P", BRACKET)],
            "INVALID_FIELD",
            "terms.quantity",
        ),
    ],
)
def test_groups_that_do_not_fit(new, members, reason, field):
    assert refusal(new, members) == (reason, field)


def test_an_exit_changes_its_price_and_not_its_quantity():
    leg = child("C1", BRACKET)
    check_replace(leg, terms(100, "51"), "alice")
    check_replace(order("P", BRACKET), terms(90), "alice")
    check_replace(order("A")._replace(link=None), terms(90), "alice")
    with pytest.raises(OrderRefused, match="follows its entry"):
        check_replace(leg, terms(90), "alice")


def test_a_held_order_is_changed_only_by_who_placed_it():
    held = order("A", state=S.HELD, waits_for=W.APPROVAL)
    check_replace(held, terms(90), held.placed_by)
    with pytest.raises(OrderRefused, match="only alice, who placed it"):
        check_replace(held, terms(90), "bob")


# --- Stops that are reached, and odd lots --------------------------------------------------

REACHED = {"state": S.AWAITING_TRIGGER, "waits_for": W.VENUE, "trigger": Trigger(D(40))}
FIRED = {"state": S.NEW, "trigger": Trigger(D(40))}
LEAVING = {"state": S.PENDING_CANCEL, "pending_cancel_id": "A-2"}


@pytest.mark.parametrize(
    ("kind", "parent", "other", "found"),
    [
        (OCO, "", {"state": S.NEW}, True),
        (OCO, "", {"state": S.PENDING_NEW}, True),
        (OCO, "", {"state": S.UNKNOWN}, True),
        (OCO, "", LEAVING, True),
        (OCO, "", {"state": S.CANCELED}, False),
        (OCO, "", {"state": S.AWAITING_TRIGGER, "waits_for": W.PRICE}, False),
        (OCO, "", {"state": S.HELD, "waits_for": W.APPROVAL}, False),
        (BRACKET, "P", {"state": S.NEW}, True),
        (BRACKET, "P", {"state": S.FILLED}, False),
        (OTO, "P", {"state": S.NEW}, False),
    ],
)
def test_what_must_be_closed_before_a_stop_of_the_group_is_sent(kind, parent, other, found):
    stop = order("S", kind, parent, **REACHED)
    members = [stop, order("A", kind, parent, **other)]
    if parent:
        members.append(order("P", kind, cum=100, state=S.FILLED))
    assert [one.order_id for one in in_the_way(members, stop)] == (["A"] if found else [])
    # Only a stop: a limit order that is released joins the others.
    assert in_the_way(members, stop._replace(trigger=None)) == []
    assert in_the_way(members, stop._replace(link=None)) == []


def test_the_stop_of_an_entry_waits_for_no_exit():
    entry = order("P", BRACKET, **REACHED)
    assert in_the_way([entry, child("A", BRACKET, state=S.NEW)], entry) == []


@pytest.mark.parametrize(("executed", "quantity"), [(40, 60), (99, 1), (100, None), (120, None)])
def test_oco_an_execution_that_crosses_the_cancel_leaves_a_reached_stop_the_rest(
    executed, quantity
):
    before = order("A", quantity=120, **LEAVING)
    after = before._replace(cum_quantity=D(executed))
    here, there = (OrderReplaced, OrderCanceled), (ReplaceRequested, CancelRequested)
    for state, (less, nothing) in ((REACHED, here), (FIRED, there)):
        stop = order("S", **state)
        [(order_id, event)] = follows([after, stop], after, before)
        assert order_id == "S"
        assert type(event) is (nothing if quantity is None else less)
        if quantity is not None:
            assert event.terms.quantity == quantity
        # The answer to the cancel adds nothing.
        gone = after._replace(state=S.CANCELED, pending_cancel_id="")
        rest = stop._replace(terms=terms(quantity or 1))
        assert follows([gone, rest], gone, after) == []
        # Nor does what happens to the stop itself.
        assert follows([gone, rest], rest, stop) == []


def test_oco_a_filled_order_ends_a_reached_stop_of_another_size():
    before = order("A", quantity=40, **LEAVING)
    after = before._replace(cum_quantity=D(40), state=S.FILLED, pending_cancel_id="")
    [(order_id, event)] = follows([after, order("S", **REACHED)], after, before)
    assert (order_id, type(event)) == ("S", OrderCanceled)


@pytest.mark.parametrize("other", [{"side": Side.SELL}, {"isin": "DE0007164600"}])
def test_oco_an_execution_of_something_else_ends_a_reached_stop(other):
    before = order("A", **LEAVING, **other)
    after = before._replace(cum_quantity=D(40))
    [(order_id, event)] = follows([after, order("S", **REACHED)], after, before)
    assert (order_id, type(event)) == ("S", OrderCanceled)


@pytest.mark.parametrize(
    ("cum", "sent", "remainder"), [(105, 100, 5), (100, 100, 0), (10, 10, 0), (9, None, 9)]
)
def test_bracket_an_odd_lot_of_the_entry_gives_exits_of_whole_lots_and_says_so(
    cum, sent, remainder
):
    entry, one, two = exits({}, {"trigger": Trigger(D(40))}, cum)
    found = follows([entry, one, two], entry, lot_of=lambda _: D(10))
    text = f"its parent P has {cum} executed"
    if remainder:
        text += f"; {remainder} of it is less than the lot of 10"
    if sent is None:
        assert found == [(i, OrderCanceled(text=text)) for i in ("C1", "C2")]
        return
    sized = [event for _, event in found if isinstance(event, OrderReplaced)]
    assert [event.terms.quantity for event in sized] == ([] if sent == 100 else [sent] * 2)
    released = [event for _, event in found if isinstance(event, OrderReleased)]
    assert released == [
        OrderReleased(W.VENUE, text, D(remainder)),
        OrderReleased(W.PRICE, text, D(remainder)),
    ]


def test_bracket_an_odd_fill_of_one_exit_leaves_the_other_whole_lots():
    filled = AT_VENUE | {"state": S.PARTIALLY_FILLED, "cum": 33}
    entry, one, two = exits(filled, AT_VENUE)
    assert follows([entry, one, two], one, lot_of=lambda _: D(10)) == [
        ("C2", ReplaceRequested(two.next_cl_ord_id, terms(60)))
    ]


def test_oto_a_child_of_an_odd_lot_and_of_an_unknown_listing():
    parent = order("P", OTO, cum=45, state=S.CANCELED)
    [(_, event), _] = follows([parent, child()], parent, lot_of=lambda _: D(10))
    assert event.terms.quantity == 40
    [(_, event), (_, released)] = follows([parent, child()], parent, lot_of=lambda _: None)
    assert (event.terms.quantity, released.odd_lot_remainder) == (45, 0)


def test_an_iceberg_child_never_shows_more_than_it_has():
    parent = order("P", OTO, cum=40, state=S.CANCELED)
    iceberg = child(terms=terms(100)._replace(display_quantity=D(50)))
    [(_, event), _] = follows([parent, iceberg], parent)
    assert (event.terms.quantity, event.terms.display_quantity) == (40, 40)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"stop_price": D(41)}, ("INVALID_FIELD", "terms.stop_price")),
        ({"trailing_offset": D(1)}, ("INVALID_FIELD", "terms.trailing_offset")),
        (
            {"trigger_price_type": TriggerPriceType.BEST_BID},
            ("INVALID_FIELD", "terms.trigger_price_type"),
        ),
        ({"quantity": D(50), "limit_price": D(39)}, None),
    ],
)
def test_a_stop_that_was_reached_cannot_be_moved(changes, refused):
    standing = terms(100)._replace(stop_price=D(40))
    changed = standing._replace(**changes)
    reached = order("S", terms=standing, **REACHED)._replace(link=None)
    with pytest.raises(OrderRefused) as caught:
        check_replace(reached, changed, "alice")
    assert (caught.value.reason, caught.value.field) == ("OBJECT_STATE", "order_id")
    sent = reached._replace(state=S.NEW, base_state=S.NEW, waits_for=None)
    if refused is None:
        check_replace(sent, changed, "alice")
    else:
        with pytest.raises(OrderRefused) as caught:
            check_replace(sent, changed, "alice")
        assert (caught.value.reason, caught.value.field) == refused
    # Before it is reached, all of it may be changed.
    waiting = reached._replace(waits_for=W.PRICE)
    check_replace(waiting, changed, "alice")
    # A child that waits for its venue alone is no stop.
    check_replace(reached._replace(trigger=None), changed, "alice")
