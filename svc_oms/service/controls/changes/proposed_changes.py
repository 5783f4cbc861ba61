"""Changes that make a control looser: proposed by one person, confirmed by another."""

from typing import Final

from kernel.nanoseconds import NS_PER_S, to_us
from kernel.ulid import new_ulid
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.domain.controls.limits.limit_values import ProposedChangeState
from svc_oms.service.codec.values import timestamp
from svc_oms.service.controls.changes.change_parts import Caller, not_found, wrong_state
from svc_oms.service.errors import needs_another
from svc_oms.service.ports.control_ports import ControlChange, ControlRecord, RecordKind

# Longest time in which a proposed change can be confirmed.
PROPOSED_CHANGE_MAX_S: Final = 24 * 3600

Request = (
    pb.SetLimitRequest | pb.EndLimitRequest | pb.SetTradingStatusRequest | pb.RejectOverrideRequest
)
_FIELDS: Final = {
    pb.SetLimitRequest: "set_limit",
    pb.EndLimitRequest: "end_limit",
    pb.SetTradingStatusRequest: "set_trading_status",
    pb.RejectOverrideRequest: "reject_override",
}


async def proposed(
    change: ControlChange, now_ns: int, caller: Caller, request: Request, scope_id: str, looser: str
) -> pb.ProposedChange:
    """Store a change that waits for a second person.

    Args:
        change: The change of the controls in which it is stored.
        now_ns: The present time.
        caller: Who proposes it.
        request: What was requested.
        scope_id: The account, desk or firm it is for; empty for a listing or a venue.
        looser: What becomes looser, in words.
    """
    made = pb.ProposedChange(
        change_id=new_ulid(now_ns),
        looser=looser,
        state=pb.PROPOSED_CHANGE_STATE_PROPOSED,
        proposed_by=caller.subject,
        proposed_by_name=caller.username,
        proposed_at=timestamp(now_ns),
        valid_until=timestamp(now_ns + PROPOSED_CHANGE_MAX_S * NS_PER_S),
    )
    getattr(made, _FIELDS[type(request)]).CopyFrom(request)
    await change.add(_record(made, scope_id, 1, now_ns))
    return made


async def undecided(
    change: ControlChange, change_id: str
) -> tuple[pb.ProposedChange, ControlRecord]:
    """Read a change that waits for a decision.

    Raises:
        MeshError: OBJECT_NOT_FOUND, OBJECT_STATE.
    """
    known = await change.newest(RecordKind.PROPOSED_CHANGE, change_id)
    if known is None:
        raise not_found("change_id", change_id, "such proposed change")
    found = pb.ProposedChange.FromString(known.body)
    if found.state != pb.PROPOSED_CHANGE_STATE_PROPOSED:
        raise wrong_state("change_id", change_id, ProposedChangeState(found.state).name)
    return found, known


def require_second(found: pb.ProposedChange, caller: Caller, now_ns: int) -> None:
    """Refuse a confirmation that is late, or by the person who proposed the change.

    Raises:
        MeshError: OBJECT_STATE, SECOND_PERSON_REQUIRED.
    """
    if from_timestamp(found.valid_until) <= now_ns:
        hours = PROPOSED_CHANGE_MAX_S // 3600
        state = f"over: it was proposed more than {hours} hours ago"
        raise wrong_state("change_id", found.change_id, state)
    if found.proposed_by == caller.subject:
        raise needs_another(
            (caller.subject, caller.username),
            f"proposed change {found.change_id}",
            "confirm",
            "change_id",
            change_id=found.change_id,
        )


async def decide(
    change: ControlChange,
    found: pb.ProposedChange,
    known: ControlRecord,
    state: ProposedChangeState,
    caller: Caller,
    reason: str,
    now_ns: int,
) -> None:
    """Store the decision about a change."""
    found.state = state.value  # type: ignore[assignment] # by number
    found.decided_by = caller.subject
    found.decided_by_name = caller.username
    found.decided_at.CopyFrom(timestamp(now_ns))
    found.decision_reason = reason
    await change.add(_record(found, known.scope_id, known.version + 1, now_ns))


def _record(found: pb.ProposedChange, scope_id: str, version: int, now_ns: int) -> ControlRecord:
    # It has ended as it begins, so no batch needs to know it.
    at = to_us(now_ns)
    return ControlRecord(
        RecordKind.PROPOSED_CHANGE,
        found.change_id,
        version,
        str(found.state),
        scope_id,
        at,
        at,
        found.SerializeToString(),
    )
