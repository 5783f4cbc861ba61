"""What the archiver shows of itself: figures for Prometheus, and the text of /readyz."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from svc_archive.domain.state import Condition
from svc_archive.service.progress import Progress

_PREFIX = "ordermesh_archive_"
LAGGING = "LAGGING"
"""In the text of /readyz: records wait for longer than they should."""


class ArchiveCollector(Collector):
    """Reads the figures when they are scraped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        progress = self._progress
        for name, about, values in (
            ("records", "Records archived by this process", progress.records),
            ("files", "Files archived by this process", progress.files),
            ("bytes", "Bytes of these files", progress.bytes),
        ):
            family = CounterMetricFamily(_PREFIX + name, about, labels=["topic"])
            for topic, value in values.items():
                family.add_metric([topic], value)
            yield family
        waiting = GaugeMetricFamily(
            _PREFIX + "waiting_records", "Offsets in Kafka that are not read yet", labels=["topic"]
        )
        for topic, count in progress.waiting.items():
            waiting.add_metric([topic], count)
        yield waiting
        single: tuple[tuple[str, str, float], ...] = (
            ("records_in_hand", "Records read whose file is not closed yet", progress.in_hand),
            (
                "lag_seconds",
                "Seconds since all in Kafka was read; 0 if it is",
                progress.lag.seconds,
            ),
            ("manifest_entry", "Number of the newest entry of the manifest", progress.entry),
        )
        for name, about, figure in single:
            yield GaugeMetricFamily(_PREFIX + name, about, value=figure)
        state = GaugeMetricFamily(
            _PREFIX + "state", "1 for what the archiver does", labels=["state"]
        )
        for condition in Condition:
            state.add_metric([condition], float(condition is progress.state.condition))
        yield state


def readiness(progress: Progress, lag_max_s: float) -> tuple[bool, str]:
    """Return whether the archiver does what it is for, and what it does or why not."""
    text = progress.state.words()
    if progress.state.condition is Condition.ARCHIVING and progress.lag.seconds > lag_max_s:
        waiting = sum(progress.waiting.values())
        text = f"{LAGGING}: {waiting} records wait in Kafka, for {progress.lag.seconds:.0f} s"
    return progress.state.works, text
