import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.oms.v1 import audit_service_pb2 as _audit_service_pb2
from ordermesh.oms.v1 import event_pb2 as _event_pb2
from ordermesh.oms.v1 import kill_switch_pb2 as _kill_switch_pb2
from ordermesh.oms.v1 import limit_pb2 as _limit_pb2
from ordermesh.oms.v1 import parked_service_pb2 as _parked_service_pb2
from ordermesh.oms.v1 import statement_pb2 as _statement_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WayStep(_message.Message):
    __slots__ = ("at", "actor", "actor_name", "kill_switch", "event", "entry", "parked", "statement", "fix")
    AT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ACTOR_NAME_FIELD_NUMBER: _ClassVar[int]
    KILL_SWITCH_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    PARKED_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    FIX_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    actor: str
    actor_name: str
    kill_switch: str
    event: _event_pb2.OrderEvent
    entry: _audit_service_pb2.AuditEntry
    parked: _parked_service_pb2.ParkedItem
    statement: _statement_pb2.Statement
    fix: FixMessage
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[str] = ..., actor_name: _Optional[str] = ..., kill_switch: _Optional[str] = ..., event: _Optional[_Union[_event_pb2.OrderEvent, _Mapping]] = ..., entry: _Optional[_Union[_audit_service_pb2.AuditEntry, _Mapping]] = ..., parked: _Optional[_Union[_parked_service_pb2.ParkedItem, _Mapping]] = ..., statement: _Optional[_Union[_statement_pb2.Statement, _Mapping]] = ..., fix: _Optional[_Union[FixMessage, _Mapping]] = ...) -> None: ...

class FixMessage(_message.Message):
    __slots__ = ("outbound", "msg_type", "msg_seq_num", "text")
    OUTBOUND_FIELD_NUMBER: _ClassVar[int]
    MSG_TYPE_FIELD_NUMBER: _ClassVar[int]
    MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    outbound: bool
    msg_type: str
    msg_seq_num: int
    text: str
    def __init__(self, outbound: _Optional[bool] = ..., msg_type: _Optional[str] = ..., msg_seq_num: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class ControlsAt(_message.Message):
    __slots__ = ("at", "checked", "limits", "replaced", "statuses", "kill_switches")
    AT_FIELD_NUMBER: _ClassVar[int]
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    KILL_SWITCHES_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    checked: str
    limits: _containers.RepeatedCompositeFieldContainer[LimitAt]
    replaced: _containers.RepeatedCompositeFieldContainer[LimitAt]
    statuses: _containers.RepeatedCompositeFieldContainer[_limit_pb2.TradingStatusRecord]
    kill_switches: _containers.RepeatedCompositeFieldContainer[_kill_switch_pb2.KillSwitch]
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., checked: _Optional[str] = ..., limits: _Optional[_Iterable[_Union[LimitAt, _Mapping]]] = ..., replaced: _Optional[_Iterable[_Union[LimitAt, _Mapping]]] = ..., statuses: _Optional[_Iterable[_Union[_limit_pb2.TradingStatusRecord, _Mapping]]] = ..., kill_switches: _Optional[_Iterable[_Union[_kill_switch_pb2.KillSwitch, _Mapping]]] = ...) -> None: ...

class LimitAt(_message.Message):
    __slots__ = ("limit", "override", "replaced_by")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    REPLACED_BY_FIELD_NUMBER: _ClassVar[int]
    limit: _limit_pb2.Limit
    override: _limit_pb2.Override
    replaced_by: _containers.RepeatedCompositeFieldContainer[LimitReplacement]
    def __init__(self, limit: _Optional[_Union[_limit_pb2.Limit, _Mapping]] = ..., override: _Optional[_Union[_limit_pb2.Override, _Mapping]] = ..., replaced_by: _Optional[_Iterable[_Union[LimitReplacement, _Mapping]]] = ...) -> None: ...

class LimitReplacement(_message.Message):
    __slots__ = ("limit_id", "range", "wholly")
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    WHOLLY_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    range: _limit_pb2.LimitRange
    wholly: bool
    def __init__(self, limit_id: _Optional[str] = ..., range: _Optional[_Union[_limit_pb2.LimitRange, _Mapping]] = ..., wholly: _Optional[bool] = ...) -> None: ...
