"""Declarations of metrics, and the list of all that were declared.

There are two kinds. `counter`, `gauge` and `histogram` are changed by the code that works; resolve
``labels()`` once, not per event. `scraped_counter` and `scraped_gauge` are calculated when
Prometheus scrapes, from what the parts know anyway: they cost the work nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

PREFIX: Final = "ordermesh_"
# Of all programs with gRPC, by the names of its ecosystem.
GRPC_PREFIX: Final = "grpc_server_"
# Seconds, from ten microseconds, a step of pure code, to ten seconds, a call that hangs.
LATENCY_BUCKETS_S: Final = (
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip

# A series per metric with the time when it was made: nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Kind(StrEnum):
    """Type of a metric, as Prometheus names it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric that a process may export.

    Attributes:
        name: As Prometheus has it; a counter's ends in _total. A histogram is exported as
            NAME_bucket, NAME_sum and NAME_count.
        kind: Its type.
        text: What it counts or shows, with its unit.
        labels: Names of its labels; `le` of a histogram not among them.
    """

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...]

    @property
    def exported(self) -> tuple[str, ...]:
        """Names of its series."""
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{end}" for end in ("bucket", "sum", "count"))
        return (self.name,)


_declared: dict[str, Declared] = {}


def declared() -> tuple[Declared, ...]:
    """Return every metric of the modules that are imported, by name."""
    return tuple(one for _, one in sorted(_declared.items()))


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """Declare a counter ``ordermesh_<name>_total`` of the process."""
    return Counter(_declare(f"{name}_total", Kind.COUNTER, text, labels), text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """Declare a gauge ``ordermesh_<name>`` of the process."""
    return Gauge(_declare(name, Kind.GAUGE, text, labels), text, labels)


def histogram(
    name: str, text: str, labels: Sequence[str] = (), buckets: Sequence[float] = LATENCY_BUCKETS_S
) -> Histogram:
    """Declare a histogram ``ordermesh_<name>``; buckets are in seconds by default."""
    full = _declare(name, Kind.HISTOGRAM, text, labels)
    return Histogram(full, text, labels, buckets=tuple(buckets))


class Scraped:
    """A metric that a collector calculates when Prometheus scrapes."""

    def __init__(self, declaration: Declared) -> None:
        self._declaration = declaration

    @property
    def name(self) -> str:
        """As Prometheus has it."""
        return self._declaration.name

    def value(self, value: float) -> Metric:
        """Return the metric, which has no labels, with its value."""
        return self.values([((), value)])

    def values(self, values: Iterable[tuple[Sequence[str], float]]) -> Metric:
        """Return the metric with a value for each list of label values, in the order declared."""
        one = self._declaration
        kind = CounterMetricFamily if one.kind is Kind.COUNTER else GaugeMetricFamily
        family = kind(one.name, one.text, labels=one.labels)
        for labels, value in values:
            family.add_metric(labels, value)
        return family


def scraped_counter(name: str, text: str, labels: Sequence[str] = ()) -> Scraped:
    """Declare a counter ``ordermesh_<name>_total`` that a collector calculates."""
    full = _declare(f"{name}_total", Kind.COUNTER, text, labels)
    return Scraped(_declared[full])


def scraped_gauge(name: str, text: str, labels: Sequence[str] = ()) -> Scraped:
    """Declare a gauge ``ordermesh_<name>`` that a collector calculates."""
    return Scraped(_declared[_declare(name, Kind.GAUGE, text, labels)])


def _declare(name: str, kind: Kind, text: str, labels: Sequence[str]) -> str:
    full = name if name.startswith(GRPC_PREFIX) else f"{PREFIX}{name}"
    if full in _declared:
        raise ValueError(f"the metric {full} is declared twice")
    _declared[full] = Declared(full, kind, text, tuple(labels))
    return full
