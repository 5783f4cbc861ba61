"""LimitService: changes of limits, and reads."""

from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from kernel.nanoseconds import to_us
from mesh.auth.access import Access, user
from mesh.auth.tokens import Principal
from mesh.errors import refuse
from mesh.rpc.call import Call
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import kill_switch_pb2, limit_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.api.kill_scope import Reader
from svc_oms.api.orders.order_requests import body_hash
from svc_oms.api.paging import page_id
from svc_oms.domain.controls.limits.limit_values import StatusTarget, desk_name
from svc_oms.domain.kill_switches import Scope, reaches
from svc_oms.service.as_of.book_in_the_past import BookInThePast
from svc_oms.service.audit.refusal_entries import call_action
from svc_oms.service.codec.control_records import position_message
from svc_oms.service.controls.changes.change_parts import Caller
from svc_oms.service.controls.changes.limit_changes import LimitChanges
from svc_oms.service.controls.controls_at import ControlsInThePast
from svc_oms.service.controls.controls_in_force import ControlsInForce
from svc_oms.service.controls.limit_usage import usage
from svc_oms.service.errors import account_not_found, invalid_field
from svc_oms.service.ports.control_ports import ControlRecord, RecordKind
from svc_oms.service.ports.rows.records import PositionRow
from svc_oms.service.readiness import Readiness
from svc_oms.service.reads.checked_reads import CheckedReads

SERVICE = "ordermesh.oms.v1.LimitService"
ACCESS: dict[str, Access] = {
    "SetLimit": user("RISK"),
    "EndLimit": user("RISK"),
    "ProposeOverride": user("RISK"),
    "ApproveOverride": user("RISK"),
    "RejectOverride": user("RISK"),
    "SetTradingStatus": user("RISK"),
    "EnableStrategy": user("RISK"),
    "ConfirmChange": user("RISK"),
    "RejectChange": user("RISK"),
    # Each account's reads decide whose limits the caller may see.
    "ListLimits": user(),
    "ListLimitHistory": user(),
    "GetUsage": user(),
    "ListPositions": user(),
    "ListOverrides": user(),
    "ListProposedChanges": user(),
    "ListTradingStatus": user(),
}

READS_ALL = frozenset({"RISK", "AUDITOR", "OPERATOR"})
PAGE_DEFAULT = 100
VERSIONS_PAGE_MAX = 1000
STATUSES_MAX = 1000
POSITIONS_MAX = 10_000

_SCOPED_TARGETS = frozenset({StatusTarget.ACCOUNT.value, StatusTarget.FIRM.value})

Answer = TypeVar("Answer", bound=Message)


