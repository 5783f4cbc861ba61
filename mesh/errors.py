"""Refusals: one table from reason to gRPC status, retry class and FIX reject reason.

A refusal travels as a gRPC status with google.rpc.ErrorInfo (domain "ordermesh",
the reason without its enum prefix, every value of the text as metadata) and, when
the time is known, google.rpc.RetryInfo. Any exception that is not a MeshError is an
internal fault: the caller gets INTERNAL with an incident id, and the log the details.
"""

import math
from dataclasses import dataclass
from typing import Final

import grpc
from google.rpc import error_details_pb2, status_pb2

from ordermesh.type.v1 import error_pb2
from ordermesh_rpc.refusals import (
    ERROR_DOMAIN,
    STATUS_DETAILS_KEY,
    RemoteRefusal,
    read_refusal,
    reason_of,
)

# Reading a refusal is ordermesh_rpc's: the client has it, too.
__all__ = [
    "ERROR_DOMAIN",
    "ERROR_TABLE",
    "FIX_INPUT",
    "METADATA_VALUE_CHARACTERS_MAX",
    "NOT_ALLOWED",
    "RETRYABLE",
    "STATUS_DETAILS_KEY",
    "TEXT_CHARACTERS_MAX",
    "WAIT_UNTIL",
    "ErrorRule",
    "MeshError",
    "RemoteRefusal",
    "abort_arguments",
    "read_refusal",
    "reason_of",
    "refuse",
    "retry_class_name",
    "to_rejection",
    "to_status",
]

# A status is sent in HTTP/2 headers, which peers limit to 8 KiB in total.
TEXT_CHARACTERS_MAX: Final = 1000
METADATA_VALUE_CHARACTERS_MAX: Final = 100

RETRYABLE: Final = error_pb2.RETRY_CLASS_RETRYABLE
FIX_INPUT: Final = error_pb2.RETRY_CLASS_FIX_INPUT
NOT_ALLOWED: Final = error_pb2.RETRY_CLASS_NOT_ALLOWED
WAIT_UNTIL: Final = error_pb2.RETRY_CLASS_WAIT_UNTIL


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """How gRPC and FIX report one reason."""

    code: grpc.StatusCode
    retry_class: error_pb2.RetryClass
    ord_rej_reason: int | None = None
    cxl_rej_reason: int | None = None


