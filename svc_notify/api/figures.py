"""What the process shows of itself: figures for Prometheus, and the text of /readyz."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mesh.telemetry import scraped_counter, scraped_gauge
from svc_notify.domain.state import WORKS, Condition
from svc_notify.service.progress import Progress

MADE = scraped_counter("notify_notifications", "Notifications stored by this process", ["kind"])
WAITING = scraped_gauge("notify_waiting_entries", "Entries that are not read yet", ["log"])
STATE = scraped_gauge("notify_state", "1 for what the process does", ["state"])
COLLECTED = scraped_counter(
    "notify_collected", "Times that notifications were added to a message for a destination"
)


class NotifyCollector(Collector):
    """Reads the figures when they are scraped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        progress = self._progress
        yield MADE.values(((kind.name,), count) for kind, count in progress.made.items())
        yield WAITING.values(((log,), count) for log, count in progress.waiting.items())
        yield STATE.values(((one,), one is progress.state.condition) for one in Condition)
        yield COLLECTED.value(progress.messages)


def readiness(progress: Progress) -> tuple[bool, str]:
    """Return whether the process does what it is for, and what it does or why not."""
    return progress.state.condition in WORKS, progress.state.words()
