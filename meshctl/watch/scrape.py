"""The metrics of the processes of a stack, read over their ops ports."""

import asyncio
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from meshctl.stack.processes.services import http_get

OK = 200
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scrape:
    """The metrics of one process at a time.

    Attributes:
        process: Its name in the stack.
        at_s: When they were read, on a monotonic clock.
        samples: Values with their labels, by the name of the series.
    """

    process: str
    at_s: float = 0.0
    samples: Mapping[str, tuple[tuple[Labels, float], ...]] = field(default_factory=dict)

    def of(self, name: str, **labels: str) -> Iterator[tuple[Labels, float]]:
        """Yield the values of a series with these labels."""
        for found, value in self.samples.get(name, ()):
            if labels.items() <= found.items():
                yield found, value

    def sum(self, name: str, **labels: str) -> float:
        """Return the sum of a series; 0 if there is none."""
        return sum(value for _, value in self.of(name, **labels))

    def value(self, name: str, **labels: str) -> float | None:
        """Return the largest value of a series; None if there is none."""
        return max((value for _, value in self.of(name, **labels)), default=None)

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the largest value of a series for each value of a label."""
        found: dict[str, float] = {}
        for labels, value in self.of(name):
            key = labels.get(label, "")
            found[key] = max(value, found.get(key, -math.inf))
        return found


def parsed(process: str, text: str, at_s: float = 0.0) -> Scrape:
    """Read the text format of Prometheus."""
    samples: dict[str, list[tuple[Labels, float]]] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            samples.setdefault(one.name, []).append((one.labels, one.value))
    return Scrape(process, at_s, {name: tuple(values) for name, values in samples.items()})


async def scrapes(state: Mapping[str, Any]) -> list[Scrape]:
    """Read every process of ours that the supervisor's state names.

    One that does not answer has no samples.
    """
    ports, now = state.get("ports", {}), asyncio.get_running_loop().time()
    names = [one["name"] for one in state.get("processes", [])]
    ours = [name for name in names if f"{name}_ops" in ports]
    pages = await asyncio.gather(*(http_get(ports[f"{name}_ops"], "/metrics") for name in ours))
    return [
        parsed(name, text, now) if status == OK else Scrape(name, now)
        for name, (status, text) in zip(ours, pages, strict=True)
    ]


def quantile(before: Scrape | None, now: Scrape, histogram: str, q: float, **labels: str) -> float:
    """Return an upper bound of a quantile of what came between two scrapes; NaN if nothing came.

    Args:
        before: The earlier scrape; None: all since the process began.
        now: The later one.
        histogram: Its name.
        q: From 0 to 1.
        labels: Only these series.
    """
    counts: dict[float, float] = {}
    for sign, one in ((1, now), (-1, before)):
        if one is None:
            continue
        for found, value in one.of(f"{histogram}_bucket", **labels):
            bound = float(found["le"])
            counts[bound] = counts.get(bound, 0.0) + sign * value
    total = counts.get(math.inf, 0.0)
    if total <= 0:
        return math.nan
    return next(bound for bound, count in sorted(counts.items()) if count >= q * total)


def rate(before: Scrape | None, now: Scrape, counter: str, **labels: str) -> float:
    """Return a counter's increase per second between two scrapes; 0 without an earlier one."""
    if before is None or not before.samples or now.at_s <= before.at_s:
        return 0.0
    grown = now.sum(counter, **labels) - before.sum(counter, **labels)
    return max(0.0, grown) / (now.at_s - before.at_s)
