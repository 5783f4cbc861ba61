import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from ordermesh.type.v1 import error_pb2 as _error_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResolutionSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESOLUTION_SOURCE_UNSPECIFIED: _ClassVar[ResolutionSource]
    RESOLUTION_SOURCE_STATUS_REQUEST: _ClassVar[ResolutionSource]
    RESOLUTION_SOURCE_MASS_STATUS: _ClassVar[ResolutionSource]
    RESOLUTION_SOURCE_DROP_COPY: _ClassVar[ResolutionSource]
    RESOLUTION_SOURCE_PERSON: _ClassVar[ResolutionSource]
    RESOLUTION_SOURCE_VENUE_REPORT: _ClassVar[ResolutionSource]
RESOLUTION_SOURCE_UNSPECIFIED: ResolutionSource
RESOLUTION_SOURCE_STATUS_REQUEST: ResolutionSource
RESOLUTION_SOURCE_MASS_STATUS: ResolutionSource
RESOLUTION_SOURCE_DROP_COPY: ResolutionSource
RESOLUTION_SOURCE_PERSON: ResolutionSource
RESOLUTION_SOURCE_VENUE_REPORT: ResolutionSource

class OrderEvent(_message.Message):
    __slots__ = ("account_id", "sequence", "order_id", "occurred_at", "venue_time", "received_at", "actor", "idempotency_key", "progress", "anomaly", "msg_seq_num", "msg_type", "accepted", "acknowledged", "executed", "cancel_requested", "cancel_pending", "cancel_refused", "canceled", "replace_requested", "replace_pending", "replace_refused", "replaced", "rejected", "expired", "done_for_day", "suspended", "stopped", "calculated", "restated", "execution_busted", "execution_corrected", "in_doubt", "resolved", "triggered", "approved", "command_refused", "venue_report_parked", "trigger_moved", "released", "status_requested", "routing_decided", "skippable")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    VENUE_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ANOMALY_FIELD_NUMBER: _ClassVar[int]
    MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    MSG_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    EXECUTED_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    CANCEL_PENDING_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REFUSED_FIELD_NUMBER: _ClassVar[int]
    CANCELED_FIELD_NUMBER: _ClassVar[int]
    REPLACE_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    REPLACE_PENDING_FIELD_NUMBER: _ClassVar[int]
    REPLACE_REFUSED_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    DONE_FOR_DAY_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    CALCULATED_FIELD_NUMBER: _ClassVar[int]
    RESTATED_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_BUSTED_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_CORRECTED_FIELD_NUMBER: _ClassVar[int]
    IN_DOUBT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_FIELD_NUMBER: _ClassVar[int]
    TRIGGERED_FIELD_NUMBER: _ClassVar[int]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    COMMAND_REFUSED_FIELD_NUMBER: _ClassVar[int]
    VENUE_REPORT_PARKED_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_MOVED_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    STATUS_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    ROUTING_DECIDED_FIELD_NUMBER: _ClassVar[int]
    SKIPPABLE_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    sequence: int
    order_id: str
    occurred_at: _timestamp_pb2.Timestamp
    venue_time: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    actor: str
    idempotency_key: str
    progress: _order_pb2.OrderProgress
    anomaly: str
    msg_seq_num: int
    msg_type: str
    accepted: OrderAccepted
    acknowledged: OrderAcknowledged
    executed: OrderExecuted
    cancel_requested: CancelRequested
    cancel_pending: CancelPending
    cancel_refused: CancelRefused
    canceled: OrderCanceled
    replace_requested: ReplaceRequested
    replace_pending: ReplacePending
    replace_refused: ReplaceRefused
    replaced: OrderReplaced
    rejected: OrderRejected
    expired: OrderExpired
    done_for_day: OrderDoneForDay
    suspended: OrderSuspended
    stopped: OrderStopped
    calculated: OrderCalculated
    restated: OrderRestated
    execution_busted: ExecutionBusted
    execution_corrected: ExecutionCorrected
    in_doubt: OrderInDoubt
    resolved: OrderResolved
    triggered: OrderTriggered
    approved: OrderApproved
    command_refused: CommandRefused
    venue_report_parked: VenueReportParked
    trigger_moved: TriggerMoved
    released: OrderReleased
    status_requested: StatusRequested
    routing_decided: RoutingDecided
    skippable: bool
    def __init__(self, account_id: _Optional[str] = ..., sequence: _Optional[int] = ..., order_id: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., venue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., progress: _Optional[_Union[_order_pb2.OrderProgress, _Mapping]] = ..., anomaly: _Optional[str] = ..., msg_seq_num: _Optional[int] = ..., msg_type: _Optional[str] = ..., accepted: _Optional[_Union[OrderAccepted, _Mapping]] = ..., acknowledged: _Optional[_Union[OrderAcknowledged, _Mapping]] = ..., executed: _Optional[_Union[OrderExecuted, _Mapping]] = ..., cancel_requested: _Optional[_Union[CancelRequested, _Mapping]] = ..., cancel_pending: _Optional[_Union[CancelPending, _Mapping]] = ..., cancel_refused: _Optional[_Union[CancelRefused, _Mapping]] = ..., canceled: _Optional[_Union[OrderCanceled, _Mapping]] = ..., replace_requested: _Optional[_Union[ReplaceRequested, _Mapping]] = ..., replace_pending: _Optional[_Union[ReplacePending, _Mapping]] = ..., replace_refused: _Optional[_Union[ReplaceRefused, _Mapping]] = ..., replaced: _Optional[_Union[OrderReplaced, _Mapping]] = ..., rejected: _Optional[_Union[OrderRejected, _Mapping]] = ..., expired: _Optional[_Union[OrderExpired, _Mapping]] = ..., done_for_day: _Optional[_Union[OrderDoneForDay, _Mapping]] = ..., suspended: _Optional[_Union[OrderSuspended, _Mapping]] = ..., stopped: _Optional[_Union[OrderStopped, _Mapping]] = ..., calculated: _Optional[_Union[OrderCalculated, _Mapping]] = ..., restated: _Optional[_Union[OrderRestated, _Mapping]] = ..., execution_busted: _Optional[_Union[ExecutionBusted, _Mapping]] = ..., execution_corrected: _Optional[_Union[ExecutionCorrected, _Mapping]] = ..., in_doubt: _Optional[_Union[OrderInDoubt, _Mapping]] = ..., resolved: _Optional[_Union[OrderResolved, _Mapping]] = ..., triggered: _Optional[_Union[OrderTriggered, _Mapping]] = ..., approved: _Optional[_Union[OrderApproved, _Mapping]] = ..., command_refused: _Optional[_Union[CommandRefused, _Mapping]] = ..., venue_report_parked: _Optional[_Union[VenueReportParked, _Mapping]] = ..., trigger_moved: _Optional[_Union[TriggerMoved, _Mapping]] = ..., released: _Optional[_Union[OrderReleased, _Mapping]] = ..., status_requested: _Optional[_Union[StatusRequested, _Mapping]] = ..., routing_decided: _Optional[_Union[RoutingDecided, _Mapping]] = ..., skippable: _Optional[bool] = ...) -> None: ...

