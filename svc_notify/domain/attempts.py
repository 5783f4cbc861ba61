"""When a message is sent again, and when it is given up."""

from typing import Final

from kernel.nanoseconds import NS_PER_S
from svc_notify.domain.outbox import Dead, Held, Outcome, RetryAfter

FIRST_WAIT_S: Final = 5
"""After the first attempt; it doubles with each further one."""
WAIT_MAX_S: Final = 3_600
"""The longest wait, also if the receiver asks for more."""
ATTEMPTS_MAX: Final = 58
"""With the waits above about two days: a receiver that is away for a day gets everything."""


def wait_s(attempt: int) -> int:
    """Return the seconds to wait after an attempt that failed; attempts count from 1."""
    # 2^12 is beyond WAIT_MAX_S already.
    return min(WAIT_MAX_S, FIRST_WAIT_S << min(attempt - 1, 12))


def next_attempt(outcome: Outcome, attempt: int, now_ns: int) -> tuple[Outcome, int]:
    """Return what becomes of a message after an attempt, and when it is due again.

    Args:
        outcome: What the channel said.
        attempt: Which attempt it was, from 1. A dead letter that is sent again counts on, so it
            has one attempt more.
        now_ns: The present time.

    Returns:
        The outcome, Dead in place of RetryAfter when there were enough attempts; and the time of
        the next attempt, which counts for RetryAfter and Held only.
    """
    if isinstance(outcome, Held):
        return outcome, outcome.until_ns
    if not isinstance(outcome, RetryAfter):
        return outcome, now_ns
    if attempt >= ATTEMPTS_MAX:
        return Dead(f"{outcome.cause}; given up after {attempt} attempts"), now_ns
    wait = max(wait_s(attempt), min(outcome.after_s or 0, WAIT_MAX_S))
    return outcome, now_ns + int(wait * NS_PER_S)