_Code = grpc.StatusCode
# The comments in error.proto repeat the classes and FIX codes; a test compares them.
ERROR_TABLE: Final[dict[str, ErrorRule]] = {
    "INVALID_FIELD": ErrorRule(_Code.INVALID_ARGUMENT, FIX_INPUT),
    "IDEMPOTENCY_KEY_REUSED": ErrorRule(_Code.ALREADY_EXISTS, FIX_INPUT),
    "ORDER_NOT_FOUND": ErrorRule(_Code.NOT_FOUND, FIX_INPUT),
    "INSTRUMENT_NOT_FOUND": ErrorRule(_Code.NOT_FOUND, FIX_INPUT, ord_rej_reason=1),
    "ACCOUNT_NOT_ALLOWED": ErrorRule(_Code.PERMISSION_DENIED, NOT_ALLOWED),
    "ORDER_CLOSED": ErrorRule(_Code.FAILED_PRECONDITION, FIX_INPUT, cxl_rej_reason=0),
    "ORDER_CHANGE_PENDING": ErrorRule(_Code.FAILED_PRECONDITION, WAIT_UNTIL, cxl_rej_reason=3),
    "STALE_VERSION": ErrorRule(_Code.ABORTED, FIX_INPUT),
    "UNSUPPORTED_ORDER_CHARACTERISTIC": ErrorRule(
        _Code.INVALID_ARGUMENT, FIX_INPUT, ord_rej_reason=11
    ),
    "INSTRUMENT_NOT_TRADABLE": ErrorRule(_Code.FAILED_PRECONDITION, WAIT_UNTIL, ord_rej_reason=2),
    "PRICE_OFF_TICK": ErrorRule(_Code.INVALID_ARGUMENT, FIX_INPUT),
    "QUANTITY_OFF_LOT": ErrorRule(_Code.INVALID_ARGUMENT, FIX_INPUT, ord_rej_reason=13),
    "MAX_QUANTITY_EXCEEDED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "MAX_VALUE_EXCEEDED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "PRICE_COLLAR_EXCEEDED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=16),
    "DUPLICATE_ORDER": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=6),
    "EXPOSURE_LIMIT_EXCEEDED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "SELF_MATCH_PREVENTED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED),
    "TRADING_HALTED": ErrorRule(_Code.FAILED_PRECONDITION, WAIT_UNTIL, ord_rej_reason=2),
    "REFERENCE_PRICE_MISSING": ErrorRule(_Code.FAILED_PRECONDITION, WAIT_UNTIL),
    "APPROVAL_REQUIRED": ErrorRule(_Code.FAILED_PRECONDITION, WAIT_UNTIL),
    "OBJECT_NOT_FOUND": ErrorRule(_Code.NOT_FOUND, FIX_INPUT),
    "RPC_NOT_FOUND": ErrorRule(_Code.UNIMPLEMENTED, FIX_INPUT),
    "OBJECT_STATE": ErrorRule(_Code.FAILED_PRECONDITION, FIX_INPUT),
    "KILL_SWITCH_ENGAGED": ErrorRule(_Code.FAILED_PRECONDITION, WAIT_UNTIL, ord_rej_reason=0),
    "POSITION_LIMIT_EXCEEDED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "VOLUME_LIMIT_EXCEEDED": ErrorRule(_Code.FAILED_PRECONDITION, WAIT_UNTIL, ord_rej_reason=3),
    "INSTRUMENT_NOT_PERMITTED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "SHORT_SALE_NOT_ALLOWED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "BUYING_POWER_EXCEEDED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "REPEATED_EXECUTION_STOPPED": ErrorRule(
        _Code.FAILED_PRECONDITION, WAIT_UNTIL, ord_rej_reason=3
    ),
    "REDUCE_ONLY": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "VENUE_UNAVAILABLE": ErrorRule(_Code.UNAVAILABLE, RETRYABLE),
    "VENUE_REJECTED": ErrorRule(_Code.FAILED_PRECONDITION, FIX_INPUT),
    "NOT_SENT": ErrorRule(_Code.ABORTED, RETRYABLE),
    "VENUE_LIMIT_EXCEEDED": ErrorRule(_Code.FAILED_PRECONDITION, NOT_ALLOWED, ord_rej_reason=3),
    "OUTCOME_UNKNOWN": ErrorRule(_Code.FAILED_PRECONDITION, WAIT_UNTIL),
    "UNAUTHENTICATED": ErrorRule(_Code.UNAUTHENTICATED, NOT_ALLOWED),
    "TOKEN_EXPIRED": ErrorRule(_Code.UNAUTHENTICATED, RETRYABLE),
    "PERMISSION_DENIED": ErrorRule(_Code.PERMISSION_DENIED, NOT_ALLOWED),
    "BAD_CREDENTIALS": ErrorRule(_Code.UNAUTHENTICATED, FIX_INPUT),
    "LOGIN_THROTTLED": ErrorRule(_Code.RESOURCE_EXHAUSTED, WAIT_UNTIL),
    "SECOND_PERSON_REQUIRED": ErrorRule(_Code.PERMISSION_DENIED, NOT_ALLOWED),
    "RATE_LIMITED": ErrorRule(_Code.RESOURCE_EXHAUSTED, RETRYABLE),
    "OVERLOADED": ErrorRule(_Code.RESOURCE_EXHAUSTED, RETRYABLE),
    "DRAINING": ErrorRule(_Code.UNAVAILABLE, RETRYABLE),
    "SLOW_CONSUMER": ErrorRule(_Code.RESOURCE_EXHAUSTED, RETRYABLE),
    "DEPENDENCY_UNAVAILABLE": ErrorRule(_Code.UNAVAILABLE, RETRYABLE),
    "RECOVERING": ErrorRule(_Code.UNAVAILABLE, RETRYABLE),
    "DEADLINE_TOO_SHORT": ErrorRule(_Code.DEADLINE_EXCEEDED, RETRYABLE),
    "COMMAND_OUTCOME_UNKNOWN": ErrorRule(_Code.DEADLINE_EXCEEDED, RETRYABLE),
    "INTERNAL": ErrorRule(_Code.INTERNAL, RETRYABLE),
}


