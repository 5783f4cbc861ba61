"""kill -9 of the OMS, and of the gateways, at each point of routing: nothing is lost or doubled."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import grpc
import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from tests.support.oms import Client, Gateway, verified
from tests.support.oms_process import oms_process
from tests.support.routed import FREE, GTC, IOC, MICS, POST, Routed
from tests.support.routing_prices import routing_prices
from tests.support.waiting import until

S = order_pb2.OrderState
CLOSED = {S.ORDER_STATE_FILLED, S.ORDER_STATE_CANCELED}
OFFERS = {"SIMA": "200@650.05", "SIMB": "100@650.05"}


class World(Routed):
    """An OMS that is killed, two venues with a gateway each, and a user who routes.

    Attributes:
        at_venue: ClOrdID(11) of every order that reached its venue, with its command.
        executed: How much each of them has executed.
        answered: ClOrdID(11) of every request that its venue has answered.
    """

    def __init__(self, url, oms):
        self.url, self.oms = url, oms
        self.client, self.venues, self._channels = None, {}, []
        self.at_venue, self.executed, self.answered = {}, {}, set()

    async def connect(self):
        user, peer = self.oms.channel(), self.oms.channel("svc-gateway")
        self._channels = [user, peer]
        self.client = Client(user)
        await self.dial()

    async def dial(self):
        """Let the gateways connect, as new processes with the sessions of the old ones."""
        for mic in MICS:
            venue = Gateway(self._channels[1], f"{mic.lower()}-orders", mic, f"test-{mic}")
            await venue.open(fees=[FREE])
            self.venues[mic] = venue

    async def close(self):
        for venue in self.venues.values():
            await venue.close()
        for channel in self._channels:
            await channel.close()

    async def send(self, mic, command):
        """The gateway sends an order to its venue, and reports that it did."""
        self.at_venue[command.cl_ord_id] = mic, command
        self.executed.setdefault(command.cl_ord_id, 0)
        await self.venues[mic].receipt(command)

    async def execute(self, mic, command):
        await self.acknowledge(mic, command)
        await self.fill(mic, command)
        self.executed[command.cl_ord_id] = int(command.terms.quantity)
        self.answered.add(command.cl_ord_id)

    async def kill_oms(self):
        self.oms.kill()
        await self.close()
        await self.oms.start_again()
        await self.connect()

    async def kill_gateways(self):
        for venue in self.venues.values():
            await venue.close()
        await self.dial()

    async def finish(self, order_id):
        """Let the venues answer all that they have, and all that still comes, until the end."""
        async with asyncio.timeout(60):
            while True:
                for name, (mic, command) in list(self.at_venue.items()):
                    if name not in self.answered:
                        await self.execute(mic, command)
                for mic, venue in self.venues.items():
                    for command in venue.commands:
                        if command.cl_ord_id in self.answered:
                            continue
                        await self.send(mic, command)
                        if command.kind == gw.VENUE_COMMAND_KIND_NEW:
                            await self.execute(mic, command)
                        else:
                            await self.cancelled(mic, command)
                parent = (await self.client.get(order_id)).order
                if parent.progress.state in CLOSED:
                    return parent
                await asyncio.sleep(0.02)

    async def cancelled(self, mic, command):
        """The venue has executed a third before it read the cancel."""
        child = next(c for _, c in self.at_venue.values() if c.cl_ord_id == command.orig_cl_ord_id)
        quantity = int(child.terms.quantity)
        part = self.executed[child.cl_ord_id] = quantity // 3
        self.answered |= {child.cl_ord_id, command.cl_ord_id}
        await self.fill(mic, child, str(part))
        venue = self.venues[mic]
        await venue.send(
            venue.report(
                command.cl_ord_id, "4", "4", order_quantity=str(quantity), cum_quantity=str(part),
                leaves_quantity="0", orig_cl_ord_id=child.cl_ord_id,
            )
        )  # fmt: skip


async def decided_not_committed(world, key, crash):
    """The decision is made and being written: nobody has it, and the key may be used again."""
    connection = await asyncpg.connect(world.url)
    lock = connection.transaction()
    await lock.start()
    await connection.execute("LOCK TABLE oms.routing_decisions IN SHARE MODE")
    placing = asyncio.create_task(world.place(key, time_in_force=IOC))
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'"
    async with asyncio.timeout(20):
        while not await connection.fetchval(waiting):
            await asyncio.sleep(0.02)
    if crash == world.kill_oms:
        world.oms.kill()
        with pytest.raises(grpc.aio.AioRpcError):
            await placing
        await lock.rollback()
        await connection.close()
        await world.close()
        await world.oms.start_again()
        await world.connect()
        assert not any(venue.commands for venue in world.venues.values())
        return await placed(world, key, time_in_force=IOC)
    await lock.rollback()
    await connection.close()
    await crash()
    return await placing


async def placed(world, key, **fields):
    """Place once prices have come."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await world.place(key, **fields)
            except grpc.aio.AioRpcError as error:
                assert "VENUE_UNAVAILABLE" in str(error), error
                await asyncio.sleep(0.1)


