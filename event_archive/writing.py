"""Writes the records of one partition to a Parquet file."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from event_archive.columns import REPEATED, SCHEMA, Record, batch_of
from event_archive.manifest import ArchivedFile
from event_archive.stores.folder import faults

US_PER_DAY: Final = 86_400_000_000
SHA_DIGITS: Final = 16
"""Of the SHA-256, in the name of a file."""
PAGE_BYTES: Final = 256 * 1024
"""A page of a column: what a reader needs of it at once."""


class PartitionWriter:
    """A file that is being written: it holds records until there are enough for a row group."""

    def __init__(self, folder: Path, first: Record, place: str) -> None:
        """Open a file for a record and those that come after it in its partition.

        Args:
            folder: Where files are written.
            first: The first record; it is not written yet.
            place: Of the store, for the text of errors.

        Raises:
            StoreError: The file cannot be made.
        """
        self.topic, self.partition = first.topic, first.partition
        self.day = day_of(first.recorded_at_us)
        self._first_offset = self._last_offset = first.offset
        self._first_us = self._last_us = first.recorded_at_us
        self.rows = 0
        self.size = 0
        """Bytes of the file so far."""
        self._held: list[Record] = []
        self.held_bytes = 0
        self._place = place
        self.path = folder / f"{first.topic}-{first.partition}.parquet"
        with faults(place):
            self.path.unlink(missing_ok=True)
            # By path: through a file of Python each write would be copied once more.
            self._writer = pq.ParquetWriter(
                self.path,
                SCHEMA,
                compression="zstd",
                use_dictionary=list(REPEATED),
                data_page_size=PAGE_BYTES,
                write_page_checksum=True,
                write_statistics=["offset", "recorded_at", "log_number"],
            )

    @property
    def held_rows(self) -> int:
        """Records that are not in the file yet."""
        return len(self._held)

    def takes(self, record: Record) -> bool:
        """Return whether a record belongs into this file: a later day begins another one."""
        return day_of(record.recorded_at_us) <= self.day

    def add(self, record: Record) -> None:
        """Take the next record."""
        assert (record.topic, record.partition) == (self.topic, self.partition)
        assert record.offset >= self._last_offset
        self._held.append(record)
        self.held_bytes += record.size
        self.rows += 1
        self._last_offset = record.offset
        self._first_us = min(self._first_us, record.recorded_at_us)
        self._last_us = max(self._last_us, record.recorded_at_us)

    def flush(self) -> None:
        """Write what is held as a row group. Raises StoreError."""
        if not self._held:
            return
        held, self._held, self.held_bytes = self._held, [], 0
        with faults(self._place):
            self._writer.write_batch(batch_of(held))
            self.size = self.path.stat().st_size

    def close(self) -> ArchivedFile:
        """Write the rest, and make the file durable; return what it is. Raises StoreError."""
        self.flush()
        with faults(self._place):
            self._writer.close()
            digest, size = _made_durable(self.path)
        folder = f"{self.topic}/{self.day}"
        return ArchivedFile(
            name=f"{folder}/{name_start(self.partition, self._first_offset)}"
            f"{digest[:SHA_DIGITS]}.parquet",
            topic=self.topic,
            partition=self.partition,
            rows=self.rows,
            bytes=size,
            sha256=digest,
            first_offset=self._first_offset,
            last_offset=self._last_offset,
            first_us=self._first_us,
            last_us=self._last_us,
        )

    def abandon(self) -> None:
        """Remove the file; what was in it is read from Kafka again."""
        self._held = []
        # Its end cannot be written either where the disk is full: the file goes anyway.
        with contextlib.suppress(OSError, pa.ArrowException):
            self._writer.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def _made_durable(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file in hexadecimal digits, and its size."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return file_digest(file, "sha256").hexdigest(), file.tell()


def day_of(us: int) -> str:
    """Return the day in UTC of a time in microseconds since 1970: "2026-11-30"."""
    return datetime.fromtimestamp(us // US_PER_DAY * 86_400, UTC).date().isoformat()


def name_start(partition: int, first_offset: int) -> str:
    """Return what the name of a file begins with, in the folder of its day."""
    return f"{partition:03}-{first_offset:019}-"


def leftovers(names: Iterator[str], kept: Sequence[ArchivedFile]) -> list[str]:
    """Return the files that begin where a kept file begins, and are others.

    A process was killed between such a file and its entry in the manifest.
    """
    own = {one.name for one in kept}
    starts = tuple(
        f"{one.name.rpartition('/')[0]}/{name_start(one.partition, one.first_offset)}"
        for one in kept
    )
    return [name for name in names if name not in own and name.startswith(starts)]
