"""KillSwitchService: engage, release, mass cancel, report, watch."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

from kernel.clock import Clock
from kernel.ulid import valid_ulid
from mesh.auth.access import Access, user
from mesh.auth.tokens import Principal
from mesh.errors import MeshError
from mesh.rpc.call import Call
from mesh.streams.life import StreamLife
from ordermesh.oms.v1 import kill_switch_pb2 as kill
from ordermesh.oms.v1 import kill_switch_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from svc_oms.api.kill_scope import Reader, require_met, require_scope, resolved
from svc_oms.api.orders.order_requests import body_hash
from svc_oms.api.paging import page_id
from svc_oms.service.audit.refusal_entries import call_action
from svc_oms.service.codec.kill_messages import pull_message, scope_value, switch_message
from svc_oms.service.directory.known_ids import KnownIds
from svc_oms.service.directory.user_names import person_of
from svc_oms.service.errors import reaching_database
from svc_oms.service.kill.block_view import BlockView
from svc_oms.service.kill.kill_switches import EngageOrder, KillSwitches, not_found
from svc_oms.service.ports.control_ports import ControlStore
from svc_oms.service.ports.kill_ports import SwitchKind, SwitchRow
from svc_oms.service.readiness import Readiness

SERVICE = "ordermesh.oms.v1.KillSwitchService"
ACCESS: dict[str, Access] = {
    # A TRADER only for a scope that names one of its accounts.
    "Engage": user("RISK", "OPERATOR", "TRADER"),
    "MassCancel": user("RISK", "OPERATOR", "TRADER"),
    "ProposeRelease": user("RISK"),
    "ApproveRelease": user("RISK"),
    # A TRADER sees switches whose scope names one of its accounts, or that can block it.
    "List": user("RISK", "OPERATOR", "AUDITOR", "TRADER"),
    "Get": user("RISK", "OPERATOR", "AUDITOR", "TRADER"),
    "Watch": user("RISK", "OPERATOR", "AUDITOR", "TRADER"),
}

PAGE_SWITCHES_DEFAULT = 100
PAGE_ORDERS_DEFAULT = 200


class KillSwitchServicer:
    """See the comments in kill_switch_service.proto."""

    def __init__(
        self,
        readiness: Readiness,
        switches: KillSwitches,
        known_ids: KnownIds,
        controls: ControlStore,
        clock: Clock,
    ) -> None:
        self._readiness = readiness
        self._switches_of_record = switches
        self._known_ids = known_ids
        self._controls = controls
        self._clock = clock

    @property
    def _board(self) -> KillSwitches:
        return self._switches_of_record

    async def Engage(  # noqa: N802
        self, request: pb.EngageRequest, call: Call
    ) -> pb.EngageResponse:
        """Engage a switch."""
        row, duplicate = await self._engage(request, call, SwitchKind.SWITCH, drill=request.drill)
        return pb.EngageResponse(kill_switch=switch_message(row), duplicate=duplicate)

    async def MassCancel(  # noqa: N802
        self, request: pb.MassCancelRequest, call: Call
    ) -> pb.MassCancelResponse:
        """Cancel everything in scope."""
        row, duplicate = await self._engage(request, call, SwitchKind.MASS_CANCEL)
        return pb.MassCancelResponse(kill_switch=switch_message(row), duplicate=duplicate)

    async def _engage(
        self,
        request: pb.EngageRequest | pb.MassCancelRequest,
        call: Call,
        kind: int,
        *,
        drill: bool = False,
    ) -> tuple[SwitchRow, bool]:
        self._readiness.require()
        principal = call.user
        require_scope(request.scope, principal)
        order = EngageOrder(
            kind,
            request.idempotency_key,
            body_hash(request),
            scope_value(request.scope),
            request.reason,
            person_of(principal),
            call_action(call, request, request.scope.account_id),
            drill,
        )
        with reaching_database():
            try:
                scope = await resolved(request.scope, principal, self._known_ids)
                await require_met(scope, principal, self._known_ids)
                order = replace(order, scope=scope_value(scope))
            except MeshError:
                # What was known by its open orders only may be gone since it was engaged.
                if not await self._board.kills.has_key(principal.subject, order.idempotency_key):
                    raise
            return await self._board.engage(order)

    async def _reader(self, principal: Principal) -> Reader:
        reader = Reader(principal)
        if reader.sees_all:
            return reader
        names = sorted(principal.accounts)
        return Reader(principal, tuple(await self._controls.account_rows(names)))

    async def ProposeRelease(  # noqa: N802
        self, request: pb.ProposeReleaseRequest, call: Call
    ) -> pb.ProposeReleaseResponse:
        """Propose a release."""
        with reaching_database():
            row = await self._board.propose_release(
                request.switch_id,
                person_of(call.user),
                request.reason,
                call_action(call, request),
            )
        return pb.ProposeReleaseResponse(kill_switch=switch_message(row))

    async def ApproveRelease(  # noqa: N802
        self, request: pb.ApproveReleaseRequest, call: Call
    ) -> pb.ApproveReleaseResponse:
        """Release, as the second person."""
        with reaching_database():
            row = await self._board.approve_release(
                request.switch_id, person_of(call.user), call_action(call, request)
            )
        return pb.ApproveReleaseResponse(kill_switch=switch_message(row))

    async def List(  # noqa: N802
        self, request: pb.KillSwitchServiceListRequest, call: Call
    ) -> pb.KillSwitchServiceListResponse:
        """Return a page of switches, newest first."""
        size = request.page_size or PAGE_SWITCHES_DEFAULT
        with reaching_database():
            reader = await self._reader(call.user)
            rows = await self._board.kills.switches(
                page_id(request.page_token),
                size + 1,
                in_force_only=request.in_force_only,
                account_ids=None if reader.sees_all else sorted(call.user.accounts),
                trader=call.user.subject,
            )
        page = rows[:size]
        return pb.KillSwitchServiceListResponse(
            kill_switches=[reader.message(row) for row in page],
            next_page_token=page[-1].switch_id if len(rows) > size else "",
        )

    async def Get(  # noqa: N802
        self, request: pb.KillSwitchServiceGetRequest, call: Call
    ) -> pb.KillSwitchServiceGetResponse:
        """Return the report of one switch."""
        size = request.page_size or PAGE_ORDERS_DEFAULT
        kills, switch_id = self._board.kills, request.switch_id
        with reaching_database():
            row = await kills.switch(switch_id) if valid_ulid(switch_id) else None
            reader = await self._reader(call.user)
            if row is None or not reader.sees(row):
                raise not_found(switch_id)
            after = page_id(request.page_token)
            accounts = reader.accounts_of(row)
            pulls = await kills.pulls(switch_id, after, size + 1, request.outcomes, accounts)
        page = pulls[:size]
        return pb.KillSwitchServiceGetResponse(
            kill_switch=reader.message(row),
            orders=[pull_message(pull) for pull in page],
            next_page_token=page[-1].order_id if len(pulls) > size else "",
        )

    async def Watch(  # noqa: N802
        self, request: pb.KillSwitchServiceWatchRequest, call: Call
    ) -> AsyncIterator[pb.KillSwitchServiceWatchResponse]:
        """Stream switches: a snapshot, then every change."""
        self._readiness.require()
        with reaching_database():
            reader = await self._reader(call.user)
        watch = _Watch(self._switches_of_record.blocks, self._clock, reader)
        async for items in watch.frames(call, request.heartbeat_s):
            yield pb.KillSwitchServiceWatchResponse(items=items)


class _Watch:
    """One reader of switches."""

    def __init__(self, blocks: BlockView, clock: Clock, reader: Reader) -> None:
        self._blocks = blocks
        self._clock = clock
        self._reader = reader
        self._seen: dict[str, int] = {}

    async def frames(self, call: Call, heartbeat_s: int) -> AsyncIterator[list[pb.KillSwitchItem]]:
        """Yield the items of each frame."""
        wake = asyncio.Event()
        self._blocks.join(wake)
        try:
            with StreamLife(call, self._clock, heartbeat_s, wake.set) as life:
                snapshot = [pb.KillSwitchItem(snapshot=switch) for switch in self._moved()]
                done = stream_pb2.SnapshotComplete(item_count=len(snapshot))
                yield [*snapshot, pb.KillSwitchItem(snapshot_complete=done)]
                while not life.is_over:
                    wake.clear()
                    changed = [pb.KillSwitchItem(changed=switch) for switch in self._moved()]
                    if changed:
                        life.put_off_heartbeat()
                        yield changed
                    if life.heartbeat_due():
                        yield [pb.KillSwitchItem(heartbeat=life.heartbeat())]
                    await wake.wait()
                yield [pb.KillSwitchItem(drain=life.drain())]
                raise life.end_error("this stream ends in good order; open another")
        finally:
            self._blocks.leave(wake)

    def _moved(self) -> Iterator[kill.KillSwitch]:
        for row in self._blocks.rows:
            if self._seen.get(row.switch_id) != row.revision and self._reader.sees(row):
                self._seen[row.switch_id] = row.revision
                yield self._reader.message(row)
