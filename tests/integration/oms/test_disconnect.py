"""Cancel on disconnect: a lost flow's orders go once, a resumed or disarmed one's stay."""

import asyncio

import asyncpg
import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import audit_service_pb2 as audit_pb2
from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb2
from ordermesh.oms.v1 import order_pb2
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.disconnect import flow_guards as disconnect
from tests.integration.oms.test_audit import entries
from tests.support.oms import ALICE, BOB, MINT, VERA, WAIT_S, Client, Gateway, replica, trading
from tests.support.oms_process import oms_process
from tests.support.tokens import bearer
from tests.support.waiting import until

PENDING_CANCEL = order_pb2.ORDER_STATE_PENDING_CANCEL


async def end_of(call) -> str:
    """Read until the server ends the call; return why it does."""

    async def read_on() -> None:
        while await call.read() is not grpc.aio.EOF:
            pass

    async with asyncio.timeout(WAIT_S):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await read_on()
    return reason_of(error.value)[0]


class Flow:
    """A flow as a client has it."""

    def __init__(self, client: Client, metadata=ALICE) -> None:
        self._call = client.flows.Flow(metadata=metadata)
        self.guard = None

    async def open(self, grace_s: int | None = 0, name: str = "algo-1") -> flow_pb2.FlowGuard:
        """Open, guarded unless the grace is None, and return the first word on the guard."""
        opened = flow_pb2.FlowOpen(results_only=True)
        if grace_s is not None:
            opened.cancel_on_disconnect.grace_s = grace_s
            opened.cancel_on_disconnect.session_name = name
        await self._call.write(flow_pb2.FlowRequest(open=opened))
        return await self.said()

    async def said(self) -> flow_pb2.FlowGuard:
        async with asyncio.timeout(WAIT_S):
            frame = await self._call.read()
            while frame is not grpc.aio.EOF and not frame.HasField("guard"):
                frame = await self._call.read()
        assert frame is not grpc.aio.EOF, await self._call.details()
        return frame.guard

    async def disarm(self) -> flow_pb2.FlowGuard:
        await self._call.write(flow_pb2.FlowRequest(disarm=True))
        return await self.said()

    async def ended(self) -> str:
        """Wait for the server to end it; return why."""
        return await end_of(self._call)

    def vanish(self) -> None:
        self._call.cancel()


