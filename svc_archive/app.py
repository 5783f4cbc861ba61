"""The composition root: builds the process from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyarrow as pa

from event_archive.stores import open_store
from event_archive.stores.port import StoreError
from kernel.clock import SystemClock
from mesh.kafka.connection import kafka_configuration
from mesh.rpc.server import MeshServer, Ops
from mesh.settings import SettingsError
from mesh.telemetry.process import collected
from svc_archive.adapters.kafka.topic_reader import TopicReader
from svc_archive.api.figures import ArchiveCollector, readiness
from svc_archive.domain.bounds import Bounds
from svc_archive.service.archiver import Archiver
from svc_archive.service.checkpoints import Checkpoints
from svc_archive.service.progress import Progress
from svc_archive.settings import ArchiveSettings


@asynccontextmanager
async def build(settings: ArchiveSettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Archive while this context is open."""
    if not settings.archive:
        raise SettingsError("set ORDERMESH_ARCHIVE to a folder or s3://bucket/prefix")
    if not settings.kafka_bootstrap:
        raise SettingsError("set ORDERMESH_KAFKA_BOOTSTRAP to host:port of a broker")
    try:
        store = open_store(settings.archive, settings.archive_spool_dir)
    except StoreError as error:
        raise SettingsError(f"ORDERMESH_ARCHIVE: {error}") from error
    # It gives memory back: the others keep what one large record needed.
    pa.set_memory_pool(pa.system_memory_pool())
    clock = SystemClock()
    progress = Progress(clock)
    archiver = Archiver(
        store,
        TopicReader(
            kafka_configuration(settings, settings),
            settings.kafka_topic_prefix,
            settings.kafka_cluster_id,
        ),
        Checkpoints(settings.archive_checkpoints_dir),
        Bounds(settings.archive_file_bytes_max, settings.archive_file_age_s),
        settings.kafka_topic_prefix,
        progress,
        clock,
    )
    try:
        with collected(ArchiveCollector(progress)):
            async with server.background(archiver.run()):
                yield Ops(lambda: readiness(progress, settings.archive_lag_max_s))
    finally:
        await archiver.close()
