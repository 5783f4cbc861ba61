import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.type.v1 import error_pb2 as _error_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Side(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIDE_UNSPECIFIED: _ClassVar[Side]
    SIDE_BUY: _ClassVar[Side]
    SIDE_SELL: _ClassVar[Side]
    SIDE_SELL_SHORT: _ClassVar[Side]
    SIDE_SELL_SHORT_EXEMPT: _ClassVar[Side]

class OrderType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_TYPE_UNSPECIFIED: _ClassVar[OrderType]
    ORDER_TYPE_MARKET: _ClassVar[OrderType]
    ORDER_TYPE_LIMIT: _ClassVar[OrderType]
    ORDER_TYPE_STOP: _ClassVar[OrderType]
    ORDER_TYPE_STOP_LIMIT: _ClassVar[OrderType]
    ORDER_TYPE_MARKET_TO_LIMIT: _ClassVar[OrderType]
    ORDER_TYPE_ICEBERG: _ClassVar[OrderType]
    ORDER_TYPE_PEGGED: _ClassVar[OrderType]
    ORDER_TYPE_TRAILING_STOP: _ClassVar[OrderType]

class TimeInForce(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIME_IN_FORCE_UNSPECIFIED: _ClassVar[TimeInForce]
    TIME_IN_FORCE_DAY: _ClassVar[TimeInForce]
    TIME_IN_FORCE_GTC: _ClassVar[TimeInForce]
    TIME_IN_FORCE_IOC: _ClassVar[TimeInForce]
    TIME_IN_FORCE_FOK: _ClassVar[TimeInForce]
    TIME_IN_FORCE_GTD: _ClassVar[TimeInForce]
    TIME_IN_FORCE_AT_OPEN: _ClassVar[TimeInForce]
    TIME_IN_FORCE_AT_CLOSE: _ClassVar[TimeInForce]

class OrderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_STATE_UNSPECIFIED: _ClassVar[OrderState]
    ORDER_STATE_PENDING_NEW: _ClassVar[OrderState]
    ORDER_STATE_NEW: _ClassVar[OrderState]
    ORDER_STATE_PARTIALLY_FILLED: _ClassVar[OrderState]
    ORDER_STATE_FILLED: _ClassVar[OrderState]
    ORDER_STATE_DONE_FOR_DAY: _ClassVar[OrderState]
    ORDER_STATE_CANCELED: _ClassVar[OrderState]
    ORDER_STATE_PENDING_CANCEL: _ClassVar[OrderState]
    ORDER_STATE_STOPPED: _ClassVar[OrderState]
    ORDER_STATE_REJECTED: _ClassVar[OrderState]
    ORDER_STATE_SUSPENDED: _ClassVar[OrderState]
    ORDER_STATE_CALCULATED: _ClassVar[OrderState]
    ORDER_STATE_EXPIRED: _ClassVar[OrderState]
    ORDER_STATE_PENDING_REPLACE: _ClassVar[OrderState]
    ORDER_STATE_UNKNOWN: _ClassVar[OrderState]
    ORDER_STATE_HELD: _ClassVar[OrderState]
    ORDER_STATE_AWAITING_TRIGGER: _ClassVar[OrderState]

class TriggerPriceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRIGGER_PRICE_TYPE_UNSPECIFIED: _ClassVar[TriggerPriceType]
    TRIGGER_PRICE_TYPE_LAST: _ClassVar[TriggerPriceType]
    TRIGGER_PRICE_TYPE_BEST_BID: _ClassVar[TriggerPriceType]
    TRIGGER_PRICE_TYPE_BEST_OFFER: _ClassVar[TriggerPriceType]
    TRIGGER_PRICE_TYPE_MIDPOINT: _ClassVar[TriggerPriceType]

class WaitsFor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAITS_FOR_UNSPECIFIED: _ClassVar[WaitsFor]
    WAITS_FOR_PRICE: _ClassVar[WaitsFor]
    WAITS_FOR_PARENT: _ClassVar[WaitsFor]
    WAITS_FOR_APPROVAL: _ClassVar[WaitsFor]
    WAITS_FOR_VENUE: _ClassVar[WaitsFor]

class PegReference(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PEG_REFERENCE_UNSPECIFIED: _ClassVar[PegReference]
    PEG_REFERENCE_PRIMARY: _ClassVar[PegReference]
    PEG_REFERENCE_MIDPOINT: _ClassVar[PegReference]
    PEG_REFERENCE_MARKET: _ClassVar[PegReference]

class TradingCapacity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRADING_CAPACITY_UNSPECIFIED: _ClassVar[TradingCapacity]
    TRADING_CAPACITY_DEAL: _ClassVar[TradingCapacity]
    TRADING_CAPACITY_MTCH: _ClassVar[TradingCapacity]
    TRADING_CAPACITY_AOTC: _ClassVar[TradingCapacity]

class DecisionMakerKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECISION_MAKER_KIND_UNSPECIFIED: _ClassVar[DecisionMakerKind]
    DECISION_MAKER_KIND_PERSON: _ClassVar[DecisionMakerKind]
    DECISION_MAKER_KIND_ALGORITHM: _ClassVar[DecisionMakerKind]

class OrderLinkKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_LINK_KIND_UNSPECIFIED: _ClassVar[OrderLinkKind]
    ORDER_LINK_KIND_OCO: _ClassVar[OrderLinkKind]
    ORDER_LINK_KIND_OTO: _ClassVar[OrderLinkKind]
    ORDER_LINK_KIND_BRACKET: _ClassVar[OrderLinkKind]
    ORDER_LINK_KIND_ROUTED: _ClassVar[OrderLinkKind]

class RoutingStrategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROUTING_STRATEGY_UNSPECIFIED: _ClassVar[RoutingStrategy]
    ROUTING_STRATEGY_BEST: _ClassVar[RoutingStrategy]
    ROUTING_STRATEGY_POST: _ClassVar[RoutingStrategy]
    ROUTING_STRATEGY_SPLIT: _ClassVar[RoutingStrategy]
    ROUTING_STRATEGY_LIST: _ClassVar[RoutingStrategy]
    ROUTING_STRATEGY_TWAP: _ClassVar[RoutingStrategy]
    ROUTING_STRATEGY_POV: _ClassVar[RoutingStrategy]

class OrderOrigin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_ORIGIN_UNSPECIFIED: _ClassVar[OrderOrigin]
    ORDER_ORIGIN_VENUE: _ClassVar[OrderOrigin]
    ORDER_ORIGIN_RECOVERED: _ClassVar[OrderOrigin]

class AccountStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACCOUNT_STATUS_UNSPECIFIED: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_ACTIVE: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_REDUCE_ONLY: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_HALTED: _ClassVar[AccountStatus]
SIDE_UNSPECIFIED: Side
SIDE_BUY: Side
SIDE_SELL: Side
SIDE_SELL_SHORT: Side
SIDE_SELL_SHORT_EXEMPT: Side
ORDER_TYPE_UNSPECIFIED: OrderType
ORDER_TYPE_MARKET: OrderType
ORDER_TYPE_LIMIT: OrderType
ORDER_TYPE_STOP: OrderType
ORDER_TYPE_STOP_LIMIT: OrderType
ORDER_TYPE_MARKET_TO_LIMIT: OrderType
ORDER_TYPE_ICEBERG: OrderType
ORDER_TYPE_PEGGED: OrderType
ORDER_TYPE_TRAILING_STOP: OrderType
TIME_IN_FORCE_UNSPECIFIED: TimeInForce
TIME_IN_FORCE_DAY: TimeInForce
TIME_IN_FORCE_GTC: TimeInForce
TIME_IN_FORCE_IOC: TimeInForce
TIME_IN_FORCE_FOK: TimeInForce
TIME_IN_FORCE_GTD: TimeInForce
TIME_IN_FORCE_AT_OPEN: TimeInForce
TIME_IN_FORCE_AT_CLOSE: TimeInForce
ORDER_STATE_UNSPECIFIED: OrderState
ORDER_STATE_PENDING_NEW: OrderState
ORDER_STATE_NEW: OrderState
ORDER_STATE_PARTIALLY_FILLED: OrderState
ORDER_STATE_FILLED: OrderState
ORDER_STATE_DONE_FOR_DAY: OrderState
ORDER_STATE_CANCELED: OrderState
ORDER_STATE_PENDING_CANCEL: OrderState
ORDER_STATE_STOPPED: OrderState
ORDER_STATE_REJECTED: OrderState
ORDER_STATE_SUSPENDED: OrderState
ORDER_STATE_CALCULATED: OrderState
ORDER_STATE_EXPIRED: OrderState
ORDER_STATE_PENDING_REPLACE: OrderState
ORDER_STATE_UNKNOWN: OrderState
ORDER_STATE_HELD: OrderState
ORDER_STATE_AWAITING_TRIGGER: OrderState
TRIGGER_PRICE_TYPE_UNSPECIFIED: TriggerPriceType
TRIGGER_PRICE_TYPE_LAST: TriggerPriceType
TRIGGER_PRICE_TYPE_BEST_BID: TriggerPriceType
TRIGGER_PRICE_TYPE_BEST_OFFER: TriggerPriceType
TRIGGER_PRICE_TYPE_MIDPOINT: TriggerPriceType
WAITS_FOR_UNSPECIFIED: WaitsFor
WAITS_FOR_PRICE: WaitsFor
WAITS_FOR_PARENT: WaitsFor
WAITS_FOR_APPROVAL: WaitsFor
WAITS_FOR_VENUE: WaitsFor
PEG_REFERENCE_UNSPECIFIED: PegReference
PEG_REFERENCE_PRIMARY: PegReference
PEG_REFERENCE_MIDPOINT: PegReference
PEG_REFERENCE_MARKET: PegReference
TRADING_CAPACITY_UNSPECIFIED: TradingCapacity
TRADING_CAPACITY_DEAL: TradingCapacity
TRADING_CAPACITY_MTCH: TradingCapacity
TRADING_CAPACITY_AOTC: TradingCapacity
DECISION_MAKER_KIND_UNSPECIFIED: DecisionMakerKind
DECISION_MAKER_KIND_PERSON: DecisionMakerKind
DECISION_MAKER_KIND_ALGORITHM: DecisionMakerKind
ORDER_LINK_KIND_UNSPECIFIED: OrderLinkKind
ORDER_LINK_KIND_OCO: OrderLinkKind
ORDER_LINK_KIND_OTO: OrderLinkKind
ORDER_LINK_KIND_BRACKET: OrderLinkKind
ORDER_LINK_KIND_ROUTED: OrderLinkKind
ROUTING_STRATEGY_UNSPECIFIED: RoutingStrategy
ROUTING_STRATEGY_BEST: RoutingStrategy
ROUTING_STRATEGY_POST: RoutingStrategy
ROUTING_STRATEGY_SPLIT: RoutingStrategy
ROUTING_STRATEGY_LIST: RoutingStrategy
ROUTING_STRATEGY_TWAP: RoutingStrategy
ROUTING_STRATEGY_POV: RoutingStrategy
ORDER_ORIGIN_UNSPECIFIED: OrderOrigin
ORDER_ORIGIN_VENUE: OrderOrigin
ORDER_ORIGIN_RECOVERED: OrderOrigin
ACCOUNT_STATUS_UNSPECIFIED: AccountStatus
ACCOUNT_STATUS_ACTIVE: AccountStatus
ACCOUNT_STATUS_REDUCE_ONLY: AccountStatus
ACCOUNT_STATUS_HALTED: AccountStatus

class OrderTerms(_message.Message):
    __slots__ = ("quantity", "limit_price", "stop_price", "display_quantity", "time_in_force", "expire_time", "trailing_offset", "peg", "trigger_price_type", "cash_quantity", "quantity_is_estimate")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    TRAILING_OFFSET_FIELD_NUMBER: _ClassVar[int]
    PEG_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_PRICE_TYPE_FIELD_NUMBER: _ClassVar[int]
    CASH_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_IS_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    quantity: str
    limit_price: str
    stop_price: str
    display_quantity: str
    time_in_force: TimeInForce
    expire_time: _timestamp_pb2.Timestamp
    trailing_offset: str
    peg: Peg
    trigger_price_type: TriggerPriceType
    cash_quantity: str
    quantity_is_estimate: bool
    def __init__(self, quantity: _Optional[str] = ..., limit_price: _Optional[str] = ..., stop_price: _Optional[str] = ..., display_quantity: _Optional[str] = ..., time_in_force: _Optional[_Union[TimeInForce, str]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trailing_offset: _Optional[str] = ..., peg: _Optional[_Union[Peg, _Mapping]] = ..., trigger_price_type: _Optional[_Union[TriggerPriceType, str]] = ..., cash_quantity: _Optional[str] = ..., quantity_is_estimate: _Optional[bool] = ...) -> None: ...

class OrderTrigger(_message.Message):
    __slots__ = ("stop_price", "extreme_price")
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXTREME_PRICE_FIELD_NUMBER: _ClassVar[int]
    stop_price: str
    extreme_price: str
    def __init__(self, stop_price: _Optional[str] = ..., extreme_price: _Optional[str] = ...) -> None: ...

class Peg(_message.Message):
    __slots__ = ("reference", "offset")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    reference: PegReference
    offset: str
    def __init__(self, reference: _Optional[_Union[PegReference, str]] = ..., offset: _Optional[str] = ...) -> None: ...

class RegulatoryDetails(_message.Message):
    __slots__ = ("capacity", "investment_decision", "execution_decision", "client_short_code", "direct_electronic_access", "liquidity_provision", "algorithmic", "algorithm_id", "non_executing_broker_lei", "commodity_risk_reduction")
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    INVESTMENT_DECISION_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_DECISION_FIELD_NUMBER: _ClassVar[int]
    CLIENT_SHORT_CODE_FIELD_NUMBER: _ClassVar[int]
    DIRECT_ELECTRONIC_ACCESS_FIELD_NUMBER: _ClassVar[int]
    LIQUIDITY_PROVISION_FIELD_NUMBER: _ClassVar[int]
    ALGORITHMIC_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_ID_FIELD_NUMBER: _ClassVar[int]
    NON_EXECUTING_BROKER_LEI_FIELD_NUMBER: _ClassVar[int]
    COMMODITY_RISK_REDUCTION_FIELD_NUMBER: _ClassVar[int]
    capacity: TradingCapacity
    investment_decision: DecisionMaker
    execution_decision: DecisionMaker
    client_short_code: str
    direct_electronic_access: bool
    liquidity_provision: bool
    algorithmic: bool
    algorithm_id: str
    non_executing_broker_lei: str
    commodity_risk_reduction: bool
    def __init__(self, capacity: _Optional[_Union[TradingCapacity, str]] = ..., investment_decision: _Optional[_Union[DecisionMaker, _Mapping]] = ..., execution_decision: _Optional[_Union[DecisionMaker, _Mapping]] = ..., client_short_code: _Optional[str] = ..., direct_electronic_access: _Optional[bool] = ..., liquidity_provision: _Optional[bool] = ..., algorithmic: _Optional[bool] = ..., algorithm_id: _Optional[str] = ..., non_executing_broker_lei: _Optional[str] = ..., commodity_risk_reduction: _Optional[bool] = ...) -> None: ...

class DecisionMaker(_message.Message):
    __slots__ = ("kind", "short_code")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SHORT_CODE_FIELD_NUMBER: _ClassVar[int]
    kind: DecisionMakerKind
    short_code: str
    def __init__(self, kind: _Optional[_Union[DecisionMakerKind, str]] = ..., short_code: _Optional[str] = ...) -> None: ...

class OrderLink(_message.Message):
    __slots__ = ("kind", "group_id", "parent_order_id", "parent_key")
    KIND_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_KEY_FIELD_NUMBER: _ClassVar[int]
    kind: OrderLinkKind
    group_id: str
    parent_order_id: str
    parent_key: str
    def __init__(self, kind: _Optional[_Union[OrderLinkKind, str]] = ..., group_id: _Optional[str] = ..., parent_order_id: _Optional[str] = ..., parent_key: _Optional[str] = ...) -> None: ...

class Routing(_message.Message):
    __slots__ = ("strategy", "venues", "denied_venues", "schedule")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    DENIED_VENUES_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    strategy: RoutingStrategy
    venues: _containers.RepeatedScalarFieldContainer[str]
    denied_venues: _containers.RepeatedScalarFieldContainer[str]
    schedule: RoutingSchedule
    def __init__(self, strategy: _Optional[_Union[RoutingStrategy, str]] = ..., venues: _Optional[_Iterable[str]] = ..., denied_venues: _Optional[_Iterable[str]] = ..., schedule: _Optional[_Union[RoutingSchedule, _Mapping]] = ...) -> None: ...

class RoutingSchedule(_message.Message):
    __slots__ = ("start_time", "end_time", "slice_s", "participation_bps", "slice_quantity_max")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SLICE_S_FIELD_NUMBER: _ClassVar[int]
    PARTICIPATION_BPS_FIELD_NUMBER: _ClassVar[int]
    SLICE_QUANTITY_MAX_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    slice_s: int
    participation_bps: int
    slice_quantity_max: str
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., slice_s: _Optional[int] = ..., participation_bps: _Optional[int] = ..., slice_quantity_max: _Optional[str] = ...) -> None: ...

class OrderProgress(_message.Message):
    __slots__ = ("state", "cum_quantity", "leaves_quantity", "average_price", "version", "cl_ord_id")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CUM_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_PRICE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    state: OrderState
    cum_quantity: str
    leaves_quantity: str
    average_price: str
    version: int
    cl_ord_id: str
    def __init__(self, state: _Optional[_Union[OrderState, str]] = ..., cum_quantity: _Optional[str] = ..., leaves_quantity: _Optional[str] = ..., average_price: _Optional[str] = ..., version: _Optional[int] = ..., cl_ord_id: _Optional[str] = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("order_id", "account_id", "idempotency_key", "instrument_id", "symbol", "venue_mic", "isin", "currency", "side", "type", "terms", "pending_terms", "progress", "venue_order_id", "regulatory", "link", "placed_by", "client_note", "rejection", "created_sequence", "last_sequence", "created_at", "updated_at", "anomaly_count", "waits_for", "trigger", "approved_by", "pegged_price", "origin", "for_next_session", "reduce_only", "listing_status_not_known", "routing", "routing_decision", "venue_symbol", "ended_text")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    PENDING_TERMS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REGULATORY_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    PLACED_BY_FIELD_NUMBER: _ClassVar[int]
    CLIENT_NOTE_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    CREATED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ANOMALY_COUNT_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    PEGGED_PRICE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    FOR_NEXT_SESSION_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    LISTING_STATUS_NOT_KNOWN_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    ROUTING_DECISION_FIELD_NUMBER: _ClassVar[int]
    VENUE_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ENDED_TEXT_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    account_id: str
    idempotency_key: str
    instrument_id: str
    symbol: str
    venue_mic: str
    isin: str
    currency: str
    side: Side
    type: OrderType
    terms: OrderTerms
    pending_terms: OrderTerms
    progress: OrderProgress
    venue_order_id: str
    regulatory: RegulatoryDetails
    link: OrderLink
    placed_by: str
    client_note: str
    rejection: _error_pb2.Rejection
    created_sequence: int
    last_sequence: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    anomaly_count: int
    waits_for: WaitsFor
    trigger: OrderTrigger
    approved_by: str
    pegged_price: str
    origin: OrderOrigin
    for_next_session: bool
    reduce_only: bool
    listing_status_not_known: bool
    routing: Routing
    routing_decision: int
    venue_symbol: str
    ended_text: str
    def __init__(self, order_id: _Optional[str] = ..., account_id: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., instrument_id: _Optional[str] = ..., symbol: _Optional[str] = ..., venue_mic: _Optional[str] = ..., isin: _Optional[str] = ..., currency: _Optional[str] = ..., side: _Optional[_Union[Side, str]] = ..., type: _Optional[_Union[OrderType, str]] = ..., terms: _Optional[_Union[OrderTerms, _Mapping]] = ..., pending_terms: _Optional[_Union[OrderTerms, _Mapping]] = ..., progress: _Optional[_Union[OrderProgress, _Mapping]] = ..., venue_order_id: _Optional[str] = ..., regulatory: _Optional[_Union[RegulatoryDetails, _Mapping]] = ..., link: _Optional[_Union[OrderLink, _Mapping]] = ..., placed_by: _Optional[str] = ..., client_note: _Optional[str] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ..., created_sequence: _Optional[int] = ..., last_sequence: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., anomaly_count: _Optional[int] = ..., waits_for: _Optional[_Union[WaitsFor, str]] = ..., trigger: _Optional[_Union[OrderTrigger, _Mapping]] = ..., approved_by: _Optional[str] = ..., pegged_price: _Optional[str] = ..., origin: _Optional[_Union[OrderOrigin, str]] = ..., for_next_session: _Optional[bool] = ..., reduce_only: _Optional[bool] = ..., listing_status_not_known: _Optional[bool] = ..., routing: _Optional[_Union[Routing, _Mapping]] = ..., routing_decision: _Optional[int] = ..., venue_symbol: _Optional[str] = ..., ended_text: _Optional[str] = ...) -> None: ...

class Execution(_message.Message):
    __slots__ = ("exec_id", "venue_mic", "order_id", "account_id", "instrument_id", "side", "quantity", "price", "currency", "venue_time", "received_at", "liquidity", "last_market_mic", "busted", "cum_quantity")
    EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    LIQUIDITY_FIELD_NUMBER: _ClassVar[int]
    LAST_MARKET_MIC_FIELD_NUMBER: _ClassVar[int]
    BUSTED_FIELD_NUMBER: _ClassVar[int]
    CUM_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    exec_id: str
    venue_mic: str
    order_id: str
    account_id: str
    instrument_id: str
    side: Side
    quantity: str
    price: str
    currency: str
    venue_time: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    liquidity: int
    last_market_mic: str
    busted: bool
    cum_quantity: str
    def __init__(self, exec_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., order_id: _Optional[str] = ..., account_id: _Optional[str] = ..., instrument_id: _Optional[str] = ..., side: _Optional[_Union[Side, str]] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., currency: _Optional[str] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., liquidity: _Optional[int] = ..., last_market_mic: _Optional[str] = ..., busted: _Optional[bool] = ..., cum_quantity: _Optional[str] = ...) -> None: ...

class Account(_message.Message):
    __slots__ = ("account_id", "display_name", "base_currency", "firm_id", "status", "desk_id")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    BASE_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    FIRM_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DESK_ID_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    display_name: str
    base_currency: str
    firm_id: str
    status: AccountStatus
    desk_id: str
    def __init__(self, account_id: _Optional[str] = ..., display_name: _Optional[str] = ..., base_currency: _Optional[str] = ..., firm_id: _Optional[str] = ..., status: _Optional[_Union[AccountStatus, str]] = ..., desk_id: _Optional[str] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("account_id", "isin", "currency", "quantity", "average_price", "realised_profit", "as_of_sequence")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_PRICE_FIELD_NUMBER: _ClassVar[int]
    REALISED_PROFIT_FIELD_NUMBER: _ClassVar[int]
    AS_OF_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    isin: str
    currency: str
    quantity: str
    average_price: str
    realised_profit: str
    as_of_sequence: int
    def __init__(self, account_id: _Optional[str] = ..., isin: _Optional[str] = ..., currency: _Optional[str] = ..., quantity: _Optional[str] = ..., average_price: _Optional[str] = ..., realised_profit: _Optional[str] = ..., as_of_sequence: _Optional[int] = ...) -> None: ...
