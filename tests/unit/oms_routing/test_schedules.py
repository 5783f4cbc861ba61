"""TWAP and POV: what is released when, and that the strategy keeps to it."""

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.decision import Cause, RoutingLimits, WakeUp
from svc_oms.domain.routing.paced.schedule import (
    Pace,
    Schedule,
    market_volume,
    released,
    slice_bound,
)
from svc_oms.domain.routing.parent import ChildRole, ChildState, compacted
from tests.support.routing import NOW_NS, D, child, inputs, parent, request, shown, venue

TWAP = Schedule(Pace.TWAP, NOW_NS, NOW_NS + 100 * NS_PER_S, 10 * NS_PER_S)
POV = Schedule(Pace.POV, NOW_NS, NOW_NS + 100 * NS_PER_S, 10 * NS_PER_S, participation_bps=1_000)
OFFERS = [venue("SIMA", "500@10.00")]


def at(seconds):
    return NOW_NS + seconds * NS_PER_S


def route(schedule, state, seconds=0, venues=OFFERS, limit="10.10", **other):
    asked = request(limit=limit, schedule=schedule)
    return decide(inputs(asked, venues, state, now_ns=at(seconds), **other))


def test_twap_releases_the_same_in_each_slice_and_all_in_the_last():
    amounts = [released(TWAP, D(1000), D(0), at(s)) for s in (-1, 0, 9, 10, 55, 90, 99)]
    assert amounts == [0, 100, 100, 200, 600, 1000, 1000]
    uneven = TWAP._replace(end_ns=at(25))
    assert [released(uneven, D(100), D(0), at(s)) for s in (0, 10, 20)] == [
        D("33.333333333"),
        D("66.666666667"),
        100,
    ]


def test_pov_releases_a_share_of_what_is_traded():
    assert released(POV, D(100), D(0), at(0)) == 0
    assert released(POV, D(100), D(300), at(5)) == 30
    assert released(POV, D(100), D(30_000), at(5)) == 100


def test_slices_begin_and_end():
    assert [TWAP.slice_start_ns(at(s)) for s in (-5, 0, 19)] == [at(0), at(0), at(10)]
    assert [TWAP.next_slice_ns(at(s)) for s in (-5, 0, 19, 95)] == [at(0), at(10), at(20), at(100)]


def test_only_what_is_released_is_placed_and_the_next_slice_wakes_the_parent():
    decision = route(TWAP, parent(1000))
    assert shown(decision) == ["PLACE SIMA TAKE 100@10 IOC"]
    assert WakeUp(Cause.TIMER, at_ns=at(10)) in decision.wake_ups
    executed = child(
        "C1", "SIMA", 100, cum="100", role=ChildRole.TAKE, state=ChildState.CLOSED,
        placed_at_ns=NOW_NS,
    )  # fmt: skip
    assert shown(route(TWAP, parent(1000, executed), 5)) == []
    assert shown(route(TWAP, parent(1000, executed), 10)) == ["PLACE SIMA TAKE 100@10 IOC"]
    assert shown(route(TWAP, parent(1000), -5)) == []


def test_a_pause_is_caught_up_within_the_bound_of_a_slice():
    bounded = TWAP._replace(slice_quantity_max=D(150))
    assert shown(route(bounded, parent(1000), 50)) == ["PLACE SIMA TAKE 150@10 IOC"]
    executed = child(
        "C1", "SIMA", 150, cum="150", role=ChildRole.TAKE, state=ChildState.CLOSED,
        placed_at_ns=at(50),
    )  # fmt: skip
    assert shown(route(bounded, parent(1000, executed), 55)) == []
    assert shown(route(bounded, parent(1000, executed), 60)) == ["PLACE SIMA TAKE 150@10 IOC"]


def test_a_market_schedule_waits_for_the_next_slice_and_rests_nothing():
    empty = [venue("SIMA")]
    decision = route(TWAP, parent(1000), venues=empty, limit=None)
    assert (shown(decision), decision.reason) == (
        [],
        "nothing can be taken now; the next slice tries again",
    )
    assert shown(route(TWAP, parent(1000), venues=empty)) == ["PLACE SIMA REST 100@10.1 DAY"]


def test_rounds_count_anew_in_each_slice():
    tried = [
        child(
            f"C{n}", "SIMA", 10, role=ChildRole.TAKE, state=ChildState.CLOSED, round=n,
            placed_at_ns=at(1),
        )
        for n in (1, 2)
    ]  # fmt: skip
    limits = RoutingLimits(rounds_max=2)
    state = parent(1000, *tried)
    assert shown(route(TWAP, state, 5, limit=None, limits=limits)) == []
    assert shown(route(TWAP, state, 10, limit=None, limits=limits)) != []
    for seconds in (5, 10):
        small = compacted(state, TWAP.slice_start_ns(at(seconds)))
        assert (
            route(TWAP, small, seconds, limit=None, limits=limits).actions
            == route(TWAP, state, seconds, limit=None, limits=limits).actions
        )


