import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.marketdata.v1 import calendar_pb2 as _calendar_pb2
from ordermesh.oms.v1 import kill_switch_pb2 as _kill_switch_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from ordermesh.oms.v1 import session_pb2 as _session_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VenueCommandKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VENUE_COMMAND_KIND_UNSPECIFIED: _ClassVar[VenueCommandKind]
    VENUE_COMMAND_KIND_NEW: _ClassVar[VenueCommandKind]
    VENUE_COMMAND_KIND_CANCEL: _ClassVar[VenueCommandKind]
    VENUE_COMMAND_KIND_REPLACE: _ClassVar[VenueCommandKind]
    VENUE_COMMAND_KIND_STATUS: _ClassVar[VenueCommandKind]

class CommandOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMMAND_OUTCOME_UNSPECIFIED: _ClassVar[CommandOutcome]
    COMMAND_OUTCOME_SENT: _ClassVar[CommandOutcome]
    COMMAND_OUTCOME_NOT_SENT: _ClassVar[CommandOutcome]
    COMMAND_OUTCOME_IN_DOUBT: _ClassVar[CommandOutcome]
    COMMAND_OUTCOME_WITHDRAWN: _ClassVar[CommandOutcome]

class FeeBasis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEE_BASIS_UNSPECIFIED: _ClassVar[FeeBasis]
    FEE_BASIS_ORDER: _ClassVar[FeeBasis]
    FEE_BASIS_EXECUTION: _ClassVar[FeeBasis]

class FeeRounding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEE_ROUNDING_UNSPECIFIED: _ClassVar[FeeRounding]
    FEE_ROUNDING_HALF_EVEN: _ClassVar[FeeRounding]
    FEE_ROUNDING_HALF_UP: _ClassVar[FeeRounding]
    FEE_ROUNDING_UP: _ClassVar[FeeRounding]
    FEE_ROUNDING_DOWN: _ClassVar[FeeRounding]

class SessionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SESSION_STATE_UNSPECIFIED: _ClassVar[SessionState]
    SESSION_STATE_DOWN: _ClassVar[SessionState]
    SESSION_STATE_RECOVERING: _ClassVar[SessionState]
    SESSION_STATE_UP: _ClassVar[SessionState]
VENUE_COMMAND_KIND_UNSPECIFIED: VenueCommandKind
VENUE_COMMAND_KIND_NEW: VenueCommandKind
VENUE_COMMAND_KIND_CANCEL: VenueCommandKind
VENUE_COMMAND_KIND_REPLACE: VenueCommandKind
VENUE_COMMAND_KIND_STATUS: VenueCommandKind
COMMAND_OUTCOME_UNSPECIFIED: CommandOutcome
COMMAND_OUTCOME_SENT: CommandOutcome
COMMAND_OUTCOME_NOT_SENT: CommandOutcome
COMMAND_OUTCOME_IN_DOUBT: CommandOutcome
COMMAND_OUTCOME_WITHDRAWN: CommandOutcome
FEE_BASIS_UNSPECIFIED: FeeBasis
FEE_BASIS_ORDER: FeeBasis
FEE_BASIS_EXECUTION: FeeBasis
FEE_ROUNDING_UNSPECIFIED: FeeRounding
FEE_ROUNDING_HALF_EVEN: FeeRounding
FEE_ROUNDING_HALF_UP: FeeRounding
FEE_ROUNDING_UP: FeeRounding
FEE_ROUNDING_DOWN: FeeRounding
SESSION_STATE_UNSPECIFIED: SessionState
SESSION_STATE_DOWN: SessionState
SESSION_STATE_RECOVERING: SessionState
SESSION_STATE_UP: SessionState

