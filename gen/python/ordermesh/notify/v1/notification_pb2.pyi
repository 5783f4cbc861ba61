import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NotificationKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTIFICATION_KIND_UNSPECIFIED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_FILL: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_CLOSED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_REJECT: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_UNKNOWN: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ANOMALY: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_REPORT_PARKED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_LIMIT_HIT: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_LIMIT_NEAR: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_KILL_SWITCH: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_SESSION_DOWN: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_SESSION_UP: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_PRICE_ALERT: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_APPROVAL_WAITING: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_RECONCILE_DIFFERENCE: _ClassVar[NotificationKind]

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_INFO: _ClassVar[Severity]
    SEVERITY_WARNING: _ClassVar[Severity]
    SEVERITY_CRITICAL: _ClassVar[Severity]
NOTIFICATION_KIND_UNSPECIFIED: NotificationKind
NOTIFICATION_KIND_FILL: NotificationKind
NOTIFICATION_KIND_ORDER_CLOSED: NotificationKind
NOTIFICATION_KIND_REJECT: NotificationKind
NOTIFICATION_KIND_UNKNOWN: NotificationKind
NOTIFICATION_KIND_ANOMALY: NotificationKind
NOTIFICATION_KIND_REPORT_PARKED: NotificationKind
NOTIFICATION_KIND_LIMIT_HIT: NotificationKind
NOTIFICATION_KIND_LIMIT_NEAR: NotificationKind
NOTIFICATION_KIND_KILL_SWITCH: NotificationKind
NOTIFICATION_KIND_SESSION_DOWN: NotificationKind
NOTIFICATION_KIND_SESSION_UP: NotificationKind
NOTIFICATION_KIND_PRICE_ALERT: NotificationKind
NOTIFICATION_KIND_APPROVAL_WAITING: NotificationKind
NOTIFICATION_KIND_RECONCILE_DIFFERENCE: NotificationKind
SEVERITY_UNSPECIFIED: Severity
SEVERITY_INFO: Severity
SEVERITY_WARNING: Severity
SEVERITY_CRITICAL: Severity

class Notification(_message.Message):
    __slots__ = ("notification_id", "sequence", "kind", "severity", "occurred_at", "created_at", "text", "account_id", "order_id", "instrument_id", "venue_mic", "session_id", "object_id", "amount", "read_at")
    NOTIFICATION_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    READ_AT_FIELD_NUMBER: _ClassVar[int]
    notification_id: str
    sequence: int
    kind: NotificationKind
    severity: Severity
    occurred_at: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    text: str
    account_id: str
    order_id: str
    instrument_id: str
    venue_mic: str
    session_id: str
    object_id: str
    amount: str
    read_at: _timestamp_pb2.Timestamp
    def __init__(self, notification_id: _Optional[str] = ..., sequence: _Optional[int] = ..., kind: _Optional[_Union[NotificationKind, str]] = ..., severity: _Optional[_Union[Severity, str]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., text: _Optional[str] = ..., account_id: _Optional[str] = ..., order_id: _Optional[str] = ..., instrument_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., session_id: _Optional[str] = ..., object_id: _Optional[str] = ..., amount: _Optional[str] = ..., read_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class NotificationsRead(_message.Message):
    __slots__ = ("notification_ids", "up_to_sequence", "read_at")
    NOTIFICATION_IDS_FIELD_NUMBER: _ClassVar[int]
    UP_TO_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    READ_AT_FIELD_NUMBER: _ClassVar[int]
    notification_ids: _containers.RepeatedScalarFieldContainer[str]
    up_to_sequence: int
    read_at: _timestamp_pb2.Timestamp
    def __init__(self, notification_ids: _Optional[_Iterable[str]] = ..., up_to_sequence: _Optional[int] = ..., read_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class NotificationItem(_message.Message):
    __slots__ = ("snapshot", "event", "read", "snapshot_complete", "heartbeat", "resync", "drain", "gap")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    snapshot: Notification
    event: Notification
    read: NotificationsRead
    snapshot_complete: _stream_pb2.SnapshotComplete
    heartbeat: _stream_pb2.Heartbeat
    resync: _stream_pb2.Resync
    drain: _stream_pb2.Drain
    gap: _stream_pb2.Gap
    def __init__(self, snapshot: _Optional[_Union[Notification, _Mapping]] = ..., event: _Optional[_Union[Notification, _Mapping]] = ..., read: _Optional[_Union[NotificationsRead, _Mapping]] = ..., snapshot_complete: _Optional[_Union[_stream_pb2.SnapshotComplete, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., resync: _Optional[_Union[_stream_pb2.Resync, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ..., gap: _Optional[_Union[_stream_pb2.Gap, _Mapping]] = ...) -> None: ...
