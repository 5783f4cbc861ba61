"""Reconnect delays (docs/STREAMS.md, rule 10): at once first, then exponential with full jitter."""

import random
from typing import Final

import grpc

BASE_S: Final = 0.1
CAP_S: Final = 5.0
RESET_AFTER_S: Final = 30.0
# Another attempt would end the same way; everything else is worth one.
PERMANENT_CODES: Final = frozenset({
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.NOT_FOUND,
})  # fmt: skip
# TCP, TLS and HTTP/2 settings of a new connection: slower than that, it is given up and tried anew.
# gRPC calls it min_reconnect_backoff; attempts that fail sooner are repeated sooner.
CONNECT_TIMEOUT_MS: Final = 5_000
# The shortest of gRPC's own reconnect delays of a channel.
RECONNECT_BACKOFF_MIN_MS: Final = 100


class Backoff:
    """Gives the delay before each attempt.

    The n-th delay after ``first`` is drawn evenly from 0 to ``min(cap, base * 2**n)``.
    """

    def __init__(
        self,
        first: float = 0.0,
        base: float = BASE_S,
        cap_s: float = CAP_S,
        reset_after_s: float = RESET_AFTER_S,
        rng: random.Random | None = None,
    ) -> None:
        self._first = first
        self._base = base
        self._cap_s = cap_s
        self.reset_after_s = reset_after_s
        # Spreads reconnects; nothing secret comes of it.
        self._rng = rng or random.Random()  # noqa: S311
        self._failures = 0

    def next_delay(self) -> float:
        """Give seconds to wait before the next attempt."""
        failures = self._failures
        self._failures += 1
        if failures == 0:
            return self._first
        # The exponent is bounded: 2**n of a day of failures is no float.
        ceiling = min(self._cap_s, self._base * 2.0 ** min(failures - 1, 32))
        return self._rng.uniform(0.0, ceiling)

    def reset(self) -> None:
        """Start over: the next delay is ``first``."""
        self._failures = 0

    def note_health(self, seconds: float) -> None:
        """Start over if the connection lived long enough."""
        if seconds >= self.reset_after_s:
            self.reset()
