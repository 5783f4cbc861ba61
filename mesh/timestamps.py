"""Nanoseconds inside, google.protobuf.Timestamp on the wire."""

from google.protobuf.timestamp_pb2 import Timestamp

_NANOSECONDS_PER_SECOND = 1_000_000_000


def to_timestamp(ns: int) -> Timestamp:
    """Turn UTC nanoseconds since 1970 into a Timestamp."""
    seconds, nanos = divmod(ns, _NANOSECONDS_PER_SECOND)
    return Timestamp(seconds=seconds, nanos=nanos)


def from_timestamp(timestamp: Timestamp) -> int:
    """Turn a Timestamp into UTC nanoseconds since 1970; an unset one gives 0."""
    return int(timestamp.seconds) * _NANOSECONDS_PER_SECOND + int(timestamp.nanos)
