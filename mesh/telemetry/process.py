"""What every process shows of itself: its build, its readiness, its event loop, its disks."""

import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from prometheus_client import REGISTRY
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mesh import VERSION
from mesh.telemetry.metrics import gauge, histogram, scraped_gauge
from mesh.telemetry.ops import Readiness

LOOP_LAG_SECONDS: Final = histogram(
    "event_loop_lag_seconds",
    "Seconds by which the event loop was late for a timer; one timer a second",
)
READY: Final = scraped_gauge("ready", "1 while the process can do its work, as /readyz says")
BUILD: Final = scraped_gauge(
    "build_info", "1; the labels say what runs", ["service", "version", "python"]
)
DISK_FREE: Final = scraped_gauge(
    "disk_free_bytes", "Free bytes of the disk of a folder that the process writes to", ["folder"]
)
DISK_SIZE: Final = scraped_gauge("disk_size_bytes", "Size of the same disk in bytes", ["folder"])

gauge(
    "python_blocks", "Blocks of memory of Python objects; one that only rises is a leak"
).set_function(sys.getallocatedblocks)


class ProcessCollector(Collector):
    """Reads them when they are scraped."""

    def __init__(self, service: str, readiness: Readiness, folders: Iterable[Path] = ()) -> None:
        """Take what is shown.

        Args:
            service: Name of the process's certificate, such as svc-oms.
            readiness: As /readyz has it.
            folders: Folders that the process writes to.
        """
        self._build = (service, VERSION, platform.python_version())
        self._readiness = readiness
        self._folders = tuple(folders)

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        yield BUILD.values([(self._build, 1.0)])
        yield READY.value(float(self._readiness()[0]))
        disks = list(self._disks())
        yield DISK_FREE.values(((name,), disk.free) for name, disk in disks)
        yield DISK_SIZE.values(((name,), disk.total) for name, disk in disks)

    def _disks(self) -> Iterator[tuple[str, Any]]:
        for one in self._folders:
            # Of a folder that is not there or cannot be read nothing is known; the rest is shown.
            with suppress(OSError):
                yield str(one), shutil.disk_usage(one)


class _Collectors(Collector):
    """The collectors of this process."""

    def __init__(self) -> None:
        self.active: list[Collector] = []

    def collect(self) -> Iterable[Metric]:
        """Return the figures of all; of two replicas in one process, as in tests, the first's."""
        shown: dict[str, Metric] = {}
        for collector in tuple(self.active):
            for metric in collector.collect():
                shown.setdefault(metric.name, metric)
        return shown.values()


_collectors = _Collectors()
REGISTRY.register(_collectors)


@contextmanager
def collected(collector: Collector) -> Iterator[None]:
    """Have a collector scraped until the block ends."""
    _collectors.active.append(collector)
    try:
        yield
    finally:
        _collectors.active.remove(collector)
