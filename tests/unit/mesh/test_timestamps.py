"""Nanoseconds on the wire."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.timestamps import from_timestamp, set_timestamp, to_timestamp


@pytest.mark.parametrize("ns", [0, 1, 1_700_000_000_123_456_789, -1, 253_402_300_799_999_999_999])
def test_timestamps_keep_every_nanosecond(ns):
    timestamp = to_timestamp(ns)
    assert 0 <= timestamp.nanos < 10**9
    assert from_timestamp(timestamp) == ns
    written = Timestamp()
    set_timestamp(written, ns)
    assert written == timestamp
