"""Waiting for a condition that nothing announces; `until` is the conformance kit's."""

import time
from collections.abc import Callable
from typing import Any

from conformance.waiting import POLL_S, WAIT_S, until

__all__ = ["POLL_S", "WAIT_S", "until", "wait_for"]


def wait_for(condition: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> Any:
    """Wait for a condition and give its value; blocks the thread."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(POLL_S)
    return value
