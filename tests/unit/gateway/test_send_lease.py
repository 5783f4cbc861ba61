"""How long a gateway may send after its last answered sign of life, by the clocks of the moment."""

import pytest

from kernel.moments import Moment
from kernel.nanoseconds import NS_PER_S
from svc_gateway.domain.sending.send_lease import UNANSWERED_MAX, SendLease

LEASE_S = 1.75


def at(seconds: float, *, wall_s: float | None = None) -> Moment:
    """A moment by both clocks; the wall clock may differ."""
    return Moment(round((seconds if wall_s is None else wall_s) * NS_PER_S), seconds)


def test_nothing_is_sent_before_the_first_answer() -> None:
    lease = SendLease()
    assert not lease.valid(at(0))
    lease.begin(LEASE_S)
    number = lease.sent(at(10))
    assert not lease.valid(at(10))
    lease.answered(number)
    assert lease.valid(at(10))


def test_the_lease_counts_from_the_sending_not_from_the_answer() -> None:
    lease = SendLease()
    lease.begin(LEASE_S)
    first, second = lease.sent(at(10)), lease.sent(at(11))
    lease.answered(first)
    assert lease.valid(at(11.7))
    assert not lease.valid(at(11.8))
    lease.answered(second)
    assert lease.valid(at(11.8))
    lease.answered(first)
    assert lease.valid(at(12.7))


@pytest.mark.parametrize(
    ("now", "valid"),
    [
        (at(11), True),
        (at(12), False),
        (at(10.1, wall_s=12), False),  # the machine slept: only the wall clock went on
        (at(12, wall_s=10.1), False),  # the wall clock was set back
        (at(11, wall_s=5), True),
    ],
)
def test_the_clock_that_counted_more_decides(now: Moment, valid: bool) -> None:
    lease = SendLease()
    lease.begin(LEASE_S)
    lease.answered(lease.sent(at(10)))
    assert lease.valid(now) is valid


def test_a_new_link_begins_without_an_answer_and_its_end_ends_the_lease() -> None:
    lease = SendLease()
    lease.begin(LEASE_S)
    lease.answered(lease.sent(at(10)))
    lease.end()
    assert not lease.valid(at(10))
    lease.begin(LEASE_S)
    assert not lease.valid(at(10))


def test_an_oms_that_answers_nothing_gives_no_lease() -> None:
    lease = SendLease()
    lease.begin(0)
    assert lease.valid(at(1_000_000))


def test_signs_of_life_without_an_answer_are_bounded() -> None:
    lease = SendLease()
    lease.begin(LEASE_S)
    numbers = [lease.sent(at(n)) for n in range(2 * UNANSWERED_MAX)]
    lease.answered(numbers[0])
    assert not lease.valid(at(0))
    lease.answered(numbers[-1])
    assert lease.valid(at(2 * UNANSWERED_MAX - 1))