class OrderAccepted(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class OrderAcknowledged(_message.Message):
    __slots__ = ("venue_order_id",)
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    venue_order_id: str
    def __init__(self, venue_order_id: _Optional[str] = ...) -> None: ...

class OrderExecuted(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: _order_pb2.Execution
    def __init__(self, execution: _Optional[_Union[_order_pb2.Execution, _Mapping]] = ...) -> None: ...

class CancelRequested(_message.Message):
    __slots__ = ("cl_ord_id",)
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    cl_ord_id: str
    def __init__(self, cl_ord_id: _Optional[str] = ...) -> None: ...

class CancelPending(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CancelRefused(_message.Message):
    __slots__ = ("cl_ord_id", "rejection")
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    cl_ord_id: str
    rejection: _error_pb2.Rejection
    def __init__(self, cl_ord_id: _Optional[str] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ...) -> None: ...

class OrderCanceled(_message.Message):
    __slots__ = ("unsolicited", "text")
    UNSOLICITED_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    unsolicited: bool
    text: str
    def __init__(self, unsolicited: _Optional[bool] = ..., text: _Optional[str] = ...) -> None: ...

class ReplaceRequested(_message.Message):
    __slots__ = ("cl_ord_id", "terms")
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    cl_ord_id: str
    terms: _order_pb2.OrderTerms
    def __init__(self, cl_ord_id: _Optional[str] = ..., terms: _Optional[_Union[_order_pb2.OrderTerms, _Mapping]] = ...) -> None: ...

class ReplacePending(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReplaceRefused(_message.Message):
    __slots__ = ("cl_ord_id", "rejection")
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    cl_ord_id: str
    rejection: _error_pb2.Rejection
    def __init__(self, cl_ord_id: _Optional[str] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ...) -> None: ...

class OrderReplaced(_message.Message):
    __slots__ = ("terms", "venue_order_id")
    TERMS_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    terms: _order_pb2.OrderTerms
    venue_order_id: str
    def __init__(self, terms: _Optional[_Union[_order_pb2.OrderTerms, _Mapping]] = ..., venue_order_id: _Optional[str] = ...) -> None: ...

class OrderRejected(_message.Message):
    __slots__ = ("rejection",)
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    rejection: _error_pb2.Rejection
    def __init__(self, rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ...) -> None: ...

class OrderExpired(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class OrderDoneForDay(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OrderSuspended(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class OrderStopped(_message.Message):
    __slots__ = ("price",)
    PRICE_FIELD_NUMBER: _ClassVar[int]
    price: str
    def __init__(self, price: _Optional[str] = ...) -> None: ...

class OrderCalculated(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OrderRestated(_message.Message):
    __slots__ = ("terms", "reason_code", "pegged_price")
    TERMS_FIELD_NUMBER: _ClassVar[int]
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    PEGGED_PRICE_FIELD_NUMBER: _ClassVar[int]
    terms: _order_pb2.OrderTerms
    reason_code: int
    pegged_price: str
    def __init__(self, terms: _Optional[_Union[_order_pb2.OrderTerms, _Mapping]] = ..., reason_code: _Optional[int] = ..., pegged_price: _Optional[str] = ...) -> None: ...

class ExecutionBusted(_message.Message):
    __slots__ = ("exec_id", "busted_exec_id", "quantity", "price")
    EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    BUSTED_EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    exec_id: str
    busted_exec_id: str
    quantity: str
    price: str
    def __init__(self, exec_id: _Optional[str] = ..., busted_exec_id: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ...) -> None: ...

class ExecutionCorrected(_message.Message):
    __slots__ = ("corrected_exec_id", "execution", "previous_quantity", "previous_price")
    CORRECTED_EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PRICE_FIELD_NUMBER: _ClassVar[int]
    corrected_exec_id: str
    execution: _order_pb2.Execution
    previous_quantity: str
    previous_price: str
    def __init__(self, corrected_exec_id: _Optional[str] = ..., execution: _Optional[_Union[_order_pb2.Execution, _Mapping]] = ..., previous_quantity: _Optional[str] = ..., previous_price: _Optional[str] = ...) -> None: ...

class OrderInDoubt(_message.Message):
    __slots__ = ("cl_ord_id", "text", "venue_cum_quantity")
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    VENUE_CUM_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    cl_ord_id: str
    text: str
    venue_cum_quantity: str
    def __init__(self, cl_ord_id: _Optional[str] = ..., text: _Optional[str] = ..., venue_cum_quantity: _Optional[str] = ...) -> None: ...

class OrderResolved(_message.Message):
    __slots__ = ("source", "venue_order_id", "rejection", "cl_ord_id", "text")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    source: ResolutionSource
    venue_order_id: str
    rejection: _error_pb2.Rejection
    cl_ord_id: str
    text: str
    def __init__(self, source: _Optional[_Union[ResolutionSource, str]] = ..., venue_order_id: _Optional[str] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ..., cl_ord_id: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class OrderTriggered(_message.Message):
    __slots__ = ("trigger_price",)
    TRIGGER_PRICE_FIELD_NUMBER: _ClassVar[int]
    trigger_price: str
    def __init__(self, trigger_price: _Optional[str] = ...) -> None: ...

class OrderApproved(_message.Message):
    __slots__ = ("approved_by", "waits_for")
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    approved_by: str
    waits_for: _order_pb2.WaitsFor
    def __init__(self, approved_by: _Optional[str] = ..., waits_for: _Optional[_Union[_order_pb2.WaitsFor, str]] = ...) -> None: ...

class TriggerMoved(_message.Message):
    __slots__ = ("trigger",)
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    trigger: _order_pb2.OrderTrigger
    def __init__(self, trigger: _Optional[_Union[_order_pb2.OrderTrigger, _Mapping]] = ...) -> None: ...

class OrderReleased(_message.Message):
    __slots__ = ("waits_for", "text", "odd_lot_remainder")
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ODD_LOT_REMAINDER_FIELD_NUMBER: _ClassVar[int]
    waits_for: _order_pb2.WaitsFor
    text: str
    odd_lot_remainder: str
    def __init__(self, waits_for: _Optional[_Union[_order_pb2.WaitsFor, str]] = ..., text: _Optional[str] = ..., odd_lot_remainder: _Optional[str] = ...) -> None: ...

class StatusRequested(_message.Message):
    __slots__ = ("cl_ord_id", "text")
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    cl_ord_id: str
    text: str
    def __init__(self, cl_ord_id: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class RoutingDecided(_message.Message):
    __slots__ = ("number", "record_hash", "text", "sums", "traded_before")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    RECORD_HASH_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SUMS_FIELD_NUMBER: _ClassVar[int]
    TRADED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    number: int
    record_hash: bytes
    text: str
    sums: RoutingSums
    traded_before: _containers.RepeatedCompositeFieldContainer[TradedBefore]
    def __init__(self, number: _Optional[int] = ..., record_hash: _Optional[bytes] = ..., text: _Optional[str] = ..., sums: _Optional[_Union[RoutingSums, _Mapping]] = ..., traded_before: _Optional[_Iterable[_Union[TradedBefore, _Mapping]]] = ...) -> None: ...

class RoutingSums(_message.Message):
    __slots__ = ("after_sequence", "round", "rest_round", "rejected_mics", "returned_mics", "early_ends", "moves", "moved_at", "held")
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    REST_ROUND_FIELD_NUMBER: _ClassVar[int]
    REJECTED_MICS_FIELD_NUMBER: _ClassVar[int]
    RETURNED_MICS_FIELD_NUMBER: _ClassVar[int]
    EARLY_ENDS_FIELD_NUMBER: _ClassVar[int]
    MOVES_FIELD_NUMBER: _ClassVar[int]
    MOVED_AT_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    after_sequence: int
    round: int
    rest_round: int
    rejected_mics: _containers.RepeatedScalarFieldContainer[str]
    returned_mics: _containers.RepeatedScalarFieldContainer[str]
    early_ends: _containers.RepeatedScalarFieldContainer[str]
    moves: int
    moved_at: _timestamp_pb2.Timestamp
    held: str
    def __init__(self, after_sequence: _Optional[int] = ..., round: _Optional[int] = ..., rest_round: _Optional[int] = ..., rejected_mics: _Optional[_Iterable[str]] = ..., returned_mics: _Optional[_Iterable[str]] = ..., early_ends: _Optional[_Iterable[str]] = ..., moves: _Optional[int] = ..., moved_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., held: _Optional[str] = ...) -> None: ...

class TradedBefore(_message.Message):
    __slots__ = ("venue_mic", "quantity")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    quantity: str
    def __init__(self, venue_mic: _Optional[str] = ..., quantity: _Optional[str] = ...) -> None: ...

class CommandRefused(_message.Message):
    __slots__ = ("command", "rejection")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    command: str
    rejection: _error_pb2.Rejection
    def __init__(self, command: _Optional[str] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ...) -> None: ...

class VenueReportParked(_message.Message):
    __slots__ = ("msg_type", "text")
    MSG_TYPE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    msg_type: str
    text: str
    def __init__(self, msg_type: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class OrderStreamItem(_message.Message):
    __slots__ = ("event", "snapshot", "snapshot_complete", "heartbeat", "resync", "gap", "slow_consumer", "drain", "order")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    SLOW_CONSUMER_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    event: OrderEvent
    snapshot: _order_pb2.Order
    snapshot_complete: _stream_pb2.SnapshotComplete
    heartbeat: _stream_pb2.Heartbeat
    resync: _stream_pb2.Resync
    gap: _stream_pb2.Gap
    slow_consumer: _stream_pb2.SlowConsumer
    drain: _stream_pb2.Drain
    order: _order_pb2.Order
    def __init__(self, event: _Optional[_Union[OrderEvent, _Mapping]] = ..., snapshot: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., snapshot_complete: _Optional[_Union[_stream_pb2.SnapshotComplete, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., resync: _Optional[_Union[_stream_pb2.Resync, _Mapping]] = ..., gap: _Optional[_Union[_stream_pb2.Gap, _Mapping]] = ..., slow_consumer: _Optional[_Union[_stream_pb2.SlowConsumer, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ..., order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...
