"""What rests: where, and how it is watched, moved, shrunk, and gives way."""

import pytest

from kernel.side import Side
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.decision import Cause, RoutingLimits, WakeUp
from svc_oms.domain.routing.parent import ChildRole, ChildState
from svc_oms.domain.routing.request import Strategy
from svc_oms.domain.routing.view import VenueState
from tests.support.routing import (
    NOW_NS,
    D,
    child,
    fees,
    inputs,
    parent,
    rate,
    request,
    shown,
    venue,
)

POST = Strategy.POST
SIMA = venue("SIMA", "100@10.20", "500@10.10 100@10.09")
SIMB = venue("SIMB", "100@10.20", "200@10.10")
BOTH = [SIMA, SIMB]


def route(asked, venues, state, **other):
    return decide(inputs(asked, venues, state, **other))


@pytest.mark.parametrize("strategy", [Strategy.BEST, POST])
def test_a_rest_goes_where_the_makers_fee_is_best(strategy):
    charged = [fees("SIMA", maker=rate(bps="-0.2")), fees("SIMB", maker=rate(bps="-0.1"))]
    decision = route(request(strategy), BOTH, parent(100), charged=charged)
    assert shown(decision) == ["PLACE SIMA REST 100@10.1 DAY"]
    assert [(one.mic, one.rank, one.net_price) for one in decision.candidates] == [
        ("SIMA", 1, D("10.099798")),
        ("SIMB", 2, D("10.099899")),
    ]


def test_at_equal_net_prices_the_shorter_queue_decides_then_the_order_of_venues():
    assert shown(route(request(POST), BOTH, parent(100))) == ["PLACE SIMB REST 100@10.1 DAY"]
    alike = [SIMA, SIMA._replace(mic="SIMC")]
    asked = request(POST, venues=("SIMC", "SIMA"))
    assert shown(route(asked, alike, parent(100))) == ["PLACE SIMC REST 100@10.1 DAY"]


def test_a_sell_rests_too():
    charged = [fees("SIMA", maker=rate(bps="0.1")), fees("SIMB", maker=rate(bps="0.2"))]
    asked = request(POST, limit="10.20", side=Side.SELL)
    assert shown(route(asked, BOTH, parent(100), charged=charged)) == [
        "PLACE SIMA REST 100@10.2 DAY"
    ]


def test_post_stays_a_tick_away_from_what_it_would_take():
    asked = request(POST, limit="10.30")
    assert shown(route(asked, [SIMA], parent(100))) == ["PLACE SIMA REST 100@10.19 DAY"]
    sell = request(POST, limit="10.00", side=Side.SELL)
    assert shown(route(sell, [SIMA], parent(100))) == ["PLACE SIMA REST 100@10.11 DAY"]
    # A venue whose offers are further away lets it rest nearer to its limit.
    higher = venue("SIMB", "100@10.25")
    assert shown(route(asked, [SIMA, higher], parent(100))) == ["PLACE SIMB REST 100@10.24 DAY"]
    # There is no price below the lowest one.
    penny = venue("SIMA", "100@0.01")
    assert shown(route(request(POST, limit="0.05"), [penny], parent(100))) == []


def test_the_limit_is_brought_to_the_tick_of_the_venue_on_its_safe_side():
    coarse = venue("SIMA", "", "", tick="0.02")
    assert shown(route(request(limit="10.03"), [coarse], parent(1))) == [
        "PLACE SIMA REST 1@10.02 DAY"
    ]
    sell = request(limit="10.03", side=Side.SELL)
    assert shown(route(sell, [coarse], parent(1))) == ["PLACE SIMA REST 1@10.04 DAY"]
    # The finer tick is served first: it is better as long as its fee is not larger than that.
    fine = venue("SIMB")
    assert shown(route(request(limit="10.03"), [coarse, fine], parent(1))) == [
        "PLACE SIMB REST 1@10.03 DAY"
    ]
    dear = [fees("SIMA"), fees("SIMB", maker=rate(per_share="0.02"))]
    assert shown(route(request(limit="10.03"), [coarse, fine], parent(1), charged=dear)) == [
        "PLACE SIMA REST 1@10.02 DAY"
    ]


def test_a_child_has_the_parents_time_in_force_or_day():
    asked = request(POST, time_in_force=TimeInForce.GTD)
    assert shown(route(asked, [SIMA], parent(1))) == ["PLACE SIMA REST 1@10.1 GTD"]
    no_gtd = SIMA._replace(times_in_force=frozenset({TimeInForce.DAY}))
    assert shown(route(asked, [no_gtd], parent(1))) == ["PLACE SIMA REST 1@10.1 DAY"]
    nothing = SIMA._replace(times_in_force=frozenset({TimeInForce.IOC}))
    decision = route(asked, [nothing], parent(1))
    assert (shown(decision), decision.candidates[0].verdict.name) == ([], "NOT_OFFERED")


