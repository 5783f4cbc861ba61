"""Audit entries as they are stored, and back."""

import json
from hashlib import sha256

from google.protobuf import text_format
from google.protobuf.json_format import MessageToDict, SerializeToJsonError
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.nanoseconds import to_us
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import audit_service_pb2
from svc_oms.service.codec.values import timestamp
from svc_oms.service.ports import AuditLine, AuditWrite

# What came with a bad request may be of any length and hold anything.
ID_CHARACTERS_MAX = 64
TEXT_CHARACTERS_MAX = 1000
METADATA_ITEMS_MAX = 30
METADATA_CHARACTERS_MAX = 200
# Of a request as JSON: more than any single order or change of a control has.
REQUEST_CHARACTERS_MAX = 8192
# A larger request is not written as JSON at all, which would take long.
REQUEST_BYTES_MAX = 65_536

_REPLACED = dict.fromkeys([*range(0x20), 0x7F], "\N{REPLACEMENT CHARACTER}")


def _short(text: str, most: int) -> str:
    """Make a text one of a column: bounded, without control characters."""
    text = text.translate(_REPLACED)
    return text if len(text) <= most else text[: most - 1] + "…"


def audit_entry(
    writer: str, sequence: int, entry_id: str, entry: AuditWrite
) -> audit_service_pb2.AuditEntry:
    """Make the message of an entry; bounded whatever the entry holds."""
    message = audit_service_pb2.AuditEntry(
        entry_id=entry_id,
        writer=writer,
        sequence=sequence,
        at=timestamp(entry.at_ns),
        kind=entry.kind,  # type: ignore[arg-type] # by number
        actor=_short(entry.actor, ID_CHARACTERS_MAX),
        roles=sorted(entry.roles),
        command=_short(entry.command, ID_CHARACTERS_MAX),
        account_id=_short(entry.account_id, ID_CHARACTERS_MAX),
        order_id=_short(entry.order_id, ID_CHARACTERS_MAX),
        idempotency_key=_short(entry.idempotency_key, ID_CHARACTERS_MAX),
        reason=entry.reason,  # type: ignore[arg-type] # by number
        field=_short(entry.field, METADATA_CHARACTERS_MAX),
        text=_short(entry.text, TEXT_CHARACTERS_MAX),
        peer=_short(entry.peer, 2 * ID_CHARACTERS_MAX),
        count=entry.stands_for,
        actor_name=_short(entry.actor_name, ID_CHARACTERS_MAX),
        request=entry.request,
    )
    for name, value in sorted(entry.metadata.items())[:METADATA_ITEMS_MAX]:
        message.metadata[_short(name, ID_CHARACTERS_MAX)] = _short(value, METADATA_CHARACTERS_MAX)
    return message


def request_text(request: Message | None) -> str:
    """Write a request as JSON with the field names of the contract; bounded.

    One that JSON cannot express is written in the text format of protobuf.
    """
    if request is None:
        return ""
    size = request.ByteSize()
    if size > REQUEST_BYTES_MAX:
        digest = sha256(request.SerializeToString(deterministic=True)).hexdigest()
        return f"({request.DESCRIPTOR.name} of {size} bytes, SHA-256 {digest})"
    try:
        fields = MessageToDict(request, preserving_proto_field_name=True)
    except SerializeToJsonError:
        # A value that JSON cannot have, such as a time with 1,000,000,000 ns.
        text = text_format.MessageToString(request, as_one_line=True, as_utf8=True)
    else:
        text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    text = text.translate(_REPLACED)
    if len(text) <= REQUEST_CHARACTERS_MAX:
        return text
    digest = sha256(text.encode()).hexdigest()
    kept = text[:REQUEST_CHARACTERS_MAX]
    return f"{kept}… ({len(text)} characters, SHA-256 {digest})"


def audit_line(
    message: audit_service_pb2.AuditEntry, payload: bytes, line_hash: bytes
) -> AuditLine:
    """Give the columns of an entry."""
    return AuditLine(
        message.sequence,
        message.entry_id,
        microseconds(message.at),
        message.kind,
        message.actor,
        message.account_id,
        message.order_id,
        message.reason,
        payload,
        line_hash,
    )


def microseconds(time: Timestamp) -> int:
    """Give a time as the database keeps it."""
    return to_us(from_timestamp(time))
