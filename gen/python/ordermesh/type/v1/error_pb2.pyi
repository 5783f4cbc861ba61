from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_FIELD: _ClassVar[ErrorReason]
    ERROR_REASON_IDEMPOTENCY_KEY_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_ORDER_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_INSTRUMENT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_ACCOUNT_NOT_ALLOWED: _ClassVar[ErrorReason]
    ERROR_REASON_ORDER_CLOSED: _ClassVar[ErrorReason]
    ERROR_REASON_ORDER_CHANGE_PENDING: _ClassVar[ErrorReason]
    ERROR_REASON_STALE_VERSION: _ClassVar[ErrorReason]
    ERROR_REASON_UNSUPPORTED_ORDER_CHARACTERISTIC: _ClassVar[ErrorReason]
    ERROR_REASON_OBJECT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_OBJECT_STATE: _ClassVar[ErrorReason]
    ERROR_REASON_RPC_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_INSTRUMENT_NOT_TRADABLE: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_OFF_TICK: _ClassVar[ErrorReason]
    ERROR_REASON_QUANTITY_OFF_LOT: _ClassVar[ErrorReason]
    ERROR_REASON_MAX_QUANTITY_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_MAX_VALUE_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_COLLAR_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_DUPLICATE_ORDER: _ClassVar[ErrorReason]
    ERROR_REASON_EXPOSURE_LIMIT_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_SELF_MATCH_PREVENTED: _ClassVar[ErrorReason]
    ERROR_REASON_TRADING_HALTED: _ClassVar[ErrorReason]
    ERROR_REASON_REFERENCE_PRICE_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_APPROVAL_REQUIRED: _ClassVar[ErrorReason]
    ERROR_REASON_KILL_SWITCH_ENGAGED: _ClassVar[ErrorReason]
    ERROR_REASON_POSITION_LIMIT_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_VOLUME_LIMIT_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_INSTRUMENT_NOT_PERMITTED: _ClassVar[ErrorReason]
    ERROR_REASON_SHORT_SALE_NOT_ALLOWED: _ClassVar[ErrorReason]
    ERROR_REASON_BUYING_POWER_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_REPEATED_EXECUTION_STOPPED: _ClassVar[ErrorReason]
    ERROR_REASON_REDUCE_ONLY: _ClassVar[ErrorReason]
    ERROR_REASON_VENUE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_VENUE_REJECTED: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_SENT: _ClassVar[ErrorReason]
    ERROR_REASON_OUTCOME_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_VENUE_LIMIT_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_UNAUTHENTICATED: _ClassVar[ErrorReason]
    ERROR_REASON_TOKEN_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_PERMISSION_DENIED: _ClassVar[ErrorReason]
    ERROR_REASON_BAD_CREDENTIALS: _ClassVar[ErrorReason]
    ERROR_REASON_LOGIN_THROTTLED: _ClassVar[ErrorReason]
    ERROR_REASON_SECOND_PERSON_REQUIRED: _ClassVar[ErrorReason]
    ERROR_REASON_RATE_LIMITED: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_DRAINING: _ClassVar[ErrorReason]
    ERROR_REASON_SLOW_CONSUMER: _ClassVar[ErrorReason]
    ERROR_REASON_DEPENDENCY_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_TOO_SHORT: _ClassVar[ErrorReason]
    ERROR_REASON_COMMAND_OUTCOME_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_RECOVERING: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]

class RetryClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RETRY_CLASS_UNSPECIFIED: _ClassVar[RetryClass]
    RETRY_CLASS_RETRYABLE: _ClassVar[RetryClass]
    RETRY_CLASS_FIX_INPUT: _ClassVar[RetryClass]
    RETRY_CLASS_NOT_ALLOWED: _ClassVar[RetryClass]
    RETRY_CLASS_WAIT_UNTIL: _ClassVar[RetryClass]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_FIELD: ErrorReason