def test_at_its_end_what_is_not_executed_is_reported():
    rest = child("C1", "SIMA", 100, cum="40")
    assert shown(route(TWAP, parent(1000, rest), 100)) == ["CANCEL C1"]
    closed = rest._replace(state=ChildState.CLOSED)
    assert shown(route(TWAP, parent(1000, closed), 100)) == ["END 960 EXPIRED"]


def test_pov_follows_the_volume():
    assert shown(route(POV, parent(1000))) == []
    assert shown(route(POV, parent(1000, market_volume=D(700)), 5)) == ["PLACE SIMA TAKE 70@10 IOC"]


def test_closed_children_are_left_out_of_a_compacted_parent():
    state = parent(
        1000,
        child("C1", "SIMA", 10, cum="10", role=ChildRole.TAKE, state=ChildState.CLOSED),
        child("C2", "SIMB", 10, state=ChildState.CLOSED, rejected=True),
        child("C3", "SIMC", 10, cum="5"),
    )
    small = compacted(state, NOW_NS)
    assert [one.child_id for one in small.children] == ["C3"]
    assert (small.cum_quantity, small.live_quantity) == (15, 5)
    assert small.all_rejected_mics == {"SIMB"}
    assert small.all_returned_mics == {"SIMA"}
    assert (small.round, small.rest_round) == (state.round, state.rest_round)
    assert compacted(small, NOW_NS) is small


def test_a_schedule_takes_the_parents_time_in_force():
    asked = request(schedule=TWAP, time_in_force=TimeInForce.GTC)
    decision = decide(inputs(asked, [venue("SIMA")], parent(100)))
    assert shown(decision) == ["PLACE SIMA REST 10@10.1 GTC"]


def test_without_a_bound_a_slice_has_at_most_twice_an_even_share():
    assert slice_bound(TWAP, D(1000), [D(1)]) == 200
    # Where that is less than what a venue takes, a slice may have one lot.
    assert slice_bound(TWAP, D(20), [D(1), D(10)]) == 10
    assert slice_bound(TWAP._replace(slice_quantity_max=D(3)), D(1000), [D(10)]) == 3
    # Five slices late, 200 are placed and not 600.
    assert shown(route(TWAP, parent(1000), 50)) == ["PLACE SIMA TAKE 200@10 IOC"]
    assert shown(route(TWAP, parent(20), 50, [venue("SIMA", "500@10.00", lot="10")])) == [
        "PLACE SIMA TAKE 10@10 IOC"
    ]


def test_a_rest_that_grew_in_this_slice_counts_for_its_bound():
    bounded = TWAP._replace(slice_quantity_max=D(100))
    empty = [venue("SIMA")]
    grown = child("C1", "SIMA", 100, price="10.10", placed_at_ns=at(50))
    assert shown(route(bounded, parent(1000, grown), 55, empty)) == []
    older = grown._replace(placed_at_ns=at(40))
    assert shown(route(bounded, parent(1000, older), 55, empty)) == ["PLACE SIMA REST 100@10.1 DAY"]


def test_a_paused_schedule_cancels_what_rests_and_wakes_at_its_end():
    rest = child("C1", "SIMA", 100)
    decision = route(TWAP, parent(1000, rest, paused=True), 15)
    assert shown(decision) == ["CANCEL C1"]
    assert decision.wake_ups == (WakeUp(Cause.TIMER, at_ns=at(100)),)
    assert shown(route(TWAP, parent(1000, paused=True), 100)) == ["END 1000 EXPIRED"]


def test_between_slices_no_book_wakes_an_order_that_can_place_nothing():
    executed = child(
        "C1", "SIMA", 100, cum="100", role=ChildRole.TAKE, state=ChildState.CLOSED,
        placed_at_ns=NOW_NS,
    )  # fmt: skip
    decision = route(TWAP, parent(1000, executed), 5)
    assert decision.wake_ups == (WakeUp(Cause.TIMER, at_ns=at(10)),)
    assert decision.reason == "the next slice places more"
    # 0.3 of a lot is left of the slice.
    uneven = route(TWAP, parent(1003, executed), 5)
    assert uneven.wake_ups == (WakeUp(Cause.TIMER, at_ns=at(10)),)


def test_the_volume_of_a_venue_counts_from_when_it_was_first_seen():
    before = {"SIMA": D(1000), "SIMB": D(500)}
    assert market_volume({"SIMA": D(1200), "SIMB": D(510), "SIMC": D(900)}, before) == 210
    # A venue that is silent, or has begun its day anew, adds nothing.
    assert market_volume({"SIMA": D(10)}, before) == 0


def test_own_executions_are_part_of_the_volume_that_pov_follows():
    """With 50 % of what is traded, the order has as much as the others in the end."""
    half = POV._replace(participation_bps=5_000)
    others, own = D(100), D(0)
    for _ in range(40):
        own = released(half, D(1000), others + own, at(5))
    assert own.quantize(D("0.001")) == others
