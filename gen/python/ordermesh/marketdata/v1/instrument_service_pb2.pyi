import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.marketdata.v1 import calendar_pb2 as _calendar_pb2
from ordermesh.marketdata.v1 import instrument_pb2 as _instrument_pb2
from ordermesh.marketdata.v1 import market_data_pb2 as _market_data_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetRequest(_message.Message):
    __slots__ = ("instrument_id",)
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    def __init__(self, instrument_id: _Optional[str] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("instrument",)
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    instrument: _instrument_pb2.Instrument
    def __init__(self, instrument: _Optional[_Union[_instrument_pb2.Instrument, _Mapping]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("venue_mic", "isin", "text", "page_size", "page_token")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    isin: str
    text: str
    page_size: int
    page_token: str
    def __init__(self, venue_mic: _Optional[str] = ..., isin: _Optional[str] = ..., text: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("instruments", "next_page_token", "left_out")
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    instruments: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.Instrument]
    next_page_token: str
    left_out: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.LeftOutListing]
    def __init__(self, instruments: _Optional[_Iterable[_Union[_instrument_pb2.Instrument, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., left_out: _Optional[_Iterable[_Union[_instrument_pb2.LeftOutListing, _Mapping]]] = ...) -> None: ...

class InstrumentServiceWatchRequest(_message.Message):
    __slots__ = ("venue_mic",)
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    def __init__(self, venue_mic: _Optional[str] = ...) -> None: ...

class InstrumentServiceWatchResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.MarketDataItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_market_data_pb2.MarketDataItem, _Mapping]]] = ...) -> None: ...

class SearchRequest(_message.Message):
    __slots__ = ("text", "kinds", "venue_mic", "page_size", "page_token")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    text: str
    kinds: _containers.RepeatedScalarFieldContainer[_instrument_pb2.InstrumentKind]
    venue_mic: str
    page_size: int
    page_token: str
    def __init__(self, text: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[_instrument_pb2.InstrumentKind, str]]] = ..., venue_mic: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("instruments", "next_page_token")
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    instruments: _containers.RepeatedCompositeFieldContainer[FoundInstrument]
    next_page_token: str
    def __init__(self, instruments: _Optional[_Iterable[_Union[FoundInstrument, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class FoundInstrument(_message.Message):
    __slots__ = ("isin", "listings", "name", "issuer", "kind", "cfi_code", "score")
    ISIN_FIELD_NUMBER: _ClassVar[int]
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CFI_CODE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    isin: str
    listings: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.Instrument]
    name: str
    issuer: str
    kind: _instrument_pb2.InstrumentKind
    cfi_code: str
    score: int
    def __init__(self, isin: _Optional[str] = ..., listings: _Optional[_Iterable[_Union[_instrument_pb2.Instrument, _Mapping]]] = ..., name: _Optional[str] = ..., issuer: _Optional[str] = ..., kind: _Optional[_Union[_instrument_pb2.InstrumentKind, str]] = ..., cfi_code: _Optional[str] = ..., score: _Optional[int] = ...) -> None: ...

class GetCalendarRequest(_message.Message):
    __slots__ = ("venue_mic", "instrument_id", "from_date", "to_date")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_DATE_FIELD_NUMBER: _ClassVar[int]
    TO_DATE_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    instrument_id: str
    from_date: str
    to_date: str
    def __init__(self, venue_mic: _Optional[str] = ..., instrument_id: _Optional[str] = ..., from_date: _Optional[str] = ..., to_date: _Optional[str] = ...) -> None: ...

class GetCalendarResponse(_message.Message):
    __slots__ = ("name", "origin", "time_zone", "simulated", "known_until", "sessions", "scheduled", "trading_date", "day_began_at", "day_ends_at", "trading_status", "auctions_verified")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    SIMULATED_FIELD_NUMBER: _ClassVar[int]
    KNOWN_UNTIL_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    TRADING_DATE_FIELD_NUMBER: _ClassVar[int]
    DAY_BEGAN_AT_FIELD_NUMBER: _ClassVar[int]
    DAY_ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    TRADING_STATUS_FIELD_NUMBER: _ClassVar[int]
    AUCTIONS_VERIFIED_FIELD_NUMBER: _ClassVar[int]
    name: str
    origin: _calendar_pb2.CalendarOrigin
    time_zone: str
    simulated: bool
    known_until: str
    sessions: _containers.RepeatedCompositeFieldContainer[_calendar_pb2.CalendarSession]
    scheduled: _calendar_pb2.ScheduledPhase
    trading_date: str
    day_began_at: _timestamp_pb2.Timestamp
    day_ends_at: _timestamp_pb2.Timestamp
    trading_status: _instrument_pb2.TradingStatus
    auctions_verified: bool
    def __init__(self, name: _Optional[str] = ..., origin: _Optional[_Union[_calendar_pb2.CalendarOrigin, str]] = ..., time_zone: _Optional[str] = ..., simulated: _Optional[bool] = ..., known_until: _Optional[str] = ..., sessions: _Optional[_Iterable[_Union[_calendar_pb2.CalendarSession, _Mapping]]] = ..., scheduled: _Optional[_Union[_calendar_pb2.ScheduledPhase, _Mapping]] = ..., trading_date: _Optional[str] = ..., day_began_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., day_ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trading_status: _Optional[_Union[_instrument_pb2.TradingStatus, str]] = ..., auctions_verified: _Optional[bool] = ...) -> None: ...
