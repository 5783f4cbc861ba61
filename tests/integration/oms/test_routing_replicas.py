"""Two replicas that route at the same time; prices that come late, or that one replica loses."""

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb2
from ordermesh.oms.v1 import order_pb2
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from tests.support.oms import Client, Gateway, replica, verified
from tests.support.routed import FREE, IOC, KEY, MICS, Routed
from tests.support.routing_prices import routing_prices
from tests.support.waiting import until

S = order_pb2.OrderState
OPEN = {S.ORDER_STATE_NEW, S.ORDER_STATE_PARTIALLY_FILLED}
PARENTS = 12


@asynccontextmanager
async def two_replicas(url, tls):
    """Two replicas, each with prices of its own; the gateways are linked with the first."""
    async with AsyncExitStack() as stack:
        prices, meshes, venues = [], [], {}
        for _ in range(2):
            shown, target = await stack.enter_async_context(routing_prices(tls))
            prices.append(shown)
            running = await stack.enter_async_context(replica(url, tls, marketdata_target=target))
            user = await stack.enter_async_context(running.channel())
            mesh = Routed(running, Client(user), venues)
            # Here a stream of prices that ends is the real thing.
            del mesh.books.silent
            meshes.append(mesh)
        peer = await stack.enter_async_context(meshes[0].running.channel("svc-gateway"))
        for mic in MICS:
            venue = venues[mic] = Gateway(peer, f"{mic.lower()}-orders", mic, f"test-{mic}")
            await venue.open(fees=[FREE])
            stack.push_async_callback(venue.close)
        for mesh in meshes:
            up = mesh.running.book.venues.up
            await until(lambda up=up: up() == set(MICS), "both venues up")
        yield prices, meshes


async def test_another_replica_goes_on_with_an_order_when_one_has_lost_its_prices(book_url, tls):
    async with two_replicas(book_url, tls) as (prices, (first, second)):
        prices[0].show(offers={"SIMA": "300@650.05"})
        prices[1].show(offers={"SIMB": "500@650.10"})
        parent = await first.place(quantity="300", time_in_force=IOC)
        child = await first.command("SIMA")
        prices[0].silent = True
        await until(lambda: not first.books.book(KEY).listings, "the first has no prices")
        await first.acknowledge("SIMA", child)
        await first.fill("SIMA", child, "100")
        await first.end("SIMA", child, "100")
        rest = await first.command("SIMB")
        assert rest.terms.quantity == "200"
        await first.acknowledge("SIMB", rest)
        await first.fill("SIMB", rest)
        await second.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
        await first.proven(parent.order_id)
    await verified(book_url)


class Market:
    """Venues that execute all, some or nothing of an order, or reject it; executions by order."""

    def __init__(self, mesh):
        self.mesh, self.chance = mesh, random.Random(5)
        self.executed = {}

    async def answer(self, mic, seen):
        while True:
            command = await self.mesh.command(mic, seen)
            seen += 1
            assert command.order_id not in self.executed
            quantity = int(command.terms.quantity)
            part = self.chance.choice([0, quantity // 2, quantity])
            self.executed[command.order_id] = part
            await self.mesh.acknowledge(mic, command)
            if part:
                await self.mesh.fill(mic, command, str(part))
            if part < quantity:
                await self.mesh.end(mic, command, str(part))


@pytest.mark.timeout(240)
async def test_two_replicas_route_at_the_same_time_on_the_same_account(book_url, tls):
    async with two_replicas(book_url, tls) as (prices, meshes):
        for shown in prices:
            shown.show(offers={"SIMA": "200@650.05 200@650.10", "SIMB": "150@650.05 200@650.10"})
        market = Market(meshes[0])
        answering = [asyncio.create_task(market.answer(mic, 0)) for mic in MICS]
        placing = [
            meshes[number % 2].place(f"k{number}", quantity="300", time_in_force=IOC)
            for number in range(PARENTS)
        ]
        parents = await asyncio.gather(*placing)
        for number, parent in enumerate(parents):
            # Each is read where it was not placed.
            mesh = meshes[(number + 1) % 2]
            async with asyncio.timeout(120):
                while (order := (await mesh.client.get(parent.order_id)).order).progress.state in (
                    OPEN
                ):
                    await asyncio.sleep(0.05)
            answer = await mesh.proven(parent.order_id)
            executed = sum(market.executed[child.order_id] for child in answer.children)
            assert order.progress.cum_quantity == str(executed)
            assert executed <= 300
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
    await verified(book_url)


async def test_the_first_routed_order_of_a_flow_waits_for_the_book_of_its_instrument(book_url, tls):
    async with two_replicas(book_url, tls) as (prices, (mesh, _)):
        prices[0].show(offers={"SIMA": "300@650.05"})
        request = mesh.request("k1", quantity="300", time_in_force=IOC)
        call = mesh.client.flows.Flow(metadata=mesh.client.metadata)
        await call.write(flow_pb2.FlowRequest(open=flow_pb2.FlowOpen(results_only=True)))
        commands = [flow_pb2.FlowCommand(correlation_id=7, place=request)]
        await call.write(flow_pb2.FlowRequest(commands=commands))
        async with asyncio.timeout(20):
            while not (results := (await call.read()).results):
                continue
        assert results[0].HasField("accepted"), results
        call.cancel()


async def test_children_that_ended_before_the_last_decision_are_not_read(book_url, tls):
    async with two_replicas(book_url, tls) as (prices, (mesh, _)):
        prices[0].show(offers={"SIMA": "300@650.05"})
        parent = await mesh.place(quantity="300", time_in_force=IOC)
        first = await mesh.command("SIMA")
        prices[0].show(offers={"SIMB": "500@650.10"})
        await until(lambda: mesh.books.book(KEY).listings["ASML.SIMB"].offers, "the newest book")
        await mesh.acknowledge("SIMA", first)
        await mesh.end("SIMA", first)
        second = await mesh.command("SIMB")
        store = await PostgresStore.connect(book_url)
        async with store.transaction() as transaction:
            rows = await transaction.groups([("ACC-ALICE", parent.order_id)])
        await store.close()
        assert {row.order_id for row in rows} == {parent.order_id, second.order_id}
        assert first.order_id not in {row.order_id for row in rows}
        await mesh.acknowledge("SIMB", second)
        await mesh.fill("SIMB", second)
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
    await verified(book_url)
