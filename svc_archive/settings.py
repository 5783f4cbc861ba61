"""Settings of svc_archive: one frozen value, read once."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from mesh.kafka.connection import KafkaFields
from mesh.settings import MeshSettings


class ArchiveSettings(KafkaFields, MeshSettings):
    """Keys besides those of every process; environment prefix ``ORDERMESH_``."""

    service: ClassVar[str] = "svc-archive"

    ops_bind: str = "127.0.0.1:9161"
    """Address of /metrics, /livez and /readyz."""
    archive: str = ""
    """A folder, or s3://bucket/prefix without a name, key or query."""
    archive_spool_dir: Path | None = None
    """Local folder for files on their way to S3, at most 320 MiB; by default a temporary one."""
    archive_file_bytes_max: Annotated[int, Field(ge=1 << 16, le=1 << 30)] = 64 << 20
    """Size in bytes at which a file is closed; the last row group may exceed it by 8 MiB."""
    archive_file_age_s: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    """Seconds after the first record at which a file is closed."""
    archive_lag_max_s: Annotated[float, Field(gt=0)] = 60.0
    """Seconds that records may wait in Kafka before /readyz says LAGGING."""
    archive_checkpoints_dir: Path | None = None
    """Folder of the order book's signed checkpoints, which are taken into the archive."""
