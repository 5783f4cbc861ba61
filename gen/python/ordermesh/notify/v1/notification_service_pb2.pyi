import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.notify.v1 import notification_pb2 as _notification_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StreamRequest(_message.Message):
    __slots__ = ("open", "mark_read")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    MARK_READ_FIELD_NUMBER: _ClassVar[int]
    open: WatchRequest
    mark_read: MarkReadRequest
    def __init__(self, open: _Optional[_Union[WatchRequest, _Mapping]] = ..., mark_read: _Optional[_Union[MarkReadRequest, _Mapping]] = ...) -> None: ...

class StreamResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_notification_pb2.NotificationItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_notification_pb2.NotificationItem, _Mapping]]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("cursor", "heartbeat_s")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    cursor: _stream_pb2.Cursor
    heartbeat_s: int
    def __init__(self, cursor: _Optional[_Union[_stream_pb2.Cursor, _Mapping]] = ..., heartbeat_s: _Optional[int] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_notification_pb2.NotificationItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_notification_pb2.NotificationItem, _Mapping]]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("kinds", "severity_min", "account_id", "order_id", "venue_mic", "unread_only", "at_from", "at_until", "page_size", "page_token")
    KINDS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_MIN_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    UNREAD_ONLY_FIELD_NUMBER: _ClassVar[int]
    AT_FROM_FIELD_NUMBER: _ClassVar[int]
    AT_UNTIL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[_notification_pb2.NotificationKind]
    severity_min: _notification_pb2.Severity
    account_id: str
    order_id: str
    venue_mic: str
    unread_only: bool
    at_from: _timestamp_pb2.Timestamp
    at_until: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, kinds: _Optional[_Iterable[_Union[_notification_pb2.NotificationKind, str]]] = ..., severity_min: _Optional[_Union[_notification_pb2.Severity, str]] = ..., account_id: _Optional[str] = ..., order_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., unread_only: _Optional[bool] = ..., at_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., at_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("notifications", "next_page_token")
    NOTIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    notifications: _containers.RepeatedCompositeFieldContainer[_notification_pb2.Notification]
    next_page_token: str
    def __init__(self, notifications: _Optional[_Iterable[_Union[_notification_pb2.Notification, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class MarkReadRequest(_message.Message):
    __slots__ = ("notification_ids", "up_to_sequence")
    NOTIFICATION_IDS_FIELD_NUMBER: _ClassVar[int]
    UP_TO_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    notification_ids: _containers.RepeatedScalarFieldContainer[str]
    up_to_sequence: int
    def __init__(self, notification_ids: _Optional[_Iterable[str]] = ..., up_to_sequence: _Optional[int] = ...) -> None: ...

class MarkReadResponse(_message.Message):
    __slots__ = ("read_at",)
    READ_AT_FIELD_NUMBER: _ClassVar[int]
    read_at: _timestamp_pb2.Timestamp
    def __init__(self, read_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
