"""The columns of the archive's Parquet files, and a record as a row of them."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa

from event_archive.values import About
from kernel.hashchain import HASH_BYTES

SCHEMA: Final = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("key", pa.string()),
        ("sequence", pa.int64()),
        ("log_number", pa.int64()),
        ("schema", pa.string()),
        ("schema_version", pa.int32()),
        ("hash", pa.binary(HASH_BYTES)),
        ("recorded_at", pa.timestamp("us", tz="UTC")),
        ("value", pa.binary()),
        # Read from the value, so that a question needs no protobuf.
        ("event_kind", pa.string()),
        ("account_id", pa.string()),
        ("order_id", pa.string()),
        ("venue_mic", pa.string()),
        ("instrument_id", pa.string()),
    ]
)
REPEATED: Final = (
    "topic", "key", "schema", "event_kind", "account_id", "venue_mic", "instrument_id",
)  # fmt: skip
"""Columns whose values come again and again."""
ABOUT: Final = About._fields


class Record(NamedTuple):
    """One record of Kafka, as the archive keeps it: what a CopiedEntry has, then what it is about.

    A record that is no entry of a log has no sequence, log number, version of its schema or hash.
    """

    topic: str
    """Without the prefix."""
    partition: int
    offset: int
    key: str
    sequence: int | None
    """None, as log_number, schema_version and hash: the record is not an entry of a log."""
    log_number: int | None
    schema: str
    schema_version: int | None
    hash: bytes | None
    recorded_at_us: int
    """Microseconds since 1970."""
    value: bytes
    about: About

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return len(self.value) + 512


def batch_of(records: Sequence[Record]) -> Any:
    """Return records as a batch of rows."""
    columns = list(zip(*(record[:-1] for record in records), strict=True))
    columns[-1] = _binary(columns[-1])
    columns += zip(*(record.about for record in records), strict=True)
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for column, field in zip(columns, SCHEMA, strict=True)
    ]
    return pa.record_batch(arrays, schema=SCHEMA)


def _binary(values: Sequence[bytes]) -> Any:
    """Return an array of binary values; a single large one is not copied."""
    if len(values) != 1:
        return pa.array(values, pa.binary())
    (value,) = values
    offsets = pa.array([0, len(value)], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(value)])
