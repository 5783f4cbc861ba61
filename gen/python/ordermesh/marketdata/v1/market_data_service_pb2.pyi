from google.protobuf import field_mask_pb2 as _field_mask_pb2
from ordermesh.marketdata.v1 import market_data_pb2 as _market_data_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeliveryMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_MODE_UNSPECIFIED: _ClassVar[DeliveryMode]
    DELIVERY_MODE_EVERY_EVENT: _ClassVar[DeliveryMode]
    DELIVERY_MODE_INTERVAL: _ClassVar[DeliveryMode]
    DELIVERY_MODE_LATEST_ON_READY: _ClassVar[DeliveryMode]
DELIVERY_MODE_UNSPECIFIED: DeliveryMode
DELIVERY_MODE_EVERY_EVENT: DeliveryMode
DELIVERY_MODE_INTERVAL: DeliveryMode
DELIVERY_MODE_LATEST_ON_READY: DeliveryMode

class Subscription(_message.Message):
    __slots__ = ("instrument_ids", "topics", "depth", "mode", "interval_ms", "instruments", "fields")
    INSTRUMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    instrument_ids: _containers.RepeatedScalarFieldContainer[str]
    topics: _containers.RepeatedScalarFieldContainer[_market_data_pb2.Topic]
    depth: int
    mode: DeliveryMode
    interval_ms: int
    instruments: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.InstrumentKey]
    fields: _field_mask_pb2.FieldMask
    def __init__(self, instrument_ids: _Optional[_Iterable[str]] = ..., topics: _Optional[_Iterable[_Union[_market_data_pb2.Topic, str]]] = ..., depth: _Optional[int] = ..., mode: _Optional[_Union[DeliveryMode, str]] = ..., interval_ms: _Optional[int] = ..., instruments: _Optional[_Iterable[_Union[_market_data_pb2.InstrumentKey, _Mapping]]] = ..., fields: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("subscription", "heartbeat_s", "cursor")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    heartbeat_s: int
    cursor: _stream_pb2.Cursor
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ..., heartbeat_s: _Optional[int] = ..., cursor: _Optional[_Union[_stream_pb2.Cursor, _Mapping]] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.MarketDataItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_market_data_pb2.MarketDataItem, _Mapping]]] = ...) -> None: ...

class StreamRequest(_message.Message):
    __slots__ = ("open", "subscribe")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    open: WatchRequest
    subscribe: Subscription
    def __init__(self, open: _Optional[_Union[WatchRequest, _Mapping]] = ..., subscribe: _Optional[_Union[Subscription, _Mapping]] = ...) -> None: ...

class StreamResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.MarketDataItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_market_data_pb2.MarketDataItem, _Mapping]]] = ...) -> None: ...

class GetSnapshotRequest(_message.Message):
    __slots__ = ("instrument_ids", "topics", "depth", "instruments")
    INSTRUMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    instrument_ids: _containers.RepeatedScalarFieldContainer[str]
    topics: _containers.RepeatedScalarFieldContainer[_market_data_pb2.Topic]
    depth: int
    instruments: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.InstrumentKey]
    def __init__(self, instrument_ids: _Optional[_Iterable[str]] = ..., topics: _Optional[_Iterable[_Union[_market_data_pb2.Topic, str]]] = ..., depth: _Optional[int] = ..., instruments: _Optional[_Iterable[_Union[_market_data_pb2.InstrumentKey, _Mapping]]] = ...) -> None: ...

class GetSnapshotResponse(_message.Message):
    __slots__ = ("updates", "cursor")
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    updates: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.MarketDataUpdate]
    cursor: _stream_pb2.Cursor
    def __init__(self, updates: _Optional[_Iterable[_Union[_market_data_pb2.MarketDataUpdate, _Mapping]]] = ..., cursor: _Optional[_Union[_stream_pb2.Cursor, _Mapping]] = ...) -> None: ...
