"""What the archiver shows of itself: figures for Prometheus, and the text of /readyz."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mesh.telemetry import scraped_counter, scraped_gauge
from svc_archive.domain.state import Condition
from svc_archive.service.progress import Progress

RECORDS = scraped_counter("archive_records", "Records archived by this process", ["topic"])
FILES = scraped_counter("archive_files", "Files archived by this process", ["topic"])
BYTES = scraped_counter("archive_bytes", "Bytes of these files", ["topic"])
WAITING = scraped_gauge(
    "archive_waiting_records", "Offsets in Kafka that are not read yet", ["topic"]
)
IN_HAND = scraped_gauge("archive_records_in_hand", "Records read whose file is not closed yet")
LAG = scraped_gauge("archive_lag_seconds", "Seconds since all in Kafka was read; 0 if it is")
ENTRY = scraped_gauge("archive_manifest_entry", "Number of the newest entry of the manifest")
STATE = scraped_gauge("archive_state", "1 for what the archiver does", ["state"])

LAGGING = "LAGGING"
"""In the text of /readyz: records wait for longer than they should."""


class ArchiveCollector(Collector):
    """Reads the figures when they are scraped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        progress = self._progress
        yield RECORDS.values(((topic,), count) for topic, count in progress.records.items())
        yield FILES.values(((topic,), count) for topic, count in progress.files.items())
        yield BYTES.values(((topic,), count) for topic, count in progress.bytes.items())
        yield WAITING.values(((topic,), count) for topic, count in progress.waiting.items())
        yield IN_HAND.value(progress.in_hand)
        yield LAG.value(progress.lag.seconds)
        yield ENTRY.value(progress.entry)
        yield STATE.values(((one,), one is progress.state.condition) for one in Condition)


def readiness(progress: Progress, lag_max_s: float) -> tuple[bool, str]:
    """Return whether the archiver does what it is for, and what it does or why not."""
    text = progress.state.words()
    if progress.state.condition is Condition.ARCHIVING and progress.lag.seconds > lag_max_s:
        waiting = sum(progress.waiting.values())
        text = f"{LAGGING}: {waiting} records wait in Kafka, for {progress.lag.seconds:.0f} s"
    return progress.state.works, text
