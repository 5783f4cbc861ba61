import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LimitKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMIT_KIND_UNSPECIFIED: _ClassVar[LimitKind]
    LIMIT_KIND_MAX_ORDER_QUANTITY: _ClassVar[LimitKind]
    LIMIT_KIND_MAX_ORDER_VALUE: _ClassVar[LimitKind]
    LIMIT_KIND_PRICE_COLLAR: _ClassVar[LimitKind]
    LIMIT_KIND_VOLUME: _ClassVar[LimitKind]
    LIMIT_KIND_OPEN_EXPOSURE: _ClassVar[LimitKind]
    LIMIT_KIND_POSITION: _ClassVar[LimitKind]
    LIMIT_KIND_MESSAGE_RATE: _ClassVar[LimitKind]
    LIMIT_KIND_REPEATED_EXECUTION: _ClassVar[LimitKind]
    LIMIT_KIND_INSTRUMENT_PERMISSION: _ClassVar[LimitKind]
    LIMIT_KIND_SHORT_SALE: _ClassVar[LimitKind]
    LIMIT_KIND_BUYING_POWER: _ClassVar[LimitKind]
    LIMIT_KIND_SELF_MATCH: _ClassVar[LimitKind]
    LIMIT_KIND_DUPLICATE_ORDER: _ClassVar[LimitKind]

class LimitScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMIT_SCOPE_UNSPECIFIED: _ClassVar[LimitScope]
    LIMIT_SCOPE_FIRM: _ClassVar[LimitScope]
    LIMIT_SCOPE_DESK: _ClassVar[LimitScope]
    LIMIT_SCOPE_ACCOUNT: _ClassVar[LimitScope]

class PermissionMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERMISSION_MODE_UNSPECIFIED: _ClassVar[PermissionMode]
    PERMISSION_MODE_ALLOW_LISTED: _ClassVar[PermissionMode]
    PERMISSION_MODE_DENY_LISTED: _ClassVar[PermissionMode]

class SelfMatchPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SELF_MATCH_POLICY_UNSPECIFIED: _ClassVar[SelfMatchPolicy]
    SELF_MATCH_POLICY_REJECT_NEW: _ClassVar[SelfMatchPolicy]
    SELF_MATCH_POLICY_CANCEL_RESTING: _ClassVar[SelfMatchPolicy]
    SELF_MATCH_POLICY_CANCEL_BOTH: _ClassVar[SelfMatchPolicy]

class OverrideState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OVERRIDE_STATE_UNSPECIFIED: _ClassVar[OverrideState]
    OVERRIDE_STATE_PROPOSED: _ClassVar[OverrideState]
    OVERRIDE_STATE_APPROVED: _ClassVar[OverrideState]
    OVERRIDE_STATE_REJECTED: _ClassVar[OverrideState]