def test_what_no_venue_can_have_waits_and_says_so():
    decision = route(request(POST), [venue("SIMA", lot="100")], parent(50))
    assert (shown(decision), decision.reason) == (
        [],
        "no venue can be rested at now; 50 waits",
    )
    assert decision.candidates[0].verdict.name == "BELOW_LOT"


def resting(child_id="C1", mic="SIMA", quantity=100, price="10.10", **other):
    return child(child_id, mic, quantity, price, **other)


def test_a_rest_moves_when_another_venue_is_better_by_more_than_the_margin():
    # The other venue is better by 0.02 % of the price at most, or by a little more.
    for maker, expected in (("-1.9", []), ("-2.1", ["CANCEL C1"])):
        charged = [fees("SIMA"), fees("SIMB", maker=rate(bps=maker))]
        decision = route(request(POST), BOTH, parent(100, resting()), charged=charged)
        assert shown(decision) == expected
    # Until its venue confirms, all of it may still be executed there.
    moving = resting(cancel_pending=True)
    decision = route(request(POST), BOTH, parent(100, moving), charged=charged)
    assert shown(decision) == []
    gone = resting(state=ChildState.CLOSED, cum="30")
    decision = route(request(POST), BOTH, parent(100, gone), charged=charged)
    assert shown(decision) == ["PLACE SIMB REST 70@10.1 DAY"]


def test_a_rest_is_not_moved_again_and_again():
    charged = [fees("SIMA"), fees("SIMB", maker=rate(bps="-5"))]
    young = resting(placed_at_ns=NOW_NS - 1)
    decision = route(request(POST), BOTH, parent(100, young), charged=charged)
    assert shown(decision) == []
    due_ns = NOW_NS - 1 + RoutingLimits().rest_time_ns_min
    assert WakeUp(Cause.TIMER, at_ns=due_ns) in decision.wake_ups
    decision = route(request(POST), BOTH, parent(100, young), charged=charged, cause=Cause.AMENDED)
    assert shown(decision) == ["CANCEL C1"]


@pytest.mark.parametrize("state", [VenueState.HALTED, VenueState.SESSION_DOWN])
def test_a_rest_leaves_a_venue_that_is_halted_or_down_if_there_is_another(state):
    halted = SIMA._replace(state=state)
    decision = route(request(), [halted, SIMB], parent(100, resting()), cause=Cause.VENUE)
    assert shown(decision) == ["CANCEL C1"]
    assert shown(route(request(), [halted], parent(100, resting()))) == []
    both = [halted, SIMB._replace(state=state)]
    assert shown(route(request(), both, parent(100, resting()))) == []


@pytest.mark.parametrize("state", [VenueState.STALE, VenueState.TAKEN_OUT])
def test_a_rest_stays_where_only_new_orders_do_not_go(state):
    decision = route(request(), [SIMA._replace(state=state), SIMB], parent(100, resting()))
    assert shown(decision) == []


def test_a_rest_leaves_a_venue_that_is_denied_or_gone():
    asked = request(denied=frozenset({"SIMA"}))
    assert shown(route(asked, BOTH, parent(100, resting()))) == ["CANCEL C1"]
    assert shown(route(request(), [SIMB], parent(100, resting()))) == ["CANCEL C1"]
    no_fees = [fees("SIMB")]
    assert shown(route(request(), BOTH, parent(100, resting()), charged=no_fees)) == []


def test_a_rest_follows_a_limit_price_that_was_amended():
    lower = request(limit="10.05")
    decision = route(lower, [SIMA], parent(100, resting()), cause=Cause.AMENDED)
    assert shown(decision) == ["REPLACE C1 100@10.05"]
    # One that cannot be replaced must go, for it is worse than the limit.
    sent = resting(state=ChildState.SENT)
    assert shown(route(lower, [SIMA], parent(100, sent))) == ["CANCEL C1"]
    pending = resting(state=ChildState.REPLACE_PENDING, pending_quantity=D(100))
    assert shown(route(lower, [SIMA], parent(100, pending))) == []
    higher = request(limit="10.15")
    assert shown(route(higher, [SIMA], parent(100, resting()))) == ["REPLACE C1 100@10.15"]
    sell = request(limit="10.15", side=Side.SELL)
    assert shown(route(sell, [SIMA], parent(100, resting()))) == ["REPLACE C1 100@10.15"]
    in_doubt = resting(state=ChildState.UNKNOWN)
    assert shown(route(higher, [SIMA], parent(100, in_doubt))) == []


