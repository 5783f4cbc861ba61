"""Makes archives in a folder, with the archiver and without Kafka."""

from pathlib import Path

from event_archive.reading import read_entries
from event_archive.stores.folder import FolderStore
from event_archive.stores.port import Store
from svc_archive.domain.bounds import Bounds
from svc_archive.service.archiver import Archiver
from svc_archive.service.checkpoints import Checkpoints
from svc_archive.service.progress import Progress
from tests.support.archived_records import Log, PlainReader
from tests.support.clock import ManualClock

NOW_NS = 1_795_996_800_000_000_000
"""30 November 2026."""


def archiver(
    store: Store,
    log: Log,
    *,
    cluster_id: str = "cluster",
    prefix: str = "p.",
    checkpoints: Path | None = None,
) -> Archiver:
    """Make an archiver over plain records; each of its looks closes all files."""
    clock = ManualClock(NOW_NS)
    return Archiver(
        store,
        PlainReader(log, cluster_id),
        Checkpoints(checkpoints),
        Bounds(1 << 20, 0.0),
        prefix,
        Progress(clock),
        clock,
    )


def archive_all(one: Archiver) -> None:
    """Start it, let it archive everything, and give its lock back."""
    one._start()
    one._step()
    while any(one._progress.waiting.values()) or one._writers:
        one._step()
    one._store.unlock()


def made_archive(folder: Path, log: Log, **more: Path | None) -> FolderStore:
    """Archive a log; return where it is."""
    store = FolderStore(folder)
    archive_all(archiver(store, log, **more))
    return store


def rows(store: Store, topic: str = "orders") -> list[tuple[object, ...]]:
    """Return the entries of an archive as the records that they were."""
    found = [
        (one.partition, one.offset, one.key, one.sequence, one.log_number, one.hash, one.value)
        for one in read_entries(store, topic)
    ]
    assert [one[4] for one in found] == sorted(one[4] for one in found), "in the order of the log"
    return sorted(found)


def expected(log: Log) -> list[tuple[object, ...]]:
    """Return the same of a log."""
    return sorted(
        (one.partition, one.offset, one.key, one.sequence, one.log_number, one.hash, one.value)
        for one in log.records
    )
