import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from ordermesh.oms.v1 import statement_pb2 as _statement_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ParkedState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARKED_STATE_UNSPECIFIED: _ClassVar[ParkedState]
    PARKED_STATE_OPEN: _ClassVar[ParkedState]
    PARKED_STATE_APPLIED: _ClassVar[ParkedState]
    PARKED_STATE_DISCARDED: _ClassVar[ParkedState]
PARKED_STATE_UNSPECIFIED: ParkedState
PARKED_STATE_OPEN: ParkedState
PARKED_STATE_APPLIED: ParkedState
PARKED_STATE_DISCARDED: ParkedState

class ParkedItem(_message.Message):
    __slots__ = ("parked_id", "session_id", "session_epoch", "msg_seq_num", "msg_type", "why", "account_id", "order_id", "parked_at", "state", "settled_at", "settled_by", "settled_by_name", "reason")
    PARKED_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_EPOCH_FIELD_NUMBER: _ClassVar[int]
    MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    MSG_TYPE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PARKED_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SETTLED_AT_FIELD_NUMBER: _ClassVar[int]
    SETTLED_BY_FIELD_NUMBER: _ClassVar[int]
    SETTLED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    parked_id: int
    session_id: str
    session_epoch: int
    msg_seq_num: int
    msg_type: str
    why: str
    account_id: str
    order_id: str
    parked_at: _timestamp_pb2.Timestamp
    state: ParkedState
    settled_at: _timestamp_pb2.Timestamp
    settled_by: str
    settled_by_name: str
    reason: str
    def __init__(self, parked_id: _Optional[int] = ..., session_id: _Optional[str] = ..., session_epoch: _Optional[int] = ..., msg_seq_num: _Optional[int] = ..., msg_type: _Optional[str] = ..., why: _Optional[str] = ..., account_id: _Optional[str] = ..., order_id: _Optional[str] = ..., parked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[ParkedState, str]] = ..., settled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., settled_by: _Optional[str] = ..., settled_by_name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ParkedServiceListRequest(_message.Message):
    __slots__ = ("account_id", "order_id", "session_id", "state", "all_states", "page_size", "before_parked_id")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ALL_STATES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_PARKED_ID_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    order_id: str
    session_id: str
    state: ParkedState
    all_states: bool
    page_size: int
    before_parked_id: int
    def __init__(self, account_id: _Optional[str] = ..., order_id: _Optional[str] = ..., session_id: _Optional[str] = ..., state: _Optional[_Union[ParkedState, str]] = ..., all_states: _Optional[bool] = ..., page_size: _Optional[int] = ..., before_parked_id: _Optional[int] = ...) -> None: ...

class ParkedServiceListResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ParkedItem]
    def __init__(self, items: _Optional[_Iterable[_Union[ParkedItem, _Mapping]]] = ...) -> None: ...

class ParkedServiceGetRequest(_message.Message):
    __slots__ = ("parked_id",)
    PARKED_ID_FIELD_NUMBER: _ClassVar[int]
    parked_id: int
    def __init__(self, parked_id: _Optional[int] = ...) -> None: ...

class ParkedServiceGetResponse(_message.Message):
    __slots__ = ("item", "fix_text", "as_received", "can_apply")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    FIX_TEXT_FIELD_NUMBER: _ClassVar[int]
    AS_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    CAN_APPLY_FIELD_NUMBER: _ClassVar[int]
    item: ParkedItem
    fix_text: str
    as_received: bool
    can_apply: bool
    def __init__(self, item: _Optional[_Union[ParkedItem, _Mapping]] = ..., fix_text: _Optional[str] = ..., as_received: _Optional[bool] = ..., can_apply: _Optional[bool] = ...) -> None: ...

class ParkedServiceWatchRequest(_message.Message):
    __slots__ = ("heartbeat_s",)
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    heartbeat_s: int
    def __init__(self, heartbeat_s: _Optional[int] = ...) -> None: ...

class ParkedServiceWatchResponse(_message.Message):
    __slots__ = ("parked", "statement", "snapshot_complete", "heartbeat", "drain")
    PARKED_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    parked: ParkedItem
    statement: _statement_pb2.Statement
    snapshot_complete: _stream_pb2.SnapshotComplete
    heartbeat: _stream_pb2.Heartbeat
    drain: _stream_pb2.Drain
    def __init__(self, parked: _Optional[_Union[ParkedItem, _Mapping]] = ..., statement: _Optional[_Union[_statement_pb2.Statement, _Mapping]] = ..., snapshot_complete: _Optional[_Union[_stream_pb2.SnapshotComplete, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ...) -> None: ...

class ParkedServiceApplyRequest(_message.Message):
    __slots__ = ("parked_id", "order_id", "reason")
    PARKED_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    parked_id: int
    order_id: str
    reason: str
    def __init__(self, parked_id: _Optional[int] = ..., order_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ParkedServiceApplyResponse(_message.Message):
    __slots__ = ("item", "order")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    item: ParkedItem
    order: _order_pb2.Order
    def __init__(self, item: _Optional[_Union[ParkedItem, _Mapping]] = ..., order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class ParkedServiceDiscardRequest(_message.Message):
    __slots__ = ("parked_id", "reason")
    PARKED_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    parked_id: int
    reason: str
    def __init__(self, parked_id: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ParkedServiceDiscardResponse(_message.Message):
    __slots__ = ("item",)
    ITEM_FIELD_NUMBER: _ClassVar[int]
    item: ParkedItem
    def __init__(self, item: _Optional[_Union[ParkedItem, _Mapping]] = ...) -> None: ...
