import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from ordermesh.type.v1 import error_pb2 as _error_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class KillSwitchKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KILL_SWITCH_KIND_UNSPECIFIED: _ClassVar[KillSwitchKind]
    KILL_SWITCH_KIND_SWITCH: _ClassVar[KillSwitchKind]
    KILL_SWITCH_KIND_MASS_CANCEL: _ClassVar[KillSwitchKind]

class KillSwitchState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KILL_SWITCH_STATE_UNSPECIFIED: _ClassVar[KillSwitchState]
    KILL_SWITCH_STATE_ENGAGING: _ClassVar[KillSwitchState]
    KILL_SWITCH_STATE_ENGAGED: _ClassVar[KillSwitchState]
    KILL_SWITCH_STATE_RELEASED: _ClassVar[KillSwitchState]
    KILL_SWITCH_STATE_NOT_BLOCKING: _ClassVar[KillSwitchState]

class KillSessionStanding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KILL_SESSION_STANDING_UNSPECIFIED: _ClassVar[KillSessionStanding]
    KILL_SESSION_STANDING_CONFIRMED: _ClassVar[KillSessionStanding]
    KILL_SESSION_STANDING_NO_LINK: _ClassVar[KillSessionStanding]
    KILL_SESSION_STANDING_NOT_CONFIRMED: _ClassVar[KillSessionStanding]

class KillOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KILL_OUTCOME_UNSPECIFIED: _ClassVar[KillOutcome]
    KILL_OUTCOME_PENDING: _ClassVar[KillOutcome]
    KILL_OUTCOME_PULLED: _ClassVar[KillOutcome]
    KILL_OUTCOME_FILLED_MEANWHILE: _ClassVar[KillOutcome]
    KILL_OUTCOME_CLOSED_MEANWHILE: _ClassVar[KillOutcome]
    KILL_OUTCOME_CANNOT: _ClassVar[KillOutcome]
    KILL_OUTCOME_WOULD_PULL: _ClassVar[KillOutcome]
KILL_SWITCH_KIND_UNSPECIFIED: KillSwitchKind
KILL_SWITCH_KIND_SWITCH: KillSwitchKind
KILL_SWITCH_KIND_MASS_CANCEL: KillSwitchKind
KILL_SWITCH_STATE_UNSPECIFIED: KillSwitchState
KILL_SWITCH_STATE_ENGAGING: KillSwitchState
KILL_SWITCH_STATE_ENGAGED: KillSwitchState
KILL_SWITCH_STATE_RELEASED: KillSwitchState
KILL_SWITCH_STATE_NOT_BLOCKING: KillSwitchState
KILL_SESSION_STANDING_UNSPECIFIED: KillSessionStanding
KILL_SESSION_STANDING_CONFIRMED: KillSessionStanding
KILL_SESSION_STANDING_NO_LINK: KillSessionStanding
KILL_SESSION_STANDING_NOT_CONFIRMED: KillSessionStanding
KILL_OUTCOME_UNSPECIFIED: KillOutcome
KILL_OUTCOME_PENDING: KillOutcome
KILL_OUTCOME_PULLED: KillOutcome
KILL_OUTCOME_FILLED_MEANWHILE: KillOutcome
KILL_OUTCOME_CLOSED_MEANWHILE: KillOutcome
KILL_OUTCOME_CANNOT: KillOutcome
KILL_OUTCOME_WOULD_PULL: KillOutcome

class KillScope(_message.Message):
    __slots__ = ("firm_id", "desk_id", "account_id", "trader", "algorithm_id", "session_id", "venue_mic", "instrument_id")
    FIRM_ID_FIELD_NUMBER: _ClassVar[int]
    DESK_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    TRADER_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    firm_id: str
    desk_id: str
    account_id: str
    trader: str
    algorithm_id: str
    session_id: str
    venue_mic: str
    instrument_id: str
    def __init__(self, firm_id: _Optional[str] = ..., desk_id: _Optional[str] = ..., account_id: _Optional[str] = ..., trader: _Optional[str] = ..., algorithm_id: _Optional[str] = ..., session_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., instrument_id: _Optional[str] = ...) -> None: ...

