"""Every change that a person makes to a control is in the audit log, with it and only with it."""

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.clock import SystemClock
from ordermesh.oms.v1 import audit_service_pb2, kill_switch_pb2, limit_pb2, order_pb2
from ordermesh.oms.v1 import kill_switch_service_pb2 as kill_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh.oms.v1 import session_service_pb2 as session_pb2
from ordermesh.oms.v1.audit_service_pb2_grpc import AuditServiceStub
from ordermesh.oms.v1.kill_switch_service_pb2_grpc import KillSwitchServiceStub
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from ordermesh.oms.v1.session_service_pb2_grpc import SessionServiceStub
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.ports import AccountInfo, AuditFilter
from tests.support.oms import AUDREY, MINT, OSCAR, RAVI, RITA, trading, verified
from tests.support.tokens import bearer

OLGA = bearer(MINT.mint_token("olga", roles=("OPERATOR",), accounts=()))
WHY = "because of the test"
ACCOUNT = limit_pb2.LimitRange(scope=limit_pb2.LIMIT_SCOPE_ACCOUNT, scope_id="ACC-ALICE")


async def actions(channel) -> list[audit_service_pb2.AuditEntry]:
    request = audit_service_pb2.AuditServiceListRequest(kind=audit_service_pb2.AUDIT_KIND_ACTION)
    return list((await AuditServiceStub(channel).List(request, metadata=AUDREY)).entries)


def soon() -> Timestamp:
    stamp = Timestamp()
    stamp.FromNanoseconds(SystemClock().now_ns() + 600 * 10**9)
    return stamp


class Office:
    """Makes every change of a control once, in an order in which each is possible."""

    def __init__(self, channel) -> None:
        self._limits = LimitServiceStub(channel)
        self._kills = KillSwitchServiceStub(channel)
        self._sessions = SessionServiceStub(channel)

    async def limits(self):
        """Yield the rpc's name, who called, the key and a text that the entry must have."""
        limits = self._limits
        values = limit_pb2.LimitValues(quantity="100")
        request = pb.SetLimitRequest(
            idempotency_key="l1", kind=1, range=ACCOUNT, values=values, reason=WHY
        )
        limit = (await limits.SetLimit(request, metadata=RITA)).limit
        yield "LimitService/SetLimit", "rita", "l1", f"limit {limit.limit_id} version 1"
        request.idempotency_key, request.expected_version = "l2", 1
        request.values.quantity = "200"
        change = (await limits.SetLimit(request, metadata=RITA)).proposed
        yield "LimitService/SetLimit", "rita", "l2", f"change {change.change_id} (set_limit"
        confirm = pb.ConfirmChangeRequest(idempotency_key="l3", change_id=change.change_id)
        await limits.ConfirmChange(confirm, metadata=RAVI)
        yield "LimitService/ConfirmChange", "ravi", "l3", "version 2: MAX_ORDER_QUANTITY"
        end = pb.EndLimitRequest(
            idempotency_key="l4", limit_id=limit.limit_id, expected_version=2, reason=WHY
        )
        change = (await limits.EndLimit(end, metadata=RITA)).proposed
        yield "LimitService/EndLimit", "rita", "l4", f"change {change.change_id} (end_limit"
        reject = pb.RejectChangeRequest(
            idempotency_key="l5", change_id=change.change_id, reason=WHY
        )
        await limits.RejectChange(reject, metadata=RAVI)
        yield "LimitService/RejectChange", "ravi", "l5", "is REJECTED"
        propose = pb.ProposeOverrideRequest(
            idempotency_key="o1", limit_id=limit.limit_id, account_id="ACC-ALICE",
            values=limit_pb2.LimitValues(quantity="300"), valid_until=soon(), reason=WHY,
        )  # fmt: skip
        override = (await limits.ProposeOverride(propose, metadata=RITA)).override
        yield "LimitService/ProposeOverride", "rita", "o1", f"override {override.override_id}"
        approve = pb.ApproveOverrideRequest(idempotency_key="o2", override_id=override.override_id)
        await limits.ApproveOverride(approve, metadata=RAVI)
        yield "LimitService/ApproveOverride", "ravi", "o2", "is APPROVED"
        withdraw = pb.RejectOverrideRequest(
            idempotency_key="o3", override_id=override.override_id, reason=WHY
        )
        await limits.RejectOverride(withdraw, metadata=RITA)
        yield "LimitService/RejectOverride", "rita", "o3", "is REJECTED"
        halt = pb.SetTradingStatusRequest(
            idempotency_key="s1", target=limit_pb2.TRADING_STATUS_TARGET_ACCOUNT,
            target_id="ACC-ALICE", status=order_pb2.ACCOUNT_STATUS_HALTED, reason=WHY,
        )  # fmt: skip
        await limits.SetTradingStatus(halt, metadata=RITA)
        yield "LimitService/SetTradingStatus", "rita", "s1", "account ACC-ALICE is HALTED"

    async def kills(self):
        kills, scope = self._kills, kill_switch_pb2.KillScope(account_id="ACC-BOB")
        engage = kill_pb2.EngageRequest(idempotency_key="k1", scope=scope, reason=WHY)
        switch_id = (await kills.Engage(engage, metadata=RITA)).kill_switch.switch_id
        yield "KillSwitchService/Engage", "rita", "k1", f"kill switch {switch_id} (account ACC-BOB)"
        drill = kill_pb2.EngageRequest(idempotency_key="k2", scope=scope, reason=WHY, drill=True)
        await kills.Engage(drill, metadata=OSCAR)
        yield "KillSwitchService/Engage", "oscar", "k2", "drill of kill switch"
        mass = kill_pb2.MassCancelRequest(idempotency_key="k3", scope=scope, reason=WHY)
        await kills.MassCancel(mass, metadata=OSCAR)
        yield "KillSwitchService/MassCancel", "oscar", "k3", "mass cancel"
        propose = kill_pb2.ProposeReleaseRequest(switch_id=switch_id, reason=WHY)
        await kills.ProposeRelease(propose, metadata=RITA)
        yield "KillSwitchService/ProposeRelease", "rita", "", f"release of kill switch {switch_id}"
        approve = kill_pb2.ApproveReleaseRequest(switch_id=switch_id)
        await kills.ApproveRelease(approve, metadata=RAVI)
        yield "KillSwitchService/ApproveRelease", "ravi", "", "released; proposed by Rita (rita)"

    async def sessions(self):
        sessions, name = self._sessions, "sima-orders"
        numbers = session_pb2.ProposeSequenceChangeRequest(
            session_id=name, next_sender_msg_seq_num=7, reason=WHY
        )
        proposed = (await sessions.ProposeSequenceChange(numbers, metadata=OSCAR)).action
        yield "SessionService/ProposeSequenceChange", "oscar", "", "SEQUENCES of session"
        reject = session_pb2.RejectSequenceChangeRequest(action_id=proposed.action_id, reason=WHY)
        await sessions.RejectSequenceChange(reject, metadata=OLGA)
        yield "SessionService/RejectSequenceChange", "olga", "", "is REJECTED"
        out = session_pb2.DisconnectRequest(session_id=name, reason=WHY)
        await sessions.Disconnect(out, metadata=OSCAR)
        yield "SessionService/Disconnect", "oscar", "", f"DISCONNECT of session {name}"


