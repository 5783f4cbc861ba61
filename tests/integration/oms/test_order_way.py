"""The whole way of an order: who did what, why, under which controls, with which FIX messages."""

import asyncpg
import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.clock import SystemClock
from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import audit_service_pb2, kill_switch_pb2, limit_pb2, order_pb2
from ordermesh.oms.v1 import kill_switch_service_pb2 as kill_pb2
from ordermesh.oms.v1 import limit_service_pb2 as limits_pb2
from ordermesh.oms.v1 import order_service_pb2 as pb
from ordermesh.oms.v1.audit_service_pb2_grpc import AuditServiceStub
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from tests.support.oms import ALICE, AUDREY, BOB, OSCAR, RITA, VERA, trading, verified

ACCOUNT = limit_pb2.LimitRange(scope=limit_pb2.LIMIT_SCOPE_ACCOUNT, scope_id="ACC-ALICE")
FIRM = limit_pb2.LimitRange(scope=limit_pb2.LIMIT_SCOPE_FIRM, scope_id="DEMO")


async def way(client, wanted: str, metadata=ALICE, at=None) -> pb.ShowOrderResponse:
    request = pb.ShowOrderRequest(id=wanted)
    if at is not None:
        request.at.CopyFrom(at)
    return await client.orders.ShowOrder(request, metadata=metadata)


async def refused(call) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await call
    return reason_of(refusal.value)[0]


def kinds(shown: pb.ShowOrderResponse) -> list[str]:
    return [
        str(step.event.WhichOneof("kind")) if step.HasField("event") else step.WhichOneof("what")
        for step in shown.steps
    ]


async def set_quantity(limits, quantity: str, version=0, scope=ACCOUNT) -> str:
    """Set MAX_ORDER_QUANTITY; return the id of the limit."""
    request = limits_pb2.SetLimitRequest(
        idempotency_key=f"{scope.scope_id}-{quantity}",
        kind=limit_pb2.LIMIT_KIND_MAX_ORDER_QUANTITY,
        range=scope,
        values=limit_pb2.LimitValues(quantity=quantity),
        reason="a test",
        expected_version=version,
    )
    return (await limits.SetLimit(request, metadata=RITA)).limit.limit_id


async def worked(client, gateway, key="k1"):
    """Place an order that the venue acknowledges."""
    order = (await client.place(key)).order
    command = await gateway.command(0)
    await gateway.send(gateway.acknowledged(command.cl_ord_id))
    await client.in_state(order.order_id, order_pb2.ORDER_STATE_NEW)
    return order, command


async def test_every_step_has_its_person_and_its_fix_message(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order, command = await worked(client, gateway)
        await gateway.send(
            gateway.report(
                command.cl_ord_id, "F", "1", last_quantity="40", last_price="650.05",
                cum_quantity="40", leaves_quantity="60",
            )
        )  # fmt: skip
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_PARTIALLY_FILLED)
        await client.cancel("c1", order.order_id)
        cancel = await gateway.command(1)
        await gateway.send(
            gateway.report(
                cancel.cl_ord_id, "4", "4", orig_cl_ord_id=command.cl_ord_id, cum_quantity="40",
                leaves_quantity="0",
            )
        )  # fmt: skip
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_CANCELED)
        shown = await way(client, order.order_id)
        assert kinds(shown) == [
            "accepted", "acknowledged", "executed", "cancel_requested", "canceled",
        ]  # fmt: skip
        by = [step.actor for step in shown.steps]
        assert by == ["alice", "venue:SIMA", "venue:SIMA", "alice", "venue:SIMA"]
        found = [(s.fix.outbound, s.fix.msg_type, s.fix.msg_seq_num) for s in shown.steps]
        assert found == [
            (True, "D", 0), (False, "8", 1), (False, "8", 2), (True, "F", 0), (False, "8", 3),
        ]  # fmt: skip
        new, _, fill, asked, _ = (step.fix.text for step in shown.steps)
        assert new.startswith(f"35=D|11={command.cl_ord_id}|1=ACC-ALICE|55=ASML|")
        assert "|54=1|38=100|44=650.05|59=0|" in new
        assert f"35=F|11={cancel.cl_ord_id}|41={command.cl_ord_id}|" in asked
        assert "|32=40|31=650.05|" in fill
        assert fill.startswith(f"35=8|34=2|11={command.cl_ord_id}|")
        assert all(step.at.seconds for step in shown.steps)
        assert [one.quantity for one in shown.executions] == ["40"]
        assert not shown.events_left_out
    await verified(book_url)


