import itertools

import pytest

from svc_gateway.domain.sending.fate import Fate, Question, judge
from svc_gateway.domain.sending.pacing import TokenBucket
from svc_gateway.domain.sessions.unacknowledged import Unacknowledged

S = 1_000_000_000


def question(**changes) -> Question:
    base = {
        "goes_stale": True, "harmless": False, "redelivered": False, "committed_ns": 100 * S,
        "now_ns": 101 * S, "age_max_s": 30, "session_up": True, "store_epoch_ns": 1 * S,
        "in_store": False,
    }  # fmt: skip
    return Question(**(base | changes))


@pytest.mark.parametrize(
    ("changes", "fate"),
    [
        ({}, Fate.SEND),
        ({"session_up": False}, Fate.WAIT),
        ({"now_ns": 131 * S}, Fate.NOT_SENT),
        ({"now_ns": 131 * S, "session_up": False}, Fate.NOT_SENT),
        ({"now_ns": 131 * S, "goes_stale": False}, Fate.SEND),
        ({"now_ns": 131 * S, "goes_stale": False, "session_up": False}, Fate.WAIT),
        ({"unheard": True}, Fate.WAIT),
        ({"unheard": True, "goes_stale": False}, Fate.SEND),
        ({"unheard": True, "now_ns": 131 * S}, Fate.NOT_SENT),
        ({"unheard": True, "held_back": True}, Fate.NOT_SENT),
        ({"held_back": True}, Fate.NOT_SENT),
        ({"held_back": True, "session_up": False}, Fate.NOT_SENT),
        ({"held_back": True, "redelivered": True, "in_store": True}, Fate.IN_DOUBT),
        ({"redelivered": True, "in_store": True}, Fate.IN_DOUBT),
        ({"redelivered": True, "in_store": True, "session_up": False}, Fate.IN_DOUBT),
        ({"redelivered": True, "in_store": True, "now_ns": 999 * S}, Fate.IN_DOUBT),
        ({"redelivered": True, "in_store": False}, Fate.SEND),
        ({"redelivered": True, "in_store": False, "now_ns": 131 * S}, Fate.NOT_SENT),
        ({"redelivered": True, "store_epoch_ns": 100 * S + 1}, Fate.IN_DOUBT),
        ({"redelivered": True, "in_store": True, "harmless": True}, Fate.SEND),
    ],
)
def test_fate_of_a_command(changes, fate) -> None:
    assert judge(question(**changes)) is fate


def test_nothing_that_may_have_left_is_ever_sent_again() -> None:
    flags = itertools.product((True, False), repeat=4)
    for goes_stale, up, young, old in flags:
        asked = question(
            goes_stale=goes_stale, session_up=up, redelivered=True, in_store=True,
            store_epoch_ns=200 * S if young else 1 * S, now_ns=(500 if old else 101) * S,
        )  # fmt: skip
        assert judge(asked) is Fate.IN_DOUBT


def test_the_bucket_keeps_the_rate() -> None:
    now, sent = 0.0, 0
    bucket = TokenBucket(100, now)
    while now < 1.0:
        wait = bucket.take(now)
        if wait:
            now += wait
        else:
            sent += 1
    assert 105 <= sent <= 111


def test_the_bucket_never_gives_more_than_its_capacity_after_a_pause() -> None:
    bucket = TokenBucket(50, 0.0)
    given = 0
    while bucket.take(3600.0) == 0:
        given += 1
    assert given == 5


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    bucket = TokenBucket(1, 10.0)
    assert bucket.take(10.0) == 0
    assert bucket.take(5.0) == pytest.approx(1.0)
    assert bucket.take(10.5) == pytest.approx(0.5)


def kept(*numbers: int, epoch: int = 7) -> Unacknowledged[int]:
    made: Unacknowledged[int] = Unacknowledged(10)
    made.start(epoch, numbers[0] - 1)
    for number in numbers:
        made.append(epoch, number, number)
    return made


def test_what_is_given_is_kept_until_acknowledged() -> None:
    buffer = kept(2, 3, 5, 8)
    assert buffer.next_batch(3) == [2, 3, 5]
    assert buffer.waiting
    assert buffer.acknowledge(7, 3) == 2
    assert buffer.next_batch(3) == [8]
    assert not buffer.waiting
    buffer.give_again()
    assert buffer.next_batch(9) == [5, 8]


def test_an_acknowledgement_between_two_numbers_drops_what_is_below() -> None:
    buffer = kept(2, 3, 8)
    assert buffer.acknowledge(7, 6) == 2
    assert len(buffer) == 1


@pytest.mark.parametrize(
    ("epoch", "sequence", "covered"),
    [(7, 1, True), (7, 2, True), (7, 9, True), (7, 0, False), (8, 5, False), (0, 0, False)],
)
def test_a_new_link_is_served_from_here_only_if_nothing_is_missing(
    epoch, sequence, covered
) -> None:
    assert kept(2, 3).covers(epoch, sequence) is covered


def test_an_oms_that_never_had_anything_is_served_from_the_first_message() -> None:
    assert kept(1, 2).covers(0, 0)


def test_after_acknowledgement_an_oms_that_is_late_is_not_covered() -> None:
    buffer = kept(2, 3)
    buffer.acknowledge(7, 3)
    assert buffer.covers(7, 3)
    assert not buffer.covers(7, 2)


def test_acknowledging_a_new_life_drops_the_old_one() -> None:
    buffer = kept(2, 3)
    buffer.append(9, 1, 100)
    buffer.append(9, 2, 200)
    assert buffer.acknowledge(9, 1) == 3
    assert buffer.next_batch(9) == [200]
    assert buffer.covers(9, 1)


def test_the_limit() -> None:
    buffer = kept(*range(1, 11))
    assert buffer.full
    buffer.acknowledge(7, 1)
    assert not buffer.full
