"""Nanoseconds inside, google.protobuf.Timestamp on the wire."""

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.nanoseconds import NS_PER_S


def to_timestamp(ns: int) -> Timestamp:
    """Turn UTC nanoseconds since 1970 into a Timestamp."""
    seconds, nanos = divmod(ns, NS_PER_S)
    return Timestamp(seconds=seconds, nanos=nanos)


def set_timestamp(timestamp: Timestamp, ns: int) -> None:
    """Write UTC nanoseconds into a field of a message: much cheaper than to copy a Timestamp."""
    timestamp.seconds, timestamp.nanos = divmod(ns, NS_PER_S)


def from_timestamp(timestamp: Timestamp) -> int:
    """Turn a Timestamp into UTC nanoseconds since 1970; an unset one gives 0."""
    return timestamp.seconds * NS_PER_S + timestamp.nanos