async def test_a_refused_command_is_a_step_with_its_whole_request(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order, _ = await worked(client, gateway)
        change = pb.ReplaceRequest(
            idempotency_key="r1",
            order_id=order.order_id,
            terms=order_pb2.OrderTerms(
                quantity="120", limit_price="650.01", time_in_force=order_pb2.TIME_IN_FORCE_DAY
            ),
        )
        assert await refused(client.orders.Replace(change, metadata=ALICE)) == "PRICE_OFF_TICK"
        for reader, whole in ((ALICE, False), (AUDREY, True)):
            step = (await way(client, order.order_id, reader)).steps[-1]
            assert (step.actor, step.actor_name) == ("alice", "Alice")
            assert step.entry.command == "OrderService/Replace"
            assert '"limit_price":"650.01"' in step.entry.request
            assert '"quantity":"120"' in step.entry.request
            # A trader does not see from where others call.
            assert bool(step.entry.peer) is bool(step.entry.roles) is whole


async def test_why_a_new_order_was_refused_and_under_which_limits(book_url, tls):
    """A refused request made no order: the id of its entry in the audit log names it."""
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        limits = LimitServiceStub(channel)
        limit = await set_quantity(limits, "50")
        assert await refused(client.place("k1")) == "MAX_QUANTITY_EXCEEDED"
        listed = await AuditServiceStub(channel).List(
            audit_service_pb2.AuditServiceListRequest(kind=audit_service_pb2.AUDIT_KIND_REFUSAL),
            metadata=AUDREY,
        )
        (entry,) = listed.entries
        assert '"instrument_id":"ASML.SIMA"' in entry.request
        for reader in (ALICE, VERA, AUDREY, OSCAR):
            shown = await way(client, entry.entry_id, reader)
            assert not shown.HasField("order")
            (step,), (controls,) = shown.steps, shown.controls
            assert (step.actor, step.entry.text) == ("alice", entry.text)
            assert limit in step.entry.text
            assert controls.checked == "OrderService/Place"
            counted = {one.limit.limit_id: one.limit.values.quantity for one in controls.limits}
            assert counted[limit] == "50"
        assert await refused(way(client, entry.entry_id, BOB)) == "ORDER_NOT_FOUND"


async def entries_of(channel) -> list[audit_service_pb2.AuditEntry]:
    """The refusals, oldest first."""
    wanted = audit_service_pb2.AuditServiceListRequest(kind=audit_service_pb2.AUDIT_KIND_REFUSAL)
    return list((await AuditServiceStub(channel).List(wanted, metadata=AUDREY)).entries)[::-1]


async def test_a_refused_change_is_judged_by_the_limits_of_its_order(book_url, tls):
    """The request of a change names an order, and that of a batch names several listings."""
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        order, _ = await worked(client, gateway)
        listed = limit_pb2.LimitRange()
        listed.CopyFrom(ACCOUNT)
        listed.instrument_id = "ASML.SIMA"
        limit = await set_quantity(LimitServiceStub(channel), "110", scope=listed)
        change = pb.ReplaceRequest(idempotency_key="r1", order_id=order.order_id)
        change.terms.CopyFrom(order.terms)
        change.terms.quantity = "120"
        assert await refused(client.orders.Replace(change, metadata=ALICE))
        batch = pb.PlaceBatchRequest(
            idempotency_key="b1",
            account_id="ACC-ALICE",
            orders=[
                client.request("b1a", quantity="120"),
                client.request("b1b", quantity="120", instrument_id="ASML.SIMB"),
            ],
            atomic=True,
        )
        answer = await client.orders.PlaceBatch(batch, metadata=ALICE)
        assert answer.results[0].rejection.text
        for entry in await entries_of(channel):
            shown = await way(client, entry.entry_id, AUDREY)
            limits = [
                {one.limit.limit_id for one in controls.limits} for controls in shown.controls
            ]
            about = "ASML.SIMA" in entry.request or order.order_id in entry.request
            assert any(limit in each for each in limits) is about, entry


async def test_a_refused_request_shows_no_controls_of_an_account_of_others(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        order, _ = await worked(client, gateway)
        cancel = pb.CancelRequest(idempotency_key="c1", order_id=order.order_id)
        for call in (
            client.orders.Place(client.request("k2"), metadata=BOB),
            client.orders.Cancel(cancel, metadata=BOB),
        ):
            assert await refused(call)
        for entry in await entries_of(channel):
            shown = await way(client, entry.entry_id, BOB)
            assert [step.actor for step in shown.steps] == ["bob"]
            assert not shown.controls
            assert (await way(client, entry.entry_id, AUDREY)).controls


async def test_what_is_in_force_later_is_not_known(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order, _ = await worked(client, gateway)
        later = Timestamp()
        later.FromNanoseconds(SystemClock().now_ns() + 3600 * 10**9)
        assert await refused(way(client, order.order_id, at=later)) == "INVALID_FIELD"


async def test_whose_order_it_is_decides_who_sees_its_way(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order, _ = await worked(client, gateway)
        for reader in (ALICE, VERA, RITA, AUDREY):
            assert (await way(client, order.order_id, reader)).order.order_id == order.order_id
        # OPERATOR reads the audit log, and no orders.
        for reader in (BOB, OSCAR):
            assert await refused(way(client, order.order_id, reader)) == "ORDER_NOT_FOUND"
        for wanted in ("01JD0000000000000000000000", "no-such-order"):
            assert await refused(way(client, wanted)) == "ORDER_NOT_FOUND"


async def test_a_kill_switch_that_cancelled_is_named_with_its_person(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order, _ = await worked(client, gateway)
        scope = kill_switch_pb2.KillScope(account_id="ACC-ALICE")
        engaged = await client.kills.Engage(
            kill_pb2.EngageRequest(idempotency_key="e1", scope=scope, reason="wild orders"),
            metadata=RITA,
        )
        await gateway.command(1)
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_PENDING_CANCEL)
        shown = await way(client, order.order_id)
        step = shown.steps[-1]
        assert (step.event.WhichOneof("kind"), step.actor) == ("cancel_requested", "rita")
        assert engaged.kill_switch.switch_id in step.kill_switch
        assert "engaged by Rita (rita)" in step.kill_switch
        assert step.kill_switch.endswith("wild orders")
        # It was not in force when the order was accepted, and is now.
        (accepted,) = shown.controls
        assert not accepted.kill_switches
        now = (await way(client, order.order_id, at=step.at)).controls[-1]
        assert now.checked == "asked"
        assert [one.switch_id for one in now.kill_switches] == [engaged.kill_switch.switch_id]


async def test_what_was_in_force_at_a_time_stays_what_it_was(book_url, tls):
    """Limits, a status and a kill switch that changed later: the earlier time shows the earlier."""
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        limit = await set_quantity(limits, "500")
        wide = await set_quantity(limits, "400", scope=FIRM)
        order, _ = await worked(client, gateway)
        await set_quantity(limits, "200", version=1)
        halted = limits_pb2.SetTradingStatusRequest(
            idempotency_key="s1",
            target=limit_pb2.TRADING_STATUS_TARGET_INSTRUMENT,
            target_id="ASML.SIMA",
            status=order_pb2.ACCOUNT_STATUS_HALTED,
            reason="news",
        )
        record = (await limits.SetTradingStatus(halted, metadata=RITA)).record
        shown = await way(client, order.order_id, at=record.set_at)
        accepted, asked = shown.controls
        for at, quantity, statuses in ((accepted, "500", []), (asked, "200", ["news"])):
            (one,) = (e for e in at.limits if e.limit.kind == 1)
            assert (one.limit.limit_id, one.limit.values.quantity) == (limit, quantity)
            assert [status.reason for status in at.statuses] == statuses
            (dead,) = at.replaced
            assert dead.limit.limit_id == wide
            assert [by.limit_id for by in dead.replaced_by] == [limit]
            assert dead.replaced_by[0].wholly
        listed = await limits.ListLimits(
            limits_pb2.ListLimitsRequest(account_id="ACC-ALICE", at=record.set_at), metadata=ALICE
        )
        assert [one.reason for one in listed.statuses] == ["news"]
        assert [one.limit.limit_id for one in listed.replaced] == [wide]
        before = await limits.ListLimits(
            limits_pb2.ListLimitsRequest(account_id="ACC-ALICE", at=accepted.at), metadata=ALICE
        )
        assert not before.statuses
        assert {one.values.quantity for one in before.limits} == {"500", "400"}


async def test_a_parked_report_is_shown_whole_and_without_passwords(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order, command = await worked(client, gateway)
        raw = f"8=FIX.4.4\x0135=8\x0111={command.cl_ord_id}\x01554=secret\x01925=next\x0158=x\x01"
        parked = gw.ParkedMessage(
            msg_type="8", raw=raw.encode(), error="no tag", cl_ord_id=command.cl_ord_id
        )
        await gateway.send(gateway.message(parked=parked))
        await gateway.applied()
        shown = await way(client, order.order_id)
        assert "venue_report_parked" in kinds(shown)
        (step,) = (s for s in shown.steps if s.fix.msg_seq_num == 2 and "58=x" in s.fix.text)
        assert "554=***|925=***|58=x" in step.fix.text
        assert "secret" not in str(shown)
        assert "next" not in step.fix.text


async def test_events_that_are_gone_are_counted(book_url, tls):
    """What retention has taken is not there; the way says how many events it lacks."""
    async with trading(book_url, tls) as (_, client, gateway):
        order, _ = await worked(client, gateway)
        connection = await asyncpg.connect(book_url)
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            "DELETE FROM oms.order_events WHERE order_id = $1 AND sequence = $2",
            order.order_id,
            order.created_sequence,
        )
        await connection.close()
        shown = await way(client, order.order_id)
        assert (shown.events_left_out, kinds(shown)) == (1, ["acknowledged"])