class LimitServicer:
    """See the comments in limit_service.proto."""

    def __init__(
        self,
        readiness: Readiness,
        changes: LimitChanges,
        controls: ControlsInForce,
        past: ControlsInThePast,
        book: BookInThePast,
        reads: CheckedReads,
    ) -> None:
        self._readiness = readiness
        self._past = past
        self._book = book
        self._reads = reads
        self._changes = changes
        self._controls = controls

    # Changes.

    async def SetLimit(self, request: pb.SetLimitRequest, call: Call) -> pb.SetLimitResponse:  # noqa: N802
        """Set a limit, or a new version of it; propose a looser one."""
        return await self._changed(self._changes.set_limit(request, _caller(request, call)))

    async def EndLimit(self, request: pb.EndLimitRequest, call: Call) -> pb.EndLimitResponse:  # noqa: N802
        """End a limit now, or propose to."""
        return await self._changed(self._changes.end_limit(request, _caller(request, call)))

    async def ProposeOverride(  # noqa: N802
        self, request: pb.ProposeOverrideRequest, call: Call
    ) -> pb.ProposeOverrideResponse:
        """Propose other values for a limited time."""
        return await self._changed(self._changes.propose(request, _caller(request, call)))

    async def ApproveOverride(  # noqa: N802
        self, request: pb.ApproveOverrideRequest, call: Call
    ) -> pb.ApproveOverrideResponse:
        """Put an override into effect."""
        return await self._changed(self._changes.approve(request, _caller(request, call)))

    async def RejectOverride(  # noqa: N802
        self, request: pb.RejectOverrideRequest, call: Call
    ) -> pb.RejectOverrideResponse:
        """Reject an override, or withdraw one."""
        return await self._changed(self._changes.reject(request, _caller(request, call)))

    async def SetTradingStatus(  # noqa: N802
        self, request: pb.SetTradingStatusRequest, call: Call
    ) -> pb.SetTradingStatusResponse:
        """Set a trading state; propose a looser one."""
        return await self._changed(self._changes.set_status(request, _caller(request, call)))

    async def EnableStrategy(  # noqa: N802
        self, request: pb.EnableStrategyRequest, call: Call
    ) -> pb.EnableStrategyResponse:
        """Let a stopped strategy trade again."""
        return await self._changed(self._changes.enable(request, _caller(request, call)))

    async def ConfirmChange(  # noqa: N802
        self, request: pb.ConfirmChangeRequest, call: Call
    ) -> pb.ConfirmChangeResponse:
        """Carry out a proposed change."""
        return await self._changed(self._changes.confirm(request, _caller(request, call)))

    async def RejectChange(  # noqa: N802
        self, request: pb.RejectChangeRequest, call: Call
    ) -> pb.RejectChangeResponse:
        """Reject a proposed change, or withdraw it."""
        return await self._changed(self._changes.reject_change(request, _caller(request, call)))

    async def _changed(self, work: Awaitable[Answer]) -> Answer:
        with self._readiness.reaching():
            return await work

    # Reads.

    async def ListLimits(self, request: pb.ListLimitsRequest, call: Call) -> pb.ListLimitsResponse:  # noqa: N802
        """List limits in force, and what else was in force with them."""
        at_ns = from_timestamp(request.at) if request.HasField("at") else self._changes.now_ns()
        at_us = to_us(at_ns)
        size = request.page_size or PAGE_DEFAULT
        after = page_id(request.page_token)
        past, account_id = self._past, request.account_id
        with self._readiness.reaching():
            scopes = await self._scopes(account_id, call.user)
            every = [
                each for each in await past.limits(at_us, scopes) if request.kind in {0, each.kind}
            ]
            found = [each for each in every if each.limit_id > after]
            page = found[:size]
            answer = pb.ListLimitsResponse(
                limits=page, replaced=await past.replaced(page, every, account_id)
            )
            if len(found) > size:
                answer.next_page_token = page[-1].limit_id
            if not after:
                accounts = None if scopes is None else [account_id] if account_id else scopes
                answer.overrides.extend(await past.overrides(at_us, accounts, every))
                answer.statuses.extend(await self._statuses_at(at_us, scopes))
                answer.kill_switches.extend(await self._switches_at(at_us, account_id, call.user))
        return answer

    async def _statuses_at(
        self, at_us: int, scopes: list[str] | None
    ) -> list[limit_pb2.TradingStatusRecord]:
        found = await self._past.statuses(at_us, scopes)
        return [
            one
            for one in found
            if scopes is None or one.target not in _SCOPED_TARGETS or one.target_id in scopes
        ]

    async def _switches_at(
        self, at_us: int, account_id: str, reader: Principal
    ) -> list[kill_switch_pb2.KillSwitch]:
        """Return the kill switches that were in force, as far as the reader may see them."""
        names = [account_id] if account_id else sorted(reader.accounts)
        rows = tuple(await self._changes.store.account_rows(names))
        owners = [(one.firm_id, one.desk_id, one.account_id) for one in rows]
        sees = Reader(reader, rows)
        return [
            sees.message(row)
            for row in await self._past.switches(at_us)
            if sees.sees(row) and (not account_id or reaches(Scope(*row.scope), owners))
        ]

    async def ListLimitHistory(  # noqa: N802
        self, request: pb.ListLimitHistoryRequest, call: Call
    ) -> pb.ListLimitHistoryResponse:
        """List every version of a limit."""
        with self._readiness.reaching():
            rows = await self._changes.store.history(
                RecordKind.LIMIT, request.limit_id, request.after_version, VERSIONS_PAGE_MAX
            )
            scopes = await self._scopes("", call.user)
        if scopes is not None:
            rows = [row for row in rows if row.scope_id in scopes]
        if not rows and not request.after_version:
            raise refuse(
                "OBJECT_NOT_FOUND",
                f"limit_id is {request.limit_id!r}: there is no such limit of your accounts",
                "limit_id",
                value=request.limit_id,
            )
        return pb.ListLimitHistoryResponse(
            versions=[limit_pb2.Limit.FromString(row.body) for row in rows]
        )

    async def GetUsage(self, request: pb.GetUsageRequest, call: Call) -> pb.GetUsageResponse:  # noqa: N802
        """Return how much of each limit an account has used."""
        _require_view(call.user, request.account_id)
        now_ns = self._changes.now_ns()
        with self._readiness.reaching():
            picture = await self._changes.store.picture(request.account_id, to_us(now_ns))
        if picture is None:
            raise account_not_found(request.account_id)
        return usage(self._controls, picture, now_ns)

    async def ListPositions(self, request: pb.ListPositionsRequest, call: Call) -> bytes:  # noqa: N802
        """List an account's positions, as a ListPositionsResponse."""
        _require_view(call.user, request.account_id)

        async def load() -> bytes:
            await self._require_known(request.account_id)
            return _positions(await self._changes.store.positions(request.account_id))

        with self._readiness.reaching():
            if not request.HasField("as_of"):
                return await self._reads.answer("ListPositions", request.account_id, b"", load)
            await self._require_known(request.account_id)
            at_ns = self._book.check(request.as_of)
            return _positions(await self._book.positions(request.account_id, at_ns))

    async def ListOverrides(  # noqa: N802
        self, request: pb.ListOverridesRequest, call: Call
    ) -> pb.ListOverridesResponse:
        """List overrides, newest first."""
        size = request.page_size or PAGE_DEFAULT
        state = str(request.state) if request.state else ""
        accounts: list[str] | None
        with self._readiness.reaching():
            if request.account_id:
                _require_view(call.user, request.account_id)
                await self._require_known(request.account_id)
                accounts = [request.account_id]
            else:
                accounts = None if _reads_all(call.user) else sorted(call.user.accounts)
            rows = await self._changes.store.newest_first(
                RecordKind.OVERRIDE, page_id(request.page_token), accounts, state, size + 1
            )
        page = [limit_pb2.Override.FromString(row.body) for row in rows[:size]]
        more = page[-1].override_id if len(rows) > size else ""
        return pb.ListOverridesResponse(overrides=page, next_page_token=more)

    async def ListProposedChanges(  # noqa: N802
        self, request: pb.ListProposedChangesRequest, call: Call
    ) -> pb.ListProposedChangesResponse:
        """List proposed changes, newest first."""
        size = request.page_size or PAGE_DEFAULT
        state = str(request.state) if request.state else ""
        with self._readiness.reaching():
            scopes = await self._scopes(request.account_id, call.user)
            if scopes is not None:
                # Those of listings and venues concern every account.
                scopes = ["", *scopes]
            rows = await self._changes.store.newest_first(
                RecordKind.PROPOSED_CHANGE, page_id(request.page_token), scopes, state, size + 1
            )
        page = [pb.ProposedChange.FromString(row.body) for row in rows[:size]]
        more = page[-1].change_id if len(rows) > size else ""
        return pb.ListProposedChangesResponse(changes=page, next_page_token=more)

    async def ListTradingStatus(  # noqa: N802
        self, request: pb.ListTradingStatusRequest, call: Call
    ) -> pb.ListTradingStatusResponse:
        """List trading states."""
        _require_both(request)
        store = self._changes.store
        with self._readiness.reaching():
            if request.target:
                name = f"{StatusTarget(request.target).name}:{request.target_id}"
                rows = await store.history(RecordKind.STATUS, name, 0, STATUSES_MAX)
            else:
                rows = await store.newest_first(RecordKind.STATUS, "", None, "", STATUSES_MAX)
        records = [limit_pb2.TradingStatusRecord.FromString(row.body) for row in _seen(rows, call)]
        return pb.ListTradingStatusResponse(records=records)

    async def _scopes(self, account_id: str, reader: Principal) -> list[str] | None:
        """Return the accounts, desks and firms whose limits are requested and may be seen."""
        if account_id:
            _require_view(reader, account_id)
            names = [account_id]
        elif _reads_all(reader):
            return None
        else:
            names = sorted(reader.accounts)
        rows = await self._changes.store.account_rows(names)
        if account_id and not rows:
            raise account_not_found(account_id)
        desks = {desk_name(row.firm_id, row.desk_id) for row in rows}
        return sorted({*names, *desks, *(row.firm_id for row in rows)} - {""})

    async def _require_known(self, account_id: str) -> None:
        if not await self._changes.store.account_rows([account_id]):
            raise account_not_found(account_id)


