"""What a dashboard is made of, without Grafana's own words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Unit(StrEnum):
    """Units, by Grafana's ids."""

    NUMBER = "short"
    SECONDS = "s"
    BYTES = "bytes"
    PER_SECOND = "ops"
    RATIO = "percentunit"
    DATE = "dateTimeAsIso"


class Query(NamedTuple):
    """An expression, and the legend of its series with labels as ``{{label}}``."""

    expression: str
    legend: str


class Panel(NamedTuple):
    """A panel.

    Attributes:
        about: What a reader learns from it, and what is not normal.
        single: Show the newest value as a number instead of a graph.
    """

    title: str
    about: str
    unit: Unit
    queries: tuple[Query, ...]
    single: bool = False


class Board(NamedTuple):
    """A dashboard; `name` is its file and its uid."""

    name: str
    title: str
    about: str
    panels: tuple[Panel, ...]


def quantiles(histogram: str, by: str = "", matchers: str = "") -> tuple[Query, ...]:
    """Return the median and the 99th percentile of a histogram over five minutes, by labels."""
    groups = f"{by}, le" if by else "le"
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(",") if label)
    rate = f"sum by ({groups}) (rate({histogram}_bucket{matchers}[5m]))"
    return tuple(
        Query(f"histogram_quantile({q}, {rate})", f"{name} {legend}".strip())
        for q, name in (("0.5", "median"), ("0.99", "99 %"))
    )


def rates(counter: str, by: str, matchers: str = "") -> tuple[Query, ...]:
    """Return a counter's rate per second over five minutes, by labels."""
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    return (Query(f"sum by ({by}) (rate({counter}{matchers}[5m]))", legend),)


def largest(gauge: str, by: str) -> tuple[Query, ...]:
    """Return the largest value of a gauge over the replicas, by labels."""
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    return (Query(f"max by ({by}) ({gauge})", legend),)


def owners(gauge: str) -> tuple[Query, ...]:
    """Return a gauge by session, of the gateway that has it: an earlier owner shows old values."""
    owner = "on (job, instance, session) ordermesh_gateway_session_owner == 1"
    return (Query(f"max by (session) ({gauge} and {owner})", "{{session}}"),)


def named(queries: Mapping[str, tuple[Query, ...]]) -> tuple[Query, ...]:
    """Return queries of one panel with what each shows before its labels."""
    return tuple(
        Query(one.expression, f"{what} {one.legend}")
        for what, some in queries.items()
        for one in some
    )
