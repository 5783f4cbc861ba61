"""A fair value that wanders like a price and is a pure function of seed, name and time.

The sum of interpolated noise at several time scales, with amplitudes that grow with the square
root of the scale, looks like a random walk but stays within a bound, needs no history, and is
the same in every process that uses the same seed: two venues agree on it, and a
restarted one goes on where the clock is.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Final

from kernel.nanoseconds import NS_PER_S

SPAN_PPM: Final = 25_000
"""Furthest the fair value goes from the reference, in millionths."""

_PERIODS_S: Final = (4, 16, 64, 256, 1024, 4096, 16384)
_WEIGHTS: Final = tuple(2**place for place in range(len(_PERIODS_S)))
_ONE: Final = 1 << 20


@lru_cache(maxsize=65_536)
def _lattice(seed: int, name: str, period_s: int, place: int) -> int:
    """Noise from -_ONE to _ONE at one place of one scale."""
    key = f"{seed}/{name}/{period_s}/{place}".encode()
    return int.from_bytes(blake2b(key, digest_size=4).digest()) % (2 * _ONE + 1) - _ONE


def fair_value(reference: int, seed: int, name: str, now_ns: int) -> int:
    """Price units around the reference, at an instant.

    Args:
        reference: Centre, in price units.
        seed: Of the walk.
        name: Of the instrument.
        now_ns: UTC nanoseconds.
    """
    total = 0
    for period_s, weight in zip(_PERIODS_S, _WEIGHTS, strict=True):
        period_ns = period_s * NS_PER_S
        place, rest = divmod(now_ns, period_ns)
        part = rest * _ONE // period_ns
        left = _lattice(seed, name, period_s, place)
        right = _lattice(seed, name, period_s, place + 1)
        total += weight * (left * (_ONE - part) + right * part) // _ONE
    moved: int = reference * SPAN_PPM * total // (sum(_WEIGHTS) * _ONE * 1_000_000)
    return reference + moved