async def guards(book_url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(book_url)
    rows = await connection.fetch("SELECT * FROM oms.disconnect_guards ORDER BY holder")
    await connection.close()
    return rows


async def no_guards(book_url: str, states: tuple[int, ...] = (1, 2, 3)) -> None:
    """Wait until no guard is left that may fire."""
    async with asyncio.timeout(WAIT_S):
        while any(row["state"] in states for row in await guards(book_url)):
            await asyncio.sleep(0.02)


async def cancels(gateway: Gateway, count: int) -> list[gw.VenueCommand]:
    def found() -> list[gw.VenueCommand]:
        kind = gw.VENUE_COMMAND_KIND_CANCEL
        return [c for c in gateway.commands if c.kind == kind]

    await until(lambda: len(found()) >= count, f"{count} cancels")
    return found()


async def test_a_lost_flow_takes_its_orders_with_it(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        flow = Flow(client)
        said = await flow.open()
        assert (said.armed, said.grace_s, said.session_name) == (True, 0, "algo-1")
        assert (list(said.account_ids), said.resumed) == (["ACC-ALICE"], False)
        orders = [(await client.place(f"k{index}")).order for index in range(3)]
        flow.vanish()
        sent = await cancels(gateway, 3)
        assert {c.order_id for c in sent} == {o.order_id for o in orders}
        order = await client.in_state(orders[0].order_id, PENDING_CANCEL)
        assert order.placed_by == "alice"
        await no_guards(book_url)
        (entry,) = await entries(channel)
        assert (entry.kind, entry.actor) == (audit_pb2.AUDIT_KIND_ACTION, disconnect.ACTOR)
        assert entry.metadata["cancelled"] == "3"
        assert "'algo-1' of alice was lost" in entry.text
    store = await PostgresStore.connect(book_url)
    events = [decode_event(row.payload) for row in await store.events("ACC-ALICE", 3, 100)]
    await store.close()
    assert [event.stamp.actor for event in events[:3]] == [disconnect.ACTOR] * 3


async def test_orders_of_others_stay(book_url, tls):
    anna = bearer(MINT.mint_token("anna"))
    async with trading(book_url, tls) as (_, client, gateway):
        flow = Flow(client)
        await flow.open()
        await client.orders.Place(client.request("a1"), metadata=anna)
        await client.orders.Place(client.request("b1", account_id="ACC-BOB"), metadata=BOB)
        mine = (await client.place("k1")).order.order_id
        flow.vanish()
        await no_guards(book_url)
        assert [c.order_id for c in await cancels(gateway, 1)] == [mine]


async def test_disarm_lets_orders_stay(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        flow = Flow(client)
        await flow.open()
        order = (await client.place("k1")).order
        said = await flow.disarm()
        assert not said.armed
        flow.vanish()
        await no_guards(book_url)
        other = Flow(client)
        assert not (await other.open()).resumed
        await other.disarm()
        assert [c.order_id for c in gateway.commands] == [order.order_id]


async def test_disarm_without_a_guard_ends_the_flow(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        call = client.flows.Flow(metadata=ALICE)
        opened = flow_pb2.FlowOpen(results_only=True)
        await call.write(flow_pb2.FlowRequest(open=opened, disarm=True))
        assert await end_of(call) == "OBJECT_STATE"


async def test_a_flow_that_comes_back_in_time_keeps_its_orders_on_another_replica(book_url, tls):
    async with (
        trading(book_url, tls) as (_, client, gateway),
        replica(book_url, tls) as second,
        second.channel() as channel,
    ):
        flow = Flow(client)
        await flow.open(grace_s=30)
        await client.place("k1")
        flow.vanish()
        async with asyncio.timeout(WAIT_S):
            while [row["state"] for row in await guards(book_url)] != [2]:
                await asyncio.sleep(0.01)
        back = Flow(Client(channel))
        assert (await back.open(grace_s=0)).resumed
        assert [row["state"] for row in await guards(book_url)] == [1]
        # The lost one's grace does not matter any more; the new one's is none.
        back.vanish()
        await cancels(gateway, 1)


async def test_two_flows_of_one_name_are_one_session(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        first, second = Flow(client), Flow(client)
        await first.open()
        await second.open()
        await client.place("k1")
        first.vanish()
        async with asyncio.timeout(WAIT_S):
            while len(await guards(book_url)) > 1:
                await asyncio.sleep(0.01)
        assert len(gateway.commands) == 1
        second.vanish()
        await cancels(gateway, 1)


async def test_a_server_that_drains_is_no_disconnect(book_url, tls):
    async with replica(book_url, tls) as other, other.channel() as channel:
        async with trading(book_url, tls) as (stopping, client, _gateway):
            flow = Flow(client)
            await flow.open(grace_s=0)
            await client.place("k1")
            stop = asyncio.create_task(stopping.server.stop())
            assert await flow.ended() == "DRAINING"
            await stop
        (row,) = await guards(book_url)
        assert row["state"] == 2
        assert (row["due_at"] - row["seen_at"]).total_seconds() >= disconnect.SERVER_END_GRACE_S - 1
        back = Flow(Client(channel))
        assert (await back.open(grace_s=0)).resumed
        await back.disarm()


async def test_a_killed_replica_is_found_by_another_and_swept_once(book_url, tls, tmp_path):
    async with (
        trading(book_url, tls) as (one, client, gateway),
        replica(book_url, tls),
        oms_process(book_url, tls, tmp_path) as doomed,
        one.channel() as channel,
    ):
        async with doomed.channel() as far:
            flow = Flow(Client(far))
            await flow.open(grace_s=0)
            orders = [(await client.place(f"k{index}")).order.order_id for index in range(5)]
            doomed.kill()
            sent = await cancels(gateway, 5)
        assert sorted(c.order_id for c in sent) == sorted(orders)
        await no_guards(book_url)
        # Both live replicas looked; each order was asked for once, and one of them said so.
        assert len(await cancels(gateway, 5)) == 5
        assert len(await entries(channel, actor=disconnect.ACTOR)) == 1


@pytest.mark.long
async def test_a_flow_that_moved_from_a_killed_replica_keeps_its_orders(book_url, tls, tmp_path):
    async with (
        trading(book_url, tls) as (_, client, gateway),
        oms_process(book_url, tls, tmp_path) as doomed,
        doomed.channel() as far,
    ):
        flow = Flow(Client(far))
        await flow.open(grace_s=0)
        await client.place("k1")
        doomed.kill()
        back = Flow(client)
        await back.open(grace_s=0)
        async with asyncio.timeout(WAIT_S):
            while len(await guards(book_url)) > 1:
                await asyncio.sleep(0.05)
        await back.disarm()
        assert len(gateway.commands) == 1


async def test_an_accounts_default_guards_every_flow_and_bounds_wishes(book_url, tls):
    store = await PostgresStore.connect(book_url)
    assert await store.guards().set_default("ACC-ALICE", 2)
    assert not await store.guards().set_default("ACC-NONE", 2)
    await store.close()
    async with trading(book_url, tls) as (_, client, gateway):
        await client.place("k1")
        unasked, asked = Flow(client), Flow(client)
        assert (await unasked.open(None)).grace_s == 2
        assert (await asked.open(300, "algo-2")).grace_s == 2
        assert (await asked.disarm()).session_name == "algo-2"
        unasked.vanish()
        await cancels(gateway, 1)


@pytest.mark.parametrize(
    ("user", "change", "reason"),
    [
        (VERA, {}, "PERMISSION_DENIED"),
        (ALICE, {"grace_s": -1}, "INVALID_FIELD"),
        (ALICE, {"grace_s": 301}, "INVALID_FIELD"),
        (ALICE, {"session_name": "a b"}, "INVALID_FIELD"),
        (ALICE, {"session_name": "n" * 65}, "INVALID_FIELD"),
    ],
)
async def test_bad_wishes_are_refused(book_url, tls, user, change, reason):
    async with trading(book_url, tls) as (_, client, _gateway):
        opened = flow_pb2.FlowOpen(results_only=True)
        opened.cancel_on_disconnect.CopyFrom(flow_pb2.CancelOnDisconnect(**change))
        call = client.flows.Flow(metadata=user)
        await call.write(flow_pb2.FlowRequest(open=opened))
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call.read()
        assert reason_of(error.value)[0] == reason
        assert not await guards(book_url)


async def test_guards_of_one_user_are_bounded(book_url, tls, monkeypatch):
    monkeypatch.setattr(disconnect, "GUARDS_PER_USER_MAX", 1)
    async with trading(book_url, tls) as (_, client, _gateway):
        first, second = Flow(client), Flow(client)
        await first.open()
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await second.open(name="algo-2")
        assert reason_of(error.value)[0] == "OVERLOADED"
        await first.disarm()


async def test_a_guard_fired_over_a_living_flow_ends_it(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        flow = Flow(client)
        await flow.open()
        connection = await asyncpg.connect(book_url)
        await connection.execute("DELETE FROM oms.disconnect_guards")
        await connection.close()
        assert await flow.ended() == "OBJECT_STATE"
