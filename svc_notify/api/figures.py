"""What the process shows of itself: figures for Prometheus, and the text of /readyz."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from svc_notify.domain.state import WORKS, Condition
from svc_notify.service.progress import Progress

_PREFIX = "ordermesh_notify_"


class NotifyCollector(Collector):
    """Reads the figures when they are scraped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        progress = self._progress
        made = CounterMetricFamily(
            _PREFIX + "notifications", "Notifications stored by this process", labels=["kind"]
        )
        for kind, count in progress.made.items():
            made.add_metric([kind.name], count)
        waiting = GaugeMetricFamily(
            _PREFIX + "waiting_entries", "Entries that are not read yet", labels=["log"]
        )
        for log, count in progress.waiting.items():
            waiting.add_metric([log], count)
        state = GaugeMetricFamily(
            _PREFIX + "state", "1 for what the process does", labels=["state"]
        )
        for condition in Condition:
            state.add_metric([condition], float(condition is progress.state.condition))
        yield from (made, waiting, state)
        yield CounterMetricFamily(
            _PREFIX + "collected",
            "Times that notifications were added to a message for a destination",
            value=progress.messages,
        )


def readiness(progress: Progress) -> tuple[bool, str]:
    """Return whether the process does what it is for, and what it does or why not."""
    return progress.state.condition in WORKS, progress.state.words()
