"""Reading why a call failed: google.rpc.Status with ErrorInfo and RetryInfo, in the trailers.

The details are read field by field with protobuf itself. The generated classes of google.rpc
would be one more package to install, for three messages of which five fields are needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet

ERROR_DOMAIN: Final = "ordermesh"
STATUS_DETAILS_KEY: Final = "grpc-status-details-bin"

_LENGTH_DELIMITED: Final = 2
# Field numbers of google.rpc.Status, ErrorInfo (with its map entries) and RetryInfo.
_STATUS_DETAILS: Final = 3
_INFO_REASON, _INFO_DOMAIN, _INFO_METADATA = 1, 2, 3
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_RETRY_DELAY: Final = 1


@dataclass(frozen=True, slots=True)
class RemoteRefusal:
    """What a client can know of a failed call; every field may be empty but the code."""

    code: grpc.StatusCode
    reason: str
    text: str
    field: str
    metadata: dict[str, str]
    retry_after_s: float | None


def read_refusal(error: grpc.RpcError) -> RemoteRefusal:
    """Read a failed call; the reason is empty when the status is not of the mesh."""
    code = error.code() or grpc.StatusCode.UNKNOWN
    text = error.details() or ""
    reason, metadata, retry_after_s = "", dict[str, str](), None
    for detail in _details(error):
        kind = detail.type_url.rpartition("/")[2]
        if kind == "google.rpc.ErrorInfo":
            domain, named, values = _error_info(detail.value)
            if domain == ERROR_DOMAIN:
                reason, metadata = named, values
        elif kind == "google.rpc.RetryInfo":
            delay = dict(_fields(detail.value)).get(_RETRY_DELAY, b"")
            retry_after_s = Duration.FromString(delay).ToMilliseconds() / 1000
    return RemoteRefusal(code, reason, text, metadata.get("field", ""), metadata, retry_after_s)


def reason_of(error: grpc.RpcError) -> tuple[str, dict[str, str]]:
    """Give reason and metadata of a failed call; ("", {}) when it is not of the mesh."""
    refusal = read_refusal(error)
    return refusal.reason, refusal.metadata


def _details(error: grpc.RpcError) -> Iterator[Any]:
    for key, status in error.trailing_metadata() or ():
        if key == STATUS_DETAILS_KEY:
            for number, value in _fields(status):
                if number == _STATUS_DETAILS:
                    yield Any.FromString(value)


def _error_info(message: bytes) -> tuple[str, str, dict[str, str]]:
    """Give domain, reason and metadata of a google.rpc.ErrorInfo."""
    texts, metadata = {_INFO_REASON: "", _INFO_DOMAIN: ""}, {}
    for number, value in _fields(message):
        if number == _INFO_METADATA:
            entry = dict(_fields(value))
            metadata[entry.get(_ENTRY_KEY, b"").decode()] = entry.get(_ENTRY_VALUE, b"").decode()
        else:
            texts[number] = value.decode()
    return texts[_INFO_DOMAIN], texts[_INFO_REASON], metadata


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Give number and bytes of the length-delimited fields: texts, messages, map entries."""
    # The published types leave out that it can be iterated.
    for field in UnknownFieldSet(Empty.FromString(message)):  # type: ignore[attr-defined]
        if field.wire_type == _LENGTH_DELIMITED:
            yield field.field_number, field.data
