"""The records of limits and overrides that changes write."""

from kernel.nanoseconds import NS_PER_US, to_us
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import limit_pb2
from svc_oms.service.ports.control_ports import ControlRecord, RecordKind


def limit_record(limit: limit_pb2.Limit, name: str, from_ns: int, until_ns: int) -> ControlRecord:
    """Make the record of a version of a limit."""
    # Rounded up to a microsecond: a version must not count before its time.
    begin = -(-from_ns // NS_PER_US)
    end = -(-until_ns // NS_PER_US)
    scope, body = limit.range.scope_id, limit.SerializeToString()
    return ControlRecord(
        RecordKind.LIMIT, limit.limit_id, limit.version, name, scope, begin, end, body
    )


def override_record(override: limit_pb2.Override, version: int, now_ns: int) -> ControlRecord:
    """Make the record of a version of an override."""
    return ControlRecord(
        RecordKind.OVERRIDE,
        override.override_id,
        version,
        str(override.state),
        override.account_id,
        to_us(now_ns),
        to_us(from_timestamp(override.valid_until)),
        override.SerializeToString(),
    )