class KillSwitch(_message.Message):
    __slots__ = ("switch_id", "kind", "drill", "scope", "reason", "state", "engaged_by", "engaged_at", "acknowledged_at", "release_proposed_by", "release_proposed_at", "release_reason", "released_by", "released_at", "sessions", "counts", "listed", "settled_at", "commands_held", "revision", "engaged_by_name", "release_proposed_by_name", "released_by_name")
    SWITCH_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DRILL_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ENGAGED_BY_FIELD_NUMBER: _ClassVar[int]
    ENGAGED_AT_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_AT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_PROPOSED_BY_FIELD_NUMBER: _ClassVar[int]
    RELEASE_PROPOSED_AT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_REASON_FIELD_NUMBER: _ClassVar[int]
    RELEASED_BY_FIELD_NUMBER: _ClassVar[int]
    RELEASED_AT_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    LISTED_FIELD_NUMBER: _ClassVar[int]
    SETTLED_AT_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_HELD_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ENGAGED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    RELEASE_PROPOSED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    RELEASED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    switch_id: str
    kind: KillSwitchKind
    drill: bool
    scope: KillScope
    reason: str
    state: KillSwitchState
    engaged_by: str
    engaged_at: _timestamp_pb2.Timestamp
    acknowledged_at: _timestamp_pb2.Timestamp
    release_proposed_by: str
    release_proposed_at: _timestamp_pb2.Timestamp
    release_reason: str
    released_by: str
    released_at: _timestamp_pb2.Timestamp
    sessions: _containers.RepeatedCompositeFieldContainer[KillSession]
    counts: KillCounts
    listed: bool
    settled_at: _timestamp_pb2.Timestamp
    commands_held: int
    revision: int
    engaged_by_name: str
    release_proposed_by_name: str
    released_by_name: str
    def __init__(self, switch_id: _Optional[str] = ..., kind: _Optional[_Union[KillSwitchKind, str]] = ..., drill: _Optional[bool] = ..., scope: _Optional[_Union[KillScope, _Mapping]] = ..., reason: _Optional[str] = ..., state: _Optional[_Union[KillSwitchState, str]] = ..., engaged_by: _Optional[str] = ..., engaged_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., acknowledged_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., release_proposed_by: _Optional[str] = ..., release_proposed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., release_reason: _Optional[str] = ..., released_by: _Optional[str] = ..., released_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sessions: _Optional[_Iterable[_Union[KillSession, _Mapping]]] = ..., counts: _Optional[_Union[KillCounts, _Mapping]] = ..., listed: _Optional[bool] = ..., settled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., commands_held: _Optional[int] = ..., revision: _Optional[int] = ..., engaged_by_name: _Optional[str] = ..., release_proposed_by_name: _Optional[str] = ..., released_by_name: _Optional[str] = ...) -> None: ...

class KillSession(_message.Message):
    __slots__ = ("session_id", "venue_mic", "standing", "confirmed_at")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    STANDING_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_AT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    venue_mic: str
    standing: KillSessionStanding
    confirmed_at: _timestamp_pb2.Timestamp
    def __init__(self, session_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., standing: _Optional[_Union[KillSessionStanding, str]] = ..., confirmed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class KillCounts(_message.Message):
    __slots__ = ("orders", "pending", "pulled", "filled_meanwhile", "closed_meanwhile", "cannot", "would_pull")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    PULLED_FIELD_NUMBER: _ClassVar[int]
    FILLED_MEANWHILE_FIELD_NUMBER: _ClassVar[int]
    CLOSED_MEANWHILE_FIELD_NUMBER: _ClassVar[int]
    CANNOT_FIELD_NUMBER: _ClassVar[int]
    WOULD_PULL_FIELD_NUMBER: _ClassVar[int]
    orders: int
    pending: int
    pulled: int
    filled_meanwhile: int
    closed_meanwhile: int
    cannot: int
    would_pull: int
    def __init__(self, orders: _Optional[int] = ..., pending: _Optional[int] = ..., pulled: _Optional[int] = ..., filled_meanwhile: _Optional[int] = ..., closed_meanwhile: _Optional[int] = ..., cannot: _Optional[int] = ..., would_pull: _Optional[int] = ...) -> None: ...

class KillOrder(_message.Message):
    __slots__ = ("order_id", "account_id", "instrument_id", "outcome", "state", "rejection", "attempts", "updated_at")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    account_id: str
    instrument_id: str
    outcome: KillOutcome
    state: _order_pb2.OrderState
    rejection: _error_pb2.Rejection
    attempts: int
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, order_id: _Optional[str] = ..., account_id: _Optional[str] = ..., instrument_id: _Optional[str] = ..., outcome: _Optional[_Union[KillOutcome, str]] = ..., state: _Optional[_Union[_order_pb2.OrderState, str]] = ..., rejection: _Optional[_Union[_error_pb2.Rejection, _Mapping]] = ..., attempts: _Optional[int] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
