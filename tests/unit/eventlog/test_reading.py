"""The rule of ADR 14 over every order of commits: nothing passed over, nothing twice, in order."""

from hypothesis import given
from hypothesis import strategies as st

from eventlog.reading import Reading


def test_it_reads_on_as_long_as_no_number_is_missing():
    reading = Reading(4)
    assert reading.take(100, [5, 6, 7]) == 3
    assert reading.after == 7
    assert not reading.in_doubt
    assert reading.take(100, []) == 0


def test_a_missing_number_is_waited_for_until_older_transactions_ended():
    reading = Reading()
    assert reading.take(100, [1, 3]) == 1
    assert reading.in_doubt
    reading.note(107)
    assert not reading.in_doubt
    assert reading.take(106, [3]) == 0
    assert reading.take(107, [3, 4]) == 2


def test_a_number_that_comes_late_is_in_its_place():
    reading = Reading()
    assert reading.take(100, [2]) == 0
    reading.note(103)
    assert reading.take(101, [1, 2]) == 2


def test_what_is_missing_above_the_doubt_is_a_doubt_of_its_own():
    reading = Reading()
    assert reading.take(100, [2]) == 0
    reading.note(103)
    assert reading.take(103, [2, 4]) == 1
    assert reading.in_doubt
    reading.note(110)
    assert reading.take(109, [4]) == 0
    assert reading.take(110, [4]) == 1


@st.composite
def histories(draw):
    """Transactions that each took some numbers of the log, in an order of commits and rollbacks.

    Each is (numbers, commits, begins after so many ends).
    """
    count = draw(st.integers(1, 8))
    owners = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=24))
    commits = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    order = draw(st.permutations(range(count)))
    page = draw(st.integers(1, 5))
    return owners, commits, order, page


@given(histories())
def test_every_committed_entry_is_read_once_and_in_order(history):
    """Transaction i has id i + 1, given before its numbers; number n is of owners[n - 1]."""
    owners, commits, order, page = history
    ended: list[int] = []
    next_id = len(commits) + 1
    reading, read = Reading(), []

    def look() -> None:
        nonlocal next_id
        visible = [
            number
            for number, owner in enumerate(owners, 1)
            if owner in ended and commits[owner] and number > reading.after
        ][:page]
        horizon = min([one + 1 for one in range(len(commits)) if one not in ended] or [next_id])
        count = reading.take(horizon, visible)
        read.extend(visible[:count])
        if reading.in_doubt:
            reading.note(next_id)
            next_id += 1

    for transaction in order:
        ended.append(transaction)
        look()
    for _ in range(3 * len(owners) + 3):
        look()
    assert read == [number for number, owner in enumerate(owners, 1) if commits[owner]]
