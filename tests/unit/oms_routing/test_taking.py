"""What is taken where: BEST, SPLIT, FOK and LIST, level by level."""

import pytest

from kernel.side import Side
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.decision import Cause, RoutingLimits, Verdict
from svc_oms.domain.routing.parent import ChildRole, ChildState
from svc_oms.domain.routing.request import Strategy
from svc_oms.domain.routing.view import OwnOrder, VenueState
from tests.support.routing import (
    ALL_TIMES,
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

IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
SIMA = venue("SIMA", "100@10.00 200@10.02 100@10.03", "100@9.98 200@9.97")
SIMB = venue("SIMB", "50@10.00 300@10.01 50@10.05", "50@9.99 50@9.96")
BOTH = [SIMA, SIMB]


def route(asked, venues, state, **other):
    return decide(inputs(asked, venues, state, **other))


def verdicts(decision):
    return {one.mic: one.verdict.name for one in decision.candidates}


def test_best_takes_what_is_displayed_in_one_batch_and_never_more():
    decision = route(request(), BOTH, parent(600))
    assert shown(decision) == ["PLACE SIMA TAKE 250@10.02 IOC", "PLACE SIMB TAKE 350@10.01 IOC"]
    assert decision.reason == "round 1, by net price: 250 at SIMA, 350 at SIMB"
    assert decision.overfill == 0
    # More than both display within the limit: the rest of it waits for their answers.
    decision = route(request(limit="10.02"), BOTH, parent(1000))
    assert shown(decision) == ["PLACE SIMA TAKE 300@10.02 IOC", "PLACE SIMB TAKE 350@10.01 IOC"]


def test_best_sells_to_the_highest_bids():
    decision = route(request(limit="9.97", side=Side.SELL), BOTH, parent(300))
    assert shown(decision) == ["PLACE SIMB TAKE 50@9.99 IOC", "PLACE SIMA TAKE 250@9.97 IOC"]


def test_fees_decide_between_equal_prices_and_can_beat_a_better_one():
    decision = route(
        request(),
        BOTH,
        parent(100),
        charged=[fees("SIMA", rate(bps="15")), fees("SIMB", rate(per_share="0.001"))],
    )
    # 10.01 of SIMB is net 10.011, 10.00 of SIMA net 10.015.
    assert shown(decision) == ["PLACE SIMB TAKE 100@10.01 IOC"]
    (first, second) = decision.candidates
    assert (first.mic, first.net_price, first.rank) == ("SIMB", D("10.006"), 1)
    assert (second.mic, second.verdict, second.net_price) == (
        "SIMA",
        Verdict.NOT_NEEDED,
        D("10.015"),
    )


def test_a_rebate_makes_a_venue_better():
    decision = route(
        request(), BOTH, parent(50), charged=[fees("SIMA"), fees("SIMB", rate(bps="-0.1"))]
    )
    assert shown(decision) == ["PLACE SIMB TAKE 50@10 IOC"]


def test_a_minimum_makes_a_small_order_go_to_one_venue():
    charged = [fees("SIMA", rate(fixed="2")), fees("SIMB", rate(fixed="2"))]
    # 50 at 10.00 and 50 at 10.01 of SIMB cost 0.50 more than 10.00, and one fixed amount less.
    decision = route(request(venues=("SIMB", "SIMA")), BOTH, parent(150), charged=charged)
    assert shown(decision) == ["PLACE SIMB TAKE 150@10.01 IOC"]
    # For a larger order the better prices are worth both amounts.
    decision = route(request(), BOTH, parent(650), charged=charged)
    assert len(decision.actions) == 2


def test_ties_go_to_the_clients_order_and_else_to_the_mic():
    assert shown(route(request(), BOTH, parent(50))) == ["PLACE SIMA TAKE 50@10 IOC"]
    asked = request(venues=("SIMB", "SIMA"))
    assert shown(route(asked, BOTH, parent(50))) == ["PLACE SIMB TAKE 50@10 IOC"]


def test_our_own_orders_are_no_liquidity():
    own = [OwnOrder("SIMA", False, D("10.00"), D(100)), OwnOrder("SIMB", True, D("9.99"), D(50))]
    decision = route(request(limit="10.00"), BOTH, parent(500), own=own)
    assert shown(decision) == ["PLACE SIMB TAKE 50@10 IOC"]
    assert verdicts(decision)["SIMA"] == "NOTHING_SHOWN"


def test_what_ioc_children_may_be_taking_is_spoken_for():
    flying = child("C1", "SIMA", 150, role=ChildRole.TAKE, state=ChildState.SENT, time_in_force=IOC)
    decision = route(request(limit="10.02"), [SIMA], parent(300, flying))
    assert shown(decision) == ["PLACE SIMA TAKE 150@10.02 IOC"]
    decision = route(request(limit="10.00"), [SIMA], parent(300, flying))
    assert shown(decision) == []
    assert decision.reason == "IOC children have no answer yet"


def test_lots_smallest_and_largest_orders_of_each_venue():
    offers = "130@10.00 500@10.01"
    lots = [venue("SIMA", offers, lot="100"), venue("SIMB", "70@10.02")]
    assert shown(route(request(), lots, parent(250))) == [
        "PLACE SIMA TAKE 200@10.01 IOC",
        "PLACE SIMB TAKE 50@10.02 IOC",
    ]
    smallest = [venue("SIMA", "30@10.00", min_quantity=D(40)), venue("SIMB", "70@10.02")]
    decision = route(request(), smallest, parent(50))
    assert shown(decision) == ["PLACE SIMB TAKE 50@10.02 IOC"]
    assert verdicts(decision)["SIMA"] == "BELOW_LOT"
    largest = [venue("SIMA", offers, max_quantity=D(200)), venue("SIMB", "70@10.02")]
    assert shown(route(request(), largest, parent(250)))[0] == "PLACE SIMA TAKE 200@10.01 IOC"


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (VenueState.HALTED, "NOT_OPEN"),
        (VenueState.STALE, "STALE"),
        (VenueState.SESSION_DOWN, "SESSION_DOWN"),
        (VenueState.TAKEN_OUT, "TAKEN_OUT"),
    ],
)
def test_a_venue_that_is_not_open_is_no_liquidity(state, verdict):
    decision = route(request(), [SIMA._replace(state=state), SIMB], parent(50))
    assert shown(decision) == ["PLACE SIMB TAKE 50@10 IOC"]
    assert verdicts(decision)["SIMA"] == verdict


