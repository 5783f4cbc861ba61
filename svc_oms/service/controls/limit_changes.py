"""Changes of the controls, by named persons and with reasons.

Every change is one transaction that runs alone: it waits for the batches in progress, and the
next batch of any replica sees it. What was before stays as a version of its own.
"""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, TypeVar

from google.protobuf.message import Message

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S, to_us
from kernel.ulid import new_ulid
from mesh.errors import MeshError, refuse
from mesh.names import called
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import limit_pb2, limit_service_pb2
from svc_oms.domain.checks import OrderRefused
from svc_oms.domain.controls.limit_values import (
    LimitKind,
    LimitScope,
    OverrideState,
    Range,
    StatusTarget,
    check_target,
    check_values,
    desk_name,
)
from svc_oms.domain.controls.state import StrategyKey, read_state, state_text
from svc_oms.service.codec.control_records import range_value, stop_message, values_value
from svc_oms.service.codec.values import timestamp
from svc_oms.service.controls.limit_records import limit_record, override_record
from svc_oms.service.directory.known_ids import KnownIds
from svc_oms.service.errors import (
    account_not_found,
    invalid_field,
    key_reused,
    refused,
)
from svc_oms.service.ports import AccountRow
from svc_oms.service.ports.control_ports import (
    ControlChange,
    ControlRecord,
    ControlStore,
    RecordKind,
)
from svc_oms.service.ports.directory_ports import IdKind

# Longest time an override may be in effect.
OVERRIDE_MAX_S = 24 * 3600

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


class Caller(NamedTuple):
    """Who changes something, under which key, with which request."""

    subject: str
    key: str
    body_hash: bytes
    username: str = ""
    """The person's present name; stored beside the subject."""