def test_post_follows_the_offers_by_more_than_the_margin_only():
    asked, rest = request(POST, limit="10.30"), resting(price="10.19")
    assert shown(route(asked, [venue("SIMA", "1@10.193", tick="0.001")], parent(100, rest))) == []
    decision = route(asked, [venue("SIMA", "1@10.25")], parent(100, rest), cause=Cause.BOOK)
    assert shown(decision) == ["REPLACE C1 100@10.24"]
    assert decision.wake_ups == (WakeUp(Cause.BOOK, "SIMA", True, None),)


def test_a_rest_gives_way_to_what_another_venue_displays():
    offers = [SIMA, venue("SIMB", "30@10.05 20@10.10 100@10.20")]
    decision = route(request(), offers, parent(100, resting()), cause=Cause.BOOK)
    assert shown(decision) == ["REPLACE C1 50@10.1"]
    assert decision.wake_ups == (WakeUp(Cause.BOOK, "SIMB", True, D("10.10")),)
    # Once the venue has confirmed, what is free is taken.
    smaller = resting(quantity=50)
    assert shown(route(request(), offers, parent(100, smaller))) == ["PLACE SIMB TAKE 50@10.1 IOC"]
    # All of it: cancel.
    decision = route(request(), [SIMA, venue("SIMB", "500@10.05")], parent(100, resting()))
    assert shown(decision) == ["CANCEL C1"]
    # Not to what is displayed at the child's own venue, nor where IOC is not taken.
    assert shown(route(request(), [venue("SIMA", "9@10.05")], parent(100, resting()))) == []
    no_ioc = venue("SIMB", "9@10.05", times_in_force=frozenset({TimeInForce.DAY}))
    assert shown(route(request(), [SIMA, no_ioc], parent(100, resting()))) == []


def test_a_rest_gives_way_by_the_margin_of_takes():
    limits = RoutingLimits(take_margin_bps=50)
    for side, limit, book, expected in (
        (Side.BUY, "10.10", "30@10.04", ["REPLACE C1 70@10.1"]),
        (Side.BUY, "10.10", "30@10.05", []),
        (Side.SELL, "10.10", "30@10.16", ["REPLACE C1 70@10.1"]),
        (Side.SELL, "10.10", "30@10.15", []),
    ):
        asked = request(limit=limit, side=side)
        other = venue("SIMB", *((book, "") if side is Side.BUY else ("", book)))
        state = parent(100, resting())
        assert shown(route(asked, [venue("SIMA"), other], state, limits=limits)) == expected


def test_two_rests_do_not_give_way_to_the_same_quantity():
    state = parent(200, resting("C1"), resting("C2", quantity=60), resting("C3", quantity=40))
    decision = route(request(), [SIMA, venue("SIMB", "50@10.05")], state)
    assert shown(decision) == ["CANCEL C3", "REPLACE C2 50@10.1"]
    busy = resting("C4", state=ChildState.REPLACE_PENDING, pending_quantity=D(90))
    decision = route(request(), [SIMA, venue("SIMB", "50@10.05")], parent(100, busy))
    assert shown(decision) == []


def test_what_becomes_free_rests_as_a_child_of_its_own_up_to_a_bound():
    rests = [resting(f"C{n}", quantity=10) for n in range(1, 5)]
    one_venue = [SIMA]
    assert shown(route(request(), one_venue, parent(60, *rests[:3]))) == [
        "PLACE SIMA REST 30@10.1 DAY"
    ]
    assert shown(route(request(), one_venue, parent(60, *rests))) == ["REPLACE C4 30@10.1"]
    busy = [one._replace(cancel_pending=True) for one in rests]
    decision = route(request(), one_venue, parent(60, *busy))
    assert shown(decision) == []
    assert "20 waits" in decision.reason


def test_a_parent_amended_down_gets_smaller_once_no_child_can_exceed_it():
    rest = resting(quantity=100, cum="20")
    decision = route(request(), [SIMA], parent(100, rest, pending_quantity=D(60)))
    assert shown(decision) == ["REPLACE C1 60@10.1"]
    assert decision.reason == "the parent becomes smaller: 40 must go first"
    pending = rest._replace(state=ChildState.REPLACE_PENDING, pending_quantity=D(60))
    assert shown(route(request(), [SIMA], parent(100, pending, pending_quantity=D(60)))) == []
    smaller = rest._replace(quantity=D(60))
    decision = route(request(), [SIMA], parent(100, smaller, pending_quantity=D(60)))
    assert shown(decision) == ["GRANT_AMEND 60"]
    # Executed beyond it meanwhile: too late.
    decision = route(request(), [SIMA], parent(100, rest, pending_quantity=D(10)))
    assert shown(decision) == ["REFUSE_AMEND 10"]
    # Executed up to it: granted, and filled.
    closed = rest._replace(state=ChildState.CLOSED)
    decision = route(request(), [SIMA], parent(100, closed, pending_quantity=D(20)))
    assert shown(decision) == ["GRANT_AMEND 20", "END 0 FILLED"]


