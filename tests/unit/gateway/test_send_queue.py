"""Cancels leave before replaces, replaces before new orders; one order's commands stay in order."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_gateway.domain.sending.send_queue import SendQueue, Urgency

C, R, N = Urgency.CANCEL, Urgency.REPLACE, Urgency.NEW


def filled(commands: Sequence[tuple[str, Urgency]]) -> SendQueue[tuple[str, Urgency]]:
    queue: SendQueue[tuple[str, Urgency]] = SendQueue()
    for sequence, command in enumerate(commands, 1):
        queue.add(sequence, command[0], command[1], (f"{command[0]}{sequence}", command[1]))
    return queue


def drained(queue: SendQueue[tuple[str, Urgency]]) -> list[str]:
    names = []
    while (first := queue.first()) is not None:
        name = first[1][0]
        names.append(name)
        queue.discard(int(name[1:]), name[0])
    assert len(queue) == 0
    assert queue.all() == []
    return names


@pytest.mark.parametrize(
    ("commands", "leaves"),
    [
        ([], []),
        ([("a", N), ("b", N)], ["a1", "b2"]),
        ([("a", N), ("b", R), ("c", C)], ["c3", "b2", "a1"]),
        ([("a", N), ("b", C), ("c", N), ("d", C)], ["b2", "d4", "a1", "c3"]),
        # A replace of an order that waits itself does not overtake it.
        ([("a", N), ("b", N), ("a", R), ("c", R)], ["c4", "a1", "b2", "a3"]),
    ],
)
def test_what_leaves_in_which_order(commands, leaves) -> None:
    assert drained(filled(commands)) == leaves


def test_what_waits_of_one_order_is_found_in_its_order() -> None:
    queue = filled([("a", N), ("b", N), ("a", R)])
    assert [name for name, _ in queue.of_order("a")] == ["a1", "a3"]
    assert queue.of_order("x") == []
    queue.discard(1, "a")
    queue.discard(1, "a")
    assert [name for name, _ in queue.of_order("a")] == ["a3"]
    queue.clear()
    assert len(queue) == 0
    assert queue.first() is None


_COMMANDS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from((R, N))), max_size=30)


@given(_COMMANDS)
def test_nothing_is_lost_and_an_orders_commands_never_overtake_each_other(commands) -> None:
    # A new order comes once, before everything else of it.
    once = [
        (order, kind) for n, (order, kind) in enumerate(commands)
        if kind is R or order not in {o for o, _ in commands[:n]}
    ]  # fmt: skip
    names = drained(filled(once))
    assert sorted(names) == sorted(f"{order}{n}" for n, (order, _) in enumerate(once, 1))
    for order in "abcd":
        numbers = [int(name[1:]) for name in names if name[0] == order]
        assert numbers == sorted(numbers)
