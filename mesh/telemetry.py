"""Prometheus metrics, and the plain HTTP server of each process that serves them."""

import sys
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from mesh.pages import OK, Page, PageServer, text_page

# Seconds; from a tenth of a millisecond, the time of an idle call, to ten seconds.
LATENCY_BUCKETS_S: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
)  # fmt: skip

Readiness = Callable[[], tuple[bool, str]]


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """Make a counter ``ordermesh_<name>`` of the process."""
    return Counter(f"ordermesh_{name}", text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """Make a gauge ``ordermesh_<name>`` of the process."""
    return Gauge(f"ordermesh_{name}", text, labels)


def histogram(
    name: str, text: str, labels: Sequence[str] = (), buckets: Sequence[float] = LATENCY_BUCKETS_S
) -> Histogram:
    """Make a histogram ``ordermesh_<name>`` of the process; buckets are in seconds by default."""
    return Histogram(f"ordermesh_{name}", text, labels, buckets=tuple(buckets))


gauge(
    "python_blocks", "Blocks of memory of Python objects; one that only rises is a leak"
).set_function(sys.getallocatedblocks)


def always_ready() -> tuple[bool, str]:
    """Readiness check of a process that waits for nothing."""
    return True, "ready"


class OpsServer(PageServer):
    """/metrics, /livez and /readyz over plain HTTP on the process's event loop.

    /livez answers as long as the event loop runs. /readyz answers 200 or 503 with the
    text of the readiness function.
    """

    def __init__(
        self,
        bind: str,
        readiness: Readiness = always_ready,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """Serve on host:port."""
        super().__init__(bind, self._page)
        self._readiness = readiness
        self._registry = registry

    def _page(self, path: str) -> Page | None:
        if path == "/metrics":
            return Page(OK, CONTENT_TYPE_LATEST, generate_latest(self._registry))
        if path == "/livez":
            return text_page(OK, "alive")
        if path == "/readyz":
            ready, text = self._readiness()
            return text_page(OK if ready else "503 Service Unavailable", text)
        return None
