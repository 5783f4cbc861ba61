import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AlertPrice(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_PRICE_UNSPECIFIED: _ClassVar[AlertPrice]
    ALERT_PRICE_LAST: _ClassVar[AlertPrice]
    ALERT_PRICE_BID: _ClassVar[AlertPrice]
    ALERT_PRICE_ASK: _ClassVar[AlertPrice]
    ALERT_PRICE_MID: _ClassVar[AlertPrice]

class AlertCondition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_CONDITION_UNSPECIFIED: _ClassVar[AlertCondition]
    ALERT_CONDITION_ABOVE: _ClassVar[AlertCondition]
    ALERT_CONDITION_BELOW: _ClassVar[AlertCondition]

class AlertState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_STATE_UNSPECIFIED: _ClassVar[AlertState]
    ALERT_STATE_ACTIVE: _ClassVar[AlertState]
    ALERT_STATE_FIRED: _ClassVar[AlertState]
    ALERT_STATE_EXPIRED: _ClassVar[AlertState]
    ALERT_STATE_CANCELED: _ClassVar[AlertState]
    ALERT_STATE_ENDED: _ClassVar[AlertState]
ALERT_PRICE_UNSPECIFIED: AlertPrice
ALERT_PRICE_LAST: AlertPrice
ALERT_PRICE_BID: AlertPrice
ALERT_PRICE_ASK: AlertPrice
ALERT_PRICE_MID: AlertPrice
ALERT_CONDITION_UNSPECIFIED: AlertCondition
ALERT_CONDITION_ABOVE: AlertCondition
ALERT_CONDITION_BELOW: AlertCondition
ALERT_STATE_UNSPECIFIED: AlertState
ALERT_STATE_ACTIVE: AlertState
ALERT_STATE_FIRED: AlertState
ALERT_STATE_EXPIRED: AlertState
ALERT_STATE_CANCELED: AlertState
ALERT_STATE_ENDED: AlertState

class PriceAlert(_message.Message):
    __slots__ = ("alert_id", "instrument_id", "price", "condition", "threshold", "percent", "reference_price", "note", "state", "created_at", "expires_at", "ended_at", "fired_price", "ended_text", "delayed_s")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PRICE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    FIRED_PRICE_FIELD_NUMBER: _ClassVar[int]
    ENDED_TEXT_FIELD_NUMBER: _ClassVar[int]
    DELAYED_S_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    instrument_id: str
    price: AlertPrice
    condition: AlertCondition
    threshold: str
    percent: str
    reference_price: str
    note: str
    state: AlertState
    created_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    fired_price: str
    ended_text: str
    delayed_s: int
    def __init__(self, alert_id: _Optional[str] = ..., instrument_id: _Optional[str] = ..., price: _Optional[_Union[AlertPrice, str]] = ..., condition: _Optional[_Union[AlertCondition, str]] = ..., threshold: _Optional[str] = ..., percent: _Optional[str] = ..., reference_price: _Optional[str] = ..., note: _Optional[str] = ..., state: _Optional[_Union[AlertState, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., fired_price: _Optional[str] = ..., ended_text: _Optional[str] = ..., delayed_s: _Optional[int] = ...) -> None: ...

class AlertEvent(_message.Message):
    __slots__ = ("sequence", "recorded_at", "alert")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    ALERT_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    recorded_at: _timestamp_pb2.Timestamp
    alert: PriceAlert
    def __init__(self, sequence: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., alert: _Optional[_Union[PriceAlert, _Mapping]] = ...) -> None: ...

class AlertItem(_message.Message):
    __slots__ = ("snapshot", "event", "snapshot_complete", "heartbeat", "resync", "drain", "gap")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    snapshot: PriceAlert
    event: AlertEvent
    snapshot_complete: _stream_pb2.SnapshotComplete
    heartbeat: _stream_pb2.Heartbeat
    resync: _stream_pb2.Resync
    drain: _stream_pb2.Drain
    gap: _stream_pb2.Gap
    def __init__(self, snapshot: _Optional[_Union[PriceAlert, _Mapping]] = ..., event: _Optional[_Union[AlertEvent, _Mapping]] = ..., snapshot_complete: _Optional[_Union[_stream_pb2.SnapshotComplete, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., resync: _Optional[_Union[_stream_pb2.Resync, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ..., gap: _Optional[_Union[_stream_pb2.Gap, _Mapping]] = ...) -> None: ...
