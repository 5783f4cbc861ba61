import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.marketdata.v1 import calendar_pb2 as _calendar_pb2
from ordermesh.marketdata.v1 import instrument_pb2 as _instrument_pb2
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

class BookSide(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BOOK_SIDE_UNSPECIFIED: _ClassVar[BookSide]
    BOOK_SIDE_BID: _ClassVar[BookSide]
    BOOK_SIDE_ASK: _ClassVar[BookSide]
BOOK_SIDE_UNSPECIFIED: BookSide
BOOK_SIDE_BID: BookSide
BOOK_SIDE_ASK: BookSide

class FeedRequest(_message.Message):
    __slots__ = ("open", "frame_sequence", "updates", "instruments", "venue_status", "heartbeat", "list_begins", "list_complete", "statuses_assumed", "left_out")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    FRAME_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    VENUE_STATUS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    LIST_BEGINS_FIELD_NUMBER: _ClassVar[int]
    LIST_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    STATUSES_ASSUMED_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    open: FeedOpen
    frame_sequence: int
    updates: _containers.RepeatedCompositeFieldContainer[FeedUpdate]
    instruments: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.Instrument]
    venue_status: _market_data_pb2.VenueStatus
    heartbeat: _stream_pb2.Heartbeat
    list_begins: bool
    list_complete: bool
    statuses_assumed: bool
    left_out: LeftOutListings
    def __init__(self, open: _Optional[_Union[FeedOpen, _Mapping]] = ..., frame_sequence: _Optional[int] = ..., updates: _Optional[_Iterable[_Union[FeedUpdate, _Mapping]]] = ..., instruments: _Optional[_Iterable[_Union[_instrument_pb2.Instrument, _Mapping]]] = ..., venue_status: _Optional[_Union[_market_data_pb2.VenueStatus, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., list_begins: _Optional[bool] = ..., list_complete: _Optional[bool] = ..., statuses_assumed: _Optional[bool] = ..., left_out: _Optional[_Union[LeftOutListings, _Mapping]] = ...) -> None: ...

class LeftOutListings(_message.Message):
    __slots__ = ("listings",)
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    listings: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.LeftOutListing]
    def __init__(self, listings: _Optional[_Iterable[_Union[_instrument_pb2.LeftOutListing, _Mapping]]] = ...) -> None: ...

class FeedOpen(_message.Message):
    __slots__ = ("session_id", "venue_mic", "gateway_instance", "epoch", "book_depth", "trading_calendar")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    BOOK_DEPTH_FIELD_NUMBER: _ClassVar[int]
    TRADING_CALENDAR_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    venue_mic: str
    gateway_instance: str
    epoch: str
    book_depth: int
    trading_calendar: _calendar_pb2.TradingCalendar
    def __init__(self, session_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., gateway_instance: _Optional[str] = ..., epoch: _Optional[str] = ..., book_depth: _Optional[int] = ..., trading_calendar: _Optional[_Union[_calendar_pb2.TradingCalendar, _Mapping]] = ...) -> None: ...

class FeedUpdate(_message.Message):
    __slots__ = ("instrument_id", "venue_time", "received_at", "book", "level", "trade", "statistics", "trading_status", "book_incomplete", "auction")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    BOOK_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    TRADE_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    TRADING_STATUS_FIELD_NUMBER: _ClassVar[int]
    BOOK_INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    AUCTION_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    venue_time: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    book: _market_data_pb2.Book
    level: LevelChange
    trade: _market_data_pb2.Trade
    statistics: Statistics
    trading_status: _instrument_pb2.TradingStatus
    book_incomplete: bool
    auction: _market_data_pb2.AuctionIndication
    def __init__(self, instrument_id: _Optional[str] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., book: _Optional[_Union[_market_data_pb2.Book, _Mapping]] = ..., level: _Optional[_Union[LevelChange, _Mapping]] = ..., trade: _Optional[_Union[_market_data_pb2.Trade, _Mapping]] = ..., statistics: _Optional[_Union[Statistics, _Mapping]] = ..., trading_status: _Optional[_Union[_instrument_pb2.TradingStatus, str]] = ..., book_incomplete: _Optional[bool] = ..., auction: _Optional[_Union[_market_data_pb2.AuctionIndication, _Mapping]] = ...) -> None: ...

class LevelChange(_message.Message):
    __slots__ = ("side", "price", "size", "order_count")
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ORDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    side: BookSide
    price: str
    size: str
    order_count: int
    def __init__(self, side: _Optional[_Union[BookSide, str]] = ..., price: _Optional[str] = ..., size: _Optional[str] = ..., order_count: _Optional[int] = ...) -> None: ...

class Statistics(_message.Message):
    __slots__ = ("open_price", "high_price", "low_price", "close_price", "volume", "complete")
    OPEN_PRICE_FIELD_NUMBER: _ClassVar[int]
    HIGH_PRICE_FIELD_NUMBER: _ClassVar[int]
    LOW_PRICE_FIELD_NUMBER: _ClassVar[int]
    CLOSE_PRICE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    open_price: str
    high_price: str
    low_price: str
    close_price: str
    volume: str
    complete: bool
    def __init__(self, open_price: _Optional[str] = ..., high_price: _Optional[str] = ..., low_price: _Optional[str] = ..., close_price: _Optional[str] = ..., volume: _Optional[str] = ..., complete: _Optional[bool] = ...) -> None: ...

class FeedResponse(_message.Message):
    __slots__ = ("acknowledged_frame_sequence", "refresh", "drain")
    ACKNOWLEDGED_FRAME_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    REFRESH_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    acknowledged_frame_sequence: int
    refresh: bool
    drain: _stream_pb2.Drain
    def __init__(self, acknowledged_frame_sequence: _Optional[int] = ..., refresh: _Optional[bool] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ...) -> None: ...
