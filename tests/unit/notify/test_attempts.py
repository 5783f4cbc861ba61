"""When a message is sent again, and when it is given up."""

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_notify.domain.attempts import ATTEMPTS_MAX, WAIT_MAX_S, next_attempt, wait_s
from svc_notify.domain.outbox import Dead, Delivered, RetryAfter

NOW_NS = 1_780_000_000 * NS_PER_S


def test_waits_double_from_five_seconds_to_an_hour():
    waits = [wait_s(attempt) for attempt in range(1, ATTEMPTS_MAX + 1)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[10:] == [WAIT_MAX_S] * (ATTEMPTS_MAX - 10)
    assert waits == sorted(waits)
    # All but the last one, after which nothing is tried: about two days.
    assert 47 * 3_600 < sum(waits[:-1]) < 49 * 3_600


@pytest.mark.parametrize("outcome", [Delivered(), Dead("no such user")])
@pytest.mark.parametrize("attempt", [1, ATTEMPTS_MAX, ATTEMPTS_MAX + 1])
def test_what_is_final_stays(outcome, attempt):
    assert next_attempt(outcome, attempt, NOW_NS)[0] == outcome


@pytest.mark.parametrize(
    ("after_s", "attempt", "wait"),
    [
        (None, 1, 5),
        (0.0, 1, 5),
        (3.0, 1, 5),
        (120.0, 1, 120),
        (120.0, 7, 320),
        (1e9, 1, WAIT_MAX_S),
    ],
)
def test_a_receiver_may_ask_for_a_longer_wait_up_to_an_hour(after_s, attempt, wait):
    outcome = RetryAfter("HTTP status 503", after_s)
    assert next_attempt(outcome, attempt, NOW_NS) == (outcome, NOW_NS + wait * NS_PER_S)


@pytest.mark.parametrize("attempt", [ATTEMPTS_MAX, ATTEMPTS_MAX + 1])
def test_the_last_attempt_makes_a_dead_letter(attempt):
    outcome, _ = next_attempt(RetryAfter("HTTP status 500", 5.0), attempt, NOW_NS)
    assert outcome == Dead(f"HTTP status 500; given up after {attempt} attempts")
