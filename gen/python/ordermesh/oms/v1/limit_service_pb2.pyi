import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.oms.v1 import kill_switch_pb2 as _kill_switch_pb2
from ordermesh.oms.v1 import limit_pb2 as _limit_pb2
from ordermesh.oms.v1 import order_pb2 as _order_pb2
from ordermesh.oms.v1 import order_way_pb2 as _order_way_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProposedChangeState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROPOSED_CHANGE_STATE_UNSPECIFIED: _ClassVar[ProposedChangeState]
    PROPOSED_CHANGE_STATE_PROPOSED: _ClassVar[ProposedChangeState]
    PROPOSED_CHANGE_STATE_CONFIRMED: _ClassVar[ProposedChangeState]
    PROPOSED_CHANGE_STATE_REJECTED: _ClassVar[ProposedChangeState]
PROPOSED_CHANGE_STATE_UNSPECIFIED: ProposedChangeState
PROPOSED_CHANGE_STATE_PROPOSED: ProposedChangeState
PROPOSED_CHANGE_STATE_CONFIRMED: ProposedChangeState
PROPOSED_CHANGE_STATE_REJECTED: ProposedChangeState

class SetLimitRequest(_message.Message):
    __slots__ = ("idempotency_key", "kind", "range", "values", "valid_from", "valid_until", "reason", "expected_version")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    kind: _limit_pb2.LimitKind
    range: _limit_pb2.LimitRange
    values: _limit_pb2.LimitValues
    valid_from: _timestamp_pb2.Timestamp
    valid_until: _timestamp_pb2.Timestamp
    reason: str
    expected_version: int
    def __init__(self, idempotency_key: _Optional[str] = ..., kind: _Optional[_Union[_limit_pb2.LimitKind, str]] = ..., range: _Optional[_Union[_limit_pb2.LimitRange, _Mapping]] = ..., values: _Optional[_Union[_limit_pb2.LimitValues, _Mapping]] = ..., valid_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...

class SetLimitResponse(_message.Message):
    __slots__ = ("limit", "proposed")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    limit: _limit_pb2.Limit
    proposed: ProposedChange
    def __init__(self, limit: _Optional[_Union[_limit_pb2.Limit, _Mapping]] = ..., proposed: _Optional[_Union[ProposedChange, _Mapping]] = ...) -> None: ...

class EndLimitRequest(_message.Message):
    __slots__ = ("idempotency_key", "limit_id", "expected_version", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    limit_id: str
    expected_version: int
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., limit_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class EndLimitResponse(_message.Message):
    __slots__ = ("limit", "proposed")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    limit: _limit_pb2.Limit
    proposed: ProposedChange
    def __init__(self, limit: _Optional[_Union[_limit_pb2.Limit, _Mapping]] = ..., proposed: _Optional[_Union[ProposedChange, _Mapping]] = ...) -> None: ...

class ListLimitsRequest(_message.Message):
    __slots__ = ("account_id", "at", "kind", "page_size", "page_token")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    at: _timestamp_pb2.Timestamp
    kind: _limit_pb2.LimitKind
    page_size: int
    page_token: str
    def __init__(self, account_id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[_Union[_limit_pb2.LimitKind, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLimitsResponse(_message.Message):
    __slots__ = ("limits", "next_page_token", "replaced", "overrides", "statuses", "kill_switches")
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    KILL_SWITCHES_FIELD_NUMBER: _ClassVar[int]
    limits: _containers.RepeatedCompositeFieldContainer[_limit_pb2.Limit]
    next_page_token: str
    replaced: _containers.RepeatedCompositeFieldContainer[_order_way_pb2.LimitAt]
    overrides: _containers.RepeatedCompositeFieldContainer[_limit_pb2.Override]
    statuses: _containers.RepeatedCompositeFieldContainer[_limit_pb2.TradingStatusRecord]
    kill_switches: _containers.RepeatedCompositeFieldContainer[_kill_switch_pb2.KillSwitch]
    def __init__(self, limits: _Optional[_Iterable[_Union[_limit_pb2.Limit, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., replaced: _Optional[_Iterable[_Union[_order_way_pb2.LimitAt, _Mapping]]] = ..., overrides: _Optional[_Iterable[_Union[_limit_pb2.Override, _Mapping]]] = ..., statuses: _Optional[_Iterable[_Union[_limit_pb2.TradingStatusRecord, _Mapping]]] = ..., kill_switches: _Optional[_Iterable[_Union[_kill_switch_pb2.KillSwitch, _Mapping]]] = ...) -> None: ...

class ListLimitHistoryRequest(_message.Message):
    __slots__ = ("limit_id", "after_version")
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_VERSION_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    after_version: int
    def __init__(self, limit_id: _Optional[str] = ..., after_version: _Optional[int] = ...) -> None: ...

class ListLimitHistoryResponse(_message.Message):
    __slots__ = ("versions",)
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[_limit_pb2.Limit]
    def __init__(self, versions: _Optional[_Iterable[_Union[_limit_pb2.Limit, _Mapping]]] = ...) -> None: ...

class GetUsageRequest(_message.Message):
    __slots__ = ("account_id",)
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    def __init__(self, account_id: _Optional[str] = ...) -> None: ...

class GetUsageResponse(_message.Message):
    __slots__ = ("account_id", "status", "uses", "stops", "as_of_sequence")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    STOPS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    status: _order_pb2.AccountStatus
    uses: _containers.RepeatedCompositeFieldContainer[_limit_pb2.LimitUse]
    stops: _containers.RepeatedCompositeFieldContainer[_limit_pb2.StrategyStop]
    as_of_sequence: int
    def __init__(self, account_id: _Optional[str] = ..., status: _Optional[_Union[_order_pb2.AccountStatus, str]] = ..., uses: _Optional[_Iterable[_Union[_limit_pb2.LimitUse, _Mapping]]] = ..., stops: _Optional[_Iterable[_Union[_limit_pb2.StrategyStop, _Mapping]]] = ..., as_of_sequence: _Optional[int] = ...) -> None: ...

class ListPositionsRequest(_message.Message):
    __slots__ = ("account_id", "as_of")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, account_id: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListPositionsResponse(_message.Message):
    __slots__ = ("positions",)
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[_order_pb2.Position]
    def __init__(self, positions: _Optional[_Iterable[_Union[_order_pb2.Position, _Mapping]]] = ...) -> None: ...

class ProposeOverrideRequest(_message.Message):
    __slots__ = ("idempotency_key", "limit_id", "account_id", "values", "valid_until", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    limit_id: str
    account_id: str
    values: _limit_pb2.LimitValues
    valid_until: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., limit_id: _Optional[str] = ..., account_id: _Optional[str] = ..., values: _Optional[_Union[_limit_pb2.LimitValues, _Mapping]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ProposeOverrideResponse(_message.Message):
    __slots__ = ("override",)
    OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    override: _limit_pb2.Override
    def __init__(self, override: _Optional[_Union[_limit_pb2.Override, _Mapping]] = ...) -> None: ...

class ApproveOverrideRequest(_message.Message):
    __slots__ = ("idempotency_key", "override_id", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    override_id: str
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., override_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ApproveOverrideResponse(_message.Message):
    __slots__ = ("override",)
    OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    override: _limit_pb2.Override
    def __init__(self, override: _Optional[_Union[_limit_pb2.Override, _Mapping]] = ...) -> None: ...

class RejectOverrideRequest(_message.Message):
    __slots__ = ("idempotency_key", "override_id", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    override_id: str
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., override_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RejectOverrideResponse(_message.Message):
    __slots__ = ("override", "proposed")
    OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    override: _limit_pb2.Override
    proposed: ProposedChange
    def __init__(self, override: _Optional[_Union[_limit_pb2.Override, _Mapping]] = ..., proposed: _Optional[_Union[ProposedChange, _Mapping]] = ...) -> None: ...

class ListOverridesRequest(_message.Message):
    __slots__ = ("account_id", "state", "page_size", "page_token")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    state: _limit_pb2.OverrideState
    page_size: int
    page_token: str
    def __init__(self, account_id: _Optional[str] = ..., state: _Optional[_Union[_limit_pb2.OverrideState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOverridesResponse(_message.Message):
    __slots__ = ("overrides", "next_page_token")
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    overrides: _containers.RepeatedCompositeFieldContainer[_limit_pb2.Override]
    next_page_token: str
    def __init__(self, overrides: _Optional[_Iterable[_Union[_limit_pb2.Override, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SetTradingStatusRequest(_message.Message):
    __slots__ = ("idempotency_key", "target", "target_id", "status", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    target: _limit_pb2.TradingStatusTarget
    target_id: str
    status: _order_pb2.AccountStatus
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., target: _Optional[_Union[_limit_pb2.TradingStatusTarget, str]] = ..., target_id: _Optional[str] = ..., status: _Optional[_Union[_order_pb2.AccountStatus, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class SetTradingStatusResponse(_message.Message):
    __slots__ = ("record", "proposed")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    record: _limit_pb2.TradingStatusRecord
    proposed: ProposedChange
    def __init__(self, record: _Optional[_Union[_limit_pb2.TradingStatusRecord, _Mapping]] = ..., proposed: _Optional[_Union[ProposedChange, _Mapping]] = ...) -> None: ...

class ProposedChange(_message.Message):
    __slots__ = ("change_id", "set_limit", "end_limit", "set_trading_status", "reject_override", "looser", "state", "proposed_by", "proposed_by_name", "proposed_at", "valid_until", "decided_by", "decided_by_name", "decided_at", "decision_reason")
    CHANGE_ID_FIELD_NUMBER: _ClassVar[int]
    SET_LIMIT_FIELD_NUMBER: _ClassVar[int]
    END_LIMIT_FIELD_NUMBER: _ClassVar[int]
    SET_TRADING_STATUS_FIELD_NUMBER: _ClassVar[int]
    REJECT_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    LOOSER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_BY_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_AT_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    DECISION_REASON_FIELD_NUMBER: _ClassVar[int]
    change_id: str
    set_limit: SetLimitRequest
    end_limit: EndLimitRequest
    set_trading_status: SetTradingStatusRequest
    reject_override: RejectOverrideRequest
    looser: str
    state: ProposedChangeState
    proposed_by: str
    proposed_by_name: str
    proposed_at: _timestamp_pb2.Timestamp
    valid_until: _timestamp_pb2.Timestamp
    decided_by: str
    decided_by_name: str
    decided_at: _timestamp_pb2.Timestamp
    decision_reason: str
    def __init__(self, change_id: _Optional[str] = ..., set_limit: _Optional[_Union[SetLimitRequest, _Mapping]] = ..., end_limit: _Optional[_Union[EndLimitRequest, _Mapping]] = ..., set_trading_status: _Optional[_Union[SetTradingStatusRequest, _Mapping]] = ..., reject_override: _Optional[_Union[RejectOverrideRequest, _Mapping]] = ..., looser: _Optional[str] = ..., state: _Optional[_Union[ProposedChangeState, str]] = ..., proposed_by: _Optional[str] = ..., proposed_by_name: _Optional[str] = ..., proposed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decided_by: _Optional[str] = ..., decided_by_name: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decision_reason: _Optional[str] = ...) -> None: ...

class ConfirmChangeRequest(_message.Message):
    __slots__ = ("idempotency_key", "change_id", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    CHANGE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    change_id: str
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., change_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ConfirmChangeResponse(_message.Message):
    __slots__ = ("change", "limit", "record", "override")
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    change: ProposedChange
    limit: _limit_pb2.Limit
    record: _limit_pb2.TradingStatusRecord
    override: _limit_pb2.Override
    def __init__(self, change: _Optional[_Union[ProposedChange, _Mapping]] = ..., limit: _Optional[_Union[_limit_pb2.Limit, _Mapping]] = ..., record: _Optional[_Union[_limit_pb2.TradingStatusRecord, _Mapping]] = ..., override: _Optional[_Union[_limit_pb2.Override, _Mapping]] = ...) -> None: ...

class RejectChangeRequest(_message.Message):
    __slots__ = ("idempotency_key", "change_id", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    CHANGE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    change_id: str
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., change_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RejectChangeResponse(_message.Message):
    __slots__ = ("change",)
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    change: ProposedChange
    def __init__(self, change: _Optional[_Union[ProposedChange, _Mapping]] = ...) -> None: ...

class ListProposedChangesRequest(_message.Message):
    __slots__ = ("account_id", "state", "page_size", "page_token")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    state: ProposedChangeState
    page_size: int
    page_token: str
    def __init__(self, account_id: _Optional[str] = ..., state: _Optional[_Union[ProposedChangeState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProposedChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[ProposedChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[ProposedChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListTradingStatusRequest(_message.Message):
    __slots__ = ("target", "target_id")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    target: _limit_pb2.TradingStatusTarget
    target_id: str
    def __init__(self, target: _Optional[_Union[_limit_pb2.TradingStatusTarget, str]] = ..., target_id: _Optional[str] = ...) -> None: ...

class ListTradingStatusResponse(_message.Message):
    __slots__ = ("records",)
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[_limit_pb2.TradingStatusRecord]
    def __init__(self, records: _Optional[_Iterable[_Union[_limit_pb2.TradingStatusRecord, _Mapping]]] = ...) -> None: ...

class EnableStrategyRequest(_message.Message):
    __slots__ = ("idempotency_key", "account_id", "strategy", "instrument_id", "side", "reason")
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    account_id: str
    strategy: str
    instrument_id: str
    side: _order_pb2.Side
    reason: str
    def __init__(self, idempotency_key: _Optional[str] = ..., account_id: _Optional[str] = ..., strategy: _Optional[str] = ..., instrument_id: _Optional[str] = ..., side: _Optional[_Union[_order_pb2.Side, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class EnableStrategyResponse(_message.Message):
    __slots__ = ("stop", "enabled_by", "enabled_at", "reason", "enabled_by_name")
    STOP_FIELD_NUMBER: _ClassVar[int]
    ENABLED_BY_FIELD_NUMBER: _ClassVar[int]
    ENABLED_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ENABLED_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    stop: _limit_pb2.StrategyStop
    enabled_by: str
    enabled_at: _timestamp_pb2.Timestamp
    reason: str
    enabled_by_name: str
    def __init__(self, stop: _Optional[_Union[_limit_pb2.StrategyStop, _Mapping]] = ..., enabled_by: _Optional[str] = ..., enabled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., enabled_by_name: _Optional[str] = ...) -> None: ...