ERROR_REASON_IDEMPOTENCY_KEY_REUSED: ErrorReason
ERROR_REASON_ORDER_NOT_FOUND: ErrorReason
ERROR_REASON_INSTRUMENT_NOT_FOUND: ErrorReason
ERROR_REASON_ACCOUNT_NOT_ALLOWED: ErrorReason
ERROR_REASON_ORDER_CLOSED: ErrorReason
ERROR_REASON_ORDER_CHANGE_PENDING: ErrorReason
ERROR_REASON_STALE_VERSION: ErrorReason
ERROR_REASON_UNSUPPORTED_ORDER_CHARACTERISTIC: ErrorReason
ERROR_REASON_OBJECT_NOT_FOUND: ErrorReason
ERROR_REASON_OBJECT_STATE: ErrorReason
ERROR_REASON_RPC_NOT_FOUND: ErrorReason
ERROR_REASON_INSTRUMENT_NOT_TRADABLE: ErrorReason
ERROR_REASON_PRICE_OFF_TICK: ErrorReason
ERROR_REASON_QUANTITY_OFF_LOT: ErrorReason
ERROR_REASON_MAX_QUANTITY_EXCEEDED: ErrorReason
ERROR_REASON_MAX_VALUE_EXCEEDED: ErrorReason
ERROR_REASON_PRICE_COLLAR_EXCEEDED: ErrorReason
ERROR_REASON_DUPLICATE_ORDER: ErrorReason
ERROR_REASON_EXPOSURE_LIMIT_EXCEEDED: ErrorReason
ERROR_REASON_SELF_MATCH_PREVENTED: ErrorReason
ERROR_REASON_TRADING_HALTED: ErrorReason
ERROR_REASON_REFERENCE_PRICE_MISSING: ErrorReason
ERROR_REASON_APPROVAL_REQUIRED: ErrorReason
ERROR_REASON_KILL_SWITCH_ENGAGED: ErrorReason
ERROR_REASON_POSITION_LIMIT_EXCEEDED: ErrorReason
ERROR_REASON_VOLUME_LIMIT_EXCEEDED: ErrorReason
ERROR_REASON_INSTRUMENT_NOT_PERMITTED: ErrorReason
ERROR_REASON_SHORT_SALE_NOT_ALLOWED: ErrorReason
ERROR_REASON_BUYING_POWER_EXCEEDED: ErrorReason
ERROR_REASON_REPEATED_EXECUTION_STOPPED: ErrorReason
ERROR_REASON_REDUCE_ONLY: ErrorReason
ERROR_REASON_VENUE_UNAVAILABLE: ErrorReason
ERROR_REASON_VENUE_REJECTED: ErrorReason
ERROR_REASON_NOT_SENT: ErrorReason
ERROR_REASON_OUTCOME_UNKNOWN: ErrorReason
ERROR_REASON_VENUE_LIMIT_EXCEEDED: ErrorReason
ERROR_REASON_UNAUTHENTICATED: ErrorReason
ERROR_REASON_TOKEN_EXPIRED: ErrorReason
ERROR_REASON_PERMISSION_DENIED: ErrorReason
ERROR_REASON_BAD_CREDENTIALS: ErrorReason
ERROR_REASON_LOGIN_THROTTLED: ErrorReason
ERROR_REASON_SECOND_PERSON_REQUIRED: ErrorReason
ERROR_REASON_RATE_LIMITED: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_DRAINING: ErrorReason
ERROR_REASON_SLOW_CONSUMER: ErrorReason
ERROR_REASON_DEPENDENCY_UNAVAILABLE: ErrorReason
ERROR_REASON_DEADLINE_TOO_SHORT: ErrorReason
ERROR_REASON_COMMAND_OUTCOME_UNKNOWN: ErrorReason
ERROR_REASON_RECOVERING: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
RETRY_CLASS_UNSPECIFIED: RetryClass
RETRY_CLASS_RETRYABLE: RetryClass
RETRY_CLASS_FIX_INPUT: RetryClass
RETRY_CLASS_NOT_ALLOWED: RetryClass
RETRY_CLASS_WAIT_UNTIL: RetryClass

class Rejection(_message.Message):
    __slots__ = ("reason", "retry_class", "text", "field", "venue_code", "venue_text")
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_CLASS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VENUE_CODE_FIELD_NUMBER: _ClassVar[int]
    VENUE_TEXT_FIELD_NUMBER: _ClassVar[int]
    reason: ErrorReason
    retry_class: RetryClass
    text: str
    field: str
    venue_code: int
    venue_text: str
    def __init__(self, reason: _Optional[_Union[ErrorReason, str]] = ..., retry_class: _Optional[_Union[RetryClass, str]] = ..., text: _Optional[str] = ..., field: _Optional[str] = ..., venue_code: _Optional[int] = ..., venue_text: _Optional[str] = ...) -> None: ...
