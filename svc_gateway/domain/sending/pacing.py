"""A token bucket: at most so many messages a second, none dropped."""

# Sums of floats fall short of a whole token by less than this.
_ROUNDING = 1e-6


class TokenBucket:
    """Paces sends to a venue's message rate.

    Holds at most a tenth of a second's worth, so that a quiet session may send a short burst
    but never exceeds the rate over a second by more than a tenth.
    """

    def __init__(self, rate_per_s: int, now_s: float) -> None:
        self._rate = rate_per_s
        self._capacity = max(1.0, rate_per_s / 10)
        self._tokens = self._capacity
        self._at_s = now_s

    def take(self, now_s: float) -> float:
        """Take one token and return 0, or return the seconds to wait for one."""
        passed = max(0.0, now_s - self._at_s)
        self._at_s = max(now_s, self._at_s)
        self._tokens = min(self._capacity, self._tokens + passed * self._rate)
        if self._tokens >= 1 - _ROUNDING:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate
