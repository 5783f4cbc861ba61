"""Overrides: proposed by one person, approved by another, for one version of a limit."""

from typing import Final

from kernel.nanoseconds import NS_PER_S
from kernel.ulid import new_ulid
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import limit_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.domain.controls.limits.limit_values import (
    Limit,
    LimitScope,
    OverrideState,
    Range,
    check_values,
    desk_name,
)
from svc_oms.domain.controls.limits.loosening import looser
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.service.codec.control_records import (
    limit_value,
    override_value,
    values_value,
)
from svc_oms.service.codec.values import timestamp
from svc_oms.service.controls.changes.change_parts import (
    Caller,
    Persons,
    newest_limit,
    newest_override,
    wrong_state,
)
from svc_oms.service.controls.changes.limit_records import override_record
from svc_oms.service.controls.changes.limit_versions import LimitVersions
from svc_oms.service.controls.changes.proposed_changes import proposed
from svc_oms.service.directory.known_ids import KnownIds
from svc_oms.service.errors import invalid_field, needs_another, refused
from svc_oms.service.ports import AccountRow
from svc_oms.service.ports.control_ports import ControlChange
from svc_oms.service.ports.directory_ports import IdKind

# Longest time an override may be in effect.
OVERRIDE_MAX_S: Final = 24 * 3600


class OverrideChanges:
    """What happens to overrides, each within a change of the controls."""

    def __init__(self, versions: LimitVersions, directory: KnownIds) -> None:
        self._versions = versions
        self._directory = directory

    async def propose(
        self,
        change: ControlChange,
        now_ns: int,
        request: pb.ProposeOverrideRequest,
        caller: Caller,
    ) -> pb.ProposeOverrideResponse:
        """Add an override that waits for a second person."""
        limit = await self._present(change, request.limit_id, now_ns)
        try:
            check_values(limit.kind, limit.range, values_value(request.values))
        except OrderRefused as error:
            raise refused(error) from error
        until_ns = from_timestamp(request.valid_until)
        if not now_ns < until_ns <= now_ns + OVERRIDE_MAX_S * NS_PER_S:
            raise invalid_field(
                "valid_until",
                request.valid_until.ToJsonString(),
                f"after now and within {OVERRIDE_MAX_S // 3600} hours",
            )
        account = await change.lock_account(request.account_id)
        if account is None:
            raise await self._directory.unknown("account_id", IdKind.ACCOUNT, request.account_id)
        _check_covers(limit.range, account)
        override = limit_pb2.Override(
            override_id=new_ulid(now_ns),
            limit_id=request.limit_id,
            limit_version=limit.version,
            account_id=request.account_id,
            values=request.values,
            valid_until=request.valid_until,
            reason=request.reason,
            state=limit_pb2.OVERRIDE_STATE_PROPOSED,
            proposed_by=caller.subject,
            proposed_by_name=caller.username,
            proposed_at=timestamp(now_ns),
        )
        await change.add(override_record(override, 1, now_ns))
        return pb.ProposeOverrideResponse(override=override)

    async def approve(
        self,
        change: ControlChange,
        now_ns: int,
        request: pb.ApproveOverrideRequest,
        caller: Caller,
    ) -> pb.ApproveOverrideResponse:
        """Put an override into effect, as the second person."""
        override, version = await newest_override(change, request.override_id)
        if override.state != limit_pb2.OVERRIDE_STATE_PROPOSED:
            raise wrong_state("override_id", override.override_id, _state_name(override))
        if from_timestamp(override.valid_until) <= now_ns:
            raise wrong_state("override_id", override.override_id, "over, before it was approved")
        limit = await self._present(change, override.limit_id, now_ns)
        if override.limit_version not in {0, limit.version}:
            state = (
                f"for version {override.limit_version} of its limit, which has version "
                f"{limit.version} now"
            )
            raise wrong_state("override_id", override.override_id, state)
        if override.proposed_by == caller.subject:
            raise needs_another(
                (caller.subject, caller.username),
                f"proposed override {override.override_id}",
                "approve",
                "override_id",
                override_id=override.override_id,
            )
        _decide(override, OverrideState.APPROVED, caller, request.reason, now_ns)
        await change.add(override_record(override, version + 1, now_ns))
        return pb.ApproveOverrideResponse(override=override)

    async def reject(
        self, change: ControlChange, now_ns: int, request: pb.RejectOverrideRequest, by: Persons
    ) -> pb.RejectOverrideResponse:
        """Reject an override, or withdraw one."""
        override, version = await newest_override(change, request.override_id)
        if override.state == limit_pb2.OVERRIDE_STATE_REJECTED:
            raise wrong_state("override_id", override.override_id, _state_name(override))
        if by.second is None:
            why = await self._looser_without(change, override, now_ns)
            if why:
                scope_id = override.account_id
                return pb.RejectOverrideResponse(
                    proposed=await proposed(change, now_ns, by.first, request, scope_id, why)
                )
        _decide(override, OverrideState.REJECTED, by.second or by.first, request.reason, now_ns)
        await change.add(override_record(override, version + 1, now_ns))
        return pb.RejectOverrideResponse(override=override)

    async def _present(self, change: ControlChange, limit_id: str, now_ns: int) -> Limit:
        """Return the version of a limit in force now, else the newest.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE.
        """
        newest = await newest_limit(change, limit_id)
        limit = (await self._versions.replaced(newest, now_ns)).now
        limit = limit or limit_value(limit_pb2.Limit.FromString(newest.body))
        if limit.ended:
            raise wrong_state("limit_id", limit_id, f"ended with version {limit.version}")
        return limit

    async def _looser_without(
        self, change: ControlChange, override: limit_pb2.Override, now_ns: int
    ) -> str:
        """Return what becomes looser if an override ends now; empty if nothing."""
        value = override_value(override)
        if value.state is not OverrideState.APPROVED:
            return ""
        newest = await newest_limit(change, override.limit_id)
        limit = (await self._versions.replaced(newest, now_ns)).now
        if limit is None or not value.applies(limit, now_ns):
            return ""
        return looser(limit.kind, value.values, limit.values)


def _check_covers(range_: Range, account: AccountRow) -> None:
    """Refuse an override for an account that the limit does not apply to."""
    names = {
        LimitScope.FIRM: account.firm_id,
        LimitScope.DESK: desk_name(account.firm_id, account.desk_id),
        LimitScope.ACCOUNT: account.account_id,
    }
    if names[range_.scope] != range_.scope_id:
        raise invalid_field(
            "account_id",
            account.account_id,
            f"one that the limit applies to: {range_.scope.name} {range_.scope_id}",
        )


def _decide(
    override: limit_pb2.Override, state: OverrideState, caller: Caller, reason: str, now_ns: int
) -> None:
    override.state = state.value  # type: ignore[assignment] # by number
    override.decided_by = caller.subject
    override.decided_by_name = caller.username
    override.decided_at.CopyFrom(timestamp(now_ns))
    override.decision_reason = reason


def _state_name(override: limit_pb2.Override) -> str:
    return OverrideState(override.state).name