def test_other_reasons_for_not_using_a_venue():
    ages = [SIMA._replace(age_ns=RoutingLimits().book_age_ns_max + 1), SIMB]
    assert verdicts(route(request(), ages, parent(50)))["SIMA"] == "STALE"
    assert verdicts(route(request(denied=frozenset({"SIMA"})), BOTH, parent(50)))["SIMA"] == (
        "DENIED"
    )
    assert verdicts(route(request(venues=("SIMB",)), BOTH, parent(50)))["SIMA"] == "DENIED"
    only_b = [fees("SIMB")]
    assert verdicts(route(request(), BOTH, parent(50), charged=only_b))["SIMA"] == "NO_FEES"
    dollars = [fees("SIMA", currency="USD"), fees("SIMB")]
    assert verdicts(route(request(), BOTH, parent(50), charged=dollars))["SIMA"] == "NO_FEES"
    no_ioc = [SIMA._replace(times_in_force=ALL_TIMES - {IOC}), SIMB]
    assert verdicts(route(request(), no_ioc, parent(50)))["SIMA"] == "NOT_OFFERED"
    rejected = child("C1", "SIMA", 50, role=ChildRole.TAKE, state=ChildState.CLOSED, rejected=True)
    decision = route(request(), BOTH, parent(50, rejected))
    assert verdicts(decision)["SIMA"] == "REJECTED_BEFORE"


def test_a_parent_that_every_venue_rejected_ends():
    state = parent(50, rejected_mics=frozenset({"SIMA", "SIMB"}))
    assert shown(route(request(), BOTH, state)) == ["END 50 REJECTED"]