async def first_children(world, key):
    parent = await placed(world, key, time_in_force=IOC)
    return parent, [await new_command(world, mic, parent) for mic in MICS]


async def new_command(world, mic, parent):
    """Wait for the order's newest command to a venue."""

    def found():
        venue = world.venues[mic]
        return [c for c in venue.commands if c.order_id > parent.order_id]

    await until(found, "a command of the order")
    return found()[-1]


async def committed_not_sent(world, key, crash):
    parent, _ = await first_children(world, key)
    await crash()
    return parent


async def sent_not_acknowledged(world, key, crash):
    parent, children = await first_children(world, key)
    for mic, child in zip(MICS, children, strict=True):
        await world.send(mic, child)
    await crash()
    return parent


async def some_children_filled(world, key, crash):
    parent, children = await first_children(world, key)
    for mic, child in zip(MICS, children, strict=True):
        await world.send(mic, child)
    await world.execute(MICS[0], children[0])
    await world.venues[MICS[0]].applied()
    await crash()
    return parent


async def cancel_sent_not_acknowledged(world, key, crash):
    terms = {"limit": "640", "strategy": POST, "venues": ["SIMA"], "time_in_force": GTC}
    parent = await placed(world, key, **terms)
    child = await new_command(world, "SIMA", parent)
    await world.send("SIMA", child)
    await world.acknowledge("SIMA", child)
    await world.client.in_state(child.order_id, S.ORDER_STATE_NEW)
    await world.client.cancel(f"{key}-c", parent.order_id)
    await until(lambda: world.venues["SIMA"].commands[-1].orig_cl_ord_id, "the cancel")
    cancel = world.venues["SIMA"].commands[-1]
    await world.venues["SIMA"].receipt(cancel)
    await crash()
    await world.cancelled("SIMA", cancel)
    return parent


POINTS = (
    decided_not_committed,
    committed_not_sent,
    sent_not_acknowledged,
    some_children_filled,
    cancel_sent_not_acknowledged,
)


@asynccontextmanager
async def world_of(book_url, tls, folder):
    async with (
        routing_prices(tls) as (prices, target),
        oms_process(book_url, tls, folder, target) as oms,
    ):
        prices.show(offers=OFFERS)
        world = World(book_url, oms)
        await world.connect()
        yield world
        await world.close()


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", ["kill_oms", "kill_gateways"])
async def test_a_kill_at_each_point_of_routing(book_url, tls, tmp_path, who):
    async with world_of(book_url, tls, tmp_path) as world:
        for point in POINTS:
            world.at_venue.clear()
            world.executed.clear()
            world.answered.clear()
            key = point.__name__
            parent = await point(world, key, getattr(world, who))
            ended = await world.finish(parent.order_id)
            executed = sum(world.executed.values())
            assert ended.progress.cum_quantity == str(executed), point
            assert executed == (100 if point is cancel_sent_not_acknowledged else 300), point
            news = [c for _, c in world.at_venue.values() if not c.orig_cl_ord_id]
            assert len({c.order_id for c in news}) == len(news), point
            await world.proven(parent.order_id)
            await verified(book_url)
            # The next point has gateways that know nothing of this one.
            await world.kill_gateways()