@pytest.mark.parametrize("part", ["limits", "kills", "sessions"])
async def test_each_change_has_one_entry_with_person_reason_and_request(part, book_url, tls):
    async with trading(book_url, tls) as (running, _, _), running.channel() as channel:
        known = {entry.entry_id for entry in await actions(channel)}
        async for command, actor, key, words in getattr(Office(channel), part)():
            (entry,) = (one for one in await actions(channel) if one.entry_id not in known)
            known.add(entry.entry_id)
            assert (entry.command, entry.actor, entry.idempotency_key) == (command, actor, key)
            assert (entry.actor_name, entry.peer.split()[0]) == (actor.title(), "envoy")
            assert words in entry.text
            approvals = ("ConfirmChange", "ApproveRelease", "ApproveOverride")
            if not command.endswith(approvals):
                assert WHY in entry.text
                assert WHY in entry.request
            assert entry.request.startswith("{")
    await verified(book_url)


async def test_the_same_key_again_changes_nothing_and_records_nothing(book_url, tls):
    async with trading(book_url, tls) as (running, _, _), running.channel() as channel:
        office = Office(channel)
        for _ in range(2):
            async for _ in office.limits():
                break
            async for _ in office.kills():
                break
        commands = [entry.command for entry in await actions(channel)]
        assert sorted(commands) == ["KillSwitchService/Engage", "LimitService/SetLimit"]


async def test_a_refused_change_is_a_refusal_with_its_request_and_no_action(book_url, tls):
    async with trading(book_url, tls) as (running, _, _), running.channel() as channel:
        request = pb.SetLimitRequest(
            idempotency_key="l1", kind=1, range=ACCOUNT, reason=WHY, expected_version=4,
            values=limit_pb2.LimitValues(quantity="100"),
        )  # fmt: skip
        with pytest.raises(grpc.aio.AioRpcError):
            await LimitServiceStub(channel).SetLimit(request, metadata=RITA)
        assert not await actions(channel)
        everything = audit_service_pb2.AuditServiceListRequest()
        (entry,) = (await AuditServiceStub(channel).List(everything, metadata=AUDREY)).entries
        assert entry.kind == audit_service_pb2.AUDIT_KIND_REFUSAL
        assert '"expected_version":4' in entry.request


async def test_an_account_is_recorded_when_it_is_made_or_changed(book_url):
    store = await PostgresStore.connect(book_url)
    info = AccountInfo("ACC-NEW", "New", "EUR", "DEMO", 1)
    for number, (account, created) in enumerate(
        [(info, True), (info, False), (info._replace(desk_id="CASH"), False)]
    ):
        entry = action(number + 1, "admin", "admin/ensure-account", f"step {number}")
        record = AuditLog("admin").recorder(entry)
        assert await store.ensure_account(account, record) is created
    rows, _ = await store.list_audit(AuditFilter(0, 0, "admin", "", "", (), 0, "", 10))
    texts = [audit_service_pb2.AuditEntry.FromString(body).text for _, body in rows]
    await store.close()
    assert sorted(texts) == ["step 0", "step 2"]
