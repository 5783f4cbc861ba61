"""Limits while 64 callers on two replicas place, replace and cancel, and the venue executes.

The venue adds up by itself what it could still execute and what it has, with every command
it gets: that never passes the limit, whatever crosses what.
"""

import asyncio
import random
from decimal import Decimal

import grpc

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh.oms.v1 import order_service_pb2
from tests.integration.oms.test_limits_together import CALLERS, RITA, set_limit, two_replicas
from tests.support.oms import Client, Gateway, verified
from tests.support.oms_pair import all_sent
from tests.support.refusals import refusal

MOST = 3_000
STEPS_EACH = 6
# The chance that the venue waits before it answers the next command.
WAITS = 0.6
REFUSED = "POSITION_LIMIT_EXCEEDED"
REFUSALS = {
    REFUSED,
    "ORDER_CHANGE_PENDING",
    "ORDER_CLOSED",
    # The new quantity is executed already.
    "INVALID_FIELD",
}


class Venue:
    """Answers every command after a while, executes some, and knows what it could still execute."""

    def __init__(self, gateway: Gateway, chance: random.Random) -> None:
        self.gateway, self.chance = gateway, chance
        self.worst: dict[str, Decimal] = {}
        self.executed: dict[str, Decimal] = {}
        self.most = Decimal(0)
        # OrderStatusRequest(H). They change nothing at a venue, and so are not counted.
        self.questions: list[gw.VenueCommand] = []
        self.done = asyncio.Event()

    async def run(self) -> None:
        received = answered = 0
        commands = self.gateway.commands
        while not self.done.is_set() or answered < len(commands):
            for command in commands[received:]:
                self.receive(command)
            received = len(commands)
            if answered == received or self.chance.random() < WAITS:
                await asyncio.sleep(0.001)
                continue
            await self.take(commands[answered])
            answered += 1
        await self.gateway.applied()

    def receive(self, command: gw.VenueCommand) -> None:
        """Count what a command allows the venue to execute, before it is answered."""
        if command.kind in {gw.VENUE_COMMAND_KIND_NEW, gw.VENUE_COMMAND_KIND_REPLACE}:
            wanted = Decimal(command.terms.quantity)
            self.worst[command.order_id] = max(wanted, self.worst.get(command.order_id, wanted))
            self.most = max(self.most, sum(self.worst.values(), Decimal(0)))

    async def take(self, command: gw.VenueCommand) -> None:
        order_id = command.order_id
        if command.kind == gw.VENUE_COMMAND_KIND_CANCEL:
            if self.worst[order_id] == self.executed[order_id]:
                return await self.send(command, "too late")
            ordered, self.worst[order_id] = self.worst[order_id], self.executed[order_id]
            return await self.send(
                command, "4", "4", order_quantity=f"{ordered}", leaves_quantity="0"
            )
        if command.kind == gw.VENUE_COMMAND_KIND_STATUS:
            self.questions.append(command)
            return None
        wanted = Decimal(command.terms.quantity)
        cum = self.executed.setdefault(order_id, Decimal(0))
        if command.kind == gw.VENUE_COMMAND_KIND_REPLACE:
            # Less than is executed cannot be granted.
            granted = self.worst[order_id] = max(wanted, cum)
            left = granted - cum
            status = "2" if not left else "1" if cum else "0"
            await self.send(
                command, "5", status, order_quantity=f"{granted}", leaves_quantity=f"{left}"
            )
        if self.chance.random() < 0.5 and cum < wanted:
            await self.fill(command, wanted)
        return None

    async def fill(self, command: gw.VenueCommand, wanted: Decimal) -> None:
        cum = self.executed[command.order_id]
        quantity = Decimal(self.chance.randint(1, int(wanted - cum)))
        self.executed[command.order_id] = cum + quantity
        left = wanted - cum - quantity
        filled = self.gateway.filled(
            command.cl_ord_id,
            f"{quantity}",
            f"{cum + quantity}",
            f"{left}",
            order_quantity=f"{wanted}",
        )
        await self.gateway.send(filled)

    async def send(self, command: gw.VenueCommand, exec_type: str, *status: str, **fields) -> None:
        cum = f"{self.executed[command.order_id]}"
        if not status:
            reject = gw.OrderCancelReject(
                cl_ord_id=command.cl_ord_id,
                orig_cl_ord_id=command.orig_cl_ord_id,
                ord_status="2",
                response_to="1",
                cxl_rej_reason=0,
                text=exec_type,
            )
            await self.gateway.send(self.gateway.message(order_cancel_reject=reject))
            return
        report = self.gateway.report(
            command.cl_ord_id,
            exec_type,
            *status,
            orig_cl_ord_id=command.orig_cl_ord_id,
            cum_quantity=cum,
            **fields,
        )
        await self.gateway.send(report)


async def caller(number: int, clients: list[Client], chance: random.Random) -> None:
    """Place, then change and cancel, on whichever replica answers."""
    mine: list[str] = []
    for step in range(STEPS_EACH):
        client, key = chance.choice(clients), f"k{number}-{step}"
        what = chance.choice(["place", "replace", "cancel"]) if mine else "place"
        quantity = str(chance.randint(1, 100))
        try:
            if what == "place":
                mine.append((await client.place(key, quantity=quantity)).order.order_id)
            elif what == "cancel":
                await client.cancel(key, chance.choice(mine))
            else:
                request = order_service_pb2.ReplaceRequest(
                    idempotency_key=key,
                    order_id=chance.choice(mine),
                    terms=client.request(key, quantity=quantity).terms,
                )
                await client.orders.Replace(request, metadata=client.metadata)
        except grpc.aio.AioRpcError as error:
            assert reason_of(error)[0] in REFUSALS, error


async def test_what_the_venue_could_execute_never_passes_the_limit(book_url, tls):
    async with two_replicas(book_url, tls) as (clients, limits, gateway):
        await set_limit(limits, "POSITION", long_quantity=str(MOST))
        venue = Venue(gateway, random.Random(1))
        answering = asyncio.create_task(venue.run())
        await asyncio.gather(
            *(caller(number, clients, random.Random(number)) for number in range(CALLERS))
        )
        await all_sent(book_url, gateway)
        venue.done.set()
        await answering
        # What the venue reported last may not be in the book yet.
        await gateway.applied()
        assert venue.most <= MOST
        # No report of this venue contradicts its order.
        assert not venue.questions
        usage = await limits.GetUsage(pb.GetUsageRequest(account_id="ACC-ALICE"), metadata=RITA)
        (use,) = [use for use in usage.uses if use.limit.limit_id != "default"]
        assert Decimal(use.used) == sum(venue.worst.values())
        # What is left may be bought, and not one more.
        left = MOST - int(Decimal(use.used))
        if left:
            await clients[0].place("left", quantity=str(left))
        assert (await refusal(clients[0].place("more", quantity="1"))).reason == REFUSED
    await verified(book_url)
