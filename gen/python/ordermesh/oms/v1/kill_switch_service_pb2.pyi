from ordermesh.oms.v1 import kill_switch_pb2 as _kill_switch_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EngageRequest(_message.Message):
    __slots__ = ("idempotency_key", "scope", "reason", "drill")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DRILL_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    scope: _kill_switch_pb2.KillScope
    reason: str
    drill: bool
    def __init__(self, idempotency_key: _Optional[str] = ..., scope: _Optional[_Union[_kill_switch_pb2.KillScope, _Mapping]] = ..., reason: _Optional[str] = ..., drill: _Optional[bool] = ...) -> None: ...

class EngageResponse(_message.Message):
    __slots__ = ("kill_switch", "duplicate")
    KILL_SWITCH_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    kill_switch: _kill_switch_pb2.KillSwitch
    duplicate: bool
    def __init__(self, kill_switch: _Optional[_Union[_kill_switch_pb2.KillSwitch, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class MassCancelRequest(_message.Message):
    __slots__ = ("idempotency_key", "scope", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    scope: _kill_switch_pb2.KillScope
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., scope: _Optional[_Union[_kill_switch_pb2.KillScope, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class MassCancelResponse(_message.Message):
    __slots__ = ("kill_switch", "duplicate")
    KILL_SWITCH_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    kill_switch: _kill_switch_pb2.KillSwitch
    duplicate: bool
    def __init__(self, kill_switch: _Optional[_Union[_kill_switch_pb2.KillSwitch, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ProposeReleaseRequest(_message.Message):
    __slots__ = ("switch_id", "reason")
    SWITCH_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    switch_id: str
    reason: str
    def __init__(self, switch_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ProposeReleaseResponse(_message.Message):
    __slots__ = ("kill_switch",)
    KILL_SWITCH_FIELD_NUMBER: _ClassVar[int]
    kill_switch: _kill_switch_pb2.KillSwitch
    def __init__(self, kill_switch: _Optional[_Union[_kill_switch_pb2.KillSwitch, _Mapping]] = ...) -> None: ...

class ApproveReleaseRequest(_message.Message):
    __slots__ = ("switch_id",)
    SWITCH_ID_FIELD_NUMBER: _ClassVar[int]
    switch_id: str
    def __init__(self, switch_id: _Optional[str] = ...) -> None: ...

class ApproveReleaseResponse(_message.Message):
    __slots__ = ("kill_switch",)
    KILL_SWITCH_FIELD_NUMBER: _ClassVar[int]
    kill_switch: _kill_switch_pb2.KillSwitch
    def __init__(self, kill_switch: _Optional[_Union[_kill_switch_pb2.KillSwitch, _Mapping]] = ...) -> None: ...

class KillSwitchServiceListRequest(_message.Message):
    __slots__ = ("in_force_only", "page_size", "page_token")
    IN_FORCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    in_force_only: bool
    page_size: int
    page_token: str
    def __init__(self, in_force_only: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class KillSwitchServiceListResponse(_message.Message):
    __slots__ = ("kill_switches", "next_page_token")
    KILL_SWITCHES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kill_switches: _containers.RepeatedCompositeFieldContainer[_kill_switch_pb2.KillSwitch]
    next_page_token: str
    def __init__(self, kill_switches: _Optional[_Iterable[_Union[_kill_switch_pb2.KillSwitch, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class KillSwitchServiceGetRequest(_message.Message):
    __slots__ = ("switch_id", "outcomes", "page_size", "page_token")
    SWITCH_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    switch_id: str
    outcomes: _containers.RepeatedScalarFieldContainer[_kill_switch_pb2.KillOutcome]
    page_size: int
    page_token: str
    def __init__(self, switch_id: _Optional[str] = ..., outcomes: _Optional[_Iterable[_Union[_kill_switch_pb2.KillOutcome, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class KillSwitchServiceGetResponse(_message.Message):
    __slots__ = ("kill_switch", "orders", "next_page_token")
    KILL_SWITCH_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kill_switch: _kill_switch_pb2.KillSwitch
    orders: _containers.RepeatedCompositeFieldContainer[_kill_switch_pb2.KillOrder]
    next_page_token: str
    def __init__(self, kill_switch: _Optional[_Union[_kill_switch_pb2.KillSwitch, _Mapping]] = ..., orders: _Optional[_Iterable[_Union[_kill_switch_pb2.KillOrder, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class KillSwitchServiceWatchRequest(_message.Message):
    __slots__ = ("heartbeat_s",)
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    heartbeat_s: int
    def __init__(self, heartbeat_s: _Optional[int] = ...) -> None: ...

class KillSwitchServiceWatchResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[KillSwitchItem]
    def __init__(self, items: _Optional[_Iterable[_Union[KillSwitchItem, _Mapping]]] = ...) -> None: ...

class KillSwitchItem(_message.Message):
    __slots__ = ("snapshot", "snapshot_complete", "changed", "heartbeat", "drain")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    snapshot: _kill_switch_pb2.KillSwitch
    snapshot_complete: _stream_pb2.SnapshotComplete
    changed: _kill_switch_pb2.KillSwitch
    heartbeat: _stream_pb2.Heartbeat
    drain: _stream_pb2.Drain
    def __init__(self, snapshot: _Optional[_Union[_kill_switch_pb2.KillSwitch, _Mapping]] = ..., snapshot_complete: _Optional[_Union[_stream_pb2.SnapshotComplete, _Mapping]] = ..., changed: _Optional[_Union[_kill_switch_pb2.KillSwitch, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ...) -> None: ...