def returned(number, mic="SIMA", cum="0"):
    return child(
        f"C{number}",
        mic,
        100,
        cum=cum,
        role=ChildRole.TAKE,
        state=ChildState.CLOSED,
        time_in_force=IOC,
        round=number,
    )


def test_what_comes_back_is_routed_again_up_to_a_bound_of_rounds():
    limits = RoutingLimits(rounds_max=2)
    again = route(request(), BOTH, parent(100, returned(1, cum="40")), limits=limits)
    assert shown(again) == ["PLACE SIMA TAKE 60@10 IOC"]
    assert again.reason.startswith("round 2")
    state = parent(100, returned(1, cum="40"), returned(2))
    assert shown(route(request(), BOTH, state, limits=limits)) == ["PLACE SIMA REST 60@10.1 DAY"]


def test_ioc_and_market_parents_end_with_what_cannot_be_had_at_once():
    empty = [venue("SIMA", "100@10.50"), venue("SIMB")]
    asked = request(time_in_force=IOC)
    decision = route(asked, empty, parent(100, returned(1, cum="40")))
    assert shown(decision) == ["END 60 IMMEDIATE"]
    doubt = child("C2", "SIMB", 30, role=ChildRole.TAKE, state=ChildState.UNKNOWN)
    decision = route(asked, empty, parent(100, doubt))
    assert shown(decision) == []
    assert "30 may still be live" in decision.reason
    market = request(limit=None)
    assert shown(route(market, BOTH, parent(400)))[0] == "PLACE SIMA TAKE 100@10 IOC"
    assert shown(route(market, [venue("SIMA")], parent(400))) == ["END 400 IMMEDIATE"]


def test_split_is_in_proportion_with_largest_remainders():
    asked = request(Strategy.SPLIT, limit="10.02")
    # 300 and 350 are displayed: 46.15 and 53.85 of 100.
    assert shown(route(asked, BOTH, parent(100))) == [
        "PLACE SIMA TAKE 46@10 IOC",
        "PLACE SIMB TAKE 54@10.01 IOC",
    ]
    decision = route(asked, BOTH, parent(1000))
    assert shown(decision) == ["PLACE SIMA TAKE 300@10.02 IOC", "PLACE SIMB TAKE 350@10.01 IOC"]
    assert "in proportion" in decision.reason
    coarse = [venue("SIMA", "300@10.00", lot="100"), venue("SIMB", "300@10.00")]
    assert shown(route(asked, coarse, parent(250))) == [
        "PLACE SIMA TAKE 100@10 IOC",
        "PLACE SIMB TAKE 150@10 IOC",
    ]


def test_split_leaves_out_a_venue_whose_share_is_too_small():
    venues = [venue("SIMA", "10@10.00", min_quantity=D(20)), venue("SIMB", "90@10.00")]
    decision = route(request(Strategy.SPLIT), venues, parent(50))
    assert shown(decision) == ["PLACE SIMB TAKE 50@10 IOC"]
    assert verdicts(decision)["SIMA"] == "BELOW_LOT"
    small = [venue("SIMA", "40@10.00", lot="50")]
    decision = route(request(Strategy.SPLIT, time_in_force=IOC), small, parent(50))
    assert shown(decision) == ["END 50 IMMEDIATE"]
    assert verdicts(decision)["SIMA"] == "BELOW_LOT"
    alone = [venue("SIMA", "10@10.00", min_quantity=D(20))]
    decision = route(request(Strategy.SPLIT, time_in_force=IOC), alone, parent(50))
    assert shown(decision) == ["END 50 IMMEDIATE"]


