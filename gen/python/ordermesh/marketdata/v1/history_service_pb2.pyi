import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.marketdata.v1 import market_data_pb2 as _market_data_pb2
from ordermesh.marketdata.v1 import market_data_service_pb2 as _market_data_service_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CandleInterval(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CANDLE_INTERVAL_UNSPECIFIED: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_SECOND: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_FIVE_SECONDS: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MINUTE: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_FIVE_MINUTES: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_QUARTER: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_HOUR: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_DAY: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_WEEK: _ClassVar[CandleInterval]
    CANDLE_INTERVAL_MONTH: _ClassVar[CandleInterval]

class PriceBasis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_BASIS_UNSPECIFIED: _ClassVar[PriceBasis]
    PRICE_BASIS_ADJUSTED: _ClassVar[PriceBasis]
    PRICE_BASIS_RAW: _ClassVar[PriceBasis]

class HistoryGapCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HISTORY_GAP_CAUSE_UNSPECIFIED: _ClassVar[HistoryGapCause]
    HISTORY_GAP_CAUSE_NOT_RECORDED: _ClassVar[HistoryGapCause]
    HISTORY_GAP_CAUSE_DROPPED: _ClassVar[HistoryGapCause]
CANDLE_INTERVAL_UNSPECIFIED: CandleInterval
CANDLE_INTERVAL_SECOND: CandleInterval
CANDLE_INTERVAL_FIVE_SECONDS: CandleInterval
CANDLE_INTERVAL_MINUTE: CandleInterval
CANDLE_INTERVAL_FIVE_MINUTES: CandleInterval
CANDLE_INTERVAL_QUARTER: CandleInterval
CANDLE_INTERVAL_HOUR: CandleInterval
CANDLE_INTERVAL_DAY: CandleInterval
CANDLE_INTERVAL_WEEK: CandleInterval
CANDLE_INTERVAL_MONTH: CandleInterval
PRICE_BASIS_UNSPECIFIED: PriceBasis
PRICE_BASIS_ADJUSTED: PriceBasis
PRICE_BASIS_RAW: PriceBasis
HISTORY_GAP_CAUSE_UNSPECIFIED: HistoryGapCause
HISTORY_GAP_CAUSE_NOT_RECORDED: HistoryGapCause
HISTORY_GAP_CAUSE_DROPPED: HistoryGapCause

class PriceAdjustment(_message.Message):
    __slots__ = ("instrument_id", "before", "new_shares", "old_shares", "previous_instrument_id")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    NEW_SHARES_FIELD_NUMBER: _ClassVar[int]
    OLD_SHARES_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    before: _timestamp_pb2.Timestamp
    new_shares: str
    old_shares: str
    previous_instrument_id: str
    def __init__(self, instrument_id: _Optional[str] = ..., before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., new_shares: _Optional[str] = ..., old_shares: _Optional[str] = ..., previous_instrument_id: _Optional[str] = ...) -> None: ...

class ListCandlesRequest(_message.Message):
    __slots__ = ("instrument_ids", "interval", "to", "latest", "page_size", "page_token", "prices")
    INSTRUMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    LATEST_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    instrument_ids: _containers.RepeatedScalarFieldContainer[str]
    interval: CandleInterval
    to: _timestamp_pb2.Timestamp
    latest: int
    page_size: int
    page_token: str
    prices: PriceBasis
    def __init__(self, instrument_ids: _Optional[_Iterable[str]] = ..., interval: _Optional[_Union[CandleInterval, str]] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., latest: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., prices: _Optional[_Union[PriceBasis, str]] = ..., **kwargs) -> None: ...

class ListCandlesResponse(_message.Message):
    __slots__ = ("instruments", "gaps", "next_page_token", "prices", "adjustments")
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    GAPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    instruments: _containers.RepeatedCompositeFieldContainer[InstrumentCandles]
    gaps: _containers.RepeatedCompositeFieldContainer[HistoryGap]
    next_page_token: str
    prices: PriceBasis
    adjustments: _containers.RepeatedCompositeFieldContainer[PriceAdjustment]
    def __init__(self, instruments: _Optional[_Iterable[_Union[InstrumentCandles, _Mapping]]] = ..., gaps: _Optional[_Iterable[_Union[HistoryGap, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., prices: _Optional[_Union[PriceBasis, str]] = ..., adjustments: _Optional[_Iterable[_Union[PriceAdjustment, _Mapping]]] = ...) -> None: ...

class InstrumentCandles(_message.Message):
    __slots__ = ("instrument_id", "candles")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CANDLES_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    candles: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.Candle]
    def __init__(self, instrument_id: _Optional[str] = ..., candles: _Optional[_Iterable[_Union[_market_data_pb2.Candle, _Mapping]]] = ...) -> None: ...

class ListTradesRequest(_message.Message):
    __slots__ = ("instrument_ids", "to", "latest", "page_size", "page_token", "prices")
    INSTRUMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    LATEST_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    instrument_ids: _containers.RepeatedScalarFieldContainer[str]
    to: _timestamp_pb2.Timestamp
    latest: int
    page_size: int
    page_token: str
    prices: PriceBasis
    def __init__(self, instrument_ids: _Optional[_Iterable[str]] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., latest: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., prices: _Optional[_Union[PriceBasis, str]] = ..., **kwargs) -> None: ...

class ListTradesResponse(_message.Message):
    __slots__ = ("trades", "gaps", "next_page_token", "prices", "adjustments")
    TRADES_FIELD_NUMBER: _ClassVar[int]
    GAPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    trades: _containers.RepeatedCompositeFieldContainer[StoredTrade]
    gaps: _containers.RepeatedCompositeFieldContainer[HistoryGap]
    next_page_token: str
    prices: PriceBasis
    adjustments: _containers.RepeatedCompositeFieldContainer[PriceAdjustment]
    def __init__(self, trades: _Optional[_Iterable[_Union[StoredTrade, _Mapping]]] = ..., gaps: _Optional[_Iterable[_Union[HistoryGap, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., prices: _Optional[_Union[PriceBasis, str]] = ..., adjustments: _Optional[_Iterable[_Union[PriceAdjustment, _Mapping]]] = ...) -> None: ...

class StoredTrade(_message.Message):
    __slots__ = ("instrument_id", "trade", "counts")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TRADE_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    trade: _market_data_pb2.Trade
    counts: bool
    def __init__(self, instrument_id: _Optional[str] = ..., trade: _Optional[_Union[_market_data_pb2.Trade, _Mapping]] = ..., counts: _Optional[bool] = ...) -> None: ...

class HistoryGap(_message.Message):
    __slots__ = ("venue_mic", "until", "cause", "dropped_trades")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    DROPPED_TRADES_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    until: _timestamp_pb2.Timestamp
    cause: HistoryGapCause
    dropped_trades: int
    def __init__(self, venue_mic: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cause: _Optional[_Union[HistoryGapCause, str]] = ..., dropped_trades: _Optional[int] = ..., **kwargs) -> None: ...

class ReplayRequest(_message.Message):
    __slots__ = ("subscription", "to", "speed", "heartbeat_s")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    subscription: _market_data_service_pb2.Subscription
    to: _timestamp_pb2.Timestamp
    speed: int
    heartbeat_s: int
    def __init__(self, subscription: _Optional[_Union[_market_data_service_pb2.Subscription, _Mapping]] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., speed: _Optional[int] = ..., heartbeat_s: _Optional[int] = ..., **kwargs) -> None: ...

class ReplayResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.MarketDataItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_market_data_pb2.MarketDataItem, _Mapping]]] = ...) -> None: ...
