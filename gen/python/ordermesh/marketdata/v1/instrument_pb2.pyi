import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CorporateActionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CORPORATE_ACTION_KIND_UNSPECIFIED: _ClassVar[CorporateActionKind]
    CORPORATE_ACTION_KIND_SPLIT: _ClassVar[CorporateActionKind]
    CORPORATE_ACTION_KIND_SYMBOL_CHANGE: _ClassVar[CorporateActionKind]
    CORPORATE_ACTION_KIND_DELISTING: _ClassVar[CorporateActionKind]

class CorporateActionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CORPORATE_ACTION_STATE_UNSPECIFIED: _ClassVar[CorporateActionState]
    CORPORATE_ACTION_STATE_ANNOUNCED: _ClassVar[CorporateActionState]
    CORPORATE_ACTION_STATE_EFFECTIVE: _ClassVar[CorporateActionState]
    CORPORATE_ACTION_STATE_WITHDRAWN: _ClassVar[CorporateActionState]

class NoPrices(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NO_PRICES_UNSPECIFIED: _ClassVar[NoPrices]
    NO_PRICES_REFUSED: _ClassVar[NoPrices]
    NO_PRICES_NO_SESSION: _ClassVar[NoPrices]
    NO_PRICES_DELISTED: _ClassVar[NoPrices]

class InstrumentKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTRUMENT_KIND_UNSPECIFIED: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_SHARE: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_ETF: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_BOND: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_FUND: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_CRYPTO: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_FUTURE: _ClassVar[InstrumentKind]

class TradingStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRADING_STATUS_UNSPECIFIED: _ClassVar[TradingStatus]
    TRADING_STATUS_OPEN: _ClassVar[TradingStatus]
    TRADING_STATUS_HALTED: _ClassVar[TradingStatus]
    TRADING_STATUS_CLOSED: _ClassVar[TradingStatus]
    TRADING_STATUS_AUCTION: _ClassVar[TradingStatus]
    TRADING_STATUS_DELISTED: _ClassVar[TradingStatus]
    TRADING_STATUS_PRE_OPEN: _ClassVar[TradingStatus]
    TRADING_STATUS_NOT_KNOWN: _ClassVar[TradingStatus]
CORPORATE_ACTION_KIND_UNSPECIFIED: CorporateActionKind
CORPORATE_ACTION_KIND_SPLIT: CorporateActionKind
CORPORATE_ACTION_KIND_SYMBOL_CHANGE: CorporateActionKind
CORPORATE_ACTION_KIND_DELISTING: CorporateActionKind
CORPORATE_ACTION_STATE_UNSPECIFIED: CorporateActionState
CORPORATE_ACTION_STATE_ANNOUNCED: CorporateActionState
CORPORATE_ACTION_STATE_EFFECTIVE: CorporateActionState
CORPORATE_ACTION_STATE_WITHDRAWN: CorporateActionState
NO_PRICES_UNSPECIFIED: NoPrices
NO_PRICES_REFUSED: NoPrices
NO_PRICES_NO_SESSION: NoPrices
NO_PRICES_DELISTED: NoPrices
INSTRUMENT_KIND_UNSPECIFIED: InstrumentKind
INSTRUMENT_KIND_SHARE: InstrumentKind
INSTRUMENT_KIND_ETF: InstrumentKind
INSTRUMENT_KIND_BOND: InstrumentKind
INSTRUMENT_KIND_FUND: InstrumentKind
INSTRUMENT_KIND_CRYPTO: InstrumentKind
INSTRUMENT_KIND_FUTURE: InstrumentKind
TRADING_STATUS_UNSPECIFIED: TradingStatus
TRADING_STATUS_OPEN: TradingStatus
TRADING_STATUS_HALTED: TradingStatus
TRADING_STATUS_CLOSED: TradingStatus
TRADING_STATUS_AUCTION: TradingStatus
TRADING_STATUS_DELISTED: TradingStatus
TRADING_STATUS_PRE_OPEN: TradingStatus
TRADING_STATUS_NOT_KNOWN: TradingStatus

class Instrument(_message.Message):
    __slots__ = ("instrument_id", "symbol", "venue_mic", "isin", "name", "kind", "currency", "lot_size", "tick_table", "trading_status", "simulated", "max_quantity", "updated_at", "cfi_code", "venue_symbol", "no_prices", "no_prices_text", "issuer", "full_name", "min_quantity", "contradictions", "corporate_actions", "calendar")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LOT_SIZE_FIELD_NUMBER: _ClassVar[int]
    TICK_TABLE_FIELD_NUMBER: _ClassVar[int]
    TRADING_STATUS_FIELD_NUMBER: _ClassVar[int]
    SIMULATED_FIELD_NUMBER: _ClassVar[int]
    MAX_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    CFI_CODE_FIELD_NUMBER: _ClassVar[int]
    VENUE_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    NO_PRICES_FIELD_NUMBER: _ClassVar[int]
    NO_PRICES_TEXT_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    FULL_NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CONTRADICTIONS_FIELD_NUMBER: _ClassVar[int]
    CORPORATE_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    symbol: str
    venue_mic: str
    isin: str
    name: str
    kind: InstrumentKind
    currency: str
    lot_size: str
    tick_table: _containers.RepeatedCompositeFieldContainer[TickBand]
    trading_status: TradingStatus
    simulated: bool
    max_quantity: str
    updated_at: _timestamp_pb2.Timestamp
    cfi_code: str
    venue_symbol: str
    no_prices: NoPrices
    no_prices_text: str
    issuer: str
    full_name: str
    min_quantity: str
    contradictions: _containers.RepeatedCompositeFieldContainer[Contradiction]
    corporate_actions: _containers.RepeatedCompositeFieldContainer[CorporateAction]
    calendar: str
    def __init__(self, instrument_id: _Optional[str] = ..., symbol: _Optional[str] = ..., venue_mic: _Optional[str] = ..., isin: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[_Union[InstrumentKind, str]] = ..., currency: _Optional[str] = ..., lot_size: _Optional[str] = ..., tick_table: _Optional[_Iterable[_Union[TickBand, _Mapping]]] = ..., trading_status: _Optional[_Union[TradingStatus, str]] = ..., simulated: _Optional[bool] = ..., max_quantity: _Optional[str] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cfi_code: _Optional[str] = ..., venue_symbol: _Optional[str] = ..., no_prices: _Optional[_Union[NoPrices, str]] = ..., no_prices_text: _Optional[str] = ..., issuer: _Optional[str] = ..., full_name: _Optional[str] = ..., min_quantity: _Optional[str] = ..., contradictions: _Optional[_Iterable[_Union[Contradiction, _Mapping]]] = ..., corporate_actions: _Optional[_Iterable[_Union[CorporateAction, _Mapping]]] = ..., calendar: _Optional[str] = ...) -> None: ...

class Contradiction(_message.Message):
    __slots__ = ("field", "venue_value", "reference_value")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VENUE_VALUE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_VALUE_FIELD_NUMBER: _ClassVar[int]
    field: str
    venue_value: str
    reference_value: str
    def __init__(self, field: _Optional[str] = ..., venue_value: _Optional[str] = ..., reference_value: _Optional[str] = ...) -> None: ...

class CorporateAction(_message.Message):
    __slots__ = ("action_id", "kind", "isin", "instrument_id", "effective_date", "new_shares", "old_shares", "new_symbol", "state", "recorded_by", "recorded_at", "reason")
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_DATE_FIELD_NUMBER: _ClassVar[int]
    NEW_SHARES_FIELD_NUMBER: _ClassVar[int]
    OLD_SHARES_FIELD_NUMBER: _ClassVar[int]
    NEW_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RECORDED_BY_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    action_id: str
    kind: CorporateActionKind
    isin: str
    instrument_id: str
    effective_date: str
    new_shares: str
    old_shares: str
    new_symbol: str
    state: CorporateActionState
    recorded_by: str
    recorded_at: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, action_id: _Optional[str] = ..., kind: _Optional[_Union[CorporateActionKind, str]] = ..., isin: _Optional[str] = ..., instrument_id: _Optional[str] = ..., effective_date: _Optional[str] = ..., new_shares: _Optional[str] = ..., old_shares: _Optional[str] = ..., new_symbol: _Optional[str] = ..., state: _Optional[_Union[CorporateActionState, str]] = ..., recorded_by: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class TickBand(_message.Message):
    __slots__ = ("from_price", "tick_size")
    FROM_PRICE_FIELD_NUMBER: _ClassVar[int]
    TICK_SIZE_FIELD_NUMBER: _ClassVar[int]
    from_price: str
    tick_size: str
    def __init__(self, from_price: _Optional[str] = ..., tick_size: _Optional[str] = ...) -> None: ...

class LeftOutListing(_message.Message):
    __slots__ = ("venue_mic", "symbol", "text")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    symbol: str
    text: str
    def __init__(self, venue_mic: _Optional[str] = ..., symbol: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...
