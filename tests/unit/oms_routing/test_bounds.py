"""What bounds a routed order: moves of what rests, early ends, and waiting for prices."""

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.decision import Cause, RoutingLimits
from svc_oms.domain.routing.parent import ChildRole, ChildState, compacted
from svc_oms.domain.routing.request import Strategy
from svc_oms.domain.routing.strategies.watch import moves_in_a_row
from svc_oms.domain.routing.view import VenueState
from tests.support.routing import NOW_NS, child, fees, inputs, parent, rate, request, shown, venue

LIMITS = RoutingLimits()
CHARGED = [fees("SIMA"), fees("SIMB", maker=rate(bps="-5"))]
BOTH = [venue("SIMA", "100@10.20", "100@10.00"), venue("SIMB", "100@10.20", "100@10.00")]
POST = request(Strategy.POST)
IOC = request(time_in_force=TimeInForce.IOC)


def move_at(state, now_ns):
    given = inputs(POST, BOTH, state, charged=CHARGED, cause=Cause.BOOK, now_ns=now_ns)
    return decide(given)


def test_each_move_waits_twice_as_long_as_the_one_before_up_to_a_bound():
    moves = moved_at_ns = 0
    now_ns, waits = NOW_NS, []
    for _ in range(12):
        state = parent(100, child("C", "SIMA", 100, "10.10"), moves=moves, moved_at_ns=moved_at_ns)
        decision = move_at(state, now_ns)
        while not decision.moved:
            assert shown(decision) == []
            now_ns = min(one.at_ns for one in decision.wake_ups if one.cause is Cause.TIMER)
            decision = move_at(state, now_ns)
        assert shown(decision) == ["CANCEL C"]
        waits.append(now_ns - moved_at_ns)
        moves, moved_at_ns = moves_in_a_row(state, now_ns, LIMITS) + 1, now_ns
    assert waits[1:4] == [NS_PER_S, 2 * NS_PER_S, 4 * NS_PER_S]
    assert waits[-1] == waits[-2] == LIMITS.move_interval_ns_max
    # After a long pause it is as at first.
    state = parent(100, child("C", "SIMA", 100, "10.10"), moves=moves, moved_at_ns=moved_at_ns)
    assert not move_at(state, moved_at_ns + LIMITS.rest_time_ns_min).moved
    assert moves_in_a_row(state, moved_at_ns + LIMITS.moves_forgotten_ns, LIMITS) == 0


def test_an_amendment_moves_at_once_and_is_no_move():
    state = parent(100, child("C", "SIMA", 100, "10.10"), moves=9, moved_at_ns=NOW_NS)
    given = inputs(POST, BOTH, state, charged=CHARGED, cause=Cause.AMENDED)
    decision = decide(given)
    assert (shown(decision), decision.moved) == (["CANCEL C"], False)


def ended(child_id, mic="SIMA", *, early=True):
    return child(child_id, mic, 100, "10.10", state=ChildState.CLOSED, ended_early=early)


def test_a_venue_that_ends_children_early_again_and_again_gets_no_more():
    twice = parent(100, ended("C1"), ended("C2"))
    assert shown(decide(inputs(POST, BOTH, twice)))[0].startswith("PLACE SIMA")
    thrice = parent(100, ended("C1"), ended("C2"), ended("C3"))
    decision = decide(inputs(POST, BOTH, compacted(thrice, NOW_NS)))
    assert shown(decision) == ["PLACE SIMB REST 100@10.1 DAY"]
    assert {one.mic: one.verdict.name for one in decision.candidates}["SIMA"] == "ENDED_EARLY"


def test_one_that_rested_long_enough_begins_the_count_anew():
    children = ended("C1"), ended("C2"), ended("C3", early=False), ended("C4")
    assert compacted(parent(100, *children), NOW_NS).early_ends == ("SIMA",)


def test_a_parent_that_no_venue_keeps_is_rejected_and_says_why():
    state = parent(100, early_ends=("SIMA",) * 3, rejected_mics=frozenset({"SIMB"}))
    decision = decide(inputs(POST, BOTH, state))
    assert shown(decision) == ["END 100 REJECTED"]
    assert "rejected, or ended early, by every venue" in decision.reason


def test_nothing_ends_for_want_of_prices_that_were_lost_a_moment_ago():
    stale = [one._replace(state=VenueState.STALE) for one in BOTH]
    back = child("C1", "SIMA", 100, role=ChildRole.TAKE, state=ChildState.CLOSED)
    for asked in (IOC, request(time_in_force=TimeInForce.FOK), IOC._replace(limit_price=None)):
        given = inputs(asked, stale, parent(100, back), cause=Cause.CHILD)
        assert shown(decide(given)) == ["END 100 IMMEDIATE"]
        waits = decide(given._replace(prices_awaited=True))
        assert waits.actions == ()
        assert {one.cause for one in waits.wake_ups} == {Cause.BOOK, Cause.TIMER}
        cancelled = given._replace(
            prices_awaited=True, parent=given.parent._replace(cancel_requested=True)
        )
        assert shown(decide(cancelled)) == ["END 100 CANCELED"]
