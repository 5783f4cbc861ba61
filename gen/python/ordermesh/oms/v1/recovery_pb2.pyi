import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecoveryState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECOVERY_STATE_UNSPECIFIED: _ClassVar[RecoveryState]
    RECOVERY_STATE_OPEN: _ClassVar[RecoveryState]
    RECOVERY_STATE_CONFIRMED: _ClassVar[RecoveryState]
RECOVERY_STATE_UNSPECIFIED: RecoveryState
RECOVERY_STATE_OPEN: RecoveryState
RECOVERY_STATE_CONFIRMED: RecoveryState

class Recovery(_message.Message):
    __slots__ = ("recovery_id", "state", "opened_at", "evidence", "ended_epoch", "confirmed_by", "confirmed_by_name", "confirmed_at", "reason", "sessions", "recovered_order_ids", "executions", "parked_messages", "unknown_orders", "sessions_missing", "truncated")
    RECOVERY_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    ENDED_EPOCH_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_BY_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    RECOVERED_ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    PARKED_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_MISSING_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    recovery_id: str
    state: RecoveryState
    opened_at: _timestamp_pb2.Timestamp
    evidence: str
    ended_epoch: str
    confirmed_by: str
    confirmed_by_name: str
    confirmed_at: _timestamp_pb2.Timestamp
    reason: str
    sessions: _containers.RepeatedCompositeFieldContainer[RecoverySession]
    recovered_order_ids: _containers.RepeatedScalarFieldContainer[str]
    executions: _containers.RepeatedCompositeFieldContainer[RecoveredExecution]
    parked_messages: int
    unknown_orders: int
    sessions_missing: _containers.RepeatedScalarFieldContainer[str]
    truncated: bool
    def __init__(self, recovery_id: _Optional[str] = ..., state: _Optional[_Union[RecoveryState, str]] = ..., opened_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., evidence: _Optional[str] = ..., ended_epoch: _Optional[str] = ..., confirmed_by: _Optional[str] = ..., confirmed_by_name: _Optional[str] = ..., confirmed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., sessions: _Optional[_Iterable[_Union[RecoverySession, _Mapping]]] = ..., recovered_order_ids: _Optional[_Iterable[str]] = ..., executions: _Optional[_Iterable[_Union[RecoveredExecution, _Mapping]]] = ..., parked_messages: _Optional[int] = ..., unknown_orders: _Optional[int] = ..., sessions_missing: _Optional[_Iterable[str]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class RecoverySession(_message.Message):
    __slots__ = ("session_id", "evidence", "compared", "requests_recovered", "not_recovered")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    COMPARED_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_RECOVERED_FIELD_NUMBER: _ClassVar[int]
    NOT_RECOVERED_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    evidence: str
    compared: bool
    requests_recovered: int
    not_recovered: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_id: _Optional[str] = ..., evidence: _Optional[str] = ..., compared: _Optional[bool] = ..., requests_recovered: _Optional[int] = ..., not_recovered: _Optional[_Iterable[str]] = ...) -> None: ...

class RecoveredExecution(_message.Message):
    __slots__ = ("account_id", "order_id", "exec_id", "quantity", "price")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    order_id: str
    exec_id: str
    quantity: str
    price: str
    def __init__(self, account_id: _Optional[str] = ..., order_id: _Optional[str] = ..., exec_id: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ...) -> None: ...
