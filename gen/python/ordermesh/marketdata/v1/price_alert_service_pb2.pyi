import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.marketdata.v1 import price_alert_pb2 as _price_alert_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateAlertRequest(_message.Message):
    __slots__ = ("idempotency_key", "instrument_id", "price", "above", "below", "percent", "reference_price", "expires_at", "note")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    ABOVE_FIELD_NUMBER: _ClassVar[int]
    BELOW_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    instrument_id: str
    price: _price_alert_pb2.AlertPrice
    above: str
    below: str
    percent: str
    reference_price: str
    expires_at: _timestamp_pb2.Timestamp
    note: str
    def __init__(self, idempotency_key: _Optional[str] = ..., instrument_id: _Optional[str] = ..., price: _Optional[_Union[_price_alert_pb2.AlertPrice, str]] = ..., above: _Optional[str] = ..., below: _Optional[str] = ..., percent: _Optional[str] = ..., reference_price: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., note: _Optional[str] = ...) -> None: ...

class CreateAlertResponse(_message.Message):
    __slots__ = ("alert", "duplicate")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    alert: _price_alert_pb2.PriceAlert
    duplicate: bool
    def __init__(self, alert: _Optional[_Union[_price_alert_pb2.PriceAlert, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ListAlertsRequest(_message.Message):
    __slots__ = ("active_only", "instrument_id", "page_size", "page_token")
    ACTIVE_ONLY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    active_only: bool
    instrument_id: str
    page_size: int
    page_token: str
    def __init__(self, active_only: _Optional[bool] = ..., instrument_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAlertsResponse(_message.Message):
    __slots__ = ("alerts", "next_page_token")
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[_price_alert_pb2.PriceAlert]
    next_page_token: str
    def __init__(self, alerts: _Optional[_Iterable[_Union[_price_alert_pb2.PriceAlert, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelAlertRequest(_message.Message):
    __slots__ = ("alert_id",)
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    def __init__(self, alert_id: _Optional[str] = ...) -> None: ...

class CancelAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: _price_alert_pb2.PriceAlert
    def __init__(self, alert: _Optional[_Union[_price_alert_pb2.PriceAlert, _Mapping]] = ...) -> None: ...

class WatchAlertsRequest(_message.Message):
    __slots__ = ("cursor", "heartbeat_s")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    cursor: _stream_pb2.Cursor
    heartbeat_s: int
    def __init__(self, cursor: _Optional[_Union[_stream_pb2.Cursor, _Mapping]] = ..., heartbeat_s: _Optional[int] = ...) -> None: ...

class WatchAlertsResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_price_alert_pb2.AlertItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_price_alert_pb2.AlertItem, _Mapping]]] = ...) -> None: ...
