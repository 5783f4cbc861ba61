import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RoutingVenue(_message.Message):
    __slots__ = ("venue_mic", "out", "since", "until", "reason", "rejects", "put_back_at")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REJECTS_FIELD_NUMBER: _ClassVar[int]
    PUT_BACK_AT_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    out: bool
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    reason: str
    rejects: int
    put_back_at: _timestamp_pb2.Timestamp
    def __init__(self, venue_mic: _Optional[str] = ..., out: _Optional[bool] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., rejects: _Optional[int] = ..., put_back_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListVenuesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListVenuesResponse(_message.Message):
    __slots__ = ("venues",)
    VENUES_FIELD_NUMBER: _ClassVar[int]
    venues: _containers.RepeatedCompositeFieldContainer[RoutingVenue]
    def __init__(self, venues: _Optional[_Iterable[_Union[RoutingVenue, _Mapping]]] = ...) -> None: ...

class PutVenueBackRequest(_message.Message):
    __slots__ = ("venue_mic", "reason")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    reason: str
    def __init__(self, venue_mic: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PutVenueBackResponse(_message.Message):
    __slots__ = ("venue",)
    VENUE_FIELD_NUMBER: _ClassVar[int]
    venue: RoutingVenue
    def __init__(self, venue: _Optional[_Union[RoutingVenue, _Mapping]] = ...) -> None: ...
