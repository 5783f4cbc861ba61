"""What counts as a leak of a process under load."""

import pytest

from tests.support.growth import EDGE_SAMPLES, Bounds, Sample, edge, leaks

MIB = 1024 * 1024
BOUNDS = Bounds(MIB, 2_000, 1_024, 8)
COMMANDS = 10_000
# 13 MB in 20 minutes, as numbers in a cache that never come again: in a window of 75 s.
CREEP = 13 * MIB * 75 / 1_200


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (Sample(0, 0, 0), Sample(0, 0, 0), False),
        # A step in one window: an allocator, or a cache that fills up.
        (Sample(8 * MIB, 100_000, 0), Sample(0, 0, 0), False),
        (Sample(0, 0, 0), Sample(8 * MIB, 100_000, 0), False),
        # What is kept of commands.
        (Sample(5 * MIB, 50_000, COMMANDS), Sample(5 * MIB, 50_000, COMMANDS), False),
        (Sample(12 * MIB, 0, COMMANDS), Sample(12 * MIB, 0, COMMANDS), True),
        (Sample(0, 90_000, COMMANDS), Sample(0, 90_000, COMMANDS), True),
        # A slow creep shows in the objects first.
        (Sample(CREEP, CREEP / 100, 0), Sample(CREEP, CREEP / 100, 0), True),
        (Sample(2 * CREEP, 0, 0), Sample(2 * CREEP, 0, 0), True),
    ],
)
def test_a_leak_grows_in_every_window(first, second, found):
    before = Sample(90 * MIB, 1_000_000, 0)
    middle = Sample(*(a + b for a, b in zip(before, first, strict=True)))
    after = Sample(*(a + b for a, b in zip(middle, second, strict=True)))
    assert leaks([before, middle, after], BOUNDS) is found


def test_the_median_of_the_last_samples_counts():
    calm = [Sample(100, 1_000, 5)] * EDGE_SAMPLES
    busy = Sample(900, 9_000, 5)
    assert edge([busy, *calm, busy, busy]) == calm[0]
