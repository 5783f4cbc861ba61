import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SessionActionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SESSION_ACTION_STATE_UNSPECIFIED: _ClassVar[SessionActionState]
    SESSION_ACTION_STATE_PROPOSED: _ClassVar[SessionActionState]
    SESSION_ACTION_STATE_APPROVED: _ClassVar[SessionActionState]
    SESSION_ACTION_STATE_SENT: _ClassVar[SessionActionState]
    SESSION_ACTION_STATE_DONE: _ClassVar[SessionActionState]
    SESSION_ACTION_STATE_FAILED: _ClassVar[SessionActionState]
    SESSION_ACTION_STATE_REJECTED: _ClassVar[SessionActionState]
    SESSION_ACTION_STATE_EXPIRED: _ClassVar[SessionActionState]
    SESSION_ACTION_STATE_UNKNOWN: _ClassVar[SessionActionState]

class FixSessionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FIX_SESSION_STATE_UNSPECIFIED: _ClassVar[FixSessionState]
    FIX_SESSION_STATE_DOWN: _ClassVar[FixSessionState]
    FIX_SESSION_STATE_RECOVERING: _ClassVar[FixSessionState]
    FIX_SESSION_STATE_UP: _ClassVar[FixSessionState]

class SessionActionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SESSION_ACTION_KIND_UNSPECIFIED: _ClassVar[SessionActionKind]
    SESSION_ACTION_KIND_SEQUENCES: _ClassVar[SessionActionKind]
    SESSION_ACTION_KIND_DISCONNECT: _ClassVar[SessionActionKind]
    SESSION_ACTION_KIND_CONNECT: _ClassVar[SessionActionKind]
    SESSION_ACTION_KIND_HAND_OVER: _ClassVar[SessionActionKind]
SESSION_ACTION_STATE_UNSPECIFIED: SessionActionState
SESSION_ACTION_STATE_PROPOSED: SessionActionState
SESSION_ACTION_STATE_APPROVED: SessionActionState
SESSION_ACTION_STATE_SENT: SessionActionState
SESSION_ACTION_STATE_DONE: SessionActionState
SESSION_ACTION_STATE_FAILED: SessionActionState
SESSION_ACTION_STATE_REJECTED: SessionActionState
SESSION_ACTION_STATE_EXPIRED: SessionActionState
SESSION_ACTION_STATE_UNKNOWN: SessionActionState
FIX_SESSION_STATE_UNSPECIFIED: FixSessionState
FIX_SESSION_STATE_DOWN: FixSessionState
FIX_SESSION_STATE_RECOVERING: FixSessionState
FIX_SESSION_STATE_UP: FixSessionState
SESSION_ACTION_KIND_UNSPECIFIED: SessionActionKind
SESSION_ACTION_KIND_SEQUENCES: SessionActionKind
SESSION_ACTION_KIND_DISCONNECT: SessionActionKind
SESSION_ACTION_KIND_CONNECT: SessionActionKind
SESSION_ACTION_KIND_HAND_OVER: SessionActionKind

