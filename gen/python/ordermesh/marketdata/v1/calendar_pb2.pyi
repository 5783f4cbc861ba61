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

class CalendarOrigin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CALENDAR_ORIGIN_UNSPECIFIED: _ClassVar[CalendarOrigin]
    CALENDAR_ORIGIN_LIBRARY: _ClassVar[CalendarOrigin]
    CALENDAR_ORIGIN_VENUES_FILE: _ClassVar[CalendarOrigin]
    CALENDAR_ORIGIN_NOBODY: _ClassVar[CalendarOrigin]

class TradingPhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRADING_PHASE_UNSPECIFIED: _ClassVar[TradingPhase]
    TRADING_PHASE_PRE_OPEN: _ClassVar[TradingPhase]
    TRADING_PHASE_OPENING_AUCTION: _ClassVar[TradingPhase]
    TRADING_PHASE_CONTINUOUS: _ClassVar[TradingPhase]
    TRADING_PHASE_CLOSING_AUCTION: _ClassVar[TradingPhase]
    TRADING_PHASE_CLOSED: _ClassVar[TradingPhase]
CALENDAR_ORIGIN_UNSPECIFIED: CalendarOrigin
CALENDAR_ORIGIN_LIBRARY: CalendarOrigin
CALENDAR_ORIGIN_VENUES_FILE: CalendarOrigin
CALENDAR_ORIGIN_NOBODY: CalendarOrigin
TRADING_PHASE_UNSPECIFIED: TradingPhase
TRADING_PHASE_PRE_OPEN: TradingPhase
TRADING_PHASE_OPENING_AUCTION: TradingPhase
TRADING_PHASE_CONTINUOUS: TradingPhase
TRADING_PHASE_CLOSING_AUCTION: TradingPhase
TRADING_PHASE_CLOSED: TradingPhase

class TradingCalendar(_message.Message):
    __slots__ = ("time_zone", "begins_minute", "weekdays", "closed_dates", "follows", "hours", "special_hours", "pre_open_minutes", "opening_auction_minutes", "closing_auction_minutes")
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    BEGINS_MINUTE_FIELD_NUMBER: _ClassVar[int]
    WEEKDAYS_FIELD_NUMBER: _ClassVar[int]
    CLOSED_DATES_FIELD_NUMBER: _ClassVar[int]
    FOLLOWS_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    SPECIAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    PRE_OPEN_MINUTES_FIELD_NUMBER: _ClassVar[int]
    OPENING_AUCTION_MINUTES_FIELD_NUMBER: _ClassVar[int]
    CLOSING_AUCTION_MINUTES_FIELD_NUMBER: _ClassVar[int]
    time_zone: str
    begins_minute: int
    weekdays: _containers.RepeatedScalarFieldContainer[int]
    closed_dates: _containers.RepeatedScalarFieldContainer[str]
    follows: str
    hours: str
    special_hours: _containers.RepeatedCompositeFieldContainer[SpecialHours]
    pre_open_minutes: int
    opening_auction_minutes: int
    closing_auction_minutes: int
    def __init__(self, time_zone: _Optional[str] = ..., begins_minute: _Optional[int] = ..., weekdays: _Optional[_Iterable[int]] = ..., closed_dates: _Optional[_Iterable[str]] = ..., follows: _Optional[str] = ..., hours: _Optional[str] = ..., special_hours: _Optional[_Iterable[_Union[SpecialHours, _Mapping]]] = ..., pre_open_minutes: _Optional[int] = ..., opening_auction_minutes: _Optional[int] = ..., closing_auction_minutes: _Optional[int] = ...) -> None: ...

class SpecialHours(_message.Message):
    __slots__ = ("date", "hours")
    DATE_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    date: str
    hours: str
    def __init__(self, date: _Optional[str] = ..., hours: _Optional[str] = ...) -> None: ...

class ScheduledPhase(_message.Message):
    __slots__ = ("phase", "begins_at", "ends_at")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    BEGINS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    phase: TradingPhase
    begins_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    def __init__(self, phase: _Optional[_Union[TradingPhase, str]] = ..., begins_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CalendarSession(_message.Message):
    __slots__ = ("date", "phases")
    DATE_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    date: str
    phases: _containers.RepeatedCompositeFieldContainer[ScheduledPhase]
    def __init__(self, date: _Optional[str] = ..., phases: _Optional[_Iterable[_Union[ScheduledPhase, _Mapping]]] = ...) -> None: ...
