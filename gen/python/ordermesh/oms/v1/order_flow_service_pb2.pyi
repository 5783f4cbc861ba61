from ordermesh.oms.v1 import event_pb2 as _event_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from ordermesh.oms.v1 import order_service_pb2 as _order_service_pb2
from ordermesh.type.v1 import error_pb2 as _error_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FlowRequest(_message.Message):
    __slots__ = ("open", "commands", "disarm")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    DISARM_FIELD_NUMBER: _ClassVar[int]
    open: FlowOpen
    commands: _containers.RepeatedCompositeFieldContainer[FlowCommand]
    disarm: bool
    def __init__(self, open: _Optional[_Union[FlowOpen, _Mapping]] = ..., commands: _Optional[_Iterable[_Union[FlowCommand, _Mapping]]] = ..., disarm: _Optional[bool] = ...) -> None: ...

class FlowOpen(_message.Message):
    __slots__ = ("watch", "results_only", "cancel_on_disconnect")
    WATCH_FIELD_NUMBER: _ClassVar[int]
    RESULTS_ONLY_FIELD_NUMBER: _ClassVar[int]
    CANCEL_ON_DISCONNECT_FIELD_NUMBER: _ClassVar[int]
    watch: _order_service_pb2.WatchRequest
    results_only: bool
    cancel_on_disconnect: CancelOnDisconnect
    def __init__(self, watch: _Optional[_Union[_order_service_pb2.WatchRequest, _Mapping]] = ..., results_only: _Optional[bool] = ..., cancel_on_disconnect: _Optional[_Union[CancelOnDisconnect, _Mapping]] = ...) -> None: ...

class CancelOnDisconnect(_message.Message):
    __slots__ = ("grace_s", "session_name")
    GRACE_S_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    grace_s: int
    session_name: str
    def __init__(self, grace_s: _Optional[int] = ..., session_name: _Optional[str] = ...) -> None: ...

class FlowCommand(_message.Message):
    __slots__ = ("correlation_id", "place", "replace", "cancel")
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    REPLACE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    correlation_id: int
    place: _order_service_pb2.PlaceRequest
    replace: _order_service_pb2.ReplaceRequest
    cancel: _order_service_pb2.CancelRequest
    def __init__(self, correlation_id: _Optional[int] = ..., place: _Optional[_Union[_order_service_pb2.PlaceRequest, _Mapping]] = ..., replace: _Optional[_Union[_order_service_pb2.ReplaceRequest, _Mapping]] = ..., cancel: _Optional[_Union[_order_service_pb2.CancelRequest, _Mapping]] = ...) -> None: ...

class FlowResponse(_message.Message):
    __slots__ = ("items", "results", "guard")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    GUARD_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_event_pb2.OrderStreamItem]
    results: _containers.RepeatedCompositeFieldContainer[FlowResult]
    guard: FlowGuard
    def __init__(self, items: _Optional[_Iterable[_Union[_event_pb2.OrderStreamItem, _Mapping]]] = ..., results: _Optional[_Iterable[_Union[FlowResult, _Mapping]]] = ..., guard: _Optional[_Union[FlowGuard, _Mapping]] = ...) -> None: ...

class FlowGuard(_message.Message):
    __slots__ = ("armed", "grace_s", "session_name", "account_ids", "resumed")
    ARMED_FIELD_NUMBER: _ClassVar[int]
    GRACE_S_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_IDS_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    armed: bool
    grace_s: int
    session_name: str
    account_ids: _containers.RepeatedScalarFieldContainer[str]
    resumed: bool
    def __init__(self, armed: _Optional[bool] = ..., grace_s: _Optional[int] = ..., session_name: _Optional[str] = ..., account_ids: _Optional[_Iterable[str]] = ..., resumed: _Optional[bool] = ...) -> None: ...

class FlowResult(_message.Message):
    __slots__ = ("correlation_id", "accepted", "refused")
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    correlation_id: int
    accepted: FlowAccepted
    refused: _error_pb2.Rejection
    def __init__(self, correlation_id: _Optional[int] = ..., accepted: _Optional[_Union[FlowAccepted, _Mapping]] = ..., refused: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ...) -> None: ...

class FlowAccepted(_message.Message):
    __slots__ = ("order_id", "state", "sequence", "duplicate")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    state: _order_pb2.OrderState
    sequence: int
    duplicate: bool
    def __init__(self, order_id: _Optional[str] = ..., state: _Optional[_Union[_order_pb2.OrderState, str]] = ..., sequence: _Optional[int] = ..., duplicate: _Optional[bool] = ...) -> None: ...