def test_all_or_nothing_is_one_order_at_one_venue():
    asked = request(time_in_force=FOK)
    assert shown(route(asked, BOTH, parent(360))) == ["PLACE SIMB TAKE 360@10.05 FOK"]
    # Nobody displays 500, though both together do.
    decision = route(asked, BOTH, parent(500))
    assert shown(decision) == ["END 500 IMMEDIATE"]
    # Back from the better one: the other one is asked, then the parent ends.
    back = returned(1, "SIMB")
    assert shown(route(asked, BOTH, parent(350, back))) == ["PLACE SIMA TAKE 350@10.03 FOK"]
    state = parent(350, back, returned(2, "SIMA"))
    assert shown(route(asked, BOTH, state)) == ["END 350 IMMEDIATE"]
    by_list = request(Strategy.LIST, time_in_force=FOK, venues=("SIMB", "SIMA"))
    assert shown(route(by_list, BOTH, parent(100))) == ["PLACE SIMB TAKE 100@10.01 FOK"]
    lots = [venue("SIMA", "400@10.00", lot="100"), SIMB]
    decision = route(asked, lots, parent(150))
    assert verdicts(decision)["SIMA"] == "BELOW_LOT"


def test_list_goes_to_one_venue_after_the_other():
    asked = request(Strategy.LIST, venues=("SIMB", "SIMA"), time_in_force=IOC)
    assert shown(route(asked, BOTH, parent(900))) == ["PLACE SIMB TAKE 900@10.1 IOC"]
    back = returned(1, "SIMB", cum="100")
    assert shown(route(asked, BOTH, parent(900, back))) == ["PLACE SIMA TAKE 800@10.1 IOC"]
    state = parent(900, back, returned(2, "SIMA"))
    assert shown(route(asked, BOTH, state)) == ["END 800 IMMEDIATE"]
    flying = child("C1", "SIMB", 100, role=ChildRole.TAKE, state=ChildState.SENT)
    assert shown(route(asked, BOTH, parent(900, flying))) == []
    assert shown(route(asked, BOTH, parent(100, flying))) == []
    down = [SIMA, SIMB._replace(state=VenueState.SESSION_DOWN)]
    assert shown(route(asked, down, parent(900))) == ["PLACE SIMA TAKE 900@10.1 IOC"]


def test_a_market_list_takes_no_more_than_is_displayed():
    asked = request(Strategy.LIST, limit=None, venues=("SIMB", "SIMA"))
    assert shown(route(asked, BOTH, parent(900))) == ["PLACE SIMB TAKE 400@10.05 IOC"]
    no_ioc = [SIMA, SIMB._replace(times_in_force=ALL_TIMES - {IOC})]
    decision = route(asked, no_ioc, parent(900))
    assert shown(decision) == ["PLACE SIMA TAKE 400@10.03 IOC"]
    assert verdicts(decision)["SIMB"] == "NOT_OFFERED"
    decision = route(asked, [SIMA, venue("SIMB")], parent(900))
    assert verdicts(decision)["SIMB"] == "NOTHING_SHOWN"
    lots = [venue("SIMA", "40@10.00", lot="100"), venue("SIMB")]
    assert verdicts(route(asked, lots, parent(900)))["SIMA"] == "BELOW_LOT"


def test_a_list_that_rests_stays_with_the_first_venue_that_can_be_used():
    asked = request(Strategy.LIST, venues=("SIMB", "SIMA"))
    assert shown(route(asked, BOTH, parent(900))) == ["PLACE SIMB REST 900@10.1 DAY"]
    rest = child("C1", "SIMB", 900, price="10.10")
    decision = route(asked, BOTH, parent(900, rest))
    assert (shown(decision), decision.reason) == ([], "all of it is at a venue of the list")
    halted = [SIMA, SIMB._replace(state=VenueState.HALTED)]
    assert shown(route(asked, halted, parent(900, rest), cause=Cause.VENUE)) == ["CANCEL C1"]


def test_no_more_venues_than_a_round_may_have():
    limits = RoutingLimits(children_per_round_max=1)
    decision = route(request(), BOTH, parent(600), limits=limits)
    assert shown(decision) == ["PLACE SIMA TAKE 400@10.03 IOC"]


def test_a_level_between_ticks_is_not_chased():
    (coarse,) = [venue("SIMA", "100@10.005", tick="0.01")]
    assert shown(route(request(), [coarse], parent(50))) == ["PLACE SIMA TAKE 50@10 IOC"]
