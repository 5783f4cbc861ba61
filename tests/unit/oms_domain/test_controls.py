"""Windows, the account's state, and checks of positions, by examples."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.nanoseconds import NS_PER_MS
from kernel.side import Side
from svc_oms.domain.controls import state as states
from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.controls.judgement import count, judge
from svc_oms.domain.controls.limits import controls as controls_module
from svc_oms.domain.controls.limits.controls import Controls
from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    Limit,
    LimitKind,
    LimitScope,
    Override,
    OverrideState,
    Range,
    SelfMatchPolicy,
    TradingState,
    Values,
)
from svc_oms.domain.controls.limits.limit_values import values_text as text_of
from svc_oms.domain.controls.state import (
    AccountState,
    Collar,
    Stop,
    StrategyKey,
    read_state,
    state_text,
)
from svc_oms.domain.controls.trial import AccountView, Reference, new_order
from svc_oms.domain.controls.windows import Window
from svc_oms.domain.events import ExecutionBusted, ExecutionCorrected, OrderExecuted
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Execution, Order, OrderType
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.domain.positions.account_positions import Position, fold_positions, moved
from svc_oms.domain.verification.position_fold import compare_positions
from tests.support.lifecycle import TrackedOrder, report

MS = NS_PER_MS
D = Decimal


def test_a_slot_counts_until_all_of_it_is_outside():
    window = Window(1000).counted(0, D(1)).counted(150 * MS, D(2), D(5))
    assert window.sums() == (3, 5)
    assert window.at(1099 * MS, 1000).sums() == (3, 5)
    assert window.at(1100 * MS, 1000).sums() == (2, 5)
    assert window.at(1200 * MS, 1000).sums() == (0, 0)


def test_how_long_until_there_is_room():
    window = Window(1000).counted(50 * MS, D(1)).counted(150 * MS, D(2), D(5))
    assert window.wait_ns(500 * MS, D(1)) == 600 * MS
    assert window.wait_ns(500 * MS, D(2)) == 700 * MS
    assert window.wait_ns(500 * MS, D(5), of_second=True) == 700 * MS
    assert window.wait_ns(5000 * MS, D(1)) == 0
    # More than was ever counted: a limit below one message.
    assert window.wait_ns(500 * MS, D(9)) == 1000 * MS


def test_a_clock_that_goes_back_loses_no_count():
    window = Window(1000).counted(500 * MS, D(1)).counted(100 * MS, D(1))
    assert window.at(1500 * MS, 1000).sums() == (2, 0)


def test_a_window_of_another_length_counts_on():
    window = Window(1000).counted(0, D(1)).counted(500 * MS, D(2))
    longer = window.at(1000 * MS, 10_000)
    assert (longer.window_ms, longer.sums()) == (10_000, (3, 0))
    shorter = window.at(650 * MS, 100)
    assert (shorter.window_ms, shorter.sums()) == (100, (2, 0))


TIMES = st.lists(st.integers(min_value=0, max_value=3000), min_size=1, max_size=40)


@given(TIMES, st.integers(min_value=1, max_value=5))
def test_no_stretch_of_the_windows_length_holds_more_than_the_limit(times, limit):
    window, taken = Window(1000), []
    for time in sorted(times):
        window = window.at(time * MS, 1000)
        if window.sums()[0] + 1 <= limit:
            window = window.counted(time * MS, D(1))
            taken.append(time)
    for first in taken:
        assert sum(first <= time < first + 1000 for time in taken) <= limit


@given(TIMES)
def test_who_waits_as_asked_is_taken(times):
    window = Window(1000)
    for time in sorted(times):
        window = window.at(time * MS, 1000).counted(time * MS, D(1))
    now = max(times) * MS
    surplus = window.sums()[0] - D(1)
    later = now + window.wait_ns(now, surplus + 1)
    assert window.at(later, 1000).sums()[0] + 1 <= 1 or surplus < 0


def test_a_state_is_read_as_it_was_written():
    key = StrategyKey("trader:a|b", "ASML.SIMA", 1)
    state = AccountState(
        positions_at="5-abc",
        windows={"L": Window(1000).counted(0, D(1), D("2.5"))},
        collars={"L|ASML.SIMA": Collar(7, D(100), D(5000), D("12.5"))},
        recent={"print": 9},
        executions={f"X|{key.text()}": Window(2000).counted(0, D(3))},
        stops={key: Stop("L", 2, 3, 11)},
    )
    assert read_state(state_text(state, 0)) == state
    assert read_state("") == AccountState()
    assert state_text(AccountState(), 0) == ""
    # What no longer counts is not kept.
    later = read_state(state_text(state, 10_000 * MS))
    assert not later.windows
    assert not later.executions
    assert later.stops == state.stops


def test_a_state_has_bounds(monkeypatch):
    monkeypatch.setattr(states, "COLLARS_KEPT_MAX", 2)
    monkeypatch.setattr(states, "DUPLICATES_KEPT_MAX", 2)
    monkeypatch.setattr(states, "STRATEGIES_KEPT_MAX", 1)
    state = AccountState()
    for number in range(4):
        state.collars[f"c{number}"] = Collar(number, D(1), D(1), D(1))
        state.executions[f"x{number}"] = Window(1000).counted(0, D(1))
        state.remember(number, f"p{number}", 1000)
    assert list(state.recent) == ["p2", "p3"]
    state.remember(2000, "p4", 1000)
    assert list(state.recent) == ["p4"]
    kept = read_state(state_text(state, 0))
    assert (list(kept.collars), list(kept.executions)) == (["c2", "c3"], ["x3"])


def held(quantity, cost, realised=0) -> Position:
    return Position("A", "I", "EUR", D(quantity), D(cost), D(realised))


@pytest.mark.parametrize(
    ("steps", "quantity", "cost", "realised", "average"),
    [
        ([(100, 10)], 100, 1000, 0, 10),
        ([(100, 10), (100, 20)], 200, 3000, 0, 15),
        ([(100, 10), (-40, 12)], 60, 600, 80, 10),
        ([(100, 10), (-100, 12)], 0, 0, 200, 0),
        ([(100, 10), (-150, 12)], -50, -600, 200, 12),
        ([(-100, 10), (50, 8)], -50, -500, 100, 10),
        ([(-100, 10), (150, 8)], 50, 400, 200, 8),
    ],
)
def test_average_cost(steps, quantity, cost, realised, average):
    position = held(0, 0)
    for sequence, (signed, price) in enumerate(steps, 1):
        position = moved(position, D(signed), D(price), sequence)
    assert position == held(quantity, cost, realised)._replace(as_of_sequence=len(steps))
    assert position.average_price == average


@pytest.mark.parametrize(
    ("fills", "amended", "after"),
    [
        # Two buys; the first is busted, the second is what is left.
        ([(100, 10), (100, 20)], (0, None), held(100, 2000)),
        # It was all there was.
        ([(100, 10)], (0, None), held(0, 0)),
        # The closing sell is busted: what it closed is open again at its own cost.
        ([(100, 1000), (-100, 1010)], (1, None), held(100, 100_000)),
        # The opening buy is busted after half of it was sold: what was sold is short.
        ([(100, 10), (-50, 12)], (0, None), held(-50, -600)),
        # The covering buy is busted.
        ([(-100, 20), (100, 15)], (1, None), held(-100, -2000)),
        # A flip: the sell that went through zero is busted, or becomes smaller than the buy.
        ([(100, 10), (-150, 12)], (1, None), held(100, 1000)),
        ([(100, 10), (-150, 12)], (1, (40, 12)), held(60, 600, 80)),
        # A correction keeps its place: the sell closed shares at the corrected average.
        ([(100, 10), (100, 20), (-100, 30)], (0, (100, 11)), held(100, 1550, 1450)),
        ([(100, 10), (-100, 12), (50, 14)], (0, (90, 10)), held(40, 560, 160)),
    ],
)
def test_a_position_after_a_bust_or_a_correction(fills, amended, after):
    """The first cases are published: a position is the fold of the executions that remain."""
    placed = TrackedOrder().place()
    orders = {side: placed._replace(order_id=side.name, side=side) for side in Side}
    lines = []
    for number, (signed, price) in enumerate(fills):
        side = Side.BUY if signed > 0 else Side.SELL
        one = Execution(
            f"E{number}", "SIMA", "", "A", "", side, D(abs(signed)), D(price), "EUR", 0, 0
        )
        lines.append((orders[side], OrderExecuted(one), number + 1))
    number, now = amended
    order, event, _ = lines[number]
    was = event.execution
    last = len(lines) + 1
    if now is None:
        change = ExecutionBusted("X", was.exec_id, was.quantity, was.price)
    else:
        quantity, price = now
        corrected = was._replace(exec_id="X", quantity=D(quantity), price=D(price))
        change = ExecutionCorrected(was.exec_id, corrected, was.quantity, was.price)
    (position,) = fold_positions("A", [*lines, (order, change, last)]).values()
    expected = after._replace(
        account_id="A", isin=position.isin, currency=position.currency, as_of_sequence=last
    )
    assert position == expected


def traded() -> TrackedOrder:
    tracked = TrackedOrder()
    tracked.place()
    tracked.hear(report("F", "1", exec_id="E1", last_quantity="40", last_price="50"))
    return tracked


def key(tracked: TrackedOrder) -> tuple[str, str]:
    return tracked.order.isin, tracked.order.currency


def test_positions_are_compared_with_the_log_and_the_executions():
    tracked = traded()
    position = Position(
        "ACC-ALICE", *key(tracked), D(40), D(2000), D(0), tracked.order.last_sequence
    )
    lines = [(tracked.order, line.event, line.sequence) for line in tracked.log]
    made, sums = fold_positions("ACC-ALICE", lines), {key(tracked): D(40)}

    def findings(stored) -> list[str]:
        return [found.text for found in compare_positions("ACC-ALICE", stored, made, sums)]

    assert findings({key(tracked): position}) == []
    assert len(findings({})) == 1
    wrong = position._replace(quantity=D(41))
    assert any(
        "41 where its executions make 40" in text for text in findings({key(tracked): wrong})
    )


def test_limits_in_words():
    values = Values(quantity=D("1E+3"), window_ms=5, instruments=frozenset({"A"}))
    assert text_of(values) == "quantity 1000, instruments 1, window_ms 5"
    assert text_of(Values()) == "no"
    limit = Limit("L", 2, LimitKind.SHORT_SALE, Range(LimitScope.FIRM, "F"), Values())
    assert Applied(limit, Values()).name == "limit L version 2 of firm F"
    assert Applied(limit, Values(), "O").name == "limit L version 2 of firm F (override O)"


def test_of_several_overrides_the_newest_counts():
    limit = Limit("L", 1, LimitKind.VOLUME, Range(LimitScope.ACCOUNT, "A"), Values(D(1)))
    overrides = [
        Override(f"O{number}", "L", "A", Values(D(number)), 9, OverrideState.APPROVED, version)
        for number, version in ((3, 2), (2, 1), (1, 1))
    ]
    for order in (overrides[1:], overrides[:0:-1]):
        found = Controls(1, [limit], order, {}).of_account("A", "F", "").all(1)
        assert [each.override_id for each in found] == ["O2"]
    # One for another version of the limit does not count, nor does one that has ended.
    other = Controls(1, [limit], overrides, {}).of_account("A", "F", "")
    assert [each.override_id for each in other.all(1)] == [""]
    assert [each.override_id for each in other.all(9)] == [""]


def test_the_limits_of_an_account_that_was_used_longest_ago_are_dropped_and_made_again(monkeypatch):
    monkeypatch.setattr(controls_module, "ACCOUNTS_KEPT_MAX", 2)
    limit = Limit("L", 1, LimitKind.VOLUME, Range(LimitScope.FIRM, "F"), Values(D(1)))
    controls = Controls(1, [limit], [], {})
    made = {name: controls.of_account(name, "F", "") for name in "AB"}
    assert controls.of_account("A", "F", "") is made["A"]
    controls.of_account("C", "F", "")
    assert controls.of_account("A", "F", "") is made["A"]
    again = controls.of_account("B", "F", "")
    assert again is not made["B"]
    assert [each.limit for each in again.all(1)] == [limit]
    assert len(controls._accounts) == 2


def view_of(kind: LimitKind, values: Values, resting: Order) -> AccountView:
    """An account with one limit and one open order."""
    limit = Limit("L", 1, kind, Range(LimitScope.ACCOUNT, "A"), values)
    controls = Controls(1, [limit], [], {})
    return AccountView(
        account_id="A",
        firm_id="F",
        controls=controls,
        limits=controls.of_account("A", "F", ""),
        defaults={},
        state=AccountState(),
        book=OpenBook([resting], {}, lambda _id: D(50)),
        own_state=TradingState.ACTIVE,
        value_price=lambda _id: D(50),
        collar_price=lambda _id: Reference(D(50), "last"),
        strategy_of=lambda order: order.placed_by,
    )


def stop_limit(order: Order, stop: str, limit: str) -> Order:
    """The same order as a sell that waits for a price."""
    return order._replace(
        order_id="01JD8QZ5T0000000000000000B",
        side=Side.SELL,
        type=OrderType.STOP_LIMIT,
        state=OrderState.AWAITING_TRIGGER,
        terms=order.terms._replace(limit_price=D(limit), stop_price=D(stop)),
    )


def test_an_order_that_waits_for_a_price_is_held_against_that_price():
    resting = TrackedOrder().place()
    collar = Values(percent=D(5), window_percent=D(1), window_ms=1000)
    view = view_of(LimitKind.PRICE_COLLAR, collar, resting)
    trial = new_order(view, stop_limit(resting, "30", "29"), 1)
    assert judge(view, trial) == ()
    count(view, trial)
    assert not view.state.collars
    with pytest.raises(OrderRefused, match="from the stop price 30"):
        judge(view, new_order(view, stop_limit(resting, "30", "28"), 1))


def test_an_order_that_waits_for_a_price_meets_nothing_yet():
    resting = TrackedOrder().place()
    view = view_of(LimitKind.SELF_MATCH, Values(self_match=SelfMatchPolicy.REJECT_NEW), resting)
    waiting = stop_limit(resting, "30", "29")
    assert judge(view, new_order(view, waiting, 1)) == ()
    with pytest.raises(OrderRefused, match="SELF_MATCH_PREVENTED"):
        judge(view, new_order(view, waiting._replace(state=OrderState.PENDING_NEW), 1))
    # Nor does what waits in the book stop anybody.
    view = view_of(LimitKind.SELF_MATCH, Values(self_match=SelfMatchPolicy.REJECT_NEW), waiting)
    assert judge(view, new_order(view, resting, 1)) == ()