def _positions(rows: Sequence[PositionRow]) -> bytes:
    return pb.ListPositionsResponse(
        positions=[position_message(row) for row in rows[:POSITIONS_MAX]]
    ).SerializeToString()


def _caller(request: Any, call: Call) -> Caller:
    return Caller(
        call.user.subject,
        request.idempotency_key,
        body_hash(request),
        call.user.username,
        call_action(call, request),
    )


def _reads_all(reader: Principal) -> bool:
    return not READS_ALL.isdisjoint(reader.roles)


def _require_view(reader: Principal, account_id: str) -> None:
    if not _reads_all(reader):
        reader.require_view(account_id)


def _require_both(request: pb.ListTradingStatusRequest) -> None:
    """Refuse half a target: the answer would look as if no state had ever been set.

    Raises:
        MeshError: INVALID_FIELD.
    """
    if bool(request.target) == bool(request.target_id):
        return
    field, other = ("target_id", "target") if request.target else ("target", "target_id")
    raise invalid_field(field, "", f"given with {other}")


def _seen(rows: list[ControlRecord], call: Call) -> list[ControlRecord]:
    """Leave out the states of accounts that are not the caller's."""
    if _reads_all(call.user):
        return rows
    return [row for row in rows if row.scope_id in {"", *call.user.accounts}]
