"""The waits of the throttle, as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_identity.domain.throttle import (
    PER_ADDRESS,
    PER_USERNAME,
    Failures,
    ThrottleRule,
    counted,
    taken_back,
    wait_s,
)

RULE = ThrottleRule(
    free_failures=2, first_wait_s=10, longest_wait_s=100, forget_after_s=1_000, at_once=1
)
S = 10**9


@pytest.mark.parametrize(
    ("count", "wait"), [(0, 0), (1, 0), (2, 0), (3, 10), (4, 20), (5, 40), (6, 80), (7, 100)]
)
def test_the_wait_doubles_up_to_a_bound(count, wait):
    assert wait_s(Failures(count, 5 * S), RULE, 5 * S) == wait


def test_the_wait_runs_down():
    assert wait_s(Failures(4, 0), RULE, 15 * S) == 5
    assert wait_s(Failures(4, 0), RULE, 20 * S) == 0


def test_old_failures_are_forgotten():
    assert counted(Failures(9, 0), RULE, 1_001 * S) == Failures(1, 1_001 * S)
    assert counted(Failures(9, 0), RULE, 1_000 * S) == Failures(10, 1_000 * S)


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_no_count_waits_longer_than_the_bound_or_is_forgotten_too_soon(count, passed_s):
    for rule in (PER_USERNAME, PER_ADDRESS):
        wait = wait_s(Failures(count, 0), rule, passed_s * S)
        assert 0 <= wait <= rule.longest_wait_s
        assert rule.forget_after_s > rule.longest_wait_s


def test_taking_back_never_goes_below_nothing():
    assert taken_back(Failures(0, 7)) == Failures(0, 7)
    assert taken_back(Failures(2, 7)) == Failures(1, 7)