class LimitChanges:
    """Changes limits, overrides and trading states, each once for its key."""

    def __init__(self, store: ControlStore, clock: Clock, directory: KnownIds) -> None:
        self.store = store
        self._clock = clock
        self._directory = directory

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
            made = await work(change, self._clock.now_ns())
            await change.done(
                caller.subject, caller.key, caller.body_hash, made.SerializeToString()
            )
            return made

    # Limits.

    async def set_limit(
        self, request: limit_service_pb2.SetLimitRequest, caller: Caller
    ) -> limit_service_pb2.SetLimitResponse:
        """Add a version."""

        async def work(change: ControlChange, now_ns: int) -> limit_service_pb2.SetLimitResponse:
            range_ = range_value(request.range)
            kind = LimitKind(request.kind)
            try:
                check_values(kind, range_, values_value(request.values))
            except OrderRefused as error:
                raise refused(error) from error
            from_ns, until_ns = _times(request, now_ns)
            name = "|".join((kind.name, *map(str, range_)))
            known = await change.newest_named(RecordKind.LIMIT, name)
            if known is None:
                await self._require_met(range_)
            version = 0 if known is None else known.version
            _check_version(request.expected_version, version)
            limit = limit_pb2.Limit(
                limit_id=new_ulid(now_ns) if known is None else known.object_id,
                version=version + 1,
                kind=request.kind,
                range=request.range,
                values=request.values,
                valid_from=timestamp(from_ns),
                reason=request.reason,
                set_by=caller.subject,
                set_by_name=caller.username,
                set_at=timestamp(now_ns),
            )
            if until_ns:
                limit.valid_until.CopyFrom(timestamp(until_ns))
            await change.add(limit_record(limit, name, from_ns, until_ns))
            return limit_service_pb2.SetLimitResponse(limit=limit)

        return await self._once(caller, limit_service_pb2.SetLimitResponse, work)

    async def _require_met(self, range_: Range) -> None:
        """Refuse a limit whose scope does not exist, because it would never apply."""
        require = self._directory.require
        await require("range.scope_id", _SCOPE_KINDS[range_.scope], range_.scope_id)
        if range_.instrument_id:
            await require("range.instrument_id", IdKind.INSTRUMENT, range_.instrument_id)
        if range_.venue_mic:
            await require("range.venue_mic", IdKind.VENUE, range_.venue_mic)

    async def end_limit(
        self, request: limit_service_pb2.EndLimitRequest, caller: Caller
    ) -> limit_service_pb2.EndLimitResponse:
        """Add a last version."""

        async def work(change: ControlChange, now_ns: int) -> limit_service_pb2.EndLimitResponse:
            known = await _limit(change, request.limit_id)
            limit = limit_pb2.Limit.FromString(known.body)
            _check_version(request.expected_version, known.version)
            if limit.ended:
                raise _state("limit_id", limit.limit_id, f"ended with version {limit.version}")
            limit.version += 1
            limit.ended = True
            limit.reason = request.reason
            limit.set_by = caller.subject
            limit.set_by_name = caller.username
            limit.set_at.CopyFrom(timestamp(now_ns))
            limit.valid_from.CopyFrom(timestamp(now_ns))
            limit.valid_until.CopyFrom(timestamp(now_ns))
            await change.add(limit_record(limit, known.name, now_ns, now_ns))
            return limit_service_pb2.EndLimitResponse(limit=limit)

        return await self._once(caller, limit_service_pb2.EndLimitResponse, work)

    # Overrides.

    async def propose(
        self, request: limit_service_pb2.ProposeOverrideRequest, caller: Caller
    ) -> limit_service_pb2.ProposeOverrideResponse:
        """Add an override that waits for a second person."""

        async def work(
            change: ControlChange, now_ns: int
        ) -> limit_service_pb2.ProposeOverrideResponse:
            known = await _limit(change, request.limit_id)
            limit = limit_pb2.Limit.FromString(known.body)
            try:
                check_values(
                    LimitKind(limit.kind), range_value(limit.range), values_value(request.values)
                )
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
                raise await self._directory.unknown(
                    "account_id", IdKind.ACCOUNT, request.account_id
                )
            _check_covers(range_value(limit.range), account)
            override = limit_pb2.Override(
                override_id=new_ulid(now_ns),
                limit_id=request.limit_id,
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
            return limit_service_pb2.ProposeOverrideResponse(override=override)

        return await self._once(caller, limit_service_pb2.ProposeOverrideResponse, work)

    async def approve(
        self, request: limit_service_pb2.ApproveOverrideRequest, caller: Caller
    ) -> limit_service_pb2.ApproveOverrideResponse:
        """Put an override into effect, as the second person."""

        async def work(
            change: ControlChange, now_ns: int
        ) -> limit_service_pb2.ApproveOverrideResponse:
            override, version = await _override(change, request.override_id)
            if override.state != limit_pb2.OVERRIDE_STATE_PROPOSED:
                raise _state("override_id", override.override_id, _state_name(override))
            if from_timestamp(override.valid_until) <= now_ns:
                raise _state("override_id", override.override_id, "over, before it was approved")
            if override.proposed_by == caller.subject:
                raise refuse(
                    "SECOND_PERSON_REQUIRED",
                    f"{called(caller.subject, caller.username)} proposed override "
                    f"{override.override_id} and cannot approve it: another person must",
                    "override_id",
                    proposed_by=override.proposed_by,
                )
            _decide(override, OverrideState.APPROVED, caller, request.reason, now_ns)
            await change.add(override_record(override, version + 1, now_ns))
            return limit_service_pb2.ApproveOverrideResponse(override=override)

        return await self._once(caller, limit_service_pb2.ApproveOverrideResponse, work)

    async def reject(
        self, request: limit_service_pb2.RejectOverrideRequest, caller: Caller
    ) -> limit_service_pb2.RejectOverrideResponse:
        """Reject an override, or withdraw one."""

        async def work(
            change: ControlChange, now_ns: int
        ) -> limit_service_pb2.RejectOverrideResponse:
            override, version = await _override(change, request.override_id)
            if override.state == limit_pb2.OVERRIDE_STATE_REJECTED:
                raise _state("override_id", override.override_id, _state_name(override))
            _decide(override, OverrideState.REJECTED, caller, request.reason, now_ns)
            await change.add(override_record(override, version + 1, now_ns))
            return limit_service_pb2.RejectOverrideResponse(override=override)

        return await self._once(caller, limit_service_pb2.RejectOverrideResponse, work)

    # Trading states and stops.

    async def set_status(
        self, request: limit_service_pb2.SetTradingStatusRequest, caller: Caller
    ) -> limit_service_pb2.SetTradingStatusResponse:
        """Set the trading state of something."""

        async def work(
            change: ControlChange, now_ns: int
        ) -> limit_service_pb2.SetTradingStatusResponse:
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
            if target is StatusTarget.ACCOUNT:
                account = await change.lock_account(request.target_id)
                assert account is not None, "accounts are never deleted"
                await change.set_account(account.account_id, request.status, account.controls)
            record = limit_pb2.TradingStatusRecord(
                target=request.target,
                target_id=request.target_id,
                status=request.status,
                reason=request.reason,
                set_by=caller.subject,
                set_by_name=caller.username,
                set_at=timestamp(now_ns),
                version=1 if known is None else known.version + 1,
            )
            body = record.SerializeToString()
            scope = request.target_id if target is StatusTarget.ACCOUNT else ""
            await change.add(
                ControlRecord(
                    RecordKind.STATUS, name, record.version, name, scope, to_us(now_ns), 0, body
                )
            )
            return limit_service_pb2.SetTradingStatusResponse(record=record)

        return await self._once(caller, limit_service_pb2.SetTradingStatusResponse, work)

    async def enable(
        self, request: limit_service_pb2.EnableStrategyRequest, caller: Caller
    ) -> limit_service_pb2.EnableStrategyResponse:
        """Lift a stop of the repeated-execution throttle."""

        async def work(
            change: ControlChange, now_ns: int
        ) -> limit_service_pb2.EnableStrategyResponse:
            account = await change.lock_account(request.account_id)
            if account is None:
                raise account_not_found(request.account_id)
            state = read_state(account.controls)
            key = StrategyKey(request.strategy, request.instrument_id, int(request.side))
            stop = state.stops.pop(key, None)
            if stop is None:
                raise _not_found("strategy", request.strategy, "stop of it in this instrument")
            for name in [name for name in state.executions if name.endswith(f"|{key.text()}")]:
                del state.executions[name]
            await change.set_account(account.account_id, account.status, state_text(state, now_ns))
            answer = limit_service_pb2.EnableStrategyResponse(
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

        return await self._once(caller, limit_service_pb2.EnableStrategyResponse, work)


def _times(request: limit_service_pb2.SetLimitRequest, now_ns: int) -> tuple[int, int]:
    """Return from when a limit applies and until when; 0 for until further notice."""
    until_ns = from_timestamp(request.valid_until)
    # A field that is set counts, even if it is the beginning of 1970.
    given = request.HasField("valid_from")
    from_ns = from_timestamp(request.valid_from) if given else now_ns
    if from_ns < now_ns:
        raise invalid_field(
            "valid_from", timestamp(from_ns).ToJsonString(), "left out for now, or in the future"
        )
    if request.HasField("valid_until") and until_ns <= from_ns:
        raise invalid_field(
            "valid_until", timestamp(until_ns).ToJsonString(), "left out, or after valid_from"
        )
    return from_ns, until_ns


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


def _check_version(expected: int, version: int) -> None:
    if expected != version:
        raise refuse(
            "STALE_VERSION",
            f"expected_version is {expected}, the newest version is {version}",
            "expected_version",
            value=expected,
            version=version,
        )


async def _limit(change: ControlChange, limit_id: str) -> ControlRecord:
    known = await change.newest(RecordKind.LIMIT, limit_id)
    if known is None:
        raise _not_found("limit_id", limit_id, "such limit")
    return known


async def _override(change: ControlChange, override_id: str) -> tuple[limit_pb2.Override, int]:
    known = await change.newest(RecordKind.OVERRIDE, override_id)
    if known is None:
        raise _not_found("override_id", override_id, "such override")
    return limit_pb2.Override.FromString(known.body), known.version


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


def _not_found(field: str, value: str, what: str) -> MeshError:
    return refuse(
        "OBJECT_NOT_FOUND", f"{field} is {value!r}: there is no {what}", field, value=value
    )


def _state(field: str, value: str, state: str) -> MeshError:
    return refuse("OBJECT_STATE", f"{field} {value} is {state}", field, value=value, state=state)
