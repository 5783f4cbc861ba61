from ordermesh.oms.v1 import event_pb2 as _event_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OrderFold(_message.Message):
    __slots__ = ("base_state", "notional", "request_count", "pending_cancel_id", "pending_replace_id", "in_doubt", "awaited_cum_quantity", "stated_by_person", "asked_about", "former_venue_order_ids", "ended_by_copy", "routing_sums", "traded_before", "replace_asked_at_ns", "closed_sequence", "paused")
    BASE_STATE_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    PENDING_CANCEL_ID_FIELD_NUMBER: _ClassVar[int]
    PENDING_REPLACE_ID_FIELD_NUMBER: _ClassVar[int]
    IN_DOUBT_FIELD_NUMBER: _ClassVar[int]
    AWAITED_CUM_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    STATED_BY_PERSON_FIELD_NUMBER: _ClassVar[int]
    ASKED_ABOUT_FIELD_NUMBER: _ClassVar[int]
    FORMER_VENUE_ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    ENDED_BY_COPY_FIELD_NUMBER: _ClassVar[int]
    ROUTING_SUMS_FIELD_NUMBER: _ClassVar[int]
    TRADED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    REPLACE_ASKED_AT_NS_FIELD_NUMBER: _ClassVar[int]
    CLOSED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    base_state: _order_pb2.OrderState
    notional: str
    request_count: int
    pending_cancel_id: str
    pending_replace_id: str
    in_doubt: _containers.RepeatedScalarFieldContainer[str]
    awaited_cum_quantity: str
    stated_by_person: bool
    asked_about: str
    former_venue_order_ids: _containers.RepeatedScalarFieldContainer[str]
    ended_by_copy: bool
    routing_sums: _event_pb2.RoutingSums
    traded_before: _containers.RepeatedCompositeFieldContainer[_event_pb2.TradedBefore]
    replace_asked_at_ns: int
    closed_sequence: int
    paused: bool
    def __init__(self, base_state: _Optional[_Union[_order_pb2.OrderState, str]] = ..., notional: _Optional[str] = ..., request_count: _Optional[int] = ..., pending_cancel_id: _Optional[str] = ..., pending_replace_id: _Optional[str] = ..., in_doubt: _Optional[_Iterable[str]] = ..., awaited_cum_quantity: _Optional[str] = ..., stated_by_person: _Optional[bool] = ..., asked_about: _Optional[str] = ..., former_venue_order_ids: _Optional[_Iterable[str]] = ..., ended_by_copy: _Optional[bool] = ..., routing_sums: _Optional[_Union[_event_pb2.RoutingSums, _Mapping]] = ..., traded_before: _Optional[_Iterable[_Union[_event_pb2.TradedBefore, _Mapping]]] = ..., replace_asked_at_ns: _Optional[int] = ..., closed_sequence: _Optional[int] = ..., paused: _Optional[bool] = ...) -> None: ...