class TradingStatusTarget(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRADING_STATUS_TARGET_UNSPECIFIED: _ClassVar[TradingStatusTarget]
    TRADING_STATUS_TARGET_ACCOUNT: _ClassVar[TradingStatusTarget]
    TRADING_STATUS_TARGET_INSTRUMENT: _ClassVar[TradingStatusTarget]
    TRADING_STATUS_TARGET_VENUE: _ClassVar[TradingStatusTarget]
    TRADING_STATUS_TARGET_FIRM: _ClassVar[TradingStatusTarget]
LIMIT_KIND_UNSPECIFIED: LimitKind
LIMIT_KIND_MAX_ORDER_QUANTITY: LimitKind
LIMIT_KIND_MAX_ORDER_VALUE: LimitKind
LIMIT_KIND_PRICE_COLLAR: LimitKind
LIMIT_KIND_VOLUME: LimitKind
LIMIT_KIND_OPEN_EXPOSURE: LimitKind
LIMIT_KIND_POSITION: LimitKind
LIMIT_KIND_MESSAGE_RATE: LimitKind
LIMIT_KIND_REPEATED_EXECUTION: LimitKind
LIMIT_KIND_INSTRUMENT_PERMISSION: LimitKind
LIMIT_KIND_SHORT_SALE: LimitKind
LIMIT_KIND_BUYING_POWER: LimitKind
LIMIT_KIND_SELF_MATCH: LimitKind
LIMIT_KIND_DUPLICATE_ORDER: LimitKind
LIMIT_SCOPE_UNSPECIFIED: LimitScope
LIMIT_SCOPE_FIRM: LimitScope
LIMIT_SCOPE_DESK: LimitScope
LIMIT_SCOPE_ACCOUNT: LimitScope
PERMISSION_MODE_UNSPECIFIED: PermissionMode
PERMISSION_MODE_ALLOW_LISTED: PermissionMode
PERMISSION_MODE_DENY_LISTED: PermissionMode
SELF_MATCH_POLICY_UNSPECIFIED: SelfMatchPolicy
SELF_MATCH_POLICY_REJECT_NEW: SelfMatchPolicy
SELF_MATCH_POLICY_CANCEL_RESTING: SelfMatchPolicy
SELF_MATCH_POLICY_CANCEL_BOTH: SelfMatchPolicy
OVERRIDE_STATE_UNSPECIFIED: OverrideState
OVERRIDE_STATE_PROPOSED: OverrideState
OVERRIDE_STATE_APPROVED: OverrideState
OVERRIDE_STATE_REJECTED: OverrideState
TRADING_STATUS_TARGET_UNSPECIFIED: TradingStatusTarget
TRADING_STATUS_TARGET_ACCOUNT: TradingStatusTarget
TRADING_STATUS_TARGET_INSTRUMENT: TradingStatusTarget
TRADING_STATUS_TARGET_VENUE: TradingStatusTarget
TRADING_STATUS_TARGET_FIRM: TradingStatusTarget

class LimitRange(_message.Message):
    __slots__ = ("scope", "scope_id", "instrument_id", "venue_mic", "currency")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    scope: LimitScope
    scope_id: str
    instrument_id: str
    venue_mic: str
    currency: str
    def __init__(self, scope: _Optional[_Union[LimitScope, str]] = ..., scope_id: _Optional[str] = ..., instrument_id: _Optional[str] = ..., venue_mic: _Optional[str] = ..., currency: _Optional[str] = ...) -> None: ...

class LimitValues(_message.Message):
    __slots__ = ("quantity", "value", "percent", "window_percent", "long_quantity", "short_quantity", "messages", "cancels", "executions", "permission", "instruments", "self_match", "short_sale_allowed", "window_ms")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_PERCENT_FIELD_NUMBER: _ClassVar[int]
    LONG_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    SHORT_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    SELF_MATCH_FIELD_NUMBER: _ClassVar[int]
    SHORT_SALE_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    WINDOW_MS_FIELD_NUMBER: _ClassVar[int]
    quantity: str
    value: str
    percent: str
    window_percent: str
    long_quantity: str
    short_quantity: str
    messages: int
    cancels: int
    executions: int
    permission: PermissionMode
    instruments: _containers.RepeatedScalarFieldContainer[str]
    self_match: SelfMatchPolicy
    short_sale_allowed: bool
    window_ms: int
    def __init__(self, quantity: _Optional[str] = ..., value: _Optional[str] = ..., percent: _Optional[str] = ..., window_percent: _Optional[str] = ..., long_quantity: _Optional[str] = ..., short_quantity: _Optional[str] = ..., messages: _Optional[int] = ..., cancels: _Optional[int] = ..., executions: _Optional[int] = ..., permission: _Optional[_Union[PermissionMode, str]] = ..., instruments: _Optional[_Iterable[str]] = ..., self_match: _Optional[_Union[SelfMatchPolicy, str]] = ..., short_sale_allowed: _Optional[bool] = ..., window_ms: _Optional[int] = ...) -> None: ...

class Limit(_message.Message):
    __slots__ = ("limit_id", "version", "kind", "range", "values", "valid_from", "valid_until", "reason", "set_by", "set_at", "ended", "set_by_name", "confirmed_by", "confirmed_by_name")
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SET_BY_FIELD_NUMBER: _ClassVar[int]
    SET_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    SET_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_BY_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    version: int
    kind: LimitKind
    range: LimitRange
    values: LimitValues
    valid_from: _timestamp_pb2.Timestamp
    valid_until: _timestamp_pb2.Timestamp
    reason: str
    set_by: str
    set_at: _timestamp_pb2.Timestamp
    ended: bool
    set_by_name: str
    confirmed_by: str
    confirmed_by_name: str
    def __init__(self, limit_id: _Optional[str] = ..., version: _Optional[int] = ..., kind: _Optional[_Union[LimitKind, str]] = ..., range: _Optional[_Union[LimitRange, _Mapping]] = ..., values: _Optional[_Union[LimitValues, _Mapping]] = ..., valid_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., set_by: _Optional[str] = ..., set_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended: _Optional[bool] = ..., set_by_name: _Optional[str] = ..., confirmed_by: _Optional[str] = ..., confirmed_by_name: _Optional[str] = ...) -> None: ...

class Override(_message.Message):
    __slots__ = ("override_id", "limit_id", "account_id", "values", "valid_until", "reason", "state", "proposed_by", "proposed_at", "decided_by", "decided_at", "decision_reason", "proposed_by_name", "decided_by_name", "limit_version")
    OVERRIDE_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_BY_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_AT_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    DECISION_REASON_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    LIMIT_VERSION_FIELD_NUMBER: _ClassVar[int]
    override_id: str
    limit_id: str
    account_id: str
    values: LimitValues
    valid_until: _timestamp_pb2.Timestamp
    reason: str
    state: OverrideState
    proposed_by: str
    proposed_at: _timestamp_pb2.Timestamp
    decided_by: str
    decided_at: _timestamp_pb2.Timestamp
    decision_reason: str
    proposed_by_name: str
    decided_by_name: str
    limit_version: int
    def __init__(self, override_id: _Optional[str] = ..., limit_id: _Optional[str] = ..., account_id: _Optional[str] = ..., values: _Optional[_Union[LimitValues, _Mapping]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., state: _Optional[_Union[OverrideState, str]] = ..., proposed_by: _Optional[str] = ..., proposed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decided_by: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decision_reason: _Optional[str] = ..., proposed_by_name: _Optional[str] = ..., decided_by_name: _Optional[str] = ..., limit_version: _Optional[int] = ...) -> None: ...

class TradingStatusRecord(_message.Message):
    __slots__ = ("target", "target_id", "status", "reason", "set_by", "set_at", "version", "set_by_name", "confirmed_by", "confirmed_by_name")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SET_BY_FIELD_NUMBER: _ClassVar[int]
    SET_AT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SET_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_BY_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    target: TradingStatusTarget
    target_id: str
    status: _order_pb2.AccountStatus
    reason: str
    set_by: str
    set_at: _timestamp_pb2.Timestamp
    version: int
    set_by_name: str
    confirmed_by: str
    confirmed_by_name: str
    def __init__(self, target: _Optional[_Union[TradingStatusTarget, str]] = ..., target_id: _Optional[str] = ..., status: _Optional[_Union[_order_pb2.AccountStatus, str]] = ..., reason: _Optional[str] = ..., set_by: _Optional[str] = ..., set_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., set_by_name: _Optional[str] = ..., confirmed_by: _Optional[str] = ..., confirmed_by_name: _Optional[str] = ...) -> None: ...

class StrategyStop(_message.Message):
    __slots__ = ("account_id", "strategy", "instrument_id", "side", "limit_id", "limit_version", "executions", "stopped_at")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_VERSION_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    STOPPED_AT_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    strategy: str
    instrument_id: str
    side: _order_pb2.Side
    limit_id: str
    limit_version: int
    executions: int
    stopped_at: _timestamp_pb2.Timestamp
    def __init__(self, account_id: _Optional[str] = ..., strategy: _Optional[str] = ..., instrument_id: _Optional[str] = ..., side: _Optional[_Union[_order_pb2.Side, str]] = ..., limit_id: _Optional[str] = ..., limit_version: _Optional[int] = ..., executions: _Optional[int] = ..., stopped_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LimitUse(_message.Message):
    __slots__ = ("limit", "override_id", "subject", "used", "maximum", "unit")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    limit: Limit
    override_id: str
    subject: str
    used: str
    maximum: str
    unit: str
    def __init__(self, limit: _Optional[_Union[Limit, _Mapping]] = ..., override_id: _Optional[str] = ..., subject: _Optional[str] = ..., used: _Optional[str] = ..., maximum: _Optional[str] = ..., unit: _Optional[str] = ...) -> None: ...
