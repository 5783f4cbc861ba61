"""Failed logins slow down further ones, per user name and per address.

An attempt is counted before its password is looked at and taken back when the password
was right; counted afterwards, a hundred guesses sent at once would all find a count of
zero. Each failure beyond the free ones doubles the wait. The wait holds for the right
password too, or it would not slow a guesser down.
"""

from dataclasses import dataclass

from kernel.nanoseconds import NS_PER_S


@dataclass(frozen=True, slots=True)
class ThrottleRule:
    """How fast logins may fail.

    Attributes:
        free_failures: So many failures cost nothing.
        first_wait_s: Wait after the next failure; doubles with each further one.
        longest_wait_s: Upper bound of the wait.
        forget_after_s: Without a failure for so long, all are forgotten.
        at_once: Attempts under way at once in one replica; others wait for their turn. Over
            all replicas fewer than ``free_failures``.
    """

    free_failures: int
    first_wait_s: int
    longest_wait_s: int
    forget_after_s: int
    at_once: int


PER_USERNAME = ThrottleRule(
    free_failures=5, first_wait_s=15, longest_wait_s=900, forget_after_s=3_600, at_once=1
)
PER_ADDRESS = ThrottleRule(
    free_failures=50, first_wait_s=15, longest_wait_s=900, forget_after_s=3_600, at_once=8
)


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed logins of a user name or an address."""

    count: int = 0
    last_failed_at_ns: int = 0


def remembered(failures: Failures, rule: ThrottleRule, now_ns: int) -> Failures:
    """Return no failures if the last one is long past."""
    age_ns = now_ns - failures.last_failed_at_ns
    return Failures() if age_ns > rule.forget_after_s * NS_PER_S else failures


def wait_s(failures: Failures, rule: ThrottleRule, now_ns: int) -> float:
    """Return the seconds for which attempts are refused; 0 if they are accepted."""
    known = remembered(failures, rule, now_ns)
    excess = known.count - rule.free_failures
    if excess <= 0:
        return 0.0
    doublings = min(excess - 1, rule.longest_wait_s.bit_length())
    wait = min(rule.first_wait_s << doublings, rule.longest_wait_s)
    passed_s = (now_ns - known.last_failed_at_ns) / NS_PER_S
    return max(0.0, wait - passed_s)


def counted(failures: Failures, rule: ThrottleRule, now_ns: int) -> Failures:
    """Count one more attempt."""
    known = remembered(failures, rule, now_ns)
    return Failures(known.count + 1, now_ns)


def taken_back(failures: Failures) -> Failures:
    """Remove an attempt that turned out to be correct from the count."""
    return Failures(max(0, failures.count - 1), failures.last_failed_at_ns)
