"""Parked messages and statements: seen by those who may, settled by a named person, recorded."""

import asyncio

import grpc.aio
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import audit_service_pb2, order_pb2, order_service_pb2, statement_pb2
from ordermesh.oms.v1 import parked_service_pb2 as pb
from ordermesh.oms.v1.audit_service_pb2_grpc import AuditServiceStub
from ordermesh.oms.v1.parked_service_pb2_grpc import ParkedServiceStub
from tests.support.oms import (
    ALICE,
    AUDREY,
    BOB,
    OSCAR,
    RAVI,
    RITA,
    Client,
    Gateway,
    Replica,
    trading,
    verified,
)  # fmt: skip

WHY = "seen on the venue's screen, ticket 7"
RAW = b"8=FIX.4.4\x0135=8\x0137=V-9\x0117=E9\x0132=ten\x01"
FILLED, CANCELED = order_pb2.ORDER_STATE_FILLED, order_pb2.ORDER_STATE_CANCELED


async def refusal(call) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    reason, metadata = reason_of(error.value)
    return reason, f"{metadata.get('field', '')} {error.value.details()}"


class Desk:
    """The stubs of the people at work."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.parked = ParkedServiceStub(channel)
        self.audit = AuditServiceStub(channel)

    async def listed(self, who=RITA, **wanted) -> list[pb.ParkedItem]:
        request = pb.ParkedServiceListRequest(**wanted)
        return list((await self.parked.List(request, metadata=who)).items)

    async def apply(self, parked_id: int, order_id: str = "", who=RITA):
        request = pb.ParkedServiceApplyRequest(parked_id=parked_id, order_id=order_id, reason=WHY)
        return await self.parked.Apply(request, metadata=who)

    async def discard(self, parked_id: int, who=RITA):
        request = pb.ParkedServiceDiscardRequest(parked_id=parked_id, reason=WHY)
        return (await self.parked.Discard(request, metadata=who)).item

    async def commands(self) -> list[str]:
        """The commands in the audit log, oldest first."""
        request = audit_service_pb2.AuditServiceListRequest(
            kind=audit_service_pb2.AUDIT_KIND_ACTION
        )
        entries = (await self.audit.List(request, metadata=RITA)).entries
        return [one.command for one in reversed(entries)]


async def working(client: Client, gateway: Gateway, key: str = "k1", **changes) -> str:
    order_id = (await client.place(key, **changes)).order.order_id
    await gateway.send(gateway.acknowledged(f"{order_id}-1"))
    await client.in_state(order_id, order_pb2.ORDER_STATE_NEW)
    return order_id


def stated(order_id: str, holds: int, *fills: tuple[str, str, str], **fields):
    executions = [
        order_service_pb2.FoundExecution(exec_id=name, quantity=quantity, price=price)
        for name, quantity, price in fills
    ]
    return order_service_pb2.ResolveRequest(
        **{"idempotency_key": "r1"} | fields, order_id=order_id, venue_holds=holds,
        executions=executions, reason=WHY,
    )  # fmt: skip


def odd(gateway: Gateway, order_id: str, exec_id: str = "F1") -> gw.VenueMessage:
    """A fill whose price cannot be read."""
    return gateway.filled(f"{order_id}-1", exec_id=exec_id, last_price="6.5.0")


async def test_a_message_that_nobody_can_read_is_seen_by_risk_and_stated_or_discarded(
    book_url, tls
):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        desk = Desk(channel)
        order_id = await working(client, gateway)
        raw = gw.ParkedMessage(msg_type="8", raw=RAW, error="LastQty(32) 'ten'")
        await gateway.send(gateway.message(parked=raw), gateway.message(parked=raw))
        await gateway.applied()
        second, first = await desk.listed()
        assert first.parked_id < second.parked_id
        assert (first.session_id, first.msg_type, first.why) == (
            "sima-orders", "8", "LastQty(32) 'ten'",
        )  # fmt: skip
        assert first.state == pb.PARKED_STATE_OPEN
        shown = await desk.parked.Get(
            pb.ParkedServiceGetRequest(parked_id=first.parked_id), metadata=RITA
        )
        assert shown.fix_text == "8=FIX.4.4|35=8|37=V-9|17=E9|32=ten|"
        assert (shown.as_received, shown.can_apply) == (True, False)
        # It is of no account: traders know nothing of it, an operator that it exists.
        assert await desk.listed(ALICE) == []
        assert len(await desk.listed(OSCAR)) == 2
        for who in (ALICE, OSCAR):
            get = desk.parked.Get(
                pb.ParkedServiceGetRequest(parked_id=first.parked_id), metadata=who
            )
            assert (await refusal(get))[0] == "OBJECT_NOT_FOUND"
        for who in (ALICE, OSCAR, AUDREY):
            assert (await refusal(desk.discard(first.parked_id, who)))[0] == "PERMISSION_DENIED"
            call = desk.apply(first.parked_id, who=who)
            assert (await refusal(call))[0] == "PERMISSION_DENIED"
        reason, text = await refusal(desk.apply(first.parked_id))
        assert (reason, "the gateway could not read it" in text) == ("OBJECT_STATE", True)
        # What it means for an order without any other sign needs an anomaly of the order first.
        request = stated(
            order_id, order_service_pb2.VENUE_HOLDS_FILLED, ("E9", "100", "650"),
            parked_id=first.parked_id,
        )  # fmt: skip
        assert (await refusal(client.orders.Resolve(request, metadata=RITA)))[0] == "OBJECT_STATE"
        await gateway.send(odd(gateway, order_id))
        await gateway.applied()
        answer = await client.orders.Resolve(request, metadata=RITA)
        assert answer.order.progress.state == FILLED
        assert (await desk.discard(second.parked_id)).state == pb.PARKED_STATE_DISCARDED
        reason, text = await refusal(desk.discard(second.parked_id))
        assert (reason, "DISCARDED" in text) == ("OBJECT_STATE", True)
        settled = {one.parked_id: one for one in await desk.listed(all_states=True)}
        assert settled[first.parked_id].state == pb.PARKED_STATE_APPLIED
        assert settled[first.parked_id].order_id == order_id
        assert (settled[second.parked_id].settled_by, settled[second.parked_id].reason) == (
            "rita", WHY,
        )  # fmt: skip
        assert await desk.commands() == ["Resolve", "DiscardParked"]
    await verified(book_url)


async def test_a_parked_report_hangs_on_its_order_and_its_trader_sees_both(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        desk = Desk(channel)
        order_id = await working(client, gateway)
        await gateway.send(odd(gateway, order_id))
        await gateway.applied()
        (item,) = await desk.listed(ALICE)
        assert (item.order_id, item.account_id) == (order_id, "ACC-ALICE")
        assert await desk.listed(ALICE, order_id=order_id) == [item]
        assert await desk.listed(ALICE, session_id="simb-orders") == []
        shown = await desk.parked.Get(
            pb.ParkedServiceGetRequest(parked_id=item.parked_id), metadata=ALICE
        )
        assert f"|11={order_id}-1|" in shown.fix_text
        assert "|31=6.5.0" in shown.fix_text
        # Another trader does not see it, and may not ask for the account.
        assert await desk.listed(BOB) == []
        call = desk.parked.Get(pb.ParkedServiceGetRequest(parked_id=item.parked_id), metadata=BOB)
        assert (await refusal(call))[0] == "OBJECT_NOT_FOUND"
        call = desk.listed(BOB, account_id="ACC-ALICE")
        assert (await refusal(call))[0] == "ACCOUNT_NOT_ALLOWED"
        order = (await client.get(order_id)).order
        assert (order.anomaly_count, order.progress.cum_quantity) == (1, "0")
        # The end may be stated, too, for an order that is in no doubt.
        request = stated(order_id, order_service_pb2.VENUE_HOLDS_CANCELED, parked_id=item.parked_id)
        answer = await client.orders.Resolve(request, metadata=RITA)
        assert answer.order.progress.state == CANCELED
        assert await desk.listed() == []
    await verified(book_url)


async def test_what_had_no_order_is_interpreted_again_for_the_order_a_person_names(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        desk = Desk(channel)
        mine, other = await working(client, gateway), await working(client, gateway, "k2")
        await gateway.send(
            gateway.filled("DESK-7", "40", "40", "60", exec_id="F1", venue_order_id="ELSE")
        )
        await gateway.applied()
        (item,) = await desk.listed()
        reason, text = await refusal(desk.apply(item.parked_id))
        assert (reason, "still does not fit" in text) == ("OBJECT_STATE", True)
        for nobody in ("01JD8QZ5T0000000000000000A", "x"):
            assert (await refusal(desk.apply(item.parked_id, nobody)))[0] == "ORDER_NOT_FOUND"
        # Nothing of a refusal stays.
        assert (await desk.listed()) == [item]
        applied = await desk.apply(item.parked_id, mine)
        assert (applied.order.order_id, applied.order.progress.cum_quantity) == (mine, "40")
        assert (applied.item.order_id, applied.item.account_id) == (mine, "ACC-ALICE")
        assert (await refusal(desk.apply(item.parked_id, mine)))[0] == "OBJECT_STATE"
        found = await client.get(mine)
        assert [one.exec_id for one in found.executions] == ["F1"]
        assert (await client.get(other)).order.progress.cum_quantity == "0"
        # The same execution under another number changes nothing any more.
        await gateway.send(
            gateway.filled("DESK-8", "40", "40", "60", exec_id="F1", venue_order_id="ELSE")
        )
        await gateway.applied()
        (again,) = await desk.listed()
        reason, text = await refusal(desk.apply(again.parked_id, mine))
        assert (reason, "it changes nothing" in text) == ("OBJECT_STATE", True)
        assert await desk.commands() == ["ApplyParked"]
    await verified(book_url)


async def test_an_unsolicited_order_is_opened_by_a_person(book_url, tls):
    described = gw.ToldOrder(account_id="ACC-BOB", symbol="ASML", side="1", order_type="2")
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        desk = Desk(channel)
        report = gateway.report(
            "", "0", "0", venue_order_id="PHONE-1", limit_price="650", leaves_quantity="100",
            cum_quantity="0", told=described,
        )  # fmt: skip
        fill = gateway.filled(
            "", "40", "40", "60", exec_id="F1", venue_order_id="PHONE-1", told=described
        )
        await gateway.send(report, fill)
        await gateway.applied()
        second, first = await desk.listed()
        assert "telephone_accounts" in first.why
        opened = await desk.apply(first.parked_id)
        assert opened.order.origin == order_pb2.ORDER_ORIGIN_VENUE
        assert opened.order.account_id == "ACC-BOB"
        filled = await desk.apply(second.parked_id)
        assert filled.order.order_id == opened.order.order_id
        assert filled.order.progress.cum_quantity == "40"
        assert filled.order.anomaly_count == 0
        assert await desk.listed() == []
        del client
    await verified(book_url)


async def test_above_the_limit_a_second_person_confirms(book_url, tls):
    limit = {"statement_value_alone_max": "65000"}
    async with (
        trading(book_url, tls, **limit) as (running, client, gateway),
        running.channel() as channel,
    ):
        desk = Desk(channel)
        order_id = await working(client, gateway)
        await gateway.send(odd(gateway, order_id))
        await gateway.applied()
        (item,) = await desk.listed()
        # Priced at the order's limit, however low the stated price is.
        request = stated(
            order_id, order_service_pb2.VENUE_HOLDS_FILLED, ("F1", "100", "1"),
            parked_id=item.parked_id,
        )  # fmt: skip
        answer = await client.orders.Resolve(request, metadata=RITA)
        assert answer.order.progress.cum_quantity == "0"
        statement = answer.statement
        assert statement.state == statement_pb2.STATEMENT_STATE_PROPOSED
        assert (statement.value, statement.currency) == ("65005", "EUR")
        repeated = await client.orders.Resolve(request, metadata=RITA)
        assert repeated.duplicate
        assert repeated.statement == statement
        confirm = order_service_pb2.ConfirmStatementRequest(statement_id=statement.statement_id)
        call = client.orders.ConfirmStatement(confirm, metadata=RITA)
        assert (await refusal(call))[0] == "SECOND_PERSON_REQUIRED"
        call = client.orders.ConfirmStatement(confirm, metadata=ALICE)
        assert (await refusal(call))[0] == "PERMISSION_DENIED"
        assert await waiting_of(client, ALICE) == [statement]
        assert await waiting_of(client, BOB) == []
        done = await client.orders.ConfirmStatement(confirm, metadata=RAVI)
        assert done.order.progress.state == FILLED
        assert done.statement.state == statement_pb2.STATEMENT_STATE_CONFIRMED
        assert done.statement.decided_by == "ravi"
        assert await waiting_of(client, RITA) == []
        assert await desk.listed() == []
        again = await client.orders.ConfirmStatement(confirm, metadata=RAVI)
        assert again.order.progress.cum_quantity == "100"
        assert await desk.commands() == ["Resolve", "ConfirmStatement"]
    await verified(book_url)


async def waiting_of(client: Client, who) -> list[statement_pb2.Statement]:
    request = order_service_pb2.ListStatementsRequest(waiting_only=True)
    return list((await client.orders.ListStatements(request, metadata=who)).statements)


async def test_a_declined_statement_has_no_effect(book_url, tls):
    limit = {"statement_value_alone_max": "100"}
    async with (
        trading(book_url, tls, **limit) as (running, client, gateway),
        running.channel() as channel,
    ):
        desk = Desk(channel)
        order_id = await working(client, gateway)
        await gateway.send(odd(gateway, order_id))
        await gateway.applied()
        request = stated(order_id, order_service_pb2.VENUE_HOLDS_CANCELED)
        statement = (await client.orders.Resolve(request, metadata=RITA)).statement
        # The end of an order counts by what is left of it.
        assert statement.value == "65005"
        decline = order_service_pb2.DeclineStatementRequest(
            statement_id=statement.statement_id, reason=WHY
        )
        declined = await client.orders.DeclineStatement(decline, metadata=RITA)
        assert declined.statement.state == statement_pb2.STATEMENT_STATE_DECLINED
        confirm = order_service_pb2.ConfirmStatementRequest(statement_id=statement.statement_id)
        for call in (
            client.orders.ConfirmStatement(confirm, metadata=RAVI),
            client.orders.DeclineStatement(decline, metadata=RAVI),
        ):
            reason, text = await refusal(call)
            assert (reason, "DECLINED" in text) == ("OBJECT_STATE", True)
        order = (await client.get(order_id)).order
        assert order.progress.state == order_pb2.ORDER_STATE_NEW
        assert await desk.commands() == ["Resolve", "DeclineStatement"]
    await verified(book_url)


async def test_a_person_cannot_get_round_the_limit_by_naming_the_order(book_url, tls):
    limit = {"statement_value_alone_max": "100"}
    async with (
        trading(book_url, tls, **limit) as (running, client, gateway),
        running.channel() as channel,
    ):
        desk = Desk(channel)
        order_id = await working(client, gateway)
        await gateway.send(gateway.filled("DESK-7", exec_id="F1", venue_order_id="ELSE"))
        await gateway.applied()
        (item,) = await desk.listed()
        reason, text = await refusal(desk.apply(item.parked_id, order_id))
        assert (reason, "Resolve with parked_id" in text) == ("SECOND_PERSON_REQUIRED", True)
        assert (await client.get(order_id)).order.progress.cum_quantity == "0"


async def test_the_stream_shows_what_waits_to_those_who_may_see_it(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        await _the_stream(running, client, gateway, Desk(channel))


async def _the_stream(running: Replica, client: Client, gateway: Gateway, desk: Desk) -> None:
    del running
    order_id = await working(client, gateway)
    await gateway.send(odd(gateway, order_id))
    await gateway.applied()
    watch = pb.ParkedServiceWatchRequest(heartbeat_s=1)
    async with asyncio.timeout(20):
        ritas, bobs = (desk.parked.Watch(watch, metadata=who) for who in (RITA, BOB))
        first = await ritas.read()
        assert (first.parked.order_id, first.parked.state) == (order_id, pb.PARKED_STATE_OPEN)
        assert (await ritas.read()).HasField("snapshot_complete")
        assert (await bobs.read()).HasField("snapshot_complete")
        raw = gw.ParkedMessage(msg_type="8", raw=RAW, error="odd")
        await gateway.send(gateway.message(parked=raw))
        assert (await _news(ritas)).parked.why == "odd"
        await desk.discard(first.parked.parked_id)
        ended = (await _news(ritas)).parked
        assert (ended.parked_id, ended.state) == (
            first.parked.parked_id, pb.PARKED_STATE_DISCARDED,
        )  # fmt: skip
        # Nothing of it is for another account.
        assert (await bobs.read()).HasField("heartbeat")
        ritas.cancel()
        bobs.cancel()


async def _news(stream) -> pb.ParkedServiceWatchResponse:
    while (item := await stream.read()).HasField("heartbeat"):
        pass
    return item
