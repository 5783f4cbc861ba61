import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.type.v1 import error_pb2 as _error_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AuditKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIT_KIND_UNSPECIFIED: _ClassVar[AuditKind]
    AUDIT_KIND_REFUSAL: _ClassVar[AuditKind]
    AUDIT_KIND_ACTION: _ClassVar[AuditKind]
    AUDIT_KIND_COUNTED: _ClassVar[AuditKind]
AUDIT_KIND_UNSPECIFIED: AuditKind
AUDIT_KIND_REFUSAL: AuditKind
AUDIT_KIND_ACTION: AuditKind
AUDIT_KIND_COUNTED: AuditKind

class AuditEntry(_message.Message):
    __slots__ = ("entry_id", "writer", "sequence", "at", "kind", "actor", "roles", "command", "account_id", "order_id", "idempotency_key", "reason", "field", "text", "metadata", "peer", "count", "actor_name", "request")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    entry_id: str
    writer: str
    sequence: int
    at: _timestamp_pb2.Timestamp
    kind: AuditKind
    actor: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    command: str
    account_id: str
    order_id: str
    idempotency_key: str
    reason: _error_pb2.ErrorReason
    field: str
    text: str
    metadata: _containers.ScalarMap[str, str]
    peer: str
    count: int
    actor_name: str
    request: str
    def __init__(self, entry_id: _Optional[str] = ..., writer: _Optional[str] = ..., sequence: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[_Union[AuditKind, str]] = ..., actor: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., command: _Optional[str] = ..., account_id: _Optional[str] = ..., order_id: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., reason: _Optional[_Union[_error_pb2.ErrorReason, str]] = ..., field: _Optional[str] = ..., text: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., peer: _Optional[str] = ..., count: _Optional[int] = ..., actor_name: _Optional[str] = ..., request: _Optional[str] = ...) -> None: ...

class AuditServiceListRequest(_message.Message):
    __slots__ = ("at_from", "at_until", "actor", "account_id", "order_id", "reasons", "kind", "page_size", "page_token")
    AT_FROM_FIELD_NUMBER: _ClassVar[int]
    AT_UNTIL_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    at_from: _timestamp_pb2.Timestamp
    at_until: _timestamp_pb2.Timestamp
    actor: str
    account_id: str
    order_id: str
    reasons: _containers.RepeatedScalarFieldContainer[_error_pb2.ErrorReason]
    kind: AuditKind
    page_size: int
    page_token: str
    def __init__(self, at_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., at_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[str] = ..., account_id: _Optional[str] = ..., order_id: _Optional[str] = ..., reasons: _Optional[_Iterable[_Union[_error_pb2.ErrorReason, str]]] = ..., kind: _Optional[_Union[AuditKind, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class AuditServiceListResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[AuditEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[AuditEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
