"""Prometheus metrics of every process; docs/METRICS.md lists them and says how they are named.

Metrics are declared at module level with these functions and nothing else, so that the list of all
metrics is complete without a process that runs.
"""

from mesh.telemetry.metrics import (
    LATENCY_BUCKETS_S,
    Declared,
    Kind,
    Scraped,
    counter,
    declared,
    gauge,
    histogram,
    scraped_counter,
    scraped_gauge,
)
from mesh.telemetry.ops import OpsServer, Readiness, always_ready

__all__ = [
    "LATENCY_BUCKETS_S",
    "Declared",
    "Kind",
    "OpsServer",
    "Readiness",
    "Scraped",
    "always_ready",
    "counter",
    "declared",
    "gauge",
    "histogram",
    "scraped_counter",
    "scraped_gauge",
]
