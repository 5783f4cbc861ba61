"""What every change of the controls needs: who makes it, and how it is refused."""

from typing import NamedTuple

from mesh.errors import MeshError, refuse
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import limit_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.service.codec.values import timestamp
from svc_oms.service.errors import invalid_field
from svc_oms.service.ports import AuditWrite
from svc_oms.service.ports.control_ports import ControlChange, ControlRecord, RecordKind


class Caller(NamedTuple):
    """Who changes something, under which key, with which request."""

    subject: str
    key: str
    body_hash: bytes
    username: str = ""
    """The person's present name; stored beside the subject."""
    audit: AuditWrite | None = None
    """The beginning of the entry about it in the audit log; None where no call brought it."""


class Persons(NamedTuple):
    """Who makes a change: one person, or the one who proposed it and the one who confirmed it."""

    first: Caller
    second: Caller | None = None


async def newest_limit(change: ControlChange, limit_id: str) -> ControlRecord:
    """Read the newest version of a limit.

    Raises:
        MeshError: OBJECT_NOT_FOUND.
    """
    known = await change.newest(RecordKind.LIMIT, limit_id)
    if known is None:
        raise not_found("limit_id", limit_id, "such limit")
    return known


async def newest_override(
    change: ControlChange, override_id: str
) -> tuple[limit_pb2.Override, int]:
    """Read the newest version of an override, and its number.

    Raises:
        MeshError: OBJECT_NOT_FOUND.
    """
    known = await change.newest(RecordKind.OVERRIDE, override_id)
    if known is None:
        raise not_found("override_id", override_id, "such override")
    return limit_pb2.Override.FromString(known.body), known.version


def check_version(expected: int, version: int) -> None:
    """Refuse with STALE_VERSION if the caller does not know the newest version."""
    if expected != version:
        raise refuse(
            "STALE_VERSION",
            f"expected_version is {expected}, the newest version is {version}",
            "expected_version",
            value=expected,
            version=version,
        )


def not_found(field: str, value: str, what: str) -> MeshError:
    """Return the refusal of an object that does not exist."""
    return refuse(
        "OBJECT_NOT_FOUND", f"{field} is {value!r}: there is no {what}", field, value=value
    )


def wrong_state(field: str, value: str, state: str) -> MeshError:
    """Return the refusal of an object that is not in the right state."""
    return refuse("OBJECT_STATE", f"{field} {value} is {state}", field, value=value, state=state)


def sign(record: limit_pb2.Limit | limit_pb2.TradingStatusRecord, by: Persons, now_ns: int) -> None:
    """Write down who made a change, and when."""
    record.set_by = by.first.subject
    record.set_by_name = by.first.username
    record.set_at.CopyFrom(timestamp(now_ns))
    if by.second is not None:
        record.confirmed_by = by.second.subject
        record.confirmed_by_name = by.second.username
    else:
        record.confirmed_by = record.confirmed_by_name = ""


def times_of(request: pb.SetLimitRequest, now_ns: int, *, confirmed: bool) -> tuple[int, int]:
    """Return from when a limit applies and until when; 0 for until further notice.

    The beginning of a change that is confirmed later than it should have begun is now.
    """
    until_ns = from_timestamp(request.valid_until)
    # A field that is set counts, even if it is the beginning of 1970.
    given = request.HasField("valid_from")
    from_ns = from_timestamp(request.valid_from) if given else now_ns
    if from_ns < now_ns and confirmed:
        from_ns = now_ns
    if from_ns < now_ns:
        raise invalid_field(
            "valid_from", timestamp(from_ns).ToJsonString(), "left out for now, or in the future"
        )
    if request.HasField("valid_until") and until_ns <= from_ns:
        raise invalid_field(
            "valid_until", timestamp(until_ns).ToJsonString(), "left out, or after valid_from"
        )
    return from_ns, until_ns
