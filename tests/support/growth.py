"""What a process grows by while it works, and whether that is a leak."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

EDGE_SAMPLES = 10
"""Of so many samples at the end of a window the median counts."""


class Sample(NamedTuple):
    """What a process has at an instant, and the commands until then."""

    bytes: float
    """Memory for itself alone."""
    blocks: float
    """Blocks of Python objects: not what allocators keep at hand, so that a small creep shows."""
    commands: float


class Bounds(NamedTuple):
    """What a process may grow by in a window: a little, and what it keeps of a command."""

    bytes: float
    blocks: float
    bytes_of_a_command: float = 0
    blocks_of_a_command: float = 0


def edge(samples: Sequence[Sample]) -> Sample:
    """Return what a process has at the end of a window."""
    return Sample(*map(median, zip(*samples[-EDGE_SAMPLES:], strict=True)))


def growths(edges: Sequence[Sample]) -> list[Sample]:
    """Return what a process grew by from each edge to the next."""
    return [
        Sample(*(now - was for was, now in zip(before, after, strict=True)))
        for before, after in pairwise(edges)
    ]


def leaks(edges: Sequence[Sample], bounds: Bounds) -> bool:
    """Return whether a process grew beyond its bounds in every window.

    A leak grows in each; a cache that fills up, or an allocator that takes more, in one.
    """
    found = growths(edges)
    return all(
        one.bytes > bounds.bytes + one.commands * bounds.bytes_of_a_command for one in found
    ) or all(
        one.blocks > bounds.blocks + one.commands * bounds.blocks_of_a_command for one in found
    )
