"""How often a symbol's snapshot is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from svc_gateway.service.market.snapshot_asks import (
    SNAPSHOT_INTERVAL_MAX_S,
    SNAPSHOT_INTERVAL_S,
    SnapshotAsks,
)


def test_the_first_is_asked_for_at_once_and_the_next_when_its_time_has_come():
    asks = SnapshotAsks()
    asks.want({"SAP", "ASML"})
    assert asks.take(100.0) == ["ASML", "SAP"]
    assert asks.take(100.0) == []
    asks.want({"ASML", "PHIA"})
    asks.want({"ASML"})
    assert asks.take(100.1) == ["PHIA"]
    assert asks.take(100.0 + SNAPSHOT_INTERVAL_S) == ["ASML"]
    assert asks.take(200.0) == []


def test_a_symbol_wanted_again_and_again_waits_longer_and_a_quiet_one_begins_anew():
    asks, asked, now_s = SnapshotAsks(), [], 0.0
    while now_s < 60:
        asks.want({"ASML"})
        asked += [now_s] * len(asks.take(now_s))
        now_s += 0.25
    assert asked == [0, 1, 3, 7, 15, 25, 35, 45, 55]
    asks.drop()
    assert asks.take(now_s + 2 * SNAPSHOT_INTERVAL_MAX_S) == []
    assert not asks._asked, "nothing is kept of quiet symbols"
    now_s += 100
    for at_s in (now_s, now_s + SNAPSHOT_INTERVAL_S):
        asks.want({"ASML"})
        assert asks.take(at_s) == ["ASML"]


def test_what_a_subscription_brings_is_not_wanted_any_more():
    asks = SnapshotAsks()
    asks.want({"ASML"})
    asks.drop()
    assert asks.take(1.0) == []


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.floats(0, 5)), max_size=60))
def test_no_symbol_is_asked_for_twice_within_the_interval_and_none_is_forgotten(steps):
    asks, now_s, last_s = SnapshotAsks(), 0.0, {}
    for symbol, pause_s in steps:
        now_s += pause_s
        asks.want({symbol})
        for asked in asks.take(now_s):
            assert now_s - last_s.get(asked, -10) >= SNAPSHOT_INTERVAL_S
            last_s[asked] = now_s
    wanted = {symbol for symbol, _ in steps}
    asks.take(now_s + SNAPSHOT_INTERVAL_MAX_S)
    assert not asks._wanted
    assert last_s.keys() <= wanted
