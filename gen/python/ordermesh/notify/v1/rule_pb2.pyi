import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.notify.v1 import notification_pb2 as _notification_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Rule(_message.Message):
    __slots__ = ("rule_id", "version", "firm", "owner", "name", "disabled", "kinds", "severity_min", "account_ids", "venue_mic", "amount_min", "in_app", "destination_ids", "quiet_hours", "digest", "messages_per_hour_max", "changed_at")
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FIRM_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_MIN_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_IDS_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MIN_FIELD_NUMBER: _ClassVar[int]
    IN_APP_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_IDS_FIELD_NUMBER: _ClassVar[int]
    QUIET_HOURS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_PER_HOUR_MAX_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    version: int
    firm: bool
    owner: str
    name: str
    disabled: bool
    kinds: _containers.RepeatedScalarFieldContainer[_notification_pb2.NotificationKind]
    severity_min: _notification_pb2.Severity
    account_ids: _containers.RepeatedScalarFieldContainer[str]
    venue_mic: str
    amount_min: str
    in_app: bool
    destination_ids: _containers.RepeatedScalarFieldContainer[str]
    quiet_hours: QuietHours
    digest: _duration_pb2.Duration
    messages_per_hour_max: int
    changed_at: _timestamp_pb2.Timestamp
    def __init__(self, rule_id: _Optional[str] = ..., version: _Optional[int] = ..., firm: _Optional[bool] = ..., owner: _Optional[str] = ..., name: _Optional[str] = ..., disabled: _Optional[bool] = ..., kinds: _Optional[_Iterable[_Union[_notification_pb2.NotificationKind, str]]] = ..., severity_min: _Optional[_Union[_notification_pb2.Severity, str]] = ..., account_ids: _Optional[_Iterable[str]] = ..., venue_mic: _Optional[str] = ..., amount_min: _Optional[str] = ..., in_app: _Optional[bool] = ..., destination_ids: _Optional[_Iterable[str]] = ..., quiet_hours: _Optional[_Union[QuietHours, _Mapping]] = ..., digest: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., messages_per_hour_max: _Optional[int] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class QuietHours(_message.Message):
    __slots__ = ("begin", "end", "time_zone")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    begin: str
    end: str
    time_zone: str
    def __init__(self, begin: _Optional[str] = ..., end: _Optional[str] = ..., time_zone: _Optional[str] = ...) -> None: ...
