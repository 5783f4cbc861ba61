import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StatementState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATEMENT_STATE_UNSPECIFIED: _ClassVar[StatementState]
    STATEMENT_STATE_PROPOSED: _ClassVar[StatementState]
    STATEMENT_STATE_CONFIRMED: _ClassVar[StatementState]
    STATEMENT_STATE_DECLINED: _ClassVar[StatementState]
    STATEMENT_STATE_EXPIRED: _ClassVar[StatementState]
STATEMENT_STATE_UNSPECIFIED: StatementState
STATEMENT_STATE_PROPOSED: StatementState
STATEMENT_STATE_CONFIRMED: StatementState
STATEMENT_STATE_DECLINED: StatementState
STATEMENT_STATE_EXPIRED: StatementState

class Statement(_message.Message):
    __slots__ = ("statement_id", "order_id", "account_id", "state", "text", "reason", "value", "currency", "stated_by", "stated_by_name", "stated_at", "expires_at", "decided_by", "decided_by_name", "decided_at", "parked_id")
    STATEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    STATED_BY_FIELD_NUMBER: _ClassVar[int]
    STATED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    STATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    PARKED_ID_FIELD_NUMBER: _ClassVar[int]
    statement_id: str
    order_id: str
    account_id: str
    state: StatementState
    text: str
    reason: str
    value: str
    currency: str
    stated_by: str
    stated_by_name: str
    stated_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    decided_by: str
    decided_by_name: str
    decided_at: _timestamp_pb2.Timestamp
    parked_id: int
    def __init__(self, statement_id: _Optional[str] = ..., order_id: _Optional[str] = ..., account_id: _Optional[str] = ..., state: _Optional[_Union[StatementState, str]] = ..., text: _Optional[str] = ..., reason: _Optional[str] = ..., value: _Optional[str] = ..., currency: _Optional[str] = ..., stated_by: _Optional[str] = ..., stated_by_name: _Optional[str] = ..., stated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decided_by: _Optional[str] = ..., decided_by_name: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., parked_id: _Optional[int] = ...) -> None: ...