class MeshError(Exception):
    """A refusal whose details are all sent to the caller.

    Attributes:
        reason: Name of an ErrorReason without its prefix; a key of ERROR_TABLE.
        text: A sentence for people that names the field, its value and what was expected.
        field: The field at fault as a proto path, or empty.
        metadata: Every value of the text, by name.
        retry_after_s: Seconds after which a repeat may succeed, if known.
        recorded: The refusal is in an audit log already and must not be written again.
    """

    def __init__(
        self,
        reason: str,
        text: str,
        field: str = "",
        metadata: dict[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{reason}: {text}")
        if reason not in ERROR_TABLE:
            raise ValueError(f"{reason} is not a reason of ERROR_TABLE")
        self.reason = reason
        self.text = text
        self.field = field
        self.metadata = metadata or {}
        self.retry_after_s = retry_after_s
        self.recorded = False

    @property
    def rule(self) -> ErrorRule:
        """How gRPC and FIX report this refusal."""
        return ERROR_TABLE[self.reason]


def refuse(
    reason: str,
    text: str,
    field: str = "",
    *,
    retry_after_s: float | None = None,
    **metadata: object,
) -> MeshError:
    """Make a refusal to raise; keywords become metadata, as text."""
    values = {name: str(value) for name, value in metadata.items()}
    return MeshError(reason, text, field, values, retry_after_s)


def wrong(field: str, value: object, expected: str) -> MeshError:
    """Refuse a field that passed its rules and yet cannot be: what it was, what it should be."""
    return refuse(
        "INVALID_FIELD",
        f"{field} was {value!r}; expected {expected}",
        field,
        value=value,
        expected=expected,
    )


def to_rejection(error: MeshError) -> error_pb2.Rejection:
    """Return a refusal as data, for results in streams and for orders."""
    return error_pb2.Rejection(
        reason=f"ERROR_REASON_{error.reason}",
        retry_class=error.rule.retry_class,
        text=error.text,
        field=error.field,
    )


def retry_class_name(retry_class: error_pb2.RetryClass) -> str:
    """Return a retry class as ErrorInfo carries it: "RETRYABLE"."""
    return error_pb2.RetryClass.Name(retry_class).removeprefix("RETRY_CLASS_")


def to_status(error: MeshError) -> status_pb2.Status:
    """Return a refusal as google.rpc.Status with its details."""
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN)
    for name, value in error.metadata.items():
        info.metadata[name] = value[:METADATA_VALUE_CHARACTERS_MAX]
    if error.field:
        info.metadata["field"] = error.field
    info.metadata["retry_class"] = retry_class_name(error.rule.retry_class)
    status = status_pb2.Status(code=error.rule.code.value[0], message=_short(error.text))
    status.details.add().Pack(info)
    if error.retry_after_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(math.ceil(error.retry_after_s * 1000))
        status.details.add().Pack(retry)
    return status


def abort_arguments(
    error: MeshError,
) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]:
    """Return the arguments of ``await context.abort(*...)``."""
    trailing = ((STATUS_DETAILS_KEY, to_status(error).SerializeToString()),)
    return error.rule.code, _short(error.text), trailing


def _short(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[: TEXT_CHARACTERS_MAX - 1] + "…"