class LinkRequest(_message.Message):
    __slots__ = ("open", "messages", "receipts", "status", "heartbeat", "blocks_version", "admin_result", "not_resent", "back_soon", "early_receipts", "beat", "sent", "sent_complete")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_VERSION_FIELD_NUMBER: _ClassVar[int]
    ADMIN_RESULT_FIELD_NUMBER: _ClassVar[int]
    NOT_RESENT_FIELD_NUMBER: _ClassVar[int]
    BACK_SOON_FIELD_NUMBER: _ClassVar[int]
    EARLY_RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    BEAT_FIELD_NUMBER: _ClassVar[int]
    SENT_FIELD_NUMBER: _ClassVar[int]
    SENT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    open: LinkOpen
    messages: _containers.RepeatedCompositeFieldContainer[VenueMessage]
    receipts: _containers.RepeatedCompositeFieldContainer[CommandReceipt]
    status: SessionStatus
    heartbeat: _stream_pb2.Heartbeat
    blocks_version: int
    admin_result: AdminResult
    not_resent: _containers.RepeatedCompositeFieldContainer[CommandReceipt]
    back_soon: bool
    early_receipts: _containers.RepeatedCompositeFieldContainer[CommandReceipt]
    beat: int
    sent: _containers.RepeatedCompositeFieldContainer[SentRequest]
    sent_complete: bool
    def __init__(self, open: _Optional[_Union[LinkOpen, _Mapping]] = ..., messages: _Optional[_Iterable[_Union[VenueMessage, _Mapping]]] = ..., receipts: _Optional[_Iterable[_Union[CommandReceipt, _Mapping]]] = ..., status: _Optional[_Union[SessionStatus, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., blocks_version: _Optional[int] = ..., admin_result: _Optional[_Union[AdminResult, _Mapping]] = ..., not_resent: _Optional[_Iterable[_Union[CommandReceipt, _Mapping]]] = ..., back_soon: _Optional[bool] = ..., early_receipts: _Optional[_Iterable[_Union[CommandReceipt, _Mapping]]] = ..., beat: _Optional[int] = ..., sent: _Optional[_Iterable[_Union[SentRequest, _Mapping]]] = ..., sent_complete: _Optional[bool] = ...) -> None: ...

class LinkOpen(_message.Message):
    __slots__ = ("session_id", "venue_mic", "gateway_instance", "session_epoch", "status", "drop_copy", "store_lost", "beats", "mark", "sent")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_EPOCH_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DROP_COPY_FIELD_NUMBER: _ClassVar[int]
    STORE_LOST_FIELD_NUMBER: _ClassVar[int]
    BEATS_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    SENT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    venue_mic: str
    gateway_instance: str
    session_epoch: int
    status: SessionStatus
    drop_copy: bool
    store_lost: bool
    beats: bool
    mark: BookMark
    sent: _containers.RepeatedCompositeFieldContainer[SentRequest]
    def __init__(self, session_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., gateway_instance: _Optional[str] = ..., session_epoch: _Optional[int] = ..., status: _Optional[_Union[SessionStatus, _Mapping]] = ..., drop_copy: _Optional[bool] = ..., store_lost: _Optional[bool] = ..., beats: _Optional[bool] = ..., mark: _Optional[_Union[BookMark, _Mapping]] = ..., sent: _Optional[_Iterable[_Union[SentRequest, _Mapping]]] = ...) -> None: ...

class BookMark(_message.Message):
    __slots__ = ("book_epoch", "fencing_token", "logs")
    BOOK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    book_epoch: str
    fencing_token: int
    logs: _containers.RepeatedCompositeFieldContainer[LogMark]
    def __init__(self, book_epoch: _Optional[str] = ..., fencing_token: _Optional[int] = ..., logs: _Optional[_Iterable[_Union[LogMark, _Mapping]]] = ...) -> None: ...

class LogMark(_message.Message):
    __slots__ = ("log", "log_number", "digest")
    LOG_FIELD_NUMBER: _ClassVar[int]
    LOG_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    log: str
    log_number: int
    digest: bytes
    def __init__(self, log: _Optional[str] = ..., log_number: _Optional[int] = ..., digest: _Optional[bytes] = ...) -> None: ...

class SentRequest(_message.Message):
    __slots__ = ("msg_seq_num", "cl_ord_id", "command", "error")
    MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    msg_seq_num: int
    cl_ord_id: str
    command: VenueCommand
    error: str
    def __init__(self, msg_seq_num: _Optional[int] = ..., cl_ord_id: _Optional[str] = ..., command: _Optional[_Union[VenueCommand, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class LinkOpened(_message.Message):
    __slots__ = ("fencing_token", "session_epoch", "applied_inbound_msg_seq_num", "next_outbound_sequence", "blocks", "next_sender_msg_seq_num", "sender_epoch", "kept_out", "admin_pending", "redelivered_to", "send_lease_ms", "recover_from")
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SESSION_EPOCH_FIELD_NUMBER: _ClassVar[int]
    APPLIED_INBOUND_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    NEXT_OUTBOUND_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_SENDER_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    SENDER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    KEPT_OUT_FIELD_NUMBER: _ClassVar[int]
    ADMIN_PENDING_FIELD_NUMBER: _ClassVar[int]
    REDELIVERED_TO_FIELD_NUMBER: _ClassVar[int]
    SEND_LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    RECOVER_FROM_FIELD_NUMBER: _ClassVar[int]
    fencing_token: int
    session_epoch: int
    applied_inbound_msg_seq_num: int
    next_outbound_sequence: int
    blocks: Blocks
    next_sender_msg_seq_num: int
    sender_epoch: int
    kept_out: bool
    admin_pending: bool
    redelivered_to: int
    send_lease_ms: int
    recover_from: int
    def __init__(self, fencing_token: _Optional[int] = ..., session_epoch: _Optional[int] = ..., applied_inbound_msg_seq_num: _Optional[int] = ..., next_outbound_sequence: _Optional[int] = ..., blocks: _Optional[_Union[Blocks, _Mapping]] = ..., next_sender_msg_seq_num: _Optional[int] = ..., sender_epoch: _Optional[int] = ..., kept_out: _Optional[bool] = ..., admin_pending: _Optional[bool] = ..., redelivered_to: _Optional[int] = ..., send_lease_ms: _Optional[int] = ..., recover_from: _Optional[int] = ...) -> None: ...

class Blocks(_message.Message):
    __slots__ = ("version", "blocks")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    version: int
    blocks: _containers.RepeatedCompositeFieldContainer[Block]
    def __init__(self, version: _Optional[int] = ..., blocks: _Optional[_Iterable[_Union[Block, _Mapping]]] = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("switch_id", "scope", "text", "drill")
    SWITCH_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DRILL_FIELD_NUMBER: _ClassVar[int]
    switch_id: str
    scope: _kill_switch_pb2.KillScope
    text: str
    drill: bool
    def __init__(self, switch_id: _Optional[str] = ..., scope: _Optional[_Union[_kill_switch_pb2.KillScope, _Mapping]] = ..., text: _Optional[str] = ..., drill: _Optional[bool] = ...) -> None: ...

class LinkStandby(_message.Message):
    __slots__ = ("owner_instance", "fencing_token", "text")
    OWNER_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    owner_instance: str
    fencing_token: int
    text: str
    def __init__(self, owner_instance: _Optional[str] = ..., fencing_token: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class VenueCommand(_message.Message):
    __slots__ = ("outbound_sequence", "cl_ord_id", "orig_cl_ord_id", "kind", "order_id", "venue_order_id", "account_id", "symbol", "isin", "currency", "side", "type", "terms", "regulatory", "committed_at", "redelivered", "firm_id", "desk_id", "placed_by", "requested_by", "orig_cl_ord_id_before", "withdrawn")
    OUTBOUND_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    ORIG_CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    REGULATORY_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    REDELIVERED_FIELD_NUMBER: _ClassVar[int]
    FIRM_ID_FIELD_NUMBER: _ClassVar[int]
    DESK_ID_FIELD_NUMBER: _ClassVar[int]
    PLACED_BY_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_FIELD_NUMBER: _ClassVar[int]
    ORIG_CL_ORD_ID_BEFORE_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    outbound_sequence: int
    cl_ord_id: str
    orig_cl_ord_id: str
    kind: VenueCommandKind
    order_id: str
    venue_order_id: str
    account_id: str
    symbol: str
    isin: str
    currency: str
    side: _order_pb2.Side
    type: _order_pb2.OrderType
    terms: _order_pb2.OrderTerms
    regulatory: _order_pb2.RegulatoryDetails
    committed_at: _timestamp_pb2.Timestamp
    redelivered: bool
    firm_id: str
    desk_id: str
    placed_by: str
    requested_by: str
    orig_cl_ord_id_before: str
    withdrawn: bool
    def __init__(self, outbound_sequence: _Optional[int] = ..., cl_ord_id: _Optional[str] = ..., orig_cl_ord_id: _Optional[str] = ..., kind: _Optional[_Union[VenueCommandKind, str]] = ..., order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., account_id: _Optional[str] = ..., symbol: _Optional[str] = ..., isin: _Optional[str] = ..., currency: _Optional[str] = ..., side: _Optional[_Union[_order_pb2.Side, str]] = ..., type: _Optional[_Union[_order_pb2.OrderType, str]] = ..., terms: _Optional[_Union[_order_pb2.OrderTerms, _Mapping]] = ..., regulatory: _Optional[_Union[_order_pb2.RegulatoryDetails, _Mapping]] = ..., committed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., redelivered: _Optional[bool] = ..., firm_id: _Optional[str] = ..., desk_id: _Optional[str] = ..., placed_by: _Optional[str] = ..., requested_by: _Optional[str] = ..., orig_cl_ord_id_before: _Optional[str] = ..., withdrawn: _Optional[bool] = ...) -> None: ...

class CommandReceipt(_message.Message):
    __slots__ = ("outbound_sequence", "cl_ord_id", "outcome", "msg_seq_num", "text", "order_id", "kind")
    OUTBOUND_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    outbound_sequence: int
    cl_ord_id: str
    outcome: CommandOutcome
    msg_seq_num: int
    text: str
    order_id: str
    kind: VenueCommandKind
    def __init__(self, outbound_sequence: _Optional[int] = ..., cl_ord_id: _Optional[str] = ..., outcome: _Optional[_Union[CommandOutcome, str]] = ..., msg_seq_num: _Optional[int] = ..., text: _Optional[str] = ..., order_id: _Optional[str] = ..., kind: _Optional[_Union[VenueCommandKind, str]] = ...) -> None: ...

class VenueMessage(_message.Message):
    __slots__ = ("msg_seq_num", "session_epoch", "poss_dup", "poss_resend", "sending_time", "received_at", "execution_report", "order_cancel_reject", "business_reject", "session_reject", "parked")
    MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    SESSION_EPOCH_FIELD_NUMBER: _ClassVar[int]
    POSS_DUP_FIELD_NUMBER: _ClassVar[int]
    POSS_RESEND_FIELD_NUMBER: _ClassVar[int]
    SENDING_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_REPORT_FIELD_NUMBER: _ClassVar[int]
    ORDER_CANCEL_REJECT_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_REJECT_FIELD_NUMBER: _ClassVar[int]
    SESSION_REJECT_FIELD_NUMBER: _ClassVar[int]
    PARKED_FIELD_NUMBER: _ClassVar[int]
    msg_seq_num: int
    session_epoch: int
    poss_dup: bool
    poss_resend: bool
    sending_time: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    execution_report: ExecutionReport
    order_cancel_reject: OrderCancelReject
    business_reject: BusinessReject
    session_reject: SessionReject
    parked: ParkedMessage
    def __init__(self, msg_seq_num: _Optional[int] = ..., session_epoch: _Optional[int] = ..., poss_dup: _Optional[bool] = ..., poss_resend: _Optional[bool] = ..., sending_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., execution_report: _Optional[_Union[ExecutionReport, _Mapping]] = ..., order_cancel_reject: _Optional[_Union[OrderCancelReject, _Mapping]] = ..., business_reject: _Optional[_Union[BusinessReject, _Mapping]] = ..., session_reject: _Optional[_Union[SessionReject, _Mapping]] = ..., parked: _Optional[_Union[ParkedMessage, _Mapping]] = ...) -> None: ...

class ExecutionReport(_message.Message):
    __slots__ = ("cl_ord_id", "orig_cl_ord_id", "venue_order_id", "exec_id", "exec_ref_id", "exec_type", "ord_status", "order_quantity", "last_quantity", "last_price", "leaves_quantity", "cum_quantity", "average_price", "limit_price", "stop_price", "time_in_force", "transact_time", "text", "ord_rej_reason", "exec_restatement_reason", "last_liquidity", "last_market_mic", "display_quantity", "status_request_id", "pegged_price", "mass_status_request_id", "told", "repeats", "unreadable", "expire_time", "cash_quantity", "peg_offset")
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    ORIG_CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    EXEC_REF_ID_FIELD_NUMBER: _ClassVar[int]
    EXEC_TYPE_FIELD_NUMBER: _ClassVar[int]
    ORD_STATUS_FIELD_NUMBER: _ClassVar[int]
    ORDER_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LAST_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LAST_PRICE_FIELD_NUMBER: _ClassVar[int]
    LEAVES_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CUM_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_PRICE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    TRANSACT_TIME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ORD_REJ_REASON_FIELD_NUMBER: _ClassVar[int]
    EXEC_RESTATEMENT_REASON_FIELD_NUMBER: _ClassVar[int]
    LAST_LIQUIDITY_FIELD_NUMBER: _ClassVar[int]
    LAST_MARKET_MIC_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    STATUS_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PEGGED_PRICE_FIELD_NUMBER: _ClassVar[int]
    MASS_STATUS_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOLD_FIELD_NUMBER: _ClassVar[int]
    REPEATS_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CASH_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PEG_OFFSET_FIELD_NUMBER: _ClassVar[int]
    cl_ord_id: str
    orig_cl_ord_id: str
    venue_order_id: str
    exec_id: str
    exec_ref_id: str
    exec_type: str
    ord_status: str
    order_quantity: str
    last_quantity: str
    last_price: str
    leaves_quantity: str
    cum_quantity: str
    average_price: str
    limit_price: str
    stop_price: str
    time_in_force: str
    transact_time: _timestamp_pb2.Timestamp
    text: str
    ord_rej_reason: int
    exec_restatement_reason: int
    last_liquidity: int
    last_market_mic: str
    display_quantity: str
    status_request_id: str
    pegged_price: str
    mass_status_request_id: str
    told: ToldOrder
    repeats: ToldOrder
    unreadable: str
    expire_time: _timestamp_pb2.Timestamp
    cash_quantity: str
    peg_offset: str
    def __init__(self, cl_ord_id: _Optional[str] = ..., orig_cl_ord_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., exec_id: _Optional[str] = ..., exec_ref_id: _Optional[str] = ..., exec_type: _Optional[str] = ..., ord_status: _Optional[str] = ..., order_quantity: _Optional[str] = ..., last_quantity: _Optional[str] = ..., last_price: _Optional[str] = ..., leaves_quantity: _Optional[str] = ..., cum_quantity: _Optional[str] = ..., average_price: _Optional[str] = ..., limit_price: _Optional[str] = ..., stop_price: _Optional[str] = ..., time_in_force: _Optional[str] = ..., transact_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., text: _Optional[str] = ..., ord_rej_reason: _Optional[int] = ..., exec_restatement_reason: _Optional[int] = ..., last_liquidity: _Optional[int] = ..., last_market_mic: _Optional[str] = ..., display_quantity: _Optional[str] = ..., status_request_id: _Optional[str] = ..., pegged_price: _Optional[str] = ..., mass_status_request_id: _Optional[str] = ..., told: _Optional[_Union[ToldOrder, _Mapping]] = ..., repeats: _Optional[_Union[ToldOrder, _Mapping]] = ..., unreadable: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cash_quantity: _Optional[str] = ..., peg_offset: _Optional[str] = ...) -> None: ...

class ToldOrder(_message.Message):
    __slots__ = ("account_id", "symbol", "isin", "side", "order_type", "currency", "opens_max", "account_assumed")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    OPENS_MAX_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ASSUMED_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    symbol: str
    isin: str
    side: str
    order_type: str
    currency: str
    opens_max: int
    account_assumed: bool
    def __init__(self, account_id: _Optional[str] = ..., symbol: _Optional[str] = ..., isin: _Optional[str] = ..., side: _Optional[str] = ..., order_type: _Optional[str] = ..., currency: _Optional[str] = ..., opens_max: _Optional[int] = ..., account_assumed: _Optional[bool] = ...) -> None: ...

class OrderCancelReject(_message.Message):
    __slots__ = ("cl_ord_id", "orig_cl_ord_id", "venue_order_id", "ord_status", "response_to", "cxl_rej_reason", "text", "unreadable", "account_id")
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    ORIG_CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ORD_STATUS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TO_FIELD_NUMBER: _ClassVar[int]
    CXL_REJ_REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    cl_ord_id: str
    orig_cl_ord_id: str
    venue_order_id: str
    ord_status: str
    response_to: str
    cxl_rej_reason: int
    text: str
    unreadable: str
    account_id: str
    def __init__(self, cl_ord_id: _Optional[str] = ..., orig_cl_ord_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., ord_status: _Optional[str] = ..., response_to: _Optional[str] = ..., cxl_rej_reason: _Optional[int] = ..., text: _Optional[str] = ..., unreadable: _Optional[str] = ..., account_id: _Optional[str] = ...) -> None: ...

class BusinessReject(_message.Message):
    __slots__ = ("ref_seq_num", "ref_msg_type", "reason", "ref_id", "text", "cl_ord_id", "unreadable")
    REF_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    REF_MSG_TYPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REF_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    ref_seq_num: int
    ref_msg_type: str
    reason: int
    ref_id: str
    text: str
    cl_ord_id: str
    unreadable: str
    def __init__(self, ref_seq_num: _Optional[int] = ..., ref_msg_type: _Optional[str] = ..., reason: _Optional[int] = ..., ref_id: _Optional[str] = ..., text: _Optional[str] = ..., cl_ord_id: _Optional[str] = ..., unreadable: _Optional[str] = ...) -> None: ...

class SessionReject(_message.Message):
    __slots__ = ("ref_seq_num", "ref_msg_type", "ref_tag_id", "reason", "text", "cl_ord_id", "unreadable")
    REF_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    REF_MSG_TYPE_FIELD_NUMBER: _ClassVar[int]
    REF_TAG_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    ref_seq_num: int
    ref_msg_type: str
    ref_tag_id: int
    reason: int
    text: str
    cl_ord_id: str
    unreadable: str
    def __init__(self, ref_seq_num: _Optional[int] = ..., ref_msg_type: _Optional[str] = ..., ref_tag_id: _Optional[int] = ..., reason: _Optional[int] = ..., text: _Optional[str] = ..., cl_ord_id: _Optional[str] = ..., unreadable: _Optional[str] = ...) -> None: ...

class ParkedMessage(_message.Message):
    __slots__ = ("msg_type", "raw", "error", "cl_ord_id", "orig_cl_ord_id", "venue_order_id")
    MSG_TYPE_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    ORIG_CL_ORD_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    msg_type: str
    raw: bytes
    error: str
    cl_ord_id: str
    orig_cl_ord_id: str
    venue_order_id: str
    def __init__(self, msg_type: _Optional[str] = ..., raw: _Optional[bytes] = ..., error: _Optional[str] = ..., cl_ord_id: _Optional[str] = ..., orig_cl_ord_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ...) -> None: ...

class SessionStatus(_message.Message):
    __slots__ = ("session_id", "venue_mic", "state", "since", "queued_commands", "next_sender_msg_seq_num", "next_target_msg_seq_num", "text", "session_epoch", "trading_session_status", "order_types", "times_in_force", "cash_quantity", "trading_session", "fees", "trading_calendar", "clock_skew", "gateway_instance", "capabilities", "parked_messages")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    QUEUED_COMMANDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_SENDER_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    NEXT_TARGET_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SESSION_EPOCH_FIELD_NUMBER: _ClassVar[int]
    TRADING_SESSION_STATUS_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPES_FIELD_NUMBER: _ClassVar[int]
    TIMES_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    CASH_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TRADING_SESSION_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    TRADING_CALENDAR_FIELD_NUMBER: _ClassVar[int]
    CLOCK_SKEW_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    PARKED_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    venue_mic: str
    state: SessionState
    since: _timestamp_pb2.Timestamp
    queued_commands: int
    next_sender_msg_seq_num: int
    next_target_msg_seq_num: int
    text: str
    session_epoch: int
    trading_session_status: int
    order_types: _containers.RepeatedScalarFieldContainer[_order_pb2.OrderType]
    times_in_force: _containers.RepeatedScalarFieldContainer[_order_pb2.TimeInForce]
    cash_quantity: bool
    trading_session: TradingSession
    fees: _containers.RepeatedCompositeFieldContainer[FeeSchedule]
    trading_calendar: _calendar_pb2.TradingCalendar
    clock_skew: _session_pb2.ClockSkew
    gateway_instance: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    parked_messages: int
    def __init__(self, session_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., state: _Optional[_Union[SessionState, str]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., queued_commands: _Optional[int] = ..., next_sender_msg_seq_num: _Optional[int] = ..., next_target_msg_seq_num: _Optional[int] = ..., text: _Optional[str] = ..., session_epoch: _Optional[int] = ..., trading_session_status: _Optional[int] = ..., order_types: _Optional[_Iterable[_Union[_order_pb2.OrderType, str]]] = ..., times_in_force: _Optional[_Iterable[_Union[_order_pb2.TimeInForce, str]]] = ..., cash_quantity: _Optional[bool] = ..., trading_session: _Optional[_Union[TradingSession, _Mapping]] = ..., fees: _Optional[_Iterable[_Union[FeeSchedule, _Mapping]]] = ..., trading_calendar: _Optional[_Union[_calendar_pb2.TradingCalendar, _Mapping]] = ..., clock_skew: _Optional[_Union[_session_pb2.ClockSkew, _Mapping]] = ..., gateway_instance: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., parked_messages: _Optional[int] = ...) -> None: ...

class FeeSchedule(_message.Message):
    __slots__ = ("currency", "taker", "maker", "basis", "places", "rounding", "version")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TAKER_FIELD_NUMBER: _ClassVar[int]
    MAKER_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    PLACES_FIELD_NUMBER: _ClassVar[int]
    ROUNDING_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    currency: str
    taker: FeeRate
    maker: FeeRate
    basis: FeeBasis
    places: int
    rounding: FeeRounding
    version: str
    def __init__(self, currency: _Optional[str] = ..., taker: _Optional[_Union[FeeRate, _Mapping]] = ..., maker: _Optional[_Union[FeeRate, _Mapping]] = ..., basis: _Optional[_Union[FeeBasis, str]] = ..., places: _Optional[int] = ..., rounding: _Optional[_Union[FeeRounding, str]] = ..., version: _Optional[str] = ...) -> None: ...

class FeeRate(_message.Message):
    __slots__ = ("per_share", "basis_points", "fixed", "minimum", "maximum")
    PER_SHARE_FIELD_NUMBER: _ClassVar[int]
    BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    FIXED_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    per_share: str
    basis_points: str
    fixed: str
    minimum: str
    maximum: str
    def __init__(self, per_share: _Optional[str] = ..., basis_points: _Optional[str] = ..., fixed: _Optional[str] = ..., minimum: _Optional[str] = ..., maximum: _Optional[str] = ...) -> None: ...

class TradingSession(_message.Message):
    __slots__ = ("since", "closes_at", "closed_at")
    SINCE_FIELD_NUMBER: _ClassVar[int]
    CLOSES_AT_FIELD_NUMBER: _ClassVar[int]
    CLOSED_AT_FIELD_NUMBER: _ClassVar[int]
    since: _timestamp_pb2.Timestamp
    closes_at: _timestamp_pb2.Timestamp
    closed_at: _timestamp_pb2.Timestamp
    def __init__(self, since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., closes_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., closed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LinkResponse(_message.Message):
    __slots__ = ("opened", "commands", "ack", "heartbeat", "drain", "blocks", "standby", "admin", "questions", "beat", "mark")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    STANDBY_FIELD_NUMBER: _ClassVar[int]
    ADMIN_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    BEAT_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    opened: LinkOpened
    commands: _containers.RepeatedCompositeFieldContainer[VenueCommand]
    ack: InboundAck
    heartbeat: _stream_pb2.Heartbeat
    drain: _stream_pb2.Drain
    blocks: Blocks
    standby: LinkStandby
    admin: AdminCommand
    questions: _containers.RepeatedCompositeFieldContainer[VenueCommand]
    beat: int
    mark: BookMark
    def __init__(self, opened: _Optional[_Union[LinkOpened, _Mapping]] = ..., commands: _Optional[_Iterable[_Union[VenueCommand, _Mapping]]] = ..., ack: _Optional[_Union[InboundAck, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ..., blocks: _Optional[_Union[Blocks, _Mapping]] = ..., standby: _Optional[_Union[LinkStandby, _Mapping]] = ..., admin: _Optional[_Union[AdminCommand, _Mapping]] = ..., questions: _Optional[_Iterable[_Union[VenueCommand, _Mapping]]] = ..., beat: _Optional[int] = ..., mark: _Optional[_Union[BookMark, _Mapping]] = ...) -> None: ...

class AdminCommand(_message.Message):
    __slots__ = ("action_id", "kind", "next_sender_msg_seq_num", "next_target_msg_seq_num", "reset")
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NEXT_SENDER_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    NEXT_TARGET_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    action_id: str
    kind: _session_pb2.SessionActionKind
    next_sender_msg_seq_num: int
    next_target_msg_seq_num: int
    reset: bool
    def __init__(self, action_id: _Optional[str] = ..., kind: _Optional[_Union[_session_pb2.SessionActionKind, str]] = ..., next_sender_msg_seq_num: _Optional[int] = ..., next_target_msg_seq_num: _Optional[int] = ..., reset: _Optional[bool] = ...) -> None: ...

class AdminResult(_message.Message):
    __slots__ = ("action_id", "done", "text", "before", "after")
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    action_id: str
    done: bool
    text: str
    before: _session_pb2.SequenceNumbers
    after: _session_pb2.SequenceNumbers
    def __init__(self, action_id: _Optional[str] = ..., done: _Optional[bool] = ..., text: _Optional[str] = ..., before: _Optional[_Union[_session_pb2.SequenceNumbers, _Mapping]] = ..., after: _Optional[_Union[_session_pb2.SequenceNumbers, _Mapping]] = ...) -> None: ...

class InboundAck(_message.Message):
    __slots__ = ("session_epoch", "applied_inbound_msg_seq_num")
    SESSION_EPOCH_FIELD_NUMBER: _ClassVar[int]
    APPLIED_INBOUND_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    session_epoch: int
    applied_inbound_msg_seq_num: int
    def __init__(self, session_epoch: _Optional[int] = ..., applied_inbound_msg_seq_num: _Optional[int] = ...) -> None: ...
