"""The entries of the audit log about changes of limits, overrides and trading statuses."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import limit_pb2, order_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.domain.controls.limits.limit_values import (
    LimitKind,
    LimitScope,
    OverrideState,
    ProposedChangeState,
    StatusTarget,
    TradingState,
    values_text,
)
from svc_oms.service.audit.audit_log import action
from svc_oms.service.codec.control_records import range_value, values_value
from svc_oms.service.controls.changes.change_parts import Caller
from svc_oms.service.ports import AuditWrite


def change_entry(made: Message, caller: Caller, now_ns: int) -> AuditWrite:
    """Make the entry about a change from its answer: every answer says all that it made."""
    parts = [
        (text, account_id, ids)
        for field, value in made.ListFields()
        if (words := _WORDS.get(field.name)) is not None
        for text, account_id, ids in [words(value)]
    ]
    if isinstance(made, pb.EnableStrategyResponse):
        parts.append(_enabled(made))
    text = "; ".join(each for each, _, _ in parts)
    account_id = next((name for _, name, _ in parts if name), "")
    metadata = {name: value for _, _, ids in parts for name, value in ids.items()}
    begun = caller.audit or action(
        now_ns, caller.subject, made.DESCRIPTOR.name.removesuffix("Response"), ""
    )
    return begun._replace(at_ns=now_ns, text=text, account_id=account_id, metadata=metadata)


Words = tuple[str, str, Mapping[str, str]]
"""A text, the account that it is about, and ids by their names."""


def _limit(limit: limit_pb2.Limit) -> Words:
    range_ = range_value(limit.range)
    of = " ".join(filter(None, (range_.scope_id, *range_[2:])))
    values = "ended" if limit.ended else values_text(values_value(limit.values))
    until = f", until {limit.valid_until.ToJsonString()}" if limit.HasField("valid_until") else ""
    begins = from_timestamp(limit.valid_from) > from_timestamp(limit.set_at)
    begin = f", from {limit.valid_from.ToJsonString()}" if begins else ""
    text = (
        f"limit {limit.limit_id} version {limit.version}: {LimitKind(limit.kind).name} of "
        f"{range_.scope.name} {of}: {values}{begin}{until}; reason: {limit.reason}"
    )
    account_id = range_.scope_id if range_.scope is LimitScope.ACCOUNT else ""
    return text, account_id, {"limit_id": limit.limit_id, "version": str(limit.version)}


def _override(one: limit_pb2.Override) -> Words:
    text = (
        f"override {one.override_id} of limit {one.limit_id} version {one.limit_version} for "
        f"{one.account_id} is {OverrideState(one.state).name}: "
        f"{values_text(values_value(one.values))} until {one.valid_until.ToJsonString()}; "
        f"reason: {one.decision_reason or one.reason}"
    )
    ids = {"override_id": one.override_id, "limit_id": one.limit_id}
    return text, one.account_id, ids


def _status(one: limit_pb2.TradingStatusRecord) -> Words:
    target = StatusTarget(one.target)
    text = (
        f"trading status of {target.name.lower()} {one.target_id} is "
        f"{TradingState(one.status).name}, version {one.version}; reason: {one.reason}"
    )
    account_id = one.target_id if target is StatusTarget.ACCOUNT else ""
    return text, account_id, {"target_id": one.target_id, "version": str(one.version)}


def _proposed(one: pb.ProposedChange) -> Words:
    name = one.WhichOneof("change") or ""
    asked = getattr(one, name)
    text = (
        f"change {one.change_id} ({name}, {one.looser}) is {ProposedChangeState(one.state).name}; "
        f"reason: {one.decision_reason or asked.reason}"
    )
    ids = {"change_id": one.change_id, "proposed_by": one.proposed_by}
    return text, "", ids


def _enabled(made: pb.EnableStrategyResponse) -> Words:
    stop = made.stop
    side = order_pb2.Side.Name(stop.side).removeprefix("SIDE_")
    text = (
        f"{stop.strategy} may {side} {stop.instrument_id} again, stopped by limit {stop.limit_id} "
        f"at {stop.stopped_at.ToJsonString()}; reason: {made.reason}"
    )
    return text, stop.account_id, {"limit_id": stop.limit_id, "strategy": stop.strategy}


_WORDS: Final[Mapping[str, Callable[[Any], Words]]] = {
    "limit": _limit,
    "override": _override,
    "record": _status,
    "proposed": _proposed,
    "change": _proposed,
}
"""By the name of the answer's field."""
