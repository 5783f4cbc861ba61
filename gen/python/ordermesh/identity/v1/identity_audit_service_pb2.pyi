import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IdentityAct(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IDENTITY_ACT_UNSPECIFIED: _ClassVar[IdentityAct]
    IDENTITY_ACT_LOGIN: _ClassVar[IdentityAct]
    IDENTITY_ACT_LOGIN_FAILED: _ClassVar[IdentityAct]
    IDENTITY_ACT_LOGIN_THROTTLED: _ClassVar[IdentityAct]
    IDENTITY_ACT_LOGOUT: _ClassVar[IdentityAct]
    IDENTITY_ACT_TOKEN_REUSED: _ClassVar[IdentityAct]
    IDENTITY_ACT_REFRESH_REFUSED: _ClassVar[IdentityAct]
    IDENTITY_ACT_USER_ADDED: _ClassVar[IdentityAct]
    IDENTITY_ACT_USER_CHANGED: _ClassVar[IdentityAct]
    IDENTITY_ACT_USER_DISABLED: _ClassVar[IdentityAct]
    IDENTITY_ACT_KEY_USED: _ClassVar[IdentityAct]
    IDENTITY_ACT_KEY_GONE: _ClassVar[IdentityAct]
IDENTITY_ACT_UNSPECIFIED: IdentityAct
IDENTITY_ACT_LOGIN: IdentityAct
IDENTITY_ACT_LOGIN_FAILED: IdentityAct
IDENTITY_ACT_LOGIN_THROTTLED: IdentityAct
IDENTITY_ACT_LOGOUT: IdentityAct
IDENTITY_ACT_TOKEN_REUSED: IdentityAct
IDENTITY_ACT_REFRESH_REFUSED: IdentityAct
IDENTITY_ACT_USER_ADDED: IdentityAct
IDENTITY_ACT_USER_CHANGED: IdentityAct
IDENTITY_ACT_USER_DISABLED: IdentityAct
IDENTITY_ACT_KEY_USED: IdentityAct
IDENTITY_ACT_KEY_GONE: IdentityAct

class IdentityAuditEntry(_message.Message):
    __slots__ = ("entry_id", "at", "act", "actor", "user_id", "username", "address", "session_id", "detail", "count")
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ACT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    entry_id: str
    at: _timestamp_pb2.Timestamp
    act: IdentityAct
    actor: str
    user_id: str
    username: str
    address: str
    session_id: str
    detail: str
    count: int
    def __init__(self, entry_id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., act: _Optional[_Union[IdentityAct, str]] = ..., actor: _Optional[str] = ..., user_id: _Optional[str] = ..., username: _Optional[str] = ..., address: _Optional[str] = ..., session_id: _Optional[str] = ..., detail: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class IdentityAuditServiceListRequest(_message.Message):
    __slots__ = ("at_from", "at_until", "username", "acts", "page_size", "before_entry_id")
    AT_FROM_FIELD_NUMBER: _ClassVar[int]
    AT_UNTIL_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ACTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    at_from: _timestamp_pb2.Timestamp
    at_until: _timestamp_pb2.Timestamp
    username: str
    acts: _containers.RepeatedScalarFieldContainer[IdentityAct]
    page_size: int
    before_entry_id: str
    def __init__(self, at_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., at_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., username: _Optional[str] = ..., acts: _Optional[_Iterable[_Union[IdentityAct, str]]] = ..., page_size: _Optional[int] = ..., before_entry_id: _Optional[str] = ...) -> None: ...

class IdentityAuditServiceListResponse(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[IdentityAuditEntry]
    def __init__(self, entries: _Optional[_Iterable[_Union[IdentityAuditEntry, _Mapping]]] = ...) -> None: ...