class Session(_message.Message):
    __slots__ = ("session_id", "venue_mic", "state", "owner_instance", "fencing_token", "standby_instances", "kept_out", "applied_inbound_msg_seq_num", "inbound_epoch", "commands_without_receipt", "since", "text", "numbers", "queued_commands", "clock_skew", "capabilities", "trading_session_status", "trading_closes_at")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OWNER_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STANDBY_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    KEPT_OUT_FIELD_NUMBER: _ClassVar[int]
    APPLIED_INBOUND_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    INBOUND_EPOCH_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_WITHOUT_RECEIPT_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    QUEUED_COMMANDS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_SKEW_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    TRADING_SESSION_STATUS_FIELD_NUMBER: _ClassVar[int]
    TRADING_CLOSES_AT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    venue_mic: str
    state: FixSessionState
    owner_instance: str
    fencing_token: int
    standby_instances: _containers.RepeatedScalarFieldContainer[str]
    kept_out: bool
    applied_inbound_msg_seq_num: int
    inbound_epoch: int
    commands_without_receipt: int
    since: _timestamp_pb2.Timestamp
    text: str
    numbers: SequenceNumbers
    queued_commands: int
    clock_skew: ClockSkew
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    trading_session_status: int
    trading_closes_at: _timestamp_pb2.Timestamp
    def __init__(self, session_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., state: _Optional[_Union[FixSessionState, str]] = ..., owner_instance: _Optional[str] = ..., fencing_token: _Optional[int] = ..., standby_instances: _Optional[_Iterable[str]] = ..., kept_out: _Optional[bool] = ..., applied_inbound_msg_seq_num: _Optional[int] = ..., inbound_epoch: _Optional[int] = ..., commands_without_receipt: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., text: _Optional[str] = ..., numbers: _Optional[_Union[SequenceNumbers, _Mapping]] = ..., queued_commands: _Optional[int] = ..., clock_skew: _Optional[_Union[ClockSkew, _Mapping]] = ..., capabilities: _Optional[_Iterable[str]] = ..., trading_session_status: _Optional[int] = ..., trading_closes_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SessionAction(_message.Message):
    __slots__ = ("action_id", "session_id", "kind", "state", "next_sender_msg_seq_num", "next_target_msg_seq_num", "reset", "reason", "requested_by", "requested_at", "expires_at", "decided_by", "decided_at", "sent_at", "settled_at", "text", "before", "after", "gateway_instance", "requested_by_name", "decided_by_name", "answer_due_at")
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NEXT_SENDER_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    NEXT_TARGET_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_FIELD_NUMBER: _ClassVar[int]
    SETTLED_AT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    ANSWER_DUE_AT_FIELD_NUMBER: _ClassVar[int]
    action_id: str
    session_id: str
    kind: SessionActionKind
    state: SessionActionState
    next_sender_msg_seq_num: int
    next_target_msg_seq_num: int
    reset: bool
    reason: str
    requested_by: str
    requested_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    decided_by: str
    decided_at: _timestamp_pb2.Timestamp
    sent_at: _timestamp_pb2.Timestamp
    settled_at: _timestamp_pb2.Timestamp
    text: str
    before: SequenceNumbers
    after: SequenceNumbers
    gateway_instance: str
    requested_by_name: str
    decided_by_name: str
    answer_due_at: _timestamp_pb2.Timestamp
    def __init__(self, action_id: _Optional[str] = ..., session_id: _Optional[str] = ..., kind: _Optional[_Union[SessionActionKind, str]] = ..., state: _Optional[_Union[SessionActionState, str]] = ..., next_sender_msg_seq_num: _Optional[int] = ..., next_target_msg_seq_num: _Optional[int] = ..., reset: _Optional[bool] = ..., reason: _Optional[str] = ..., requested_by: _Optional[str] = ..., requested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decided_by: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sent_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., settled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., text: _Optional[str] = ..., before: _Optional[_Union[SequenceNumbers, _Mapping]] = ..., after: _Optional[_Union[SequenceNumbers, _Mapping]] = ..., gateway_instance: _Optional[str] = ..., requested_by_name: _Optional[str] = ..., decided_by_name: _Optional[str] = ..., answer_due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SequenceNumbers(_message.Message):
    __slots__ = ("next_sender_msg_seq_num", "next_target_msg_seq_num", "session_epoch")
    NEXT_SENDER_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    NEXT_TARGET_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    SESSION_EPOCH_FIELD_NUMBER: _ClassVar[int]
    next_sender_msg_seq_num: int
    next_target_msg_seq_num: int
    session_epoch: int
    def __init__(self, next_sender_msg_seq_num: _Optional[int] = ..., next_target_msg_seq_num: _Optional[int] = ..., session_epoch: _Optional[int] = ...) -> None: ...

class ClockSkew(_message.Message):
    __slots__ = ("least_us", "samples", "alarm", "tolerance_us", "since")
    LEAST_US_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    ALARM_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_US_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    least_us: int
    samples: int
    alarm: bool
    tolerance_us: int
    since: _timestamp_pb2.Timestamp
    def __init__(self, least_us: _Optional[int] = ..., samples: _Optional[int] = ..., alarm: _Optional[bool] = ..., tolerance_us: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
