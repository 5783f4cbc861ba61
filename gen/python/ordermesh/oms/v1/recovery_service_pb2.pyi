import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.oms.v1 import recovery_pb2 as _recovery_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStateRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStateResponse(_message.Message):
    __slots__ = ("recovering", "since", "recovery_id")
    RECOVERING_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_ID_FIELD_NUMBER: _ClassVar[int]
    recovering: bool
    since: _timestamp_pb2.Timestamp
    recovery_id: str
    def __init__(self, recovering: _Optional[bool] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recovery_id: _Optional[str] = ...) -> None: ...

class ShowRequest(_message.Message):
    __slots__ = ("recovery_id",)
    RECOVERY_ID_FIELD_NUMBER: _ClassVar[int]
    recovery_id: str
    def __init__(self, recovery_id: _Optional[str] = ...) -> None: ...

class ShowResponse(_message.Message):
    __slots__ = ("recovery",)
    RECOVERY_FIELD_NUMBER: _ClassVar[int]
    recovery: _recovery_pb2.Recovery
    def __init__(self, recovery: _Optional[_Union[_recovery_pb2.Recovery, _Mapping]] = ...) -> None: ...

class ConfirmRequest(_message.Message):
    __slots__ = ("recovery_id", "reason", "accept_missing_sessions")
    RECOVERY_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_MISSING_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    recovery_id: str
    reason: str
    accept_missing_sessions: bool
    def __init__(self, recovery_id: _Optional[str] = ..., reason: _Optional[str] = ..., accept_missing_sessions: _Optional[bool] = ...) -> None: ...

class ConfirmResponse(_message.Message):
    __slots__ = ("recovery",)
    RECOVERY_FIELD_NUMBER: _ClassVar[int]
    recovery: _recovery_pb2.Recovery
    def __init__(self, recovery: _Optional[_Union[_recovery_pb2.Recovery, _Mapping]] = ...) -> None: ...
