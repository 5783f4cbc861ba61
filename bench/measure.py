"""Tools for measuring: medians of repeats, percentiles, CPU time of processes."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import psutil

LONE_RATES_PER_S = (20, 50, 100)
"""Lone orders a second."""


@dataclass(frozen=True)
class Plan:
    """How long and how often to measure."""

    seconds: float
    """Of each throughput measurement."""
    repeats: int
    round_trips: int
    """Of each ping-pong measurement."""

    @property
    def is_quick(self) -> bool:
        """Whether this is a smoke run, whose numbers mean little."""
        return self.seconds < 1


QUICK = Plan(seconds=0.5, repeats=1, round_trips=200)
FULL = Plan(seconds=4.0, repeats=3, round_trips=2_000)


@dataclass
class Figure:
    """One measured thing: the median of its repeats, and the repeats."""

    name: str
    unit: str
    values: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def median(self) -> float:
        """The median of the repeats."""
        return statistics.median(self.values) if self.values else math.nan

    @property
    def spread(self) -> float:
        """Half the range of the repeats as a part of the median."""
        if len(self.values) < 2 or not self.median:
            return 0.0
        return (max(self.values) - min(self.values)) / 2 / self.median


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which this percentage of the values is."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.floor(len(ordered) * percent / 100))]


class CpuMeter:
    """CPU seconds of named processes and of the children they have."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._before = self._read()

    def seconds(self) -> dict[str, float]:
        """CPU seconds of each since the meter was made."""
        now = self._read()
        return {name: used - self._before.get(name, 0.0) for name, used in now.items()}

    def _read(self) -> dict[str, float]:
        used: dict[str, float] = {}
        for name, process in self._processes.items():
            try:
                family = [process, *process.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            used[name] = sum(_cpu_seconds(member) for member in family)
        return used


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def find(figures: Iterable[Figure], name: str) -> Figure | None:
    """Return the figure of this name."""
    return next((figure for figure in figures if figure.name == name), None)
