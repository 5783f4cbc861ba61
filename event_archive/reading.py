"""Reads the archive: the entries of a topic in the order of the log, in bounded memory."""

import heapq
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from event_archive.columns import ABOUT, Record
from event_archive.manifest import ArchivedFile, ArchiveError, present_files
from event_archive.stores.port import MissingError, Store
from event_archive.values import About

READ_ROWS: Final = 256
"""Rows that are in memory at once, of each partition."""
READ_BYTES: Final = 1 << 20
"""Bytes that are read ahead, of each column."""


def read_entries(
    store: Store, topic: str, from_us: int | None = None, to_us: int | None = None
) -> Iterator[Record]:
    """Yield the entries of a topic in the order of the log: by log number.

    Args:
        store: See `event_archive.stores.open_store`.
        topic: Without the prefix.
        from_us: The earliest `recorded_at`, microseconds since 1970; None: from the beginning.
        to_us: The first `recorded_at` that is not wanted; None: to the end.

    Raises:
        ArchiveError: The manifest or a file is not as it should be.
        StoreError: The store cannot be read.
    """
    wanted: dict[int, list[ArchivedFile]] = {}
    for file in present_files(store).values():
        before = to_us is not None and file.first_us >= to_us
        after = from_us is not None and file.last_us < from_us
        if file.topic == topic and not before and not after:
            wanted.setdefault(file.partition, []).append(file)
    partitions = (
        (entry for file in files for entry in read_file(store, file)) for files in wanted.values()
    )
    for entry in heapq.merge(*partitions, key=lambda entry: entry.log_number or 0):
        if (from_us is None or entry.recorded_at_us >= from_us) and (
            to_us is None or entry.recorded_at_us < to_us
        ):
            yield entry


def read_file(store: Store, file: ArchivedFile) -> Iterator[Record]:
    """Yield the entries of one file, in the order of their offsets.

    Raises:
        ArchiveError: It is missing, or is no such file.
    """
    try:
        with store.open(file.name) as source:
            reader = pq.ParquetFile(source, buffer_size=READ_BYTES, page_checksum_verification=True)
            for batch in reader.iter_batches(READ_ROWS, use_threads=False):
                yield from rows_of(batch)
    except MissingError:
        raise ArchiveError(f"{file.name} is missing") from None
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise ArchiveError(f"{file.name} cannot be read: {first_line(error)}") from error


def measure(store: Store, name: str) -> tuple[int, str]:
    """Return size and SHA-256, in hexadecimal digits, of a file. Raises MissingError."""
    digest, size = sha256(), 0
    with store.open(name) as file:
        while part := file.read(READ_BYTES):
            digest.update(part)
            size += len(part)
    return size, digest.hexdigest()


def rows_of(batch: Any) -> Iterator[Record]:
    """Yield the rows of a batch."""
    # Times as numbers: a Python datetime would cost more than all the rest.
    times = batch.column("recorded_at").cast(pa.int64()).to_pylist()
    plain = [
        times if name == "recorded_at_us" else batch.column(name).to_pylist()
        for name in Record._fields[:-1]
    ]
    about = [batch.column(name).to_pylist() for name in ABOUT]
    for row in zip(*plain, *about, strict=True):
        yield Record._make((*row[: -len(about)], About._make(row[-len(about) :])))


def first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return (str(error).splitlines() or [type(error).__name__])[0]
