"""Changes of the controls, by named persons and with reasons.

Every change is one transaction that runs alone: it waits for the batches in progress, and the
next batch of any replica sees it. What was before stays as a version of its own.

What makes a control tighter takes effect at once. What makes it looser is stored as a proposed
change, which another person confirms; it is then checked and carried out as if it were made now.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from google.protobuf.message import Message

from kernel.clock import Clock
from kernel.nanoseconds import to_us
from kernel.ulid import new_ulid
from ordermesh.oms.v1 import limit_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    LimitKind,
    LimitScope,
    ProposedChangeState,
    Range,
    StatusTarget,
    TradingState,
    check_target,
    check_values,
)
from svc_oms.domain.controls.limits.loosening import looser_state
from svc_oms.domain.controls.state import StrategyKey, read_state, state_text
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.service.audit.audit_log import AuditLog
from svc_oms.service.codec.control_records import (
    limit_value,
    range_value,
    stop_message,
    values_value,
)
from svc_oms.service.codec.values import timestamp
from svc_oms.service.controls.changes.change_entries import change_entry
from svc_oms.service.controls.changes.change_parts import (
    Caller,
    Persons,
    check_version,
    newest_limit,
    not_found,
    sign,
    times_of,
    wrong_state,
)
from svc_oms.service.controls.changes.limit_records import limit_record
from svc_oms.service.controls.changes.limit_versions import LimitVersions
from svc_oms.service.controls.changes.override_changes import OverrideChanges
from svc_oms.service.controls.changes.proposed_changes import (
    decide,
    proposed,
    require_second,
    undecided,
)
from svc_oms.service.directory.known_ids import KnownIds
from svc_oms.service.errors import account_not_found, key_reused, refused
from svc_oms.service.ports.control_ports import (
    ControlChange,
    ControlRecord,
    ControlStore,
    RecordKind,
)
from svc_oms.service.ports.directory_ports import IdKind

Answer = TypeVar("Answer", bound=Message)

_SCOPE_KINDS: Final = {
    LimitScope.FIRM: IdKind.FIRM,
    LimitScope.DESK: IdKind.FIRM_DESK,
    LimitScope.ACCOUNT: IdKind.ACCOUNT,
}
_TARGET_KINDS: Final = {
    StatusTarget.ACCOUNT: IdKind.ACCOUNT,
    StatusTarget.INSTRUMENT: IdKind.INSTRUMENT,
    StatusTarget.VENUE: IdKind.VENUE,
    StatusTarget.FIRM: IdKind.FIRM,
}
_SCOPED_TARGETS: Final = frozenset({StatusTarget.ACCOUNT, StatusTarget.FIRM})


class LimitChanges:
    """Changes limits, overrides and trading states, each once for its key."""

    def __init__(
        self,
        store: ControlStore,
        clock: Clock,
        directory: KnownIds,
        audit_log: AuditLog,
        defaults: Mapping[LimitKind, Applied] = MappingProxyType({}),
    ) -> None:
        self.store = store
        self._audit_log = audit_log
        self._clock = clock
        self._directory = directory
        self._versions = LimitVersions(store, defaults)
        self._overrides = OverrideChanges(self._versions, directory)

    def now_ns(self) -> int:
        """Return the present time."""
        return self._clock.now_ns()

    async def _once(
        self,
        caller: Caller,
        answer: type[Answer],
        work: Callable[[ControlChange, int], Awaitable[Answer]],
    ) -> Answer:
        """Make a change, or return the earlier answer under the same key."""
        async with self.store.change() as change:
            known = await change.answer(caller.subject, caller.key)
            if known is not None:
                if known[0] != caller.body_hash:
                    raise key_reused(caller.key)
                return answer.FromString(known[1])
            # After the lock, so that changes have times in their order.
            now_ns = self._clock.now_ns()
            made = await work(change, now_ns)
            await change.done(
                caller.subject, caller.key, caller.body_hash, made.SerializeToString()
            )
            await self._audit_log.append(change, [change_entry(made, caller, now_ns)])
            return made

    # Limits.

    async def set_limit(self, request: pb.SetLimitRequest, caller: Caller) -> pb.SetLimitResponse:
        """Add a version, or propose one that is looser."""

        async def work(change: ControlChange, now_ns: int) -> pb.SetLimitResponse:
            return await self._set_limit(change, now_ns, request, Persons(caller))

        return await self._once(caller, pb.SetLimitResponse, work)

    async def _set_limit(
        self, change: ControlChange, now_ns: int, request: pb.SetLimitRequest, by: Persons
    ) -> pb.SetLimitResponse:
        range_ = range_value(request.range)
        kind = LimitKind(request.kind)
        try:
            check_values(kind, range_, values_value(request.values))
        except OrderRefused as error:
            raise refused(error) from error
        from_ns, until_ns = times_of(request, now_ns, confirmed=by.second is not None)
        name = "|".join((kind.name, *map(str, range_)))
        known = await change.newest_named(RecordKind.LIMIT, name)
        if known is None:
            await self._require_met(range_)
        version = 0 if known is None else known.version
        check_version(request.expected_version, version)
        limit = limit_pb2.Limit(
            limit_id=new_ulid(now_ns) if known is None else known.object_id,
            version=version + 1,
            kind=request.kind,
            range=request.range,
            values=request.values,
            valid_from=timestamp(from_ns),
            reason=request.reason,
        )
        sign(limit, by, now_ns)
        if until_ns:
            limit.valid_until.CopyFrom(timestamp(until_ns))
        if by.second is None:
            value = limit_value(limit)._replace(valid_from_ns=from_ns)
            why = await self._versions.looser(value, known)
            if why:
                change_made = await proposed(
                    change, now_ns, by.first, request, range_.scope_id, why
                )
                return pb.SetLimitResponse(proposed=change_made)
        await change.add(limit_record(limit, name, from_ns, until_ns))
        return pb.SetLimitResponse(limit=limit)

    async def _require_met(self, range_: Range) -> None:
        """Refuse a limit whose scope does not exist, because it would never apply."""
        require = self._directory.require
        await require("range.scope_id", _SCOPE_KINDS[range_.scope], range_.scope_id)
        if range_.instrument_id:
            await require("range.instrument_id", IdKind.INSTRUMENT, range_.instrument_id)
        if range_.venue_mic:
            await require("range.venue_mic", IdKind.VENUE, range_.venue_mic)

    async def end_limit(self, request: pb.EndLimitRequest, caller: Caller) -> pb.EndLimitResponse:
        """Add a last version, or propose to."""

        async def work(change: ControlChange, now_ns: int) -> pb.EndLimitResponse:
            return await self._end_limit(change, now_ns, request, Persons(caller))

        return await self._once(caller, pb.EndLimitResponse, work)

    async def _end_limit(
        self, change: ControlChange, now_ns: int, request: pb.EndLimitRequest, by: Persons
    ) -> pb.EndLimitResponse:
        known = await newest_limit(change, request.limit_id)
        limit = limit_pb2.Limit.FromString(known.body)
        check_version(request.expected_version, known.version)
        if limit.ended:
            raise wrong_state("limit_id", limit.limit_id, f"ended with version {limit.version}")
        if by.second is None:
            replaced = await self._versions.replaced(known, now_ns)
            if replaced.now is not None or replaced.later:
                why = f"limit {limit.limit_id} version {limit.version} ends"
                scope_id = limit.range.scope_id
                change_made = await proposed(change, now_ns, by.first, request, scope_id, why)
                return pb.EndLimitResponse(proposed=change_made)
        limit.version += 1
        limit.ended = True
        limit.reason = request.reason
        sign(limit, by, now_ns)
        limit.valid_from.CopyFrom(timestamp(now_ns))
        limit.valid_until.CopyFrom(timestamp(now_ns))
        await change.add(limit_record(limit, known.name, now_ns, now_ns))
        return pb.EndLimitResponse(limit=limit)

    # Overrides.

    async def propose(
        self, request: pb.ProposeOverrideRequest, caller: Caller
    ) -> pb.ProposeOverrideResponse:
        """Add an override that waits for a second person."""
        return await self._once(
            caller,
            pb.ProposeOverrideResponse,
            lambda change, now_ns: self._overrides.propose(change, now_ns, request, caller),
        )

    async def approve(
        self, request: pb.ApproveOverrideRequest, caller: Caller
    ) -> pb.ApproveOverrideResponse:
        """Put an override into effect, as the second person."""
        return await self._once(
            caller,
            pb.ApproveOverrideResponse,
            lambda change, now_ns: self._overrides.approve(change, now_ns, request, caller),
        )

    async def reject(
        self, request: pb.RejectOverrideRequest, caller: Caller
    ) -> pb.RejectOverrideResponse:
        """Reject an override, or withdraw one."""
        return await self._once(
            caller,
            pb.RejectOverrideResponse,
            lambda change, now_ns: self._overrides.reject(change, now_ns, request, Persons(caller)),
        )

    # Trading states and stops.

    async def set_status(
        self, request: pb.SetTradingStatusRequest, caller: Caller
    ) -> pb.SetTradingStatusResponse:
        """Set the trading state of something, or propose one that is looser."""

        async def work(change: ControlChange, now_ns: int) -> pb.SetTradingStatusResponse:
            return await self._set_status(change, now_ns, request, Persons(caller))

        return await self._once(caller, pb.SetTradingStatusResponse, work)

    async def _set_status(
        self, change: ControlChange, now_ns: int, request: pb.SetTradingStatusRequest, by: Persons
    ) -> pb.SetTradingStatusResponse:
        target = StatusTarget(request.target)
        try:
            check_target(target, request.target_id)
        except OrderRefused as error:
            raise refused(error) from error
        name = f"{target.name}:{request.target_id}"
        known = await change.newest(RecordKind.STATUS, name)
        if known is None:
            # It would stop nothing; a state that was set once can always be set again.
            await self._directory.require("target_id", _TARGET_KINDS[target], request.target_id)
        state = TradingState.ACTIVE
        if known is not None:
            body = limit_pb2.TradingStatusRecord.FromString(known.body)
            state = TradingState(body.status)
        account = None
        if target is StatusTarget.ACCOUNT:
            account = await change.lock_account(request.target_id)
            assert account is not None, "accounts are never deleted"
            state = TradingState(account.status)
        why = looser_state(state, TradingState(request.status))
        scope = request.target_id if target in _SCOPED_TARGETS else ""
        if why and by.second is None:
            change_made = await proposed(change, now_ns, by.first, request, scope, why)
            return pb.SetTradingStatusResponse(proposed=change_made)
        if account is not None:
            await change.set_account(account.account_id, request.status, account.controls)
        record = limit_pb2.TradingStatusRecord(
            target=request.target,
            target_id=request.target_id,
            status=request.status,
            reason=request.reason,
            version=1 if known is None else known.version + 1,
        )
        sign(record, by, now_ns)
        scope = request.target_id if target is StatusTarget.ACCOUNT else ""
        row = ControlRecord(
            RecordKind.STATUS, name, record.version, name, scope, to_us(now_ns), 0,
            record.SerializeToString(),
        )  # fmt: skip
        await change.add(row)
        return pb.SetTradingStatusResponse(record=record)

    async def enable(
        self, request: pb.EnableStrategyRequest, caller: Caller
    ) -> pb.EnableStrategyResponse:
        """Lift a stop of the repeated-execution throttle."""

        async def work(change: ControlChange, now_ns: int) -> pb.EnableStrategyResponse:
            account = await change.lock_account(request.account_id)
            if account is None:
                raise account_not_found(request.account_id)
            state = read_state(account.controls)
            key = StrategyKey(request.strategy, request.instrument_id, int(request.side))
            stop = state.stops.pop(key, None)
            if stop is None:
                raise not_found("strategy", request.strategy, "stop of it in this instrument")
            for name in [name for name in state.executions if name.endswith(f"|{key.text()}")]:
                del state.executions[name]
            await change.set_account(account.account_id, account.status, state_text(state, now_ns))
            answer = pb.EnableStrategyResponse(
                stop=stop_message(account.account_id, key, stop),
                enabled_by=caller.subject,
                enabled_by_name=caller.username,
                enabled_at=timestamp(now_ns),
                reason=request.reason,
            )
            name = f"{account.account_id}:{key.text()}"
            record_id, body = new_ulid(now_ns), answer.SerializeToString()
            # It has ended as it begins, so no batch needs to know it.
            at = to_us(now_ns)
            await change.add(
                ControlRecord(
                    RecordKind.ENABLING, record_id, 1, name, account.account_id, at, at, body
                )
            )
            return answer

        return await self._once(caller, pb.EnableStrategyResponse, work)

    # Proposed changes.

    async def confirm(
        self, request: pb.ConfirmChangeRequest, caller: Caller
    ) -> pb.ConfirmChangeResponse:
        """Carry out a proposed change, as the second person."""

        async def work(change: ControlChange, now_ns: int) -> pb.ConfirmChangeResponse:
            found, known = await undecided(change, request.change_id)
            require_second(found, caller, now_ns)
            first = Caller(found.proposed_by, "", b"", found.proposed_by_name)
            by = Persons(first, caller)
            answer = pb.ConfirmChangeResponse()
            match found.WhichOneof("change"):
                case "set_limit":
                    made = await self._set_limit(change, now_ns, found.set_limit, by)
                    answer.limit.CopyFrom(made.limit)
                case "end_limit":
                    ended = await self._end_limit(change, now_ns, found.end_limit, by)
                    answer.limit.CopyFrom(ended.limit)
                case "set_trading_status":
                    state = await self._set_status(change, now_ns, found.set_trading_status, by)
                    answer.record.CopyFrom(state.record)
                case _:
                    over = await self._overrides.reject(change, now_ns, found.reject_override, by)
                    answer.override.CopyFrom(over.override)
            confirmed = ProposedChangeState.CONFIRMED
            await decide(change, found, known, confirmed, caller, request.reason, now_ns)
            answer.change.CopyFrom(found)
            return answer

        return await self._once(caller, pb.ConfirmChangeResponse, work)

    async def reject_change(
        self, request: pb.RejectChangeRequest, caller: Caller
    ) -> pb.RejectChangeResponse:
        """Reject a proposed change, or withdraw it."""

        async def work(change: ControlChange, now_ns: int) -> pb.RejectChangeResponse:
            found, known = await undecided(change, request.change_id)
            rejected = ProposedChangeState.REJECTED
            await decide(change, found, known, rejected, caller, request.reason, now_ns)
            return pb.RejectChangeResponse(change=found)

        return await self._once(caller, pb.RejectChangeResponse, work)
