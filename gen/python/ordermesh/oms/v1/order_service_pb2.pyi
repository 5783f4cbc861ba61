import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.oms.v1 import event_pb2 as _event_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from ordermesh.oms.v1 import order_way_pb2 as _order_way_pb2
from ordermesh.oms.v1 import statement_pb2 as _statement_pb2
from ordermesh.type.v1 import error_pb2 as _error_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VenueHolds(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VENUE_HOLDS_UNSPECIFIED: _ClassVar[VenueHolds]
    VENUE_HOLDS_NOTHING: _ClassVar[VenueHolds]
    VENUE_HOLDS_WORKING: _ClassVar[VenueHolds]
    VENUE_HOLDS_CANCELED: _ClassVar[VenueHolds]
    VENUE_HOLDS_FILLED: _ClassVar[VenueHolds]

class FlatCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FLAT_CAUSE_UNSPECIFIED: _ClassVar[FlatCause]
    FLAT_CAUSE_REMAINDER_OF_LOT: _ClassVar[FlatCause]
    FLAT_CAUSE_NOT_TRADABLE: _ClassVar[FlatCause]
    FLAT_CAUSE_NO_LISTING: _ClassVar[FlatCause]
    FLAT_CAUSE_VENUE_DOWN: _ClassVar[FlatCause]
    FLAT_CAUSE_OPEN_ORDERS: _ClassVar[FlatCause]
    FLAT_CAUSE_REFUSED: _ClassVar[FlatCause]
    FLAT_CAUSE_NOT_FILLED: _ClassVar[FlatCause]
    FLAT_CAUSE_NO_ANSWER: _ClassVar[FlatCause]
    FLAT_CAUSE_TOO_LARGE: _ClassVar[FlatCause]
VENUE_HOLDS_UNSPECIFIED: VenueHolds
VENUE_HOLDS_NOTHING: VenueHolds
VENUE_HOLDS_WORKING: VenueHolds
VENUE_HOLDS_CANCELED: VenueHolds
VENUE_HOLDS_FILLED: VenueHolds
FLAT_CAUSE_UNSPECIFIED: FlatCause
FLAT_CAUSE_REMAINDER_OF_LOT: FlatCause
FLAT_CAUSE_NOT_TRADABLE: FlatCause
FLAT_CAUSE_NO_LISTING: FlatCause
FLAT_CAUSE_VENUE_DOWN: FlatCause
FLAT_CAUSE_OPEN_ORDERS: FlatCause
FLAT_CAUSE_REFUSED: FlatCause
FLAT_CAUSE_NOT_FILLED: FlatCause
FLAT_CAUSE_NO_ANSWER: FlatCause
FLAT_CAUSE_TOO_LARGE: FlatCause

class PlaceRequest(_message.Message):
    __slots__ = ("idempotency_key", "account_id", "instrument_id", "side", "type", "terms", "regulatory", "link", "client_note", "hold_for_approval", "reduce_only", "isin", "currency", "routing")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    REGULATORY_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    CLIENT_NOTE_FIELD_NUMBER: _ClassVar[int]
    HOLD_FOR_APPROVAL_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    account_id: str
    instrument_id: str
    side: _order_pb2.Side
    type: _order_pb2.OrderType
    terms: _order_pb2.OrderTerms
    regulatory: _order_pb2.RegulatoryDetails
    link: _order_pb2.OrderLink
    client_note: str
    hold_for_approval: bool
    reduce_only: bool
    isin: str
    currency: str
    routing: _order_pb2.Routing
    def __init__(self, idempotency_key: _Optional[str] = ..., account_id: _Optional[str] = ..., instrument_id: _Optional[str] = ..., side: _Optional[_Union[_order_pb2.Side, str]] = ..., type: _Optional[_Union[_order_pb2.OrderType, str]] = ..., terms: _Optional[_Union[_order_pb2.OrderTerms, _Mapping]] = ..., regulatory: _Optional[_Union[_order_pb2.RegulatoryDetails, _Mapping]] = ..., link: _Optional[_Union[_order_pb2.OrderLink, _Mapping]] = ..., client_note: _Optional[str] = ..., hold_for_approval: _Optional[bool] = ..., reduce_only: _Optional[bool] = ..., isin: _Optional[str] = ..., currency: _Optional[str] = ..., routing: _Optional[_Union[_order_pb2.Routing, _Mapping]] = ...) -> None: ...

class PlaceResponse(_message.Message):
    __slots__ = ("order", "duplicate")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    duplicate: bool
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class PlaceBatchRequest(_message.Message):
    __slots__ = ("idempotency_key", "account_id", "orders", "atomic")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    ATOMIC_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    account_id: str
    orders: _containers.RepeatedCompositeFieldContainer[PlaceRequest]
    atomic: bool
    def __init__(self, idempotency_key: _Optional[str] = ..., account_id: _Optional[str] = ..., orders: _Optional[_Iterable[_Union[PlaceRequest, _Mapping]]] = ..., atomic: _Optional[bool] = ...) -> None: ...

class PlaceBatchResponse(_message.Message):
    __slots__ = ("results", "duplicate")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[PlaceBatchResult]
    duplicate: bool
    def __init__(self, results: _Optional[_Iterable[_Union[PlaceBatchResult, _Mapping]]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class PlaceBatchResult(_message.Message):
    __slots__ = ("idempotency_key", "order", "rejection", "duplicate")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    order: _order_pb2.Order
    rejection: _error_pb2.Rejection
    duplicate: bool
    def __init__(self, idempotency_key: _Optional[str] = ..., order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ApproveRequest(_message.Message):
    __slots__ = ("idempotency_key", "order_id", "expected_version")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    order_id: str
    expected_version: int
    def __init__(self, idempotency_key: _Optional[str] = ..., order_id: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...

class ApproveResponse(_message.Message):
    __slots__ = ("order", "duplicate")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    duplicate: bool
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class DeclineRequest(_message.Message):
    __slots__ = ("idempotency_key", "order_id", "text")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    order_id: str
    text: str
    def __init__(self, idempotency_key: _Optional[str] = ..., order_id: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class DeclineResponse(_message.Message):
    __slots__ = ("order", "duplicate")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    duplicate: bool
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ReplaceRequest(_message.Message):
    __slots__ = ("idempotency_key", "order_id", "expected_version", "terms")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    order_id: str
    expected_version: int
    terms: _order_pb2.OrderTerms
    def __init__(self, idempotency_key: _Optional[str] = ..., order_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., terms: _Optional[_Union[_order_pb2.OrderTerms, _Mapping]] = ...) -> None: ...

class ReplaceResponse(_message.Message):
    __slots__ = ("order", "duplicate")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    duplicate: bool
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class CancelRequest(_message.Message):
    __slots__ = ("idempotency_key", "order_id")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    order_id: str
    def __init__(self, idempotency_key: _Optional[str] = ..., order_id: _Optional[str] = ...) -> None: ...

class CancelResponse(_message.Message):
    __slots__ = ("order", "duplicate")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    duplicate: bool
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class PauseRequest(_message.Message):
    __slots__ = ("idempotency_key", "order_id")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    order_id: str
    def __init__(self, idempotency_key: _Optional[str] = ..., order_id: _Optional[str] = ...) -> None: ...

class PauseResponse(_message.Message):
    __slots__ = ("order", "duplicate")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    duplicate: bool
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ResumeRequest(_message.Message):
    __slots__ = ("idempotency_key", "order_id")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    order_id: str
    def __init__(self, idempotency_key: _Optional[str] = ..., order_id: _Optional[str] = ...) -> None: ...

class ResumeResponse(_message.Message):
    __slots__ = ("order", "duplicate")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    duplicate: bool
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ResolveRequest(_message.Message):
    __slots__ = ("idempotency_key", "order_id", "venue_holds", "executions", "replaced", "venue_order_id", "reason", "parked_id")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_HOLDS_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PARKED_ID_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    order_id: str
    venue_holds: VenueHolds
    executions: _containers.RepeatedCompositeFieldContainer[FoundExecution]
    replaced: bool
    venue_order_id: str
    reason: str
    parked_id: int
    def __init__(self, idempotency_key: _Optional[str] = ..., order_id: _Optional[str] = ..., venue_holds: _Optional[_Union[VenueHolds, str]] = ..., executions: _Optional[_Iterable[_Union[FoundExecution, _Mapping]]] = ..., replaced: _Optional[bool] = ..., venue_order_id: _Optional[str] = ..., reason: _Optional[str] = ..., parked_id: _Optional[int] = ...) -> None: ...

class FoundExecution(_message.Message):
    __slots__ = ("exec_id", "quantity", "price", "venue_time")
    EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    exec_id: str
    quantity: str
    price: str
    venue_time: _timestamp_pb2.Timestamp
    def __init__(self, exec_id: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResolveResponse(_message.Message):
    __slots__ = ("order", "duplicate", "statement")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    duplicate: bool
    statement: _statement_pb2.Statement
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., duplicate: _Optional[bool] = ..., statement: _Optional[_Union[_statement_pb2.Statement, _Mapping]] = ...) -> None: ...

class ListStatementsRequest(_message.Message):
    __slots__ = ("order_id", "waiting_only", "page_size", "before_statement_id")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    WAITING_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_STATEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    waiting_only: bool
    page_size: int
    before_statement_id: str
    def __init__(self, order_id: _Optional[str] = ..., waiting_only: _Optional[bool] = ..., page_size: _Optional[int] = ..., before_statement_id: _Optional[str] = ...) -> None: ...

class ListStatementsResponse(_message.Message):
    __slots__ = ("statements",)
    STATEMENTS_FIELD_NUMBER: _ClassVar[int]
    statements: _containers.RepeatedCompositeFieldContainer[_statement_pb2.Statement]
    def __init__(self, statements: _Optional[_Iterable[_Union[_statement_pb2.Statement, _Mapping]]] = ...) -> None: ...

class ConfirmStatementRequest(_message.Message):
    __slots__ = ("statement_id",)
    STATEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    statement_id: str
    def __init__(self, statement_id: _Optional[str] = ...) -> None: ...

class ConfirmStatementResponse(_message.Message):
    __slots__ = ("statement", "order")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    statement: _statement_pb2.Statement
    order: _order_pb2.Order
    def __init__(self, statement: _Optional[_Union[_statement_pb2.Statement, _Mapping]] = ..., order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class DeclineStatementRequest(_message.Message):
    __slots__ = ("statement_id", "reason")
    STATEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    statement_id: str
    reason: str
    def __init__(self, statement_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DeclineStatementResponse(_message.Message):
    __slots__ = ("statement",)
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    statement: _statement_pb2.Statement
    def __init__(self, statement: _Optional[_Union[_statement_pb2.Statement, _Mapping]] = ...) -> None: ...

class CancelAllRequest(_message.Message):
    __slots__ = ("idempotency_key", "account_id", "instrument_id", "side")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    account_id: str
    instrument_id: str
    side: _order_pb2.Side
    def __init__(self, idempotency_key: _Optional[str] = ..., account_id: _Optional[str] = ..., instrument_id: _Optional[str] = ..., side: _Optional[_Union[_order_pb2.Side, str]] = ...) -> None: ...

class CancelAllResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[CancelAllResult]
    def __init__(self, results: _Optional[_Iterable[_Union[CancelAllResult, _Mapping]]] = ...) -> None: ...

class CancelAllResult(_message.Message):
    __slots__ = ("order_id", "state", "rejection")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    state: _order_pb2.OrderState
    rejection: _error_pb2.Rejection
    def __init__(self, order_id: _Optional[str] = ..., state: _Optional[_Union[_order_pb2.OrderState, str]] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("order_id", "as_of")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, order_id: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("order", "executions")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    executions: _containers.RepeatedCompositeFieldContainer[_order_pb2.Execution]
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., executions: _Optional[_Iterable[_Union[_order_pb2.Execution, _Mapping]]] = ...) -> None: ...

class ShowOrderRequest(_message.Message):
    __slots__ = ("id", "at")
    ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ShowOrderResponse(_message.Message):
    __slots__ = ("order", "executions", "steps", "controls", "events_left_out")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    executions: _containers.RepeatedCompositeFieldContainer[_order_pb2.Execution]
    steps: _containers.RepeatedCompositeFieldContainer[_order_way_pb2.WayStep]
    controls: _containers.RepeatedCompositeFieldContainer[_order_way_pb2.ControlsAt]
    events_left_out: int
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., executions: _Optional[_Iterable[_Union[_order_pb2.Execution, _Mapping]]] = ..., steps: _Optional[_Iterable[_Union[_order_way_pb2.WayStep, _Mapping]]] = ..., controls: _Optional[_Iterable[_Union[_order_way_pb2.ControlsAt, _Mapping]]] = ..., events_left_out: _Optional[int] = ...) -> None: ...

class ShowRoutingRequest(_message.Message):
    __slots__ = ("order_id", "after_number")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    after_number: int
    def __init__(self, order_id: _Optional[str] = ..., after_number: _Optional[int] = ...) -> None: ...

class ShowRoutingResponse(_message.Message):
    __slots__ = ("order", "children", "decisions", "more")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    children: _containers.RepeatedCompositeFieldContainer[_order_pb2.Order]
    decisions: _containers.RepeatedCompositeFieldContainer[RoutingDecision]
    more: bool
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., children: _Optional[_Iterable[_Union[_order_pb2.Order, _Mapping]]] = ..., decisions: _Optional[_Iterable[_Union[RoutingDecision, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class RoutingDecision(_message.Message):
    __slots__ = ("number", "decided_at", "record", "record_hash", "finding")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    RECORD_HASH_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    number: int
    decided_at: _timestamp_pb2.Timestamp
    record: bytes
    record_hash: bytes
    finding: str
    def __init__(self, number: _Optional[int] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., record: _Optional[bytes] = ..., record_hash: _Optional[bytes] = ..., finding: _Optional[str] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("account_id", "states", "instrument_id", "open_only", "created_from", "created_until", "page_size", "page_token", "as_of")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    OPEN_ONLY_FIELD_NUMBER: _ClassVar[int]
    CREATED_FROM_FIELD_NUMBER: _ClassVar[int]
    CREATED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    states: _containers.RepeatedScalarFieldContainer[_order_pb2.OrderState]
    instrument_id: str
    open_only: bool
    created_from: _timestamp_pb2.Timestamp
    created_until: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, account_id: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_order_pb2.OrderState, str]]] = ..., instrument_id: _Optional[str] = ..., open_only: _Optional[bool] = ..., created_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("orders", "next_page_token")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[_order_pb2.Order]
    next_page_token: str
    def __init__(self, orders: _Optional[_Iterable[_Union[_order_pb2.Order, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("accounts", "heartbeat_s")
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    accounts: _containers.RepeatedCompositeFieldContainer[AccountCursor]
    heartbeat_s: int
    def __init__(self, accounts: _Optional[_Iterable[_Union[AccountCursor, _Mapping]]] = ..., heartbeat_s: _Optional[int] = ...) -> None: ...

class AccountCursor(_message.Message):
    __slots__ = ("account_id", "cursor")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    cursor: _stream_pb2.Cursor
    def __init__(self, account_id: _Optional[str] = ..., cursor: _Optional[_Union[_stream_pb2.Cursor, _Mapping]] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_event_pb2.OrderStreamItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_event_pb2.OrderStreamItem, _Mapping]]] = ...) -> None: ...

class GoFlatRequest(_message.Message):
    __slots__ = ("idempotency_key", "account_id", "instrument_id")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    account_id: str
    instrument_id: str
    def __init__(self, idempotency_key: _Optional[str] = ..., account_id: _Optional[str] = ..., instrument_id: _Optional[str] = ...) -> None: ...

class GoFlatResponse(_message.Message):
    __slots__ = ("flat", "duplicate", "positions", "open_orders")
    FLAT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    flat: bool
    duplicate: bool
    positions: _containers.RepeatedCompositeFieldContainer[FlatResult]
    open_orders: _containers.RepeatedCompositeFieldContainer[CancelAllResult]
    def __init__(self, flat: _Optional[bool] = ..., duplicate: _Optional[bool] = ..., positions: _Optional[_Iterable[_Union[FlatResult, _Mapping]]] = ..., open_orders: _Optional[_Iterable[_Union[CancelAllResult, _Mapping]]] = ...) -> None: ...

class FlatResult(_message.Message):
    __slots__ = ("isin", "currency", "instrument_id", "quantity_before", "quantity_remaining", "order_ids", "cause", "rejection")
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_BEFORE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_REMAINING_FIELD_NUMBER: _ClassVar[int]
    ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    isin: str
    currency: str
    instrument_id: str
    quantity_before: str
    quantity_remaining: str
    order_ids: _containers.RepeatedScalarFieldContainer[str]
    cause: FlatCause
    rejection: _error_pb2.Rejection
    def __init__(self, isin: _Optional[str] = ..., currency: _Optional[str] = ..., instrument_id: _Optional[str] = ..., quantity_before: _Optional[str] = ..., quantity_remaining: _Optional[str] = ..., order_ids: _Optional[_Iterable[str]] = ..., cause: _Optional[_Union[FlatCause, str]] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ...) -> None: ...
