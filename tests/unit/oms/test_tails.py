"""The tail: whatever is appended in whatever order, a reader misses and repeats nothing."""

import asyncio

from svc_oms.service.streams.tails import TAIL_ITEMS_MAX, Tail


def items(first: int, last: int) -> list[bytes]:
    return [str(number).encode() for number in range(first, last + 1)]


def test_consecutive_items_are_kept():
    tail = Tail(3)
    tail.append(4, items(4, 6))
    tail.append(7, items(7, 7))
    assert tail.high == 7
    assert tail.after(3, 10) == items(4, 7)
    assert tail.after(5, 1) == items(6, 6)
    assert tail.after(7, 10) == []


def test_what_is_older_than_the_tail_must_be_read_elsewhere():
    tail = Tail(3)
    tail.append(4, items(4, 6))
    assert tail.after(2, 10) is None


def test_a_hole_empties_the_tail_but_not_the_count():
    tail = Tail(0)
    tail.append(1, items(1, 2))
    tail.append(5, items(5, 6))
    assert tail.high == 6
    assert tail.after(2, 10) is None
    assert tail.after(4, 10) == items(5, 6)


def test_repeats_and_overlaps_are_passed_over():
    tail = Tail(0)
    tail.append(1, items(1, 3))
    tail.append(2, items(2, 3))
    tail.append(3, items(3, 5))
    assert tail.after(0, 10) == items(1, 5)


def test_word_of_others_moves_the_count():
    tail = Tail(0)
    tail.append(1, items(1, 3))
    tail.advance(9)
    tail.advance(4)
    assert tail.high == 9
    assert tail.after(3, 10) is None
    tail.append(10, items(10, 10))
    assert tail.after(9, 10) == items(10, 10)


def test_the_tail_is_bounded():
    tail = Tail(0)
    tail.append(1, items(1, TAIL_ITEMS_MAX + 10))
    assert tail.after(9, 1) is None
    assert tail.after(10, 1) == [b"11"]


def test_readers_are_woken():
    tail, reader = Tail(0), asyncio.Event()
    tail.join(reader)
    tail.append(1, items(1, 1))
    assert reader.is_set()
    reader.clear()
    tail.leave(reader)
    tail.append(2, items(2, 2))
    assert not reader.is_set()
    assert not tail.read


def test_few_from_the_end_and_many_from_the_front_are_the_same_log():
    tail = Tail(0)
    tail.append(1, items(1, 300))
    for number in (0, 100, 234, 235, 236, 237, 298, 299, 300):
        for limit in (1, 63, 64, 65, 250):
            assert tail.after(number, limit) == items(number + 1, min(300, number + limit))
