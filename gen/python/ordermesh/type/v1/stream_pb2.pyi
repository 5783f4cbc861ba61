import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResyncCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESYNC_CAUSE_UNSPECIFIED: _ClassVar[ResyncCause]
    RESYNC_CAUSE_EPOCH_CHANGED: _ClassVar[ResyncCause]
    RESYNC_CAUSE_CURSOR_TOO_OLD: _ClassVar[ResyncCause]
    RESYNC_CAUSE_CURSOR_UNKNOWN: _ClassVar[ResyncCause]
    RESYNC_CAUSE_SOURCE_RESET: _ClassVar[ResyncCause]

class GapKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GAP_KIND_UNSPECIFIED: _ClassVar[GapKind]
    GAP_KIND_LINK_DOWN: _ClassVar[GapKind]
    GAP_KIND_LINK_UP: _ClassVar[GapKind]
    GAP_KIND_STALE: _ClassVar[GapKind]
    GAP_KIND_LOST: _ClassVar[GapKind]

class DrainCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DRAIN_CAUSE_UNSPECIFIED: _ClassVar[DrainCause]
    DRAIN_CAUSE_SHUTDOWN: _ClassVar[DrainCause]
    DRAIN_CAUSE_TOKEN_EXPIRY: _ClassVar[DrainCause]
    DRAIN_CAUSE_MAX_AGE: _ClassVar[DrainCause]
RESYNC_CAUSE_UNSPECIFIED: ResyncCause
RESYNC_CAUSE_EPOCH_CHANGED: ResyncCause
RESYNC_CAUSE_CURSOR_TOO_OLD: ResyncCause
RESYNC_CAUSE_CURSOR_UNKNOWN: ResyncCause
RESYNC_CAUSE_SOURCE_RESET: ResyncCause
GAP_KIND_UNSPECIFIED: GapKind
GAP_KIND_LINK_DOWN: GapKind
GAP_KIND_LINK_UP: GapKind
GAP_KIND_STALE: GapKind
GAP_KIND_LOST: GapKind
DRAIN_CAUSE_UNSPECIFIED: DrainCause
DRAIN_CAUSE_SHUTDOWN: DrainCause
DRAIN_CAUSE_TOKEN_EXPIRY: DrainCause
DRAIN_CAUSE_MAX_AGE: DrainCause

class Cursor(_message.Message):
    __slots__ = ("epoch", "sequence")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    sequence: int
    def __init__(self, epoch: _Optional[str] = ..., sequence: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("server_time", "high_water", "channel")
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    HIGH_WATER_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    server_time: _timestamp_pb2.Timestamp
    high_water: Cursor
    channel: str
    def __init__(self, server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., high_water: _Optional[_Union[Cursor, _Mapping]] = ..., channel: _Optional[str] = ...) -> None: ...

class SnapshotComplete(_message.Message):
    __slots__ = ("cursor", "channel", "item_count")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    cursor: Cursor
    channel: str
    item_count: int
    def __init__(self, cursor: _Optional[_Union[Cursor, _Mapping]] = ..., channel: _Optional[str] = ..., item_count: _Optional[int] = ...) -> None: ...

class Resync(_message.Message):
    __slots__ = ("cause", "channel", "requested")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_FIELD_NUMBER: _ClassVar[int]
    cause: ResyncCause
    channel: str
    requested: Cursor
    def __init__(self, cause: _Optional[_Union[ResyncCause, str]] = ..., channel: _Optional[str] = ..., requested: _Optional[_Union[Cursor, _Mapping]] = ...) -> None: ...

class Gap(_message.Message):
    __slots__ = ("kind", "channel", "text", "since")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    kind: GapKind
    channel: str
    text: str
    since: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[_Union[GapKind, str]] = ..., channel: _Optional[str] = ..., text: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SlowConsumer(_message.Message):
    __slots__ = ("resume", "limit_items")
    RESUME_FIELD_NUMBER: _ClassVar[int]
    LIMIT_ITEMS_FIELD_NUMBER: _ClassVar[int]
    resume: Cursor
    limit_items: int
    def __init__(self, resume: _Optional[_Union[Cursor, _Mapping]] = ..., limit_items: _Optional[int] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("resume", "retry_after", "cause")
    RESUME_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    resume: Cursor
    retry_after: _duration_pb2.Duration
    cause: DrainCause
    def __init__(self, resume: _Optional[_Union[Cursor, _Mapping]] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., cause: _Optional[_Union[DrainCause, str]] = ...) -> None: ...