def test_shrinking_takes_the_newest_rests_first_and_waits_for_what_is_in_flight():
    state = parent(
        300,
        resting("C1"),
        resting("C2", cancel_pending=True),
        resting("C3"),
        pending_quantity=D(90),
    )
    assert shown(route(request(), [SIMA], state)) == ["CANCEL C3", "REPLACE C1 90@10.1"]
    flying = child("C1", "SIMA", 100, role=ChildRole.TAKE, state=ChildState.SENT)
    assert shown(route(request(), [SIMA], parent(100, flying, pending_quantity=D(50)))) == []


def test_shrinking_keeps_to_lots_and_smallest_orders():
    lots = [venue("SIMA", lot="25", min_quantity=D(50))]
    decision = route(request(), lots, parent(100, resting(), pending_quantity=D(90)))
    assert shown(decision) == ["REPLACE C1 75@10.1"]
    decision = route(request(), lots, parent(100, resting(), pending_quantity=D(40)))
    assert shown(decision) == ["CANCEL C1"]
    unseen = parent(100, resting(mic="SIMZ"), pending_quantity=D(90))
    assert shown(route(request(), lots, unseen)) == ["CANCEL C1"]


def test_an_overfill_is_flagged_and_nothing_more_is_placed():
    too_much = child("C1", "SIMA", 100, cum="130", state=ChildState.CLOSED)
    decision = route(request(), [SIMA], parent(100, too_much, resting("C2", quantity=20)))
    assert (shown(decision), decision.overfill) == (["CANCEL C2"], D(50))
    assert "20 may still be live" in decision.reason
    decision = route(request(), [SIMA], parent(200, too_much, resting("C2")))
    assert (shown(decision), decision.overfill) == (["REPLACE C2 70@10.1"], D(30))
    decision = route(request(), [SIMA], parent(100, too_much))
    assert (shown(decision), decision.overfill) == (["END 0 FILLED"], D(30))


@pytest.mark.parametrize(
    ("how", "end"), [({"cancel_requested": True}, "CANCELED"), ({"expired": True}, "EXPIRED")]
)
def test_a_parent_ends_when_nothing_of_it_is_live(how, end):
    rests = resting("C1"), resting("C2", state=ChildState.SENT), resting("C3", cancel_pending=True)
    assert shown(route(request(), [SIMA], parent(300, *rests, **how))) == [
        "CANCEL C1",
        "CANCEL C2",
    ]
    closed = resting("C1", state=ChildState.CLOSED, cum="40")
    assert shown(route(request(), [SIMA], parent(300, closed, **how))) == [f"END 260 {end}"]


def test_a_paused_parent_places_nothing_and_cancels_what_rests():
    decision = route(request(), [SIMA], parent(300, resting(), paused=True))
    assert (shown(decision), decision.reason) == (["CANCEL C1"], "the parent is paused")


def test_a_child_whose_change_was_refused_is_changed_again_only_after_a_time():
    limits = RoutingLimits()
    refused = child("C", "SIMA", "100", "10.10", refused_at_ns=NOW_NS - 1)
    due_ns = NOW_NS - 1 + limits.retry_ns_min
    wake_up = WakeUp(Cause.TIMER, at_ns=due_ns)
    ending = parent(100, refused, cancel_requested=True)
    smaller = parent(100, refused, pending_quantity=D(60))
    for state, wanted in ((ending, "CANCEL C"), (smaller, "REPLACE C 60@10.1")):
        waiting = route(request(), BOTH, state)
        assert shown(waiting) == []
        assert wake_up in waiting.wake_ups
        assert shown(route(request(), BOTH, state, now_ns=due_ns)) == [wanted]


def test_a_child_at_a_denied_venue_is_not_made_smaller_but_cancelled():
    # The control that denies the venue would refuse the replace.
    resting = child("C", "SIMA", "100", "10.10")
    state = parent(100, resting, pending_quantity=D(60))
    denied = request(denied=frozenset({"SIMA"}))
    assert shown(route(denied, BOTH, state)) == ["CANCEL C"]
