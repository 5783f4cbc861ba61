import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.marketdata.v1 import calendar_pb2 as _calendar_pb2
from ordermesh.marketdata.v1 import instrument_pb2 as _instrument_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImbalanceSide(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMBALANCE_SIDE_UNSPECIFIED: _ClassVar[ImbalanceSide]
    IMBALANCE_SIDE_BUY: _ClassVar[ImbalanceSide]
    IMBALANCE_SIDE_SELL: _ClassVar[ImbalanceSide]

class PriceFlag(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_FLAG_UNSPECIFIED: _ClassVar[PriceFlag]
    PRICE_FLAG_CROSSED: _ClassVar[PriceFlag]
    PRICE_FLAG_NEGATIVE: _ClassVar[PriceFlag]
    PRICE_FLAG_LOCKED: _ClassVar[PriceFlag]

class LeftOut(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEFT_OUT_UNSPECIFIED: _ClassVar[LeftOut]
    LEFT_OUT_NO_BOOK: _ClassVar[LeftOut]
    LEFT_OUT_STALE: _ClassVar[LeftOut]
    LEFT_OUT_HALTED: _ClassVar[LeftOut]
    LEFT_OUT_CLOSED: _ClassVar[LeftOut]
    LEFT_OUT_AUCTION: _ClassVar[LeftOut]
    LEFT_OUT_DELISTED: _ClassVar[LeftOut]
    LEFT_OUT_FAULTY: _ClassVar[LeftOut]
    LEFT_OUT_DELAYED: _ClassVar[LeftOut]
    LEFT_OUT_NOT_ENTITLED: _ClassVar[LeftOut]

class OffMarket(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OFF_MARKET_UNSPECIFIED: _ClassVar[OffMarket]
    OFF_MARKET_CONDITION: _ClassVar[OffMarket]
    OFF_MARKET_NO_SIZE: _ClassVar[OffMarket]
    OFF_MARKET_OLD: _ClassVar[OffMarket]
    OFF_MARKET_AHEAD: _ClassVar[OffMarket]
    OFF_MARKET_CORRECTED: _ClassVar[OffMarket]
    OFF_MARKET_NO_PRICE: _ClassVar[OffMarket]

class AggressorSide(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGGRESSOR_SIDE_UNSPECIFIED: _ClassVar[AggressorSide]
    AGGRESSOR_SIDE_BUY: _ClassVar[AggressorSide]
    AGGRESSOR_SIDE_SELL: _ClassVar[AggressorSide]

class Topic(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOPIC_UNSPECIFIED: _ClassVar[Topic]
    TOPIC_QUOTE: _ClassVar[Topic]
    TOPIC_BOOK: _ClassVar[Topic]
    TOPIC_TRADE: _ClassVar[Topic]
    TOPIC_CANDLE: _ClassVar[Topic]
    TOPIC_CONSOLIDATED_BOOK: _ClassVar[Topic]

class PriceRight(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_RIGHT_UNSPECIFIED: _ClassVar[PriceRight]
    PRICE_RIGHT_REAL_TIME: _ClassVar[PriceRight]
    PRICE_RIGHT_DELAYED: _ClassVar[PriceRight]
    PRICE_RIGHT_NONE: _ClassVar[PriceRight]
IMBALANCE_SIDE_UNSPECIFIED: ImbalanceSide
IMBALANCE_SIDE_BUY: ImbalanceSide
IMBALANCE_SIDE_SELL: ImbalanceSide
PRICE_FLAG_UNSPECIFIED: PriceFlag
PRICE_FLAG_CROSSED: PriceFlag
PRICE_FLAG_NEGATIVE: PriceFlag
PRICE_FLAG_LOCKED: PriceFlag
LEFT_OUT_UNSPECIFIED: LeftOut
LEFT_OUT_NO_BOOK: LeftOut
LEFT_OUT_STALE: LeftOut
LEFT_OUT_HALTED: LeftOut
LEFT_OUT_CLOSED: LeftOut
LEFT_OUT_AUCTION: LeftOut
LEFT_OUT_DELISTED: LeftOut
LEFT_OUT_FAULTY: LeftOut
LEFT_OUT_DELAYED: LeftOut
LEFT_OUT_NOT_ENTITLED: LeftOut
OFF_MARKET_UNSPECIFIED: OffMarket
OFF_MARKET_CONDITION: OffMarket
OFF_MARKET_NO_SIZE: OffMarket
OFF_MARKET_OLD: OffMarket
OFF_MARKET_AHEAD: OffMarket
OFF_MARKET_CORRECTED: OffMarket
OFF_MARKET_NO_PRICE: OffMarket
AGGRESSOR_SIDE_UNSPECIFIED: AggressorSide
AGGRESSOR_SIDE_BUY: AggressorSide
AGGRESSOR_SIDE_SELL: AggressorSide
TOPIC_UNSPECIFIED: Topic
TOPIC_QUOTE: Topic
TOPIC_BOOK: Topic
TOPIC_TRADE: Topic
TOPIC_CANDLE: Topic
TOPIC_CONSOLIDATED_BOOK: Topic
PRICE_RIGHT_UNSPECIFIED: PriceRight
PRICE_RIGHT_REAL_TIME: PriceRight
PRICE_RIGHT_DELAYED: PriceRight
PRICE_RIGHT_NONE: PriceRight

class Quote(_message.Message):
    __slots__ = ("bid_price", "bid_size", "ask_price", "ask_size", "last_price", "last_size", "open_price", "high_price", "low_price", "close_price", "volume", "venue_time", "received_at", "stale", "flags", "last_off_market", "vwap_price", "auction")
    BID_PRICE_FIELD_NUMBER: _ClassVar[int]
    BID_SIZE_FIELD_NUMBER: _ClassVar[int]
    ASK_PRICE_FIELD_NUMBER: _ClassVar[int]
    ASK_SIZE_FIELD_NUMBER: _ClassVar[int]
    LAST_PRICE_FIELD_NUMBER: _ClassVar[int]
    LAST_SIZE_FIELD_NUMBER: _ClassVar[int]
    OPEN_PRICE_FIELD_NUMBER: _ClassVar[int]
    HIGH_PRICE_FIELD_NUMBER: _ClassVar[int]
    LOW_PRICE_FIELD_NUMBER: _ClassVar[int]
    CLOSE_PRICE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    LAST_OFF_MARKET_FIELD_NUMBER: _ClassVar[int]
    VWAP_PRICE_FIELD_NUMBER: _ClassVar[int]
    AUCTION_FIELD_NUMBER: _ClassVar[int]
    bid_price: str
    bid_size: str
    ask_price: str
    ask_size: str
    last_price: str
    last_size: str
    open_price: str
    high_price: str
    low_price: str
    close_price: str
    volume: str
    venue_time: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    stale: bool
    flags: _containers.RepeatedScalarFieldContainer[PriceFlag]
    last_off_market: bool
    vwap_price: str
    auction: AuctionIndication
    def __init__(self, bid_price: _Optional[str] = ..., bid_size: _Optional[str] = ..., ask_price: _Optional[str] = ..., ask_size: _Optional[str] = ..., last_price: _Optional[str] = ..., last_size: _Optional[str] = ..., open_price: _Optional[str] = ..., high_price: _Optional[str] = ..., low_price: _Optional[str] = ..., close_price: _Optional[str] = ..., volume: _Optional[str] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stale: _Optional[bool] = ..., flags: _Optional[_Iterable[_Union[PriceFlag, str]]] = ..., last_off_market: _Optional[bool] = ..., vwap_price: _Optional[str] = ..., auction: _Optional[_Union[AuctionIndication, _Mapping]] = ...) -> None: ...

class AuctionIndication(_message.Message):
    __slots__ = ("price", "size", "imbalance_size", "imbalance_side", "faulty", "venue_time")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    IMBALANCE_SIZE_FIELD_NUMBER: _ClassVar[int]
    IMBALANCE_SIDE_FIELD_NUMBER: _ClassVar[int]
    FAULTY_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    price: str
    size: str
    imbalance_size: str
    imbalance_side: ImbalanceSide
    faulty: bool
    venue_time: _timestamp_pb2.Timestamp
    def __init__(self, price: _Optional[str] = ..., size: _Optional[str] = ..., imbalance_size: _Optional[str] = ..., imbalance_side: _Optional[_Union[ImbalanceSide, str]] = ..., faulty: _Optional[bool] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BookLevel(_message.Message):
    __slots__ = ("price", "size", "order_count")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ORDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    price: str
    size: str
    order_count: int
    def __init__(self, price: _Optional[str] = ..., size: _Optional[str] = ..., order_count: _Optional[int] = ...) -> None: ...

class Book(_message.Message):
    __slots__ = ("bids", "asks", "venue_time", "stale", "flags", "kept_depth")
    BIDS_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    KEPT_DEPTH_FIELD_NUMBER: _ClassVar[int]
    bids: _containers.RepeatedCompositeFieldContainer[BookLevel]
    asks: _containers.RepeatedCompositeFieldContainer[BookLevel]
    venue_time: _timestamp_pb2.Timestamp
    stale: bool
    flags: _containers.RepeatedScalarFieldContainer[PriceFlag]
    kept_depth: int
    def __init__(self, bids: _Optional[_Iterable[_Union[BookLevel, _Mapping]]] = ..., asks: _Optional[_Iterable[_Union[BookLevel, _Mapping]]] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stale: _Optional[bool] = ..., flags: _Optional[_Iterable[_Union[PriceFlag, str]]] = ..., kept_depth: _Optional[int] = ...) -> None: ...

class InstrumentKey(_message.Message):
    __slots__ = ("isin", "currency", "instrument_id")
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    isin: str
    currency: str
    instrument_id: str
    def __init__(self, isin: _Optional[str] = ..., currency: _Optional[str] = ..., instrument_id: _Optional[str] = ...) -> None: ...

class ConsolidatedBook(_message.Message):
    __slots__ = ("isin", "currency", "bids", "asks", "venues", "flags", "crossing_bids", "crossing_asks", "kept_depth")
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    BIDS_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    CROSSING_BIDS_FIELD_NUMBER: _ClassVar[int]
    CROSSING_ASKS_FIELD_NUMBER: _ClassVar[int]
    KEPT_DEPTH_FIELD_NUMBER: _ClassVar[int]
    isin: str
    currency: str
    bids: _containers.RepeatedCompositeFieldContainer[ConsolidatedLevel]
    asks: _containers.RepeatedCompositeFieldContainer[ConsolidatedLevel]
    venues: _containers.RepeatedCompositeFieldContainer[ConsolidatedVenue]
    flags: _containers.RepeatedScalarFieldContainer[PriceFlag]
    crossing_bids: _containers.RepeatedScalarFieldContainer[str]
    crossing_asks: _containers.RepeatedScalarFieldContainer[str]
    kept_depth: int
    def __init__(self, isin: _Optional[str] = ..., currency: _Optional[str] = ..., bids: _Optional[_Iterable[_Union[ConsolidatedLevel, _Mapping]]] = ..., asks: _Optional[_Iterable[_Union[ConsolidatedLevel, _Mapping]]] = ..., venues: _Optional[_Iterable[_Union[ConsolidatedVenue, _Mapping]]] = ..., flags: _Optional[_Iterable[_Union[PriceFlag, str]]] = ..., crossing_bids: _Optional[_Iterable[str]] = ..., crossing_asks: _Optional[_Iterable[str]] = ..., kept_depth: _Optional[int] = ...) -> None: ...

class ConsolidatedLevel(_message.Message):
    __slots__ = ("price", "size", "shares")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    price: str
    size: str
    shares: _containers.RepeatedCompositeFieldContainer[ConsolidatedShare]
    def __init__(self, price: _Optional[str] = ..., size: _Optional[str] = ..., shares: _Optional[_Iterable[_Union[ConsolidatedShare, _Mapping]]] = ...) -> None: ...

class ConsolidatedShare(_message.Message):
    __slots__ = ("instrument_id", "size", "order_count")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ORDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    size: str
    order_count: int
    def __init__(self, instrument_id: _Optional[str] = ..., size: _Optional[str] = ..., order_count: _Optional[int] = ...) -> None: ...

class ConsolidatedVenue(_message.Message):
    __slots__ = ("instrument_id", "venue_mic", "trading_status", "left_out", "left_out_text", "since", "venue_time", "received_at", "bid_levels", "ask_levels", "kept_depth")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    TRADING_STATUS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_TEXT_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    BID_LEVELS_FIELD_NUMBER: _ClassVar[int]
    ASK_LEVELS_FIELD_NUMBER: _ClassVar[int]
    KEPT_DEPTH_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    venue_mic: str
    trading_status: _instrument_pb2.TradingStatus
    left_out: LeftOut
    left_out_text: str
    since: _timestamp_pb2.Timestamp
    venue_time: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    bid_levels: int
    ask_levels: int
    kept_depth: int
    def __init__(self, instrument_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., trading_status: _Optional[_Union[_instrument_pb2.TradingStatus, str]] = ..., left_out: _Optional[_Union[LeftOut, str]] = ..., left_out_text: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., bid_levels: _Optional[int] = ..., ask_levels: _Optional[int] = ..., kept_depth: _Optional[int] = ...) -> None: ...

class Trade(_message.Message):
    __slots__ = ("trade_id", "price", "size", "aggressor", "venue_time", "received_at", "off_market", "withdrawn", "last_of_snapshot")
    TRADE_ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    AGGRESSOR_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    OFF_MARKET_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    LAST_OF_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    trade_id: str
    price: str
    size: str
    aggressor: AggressorSide
    venue_time: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    off_market: OffMarket
    withdrawn: bool
    last_of_snapshot: bool
    def __init__(self, trade_id: _Optional[str] = ..., price: _Optional[str] = ..., size: _Optional[str] = ..., aggressor: _Optional[_Union[AggressorSide, str]] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., off_market: _Optional[_Union[OffMarket, str]] = ..., withdrawn: _Optional[bool] = ..., last_of_snapshot: _Optional[bool] = ...) -> None: ...

class Candle(_message.Message):
    __slots__ = ("start", "interval_s", "open_price", "high_price", "low_price", "close_price", "volume", "trade_count", "complete", "vwap_price")
    START_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_S_FIELD_NUMBER: _ClassVar[int]
    OPEN_PRICE_FIELD_NUMBER: _ClassVar[int]
    HIGH_PRICE_FIELD_NUMBER: _ClassVar[int]
    LOW_PRICE_FIELD_NUMBER: _ClassVar[int]
    CLOSE_PRICE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    TRADE_COUNT_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    VWAP_PRICE_FIELD_NUMBER: _ClassVar[int]
    start: _timestamp_pb2.Timestamp
    interval_s: int
    open_price: str
    high_price: str
    low_price: str
    close_price: str
    volume: str
    trade_count: int
    complete: bool
    vwap_price: str
    def __init__(self, start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., interval_s: _Optional[int] = ..., open_price: _Optional[str] = ..., high_price: _Optional[str] = ..., low_price: _Optional[str] = ..., close_price: _Optional[str] = ..., volume: _Optional[str] = ..., trade_count: _Optional[int] = ..., complete: _Optional[bool] = ..., vwap_price: _Optional[str] = ...) -> None: ...

class VenueStatus(_message.Message):
    __slots__ = ("venue_mic", "feed_up", "trading_status", "since", "simulated", "silent_because", "price_right", "scheduled", "calendar")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    FEED_UP_FIELD_NUMBER: _ClassVar[int]
    TRADING_STATUS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    SIMULATED_FIELD_NUMBER: _ClassVar[int]
    SILENT_BECAUSE_FIELD_NUMBER: _ClassVar[int]
    PRICE_RIGHT_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    feed_up: bool
    trading_status: _instrument_pb2.TradingStatus
    since: _timestamp_pb2.Timestamp
    simulated: bool
    silent_because: str
    price_right: PriceRight
    scheduled: _calendar_pb2.ScheduledPhase
    calendar: str
    def __init__(self, venue_mic: _Optional[str] = ..., feed_up: _Optional[bool] = ..., trading_status: _Optional[_Union[_instrument_pb2.TradingStatus, str]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., simulated: _Optional[bool] = ..., silent_because: _Optional[str] = ..., price_right: _Optional[_Union[PriceRight, str]] = ..., scheduled: _Optional[_Union[_calendar_pb2.ScheduledPhase, _Mapping]] = ..., calendar: _Optional[str] = ...) -> None: ...

class MarketDataUpdate(_message.Message):
    __slots__ = ("instrument_id", "sequence", "conflated_updates", "snapshot", "delayed_s", "quote", "book", "trade", "candle", "consolidated_book")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CONFLATED_UPDATES_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    DELAYED_S_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    BOOK_FIELD_NUMBER: _ClassVar[int]
    TRADE_FIELD_NUMBER: _ClassVar[int]
    CANDLE_FIELD_NUMBER: _ClassVar[int]
    CONSOLIDATED_BOOK_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    sequence: int
    conflated_updates: int
    snapshot: bool
    delayed_s: int
    quote: Quote
    book: Book
    trade: Trade
    candle: Candle
    consolidated_book: ConsolidatedBook
    def __init__(self, instrument_id: _Optional[str] = ..., sequence: _Optional[int] = ..., conflated_updates: _Optional[int] = ..., snapshot: _Optional[bool] = ..., delayed_s: _Optional[int] = ..., quote: _Optional[_Union[Quote, _Mapping]] = ..., book: _Optional[_Union[Book, _Mapping]] = ..., trade: _Optional[_Union[Trade, _Mapping]] = ..., candle: _Optional[_Union[Candle, _Mapping]] = ..., consolidated_book: _Optional[_Union[ConsolidatedBook, _Mapping]] = ...) -> None: ...

class MarketDataItem(_message.Message):
    __slots__ = ("update", "instrument", "venue_status", "snapshot_complete", "heartbeat", "resync", "gap", "slow_consumer", "drain")
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    VENUE_STATUS_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    SLOW_CONSUMER_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    update: MarketDataUpdate
    instrument: _instrument_pb2.Instrument
    venue_status: VenueStatus
    snapshot_complete: _stream_pb2.SnapshotComplete
    heartbeat: _stream_pb2.Heartbeat
    resync: _stream_pb2.Resync
    gap: _stream_pb2.Gap
    slow_consumer: _stream_pb2.SlowConsumer
    drain: _stream_pb2.Drain
    def __init__(self, update: _Optional[_Union[MarketDataUpdate, _Mapping]] = ..., instrument: _Optional[_Union[_instrument_pb2.Instrument, _Mapping]] = ..., venue_status: _Optional[_Union[VenueStatus, _Mapping]] = ..., snapshot_complete: _Optional[_Union[_stream_pb2.SnapshotComplete, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., resync: _Optional[_Union[_stream_pb2.Resync, _Mapping]] = ..., gap: _Optional[_Union[_stream_pb2.Gap, _Mapping]] = ..., slow_consumer: _Optional[_Union[_stream_pb2.SlowConsumer, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ...) -> None: ...
