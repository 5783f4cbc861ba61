"""A real order book, a scripted venue, gateways as processes, and people with roles."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from conformance.scripted_venue import Fields, ScriptedVenue, accepted, order_status, unknown_order
from mesh.errors import reason_of
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1 import session_pb2 as sessions_pb
from ordermesh.oms.v1 import session_service_pb2 as pb
from ordermesh.oms.v1.session_service_pb2_grpc import SessionServiceStub
from tests.support.forked_venue import ForkedVenue
from tests.support.gateway_process import GatewayProcesses, numbers_seen
from tests.support.oms import MINT, Client, Replica, replica, verified
from tests.support.ports import free_port
from tests.support.tokens import bearer

OSCAR = bearer(MINT.mint_token("oscar", roles=("OPERATOR",), accounts=()))
RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
UP = sessions_pb.FIX_SESSION_STATE_UP
WHY = "agreed with the venue's desk"


class Trial:
    """A replica, a venue, gateways, and people."""

    def __init__(self, running: Replica, venue: ScriptedVenue, gateways: GatewayProcesses,
                 channel: grpc.aio.Channel) -> None:  # fmt: skip
        self.running = running
        self.venue = venue
        self.gateways = gateways
        self.client = Client(channel)
        self.sessions = SessionServiceStub(channel)

    async def session(self) -> sessions_pb.Session:
        request = pb.SessionServiceGetRequest(session_id="sima-orders")
        return (await self.sessions.Get(request, metadata=OSCAR)).session

    async def until_session(self, condition, what: str) -> sessions_pb.Session:
        async with asyncio.timeout(40):
            while True:
                try:
                    session = await self.session()
                except grpc.aio.AioRpcError as error:
                    assert reason_of(error)[0] == "OBJECT_NOT_FOUND", what
                else:
                    if condition(session):
                        return session
                await asyncio.sleep(0.02)

    async def up(self, owner: str) -> sessions_pb.Session:
        return await self.until_session(
            lambda s: s.state == UP and s.owner_instance == owner, f"{owner} has the session"
        )

    async def standby(self, instance: str) -> None:
        await self.until_session(
            lambda s: list(s.standby_instances) == [instance], f"{instance} is the standby"
        )

    async def settled(self, action_id: str) -> sessions_pb.SessionAction:
        async with asyncio.timeout(40):
            while True:
                request = pb.ListActionsRequest(session_id="sima-orders")
                listed = await self.sessions.ListActions(request, metadata=OSCAR)
                action = next(a for a in listed.actions if a.action_id == action_id)
                if action.HasField("settled_at"):
                    return action
                await asyncio.sleep(0.02)

    async def running_order(self, order: order_pb2.Order) -> None:
        """Wait until the venue has taken the order."""
        await self.client.in_state(order.order_id, order_pb2.ORDER_STATE_NEW)

    async def place(self, key: str) -> order_pb2.Order:
        """Place until the venue can take it; the key makes it one order."""
        async with asyncio.timeout(60):
            while True:
                try:
                    return (await self.client.place(key)).order
                except grpc.aio.AioRpcError as error:
                    assert reason_of(error)[0] == "VENUE_UNAVAILABLE"
                    await asyncio.sleep(0.05)


def answer_status(venue: ScriptedVenue):
    def script(request: Fields) -> list[str]:
        known = any(order["11"] == request["11"] for order in venue.of_type("D"))
        return [order_status(request) if known else unknown_order(request)]

    return script


@asynccontextmanager
async def trial(book_url: str, tls: Path, folder: Path, **keys) -> AsyncIterator[Trial]:
    venue = ForkedVenue(folder, free_port(), mic="SIMA")
    venue.on("D", lambda order: [accepted(order)])
    venue.on("H", answer_status(venue))
    venue.start()
    gateways = None
    try:
        async with replica(book_url, tls) as running, running.channel() as channel:
            gateways = GatewayProcesses(folder, tls, venue, running.target, keys)
            yield Trial(running, venue, gateways, channel)
            await gateways.end_all()
    finally:
        if gateways is not None:
            await gateways.end_all()
        await asyncio.to_thread(venue.stop)
    assert venue.failures == []


async def nothing_doubled_and_none_lost(book_url: str, t: Trial, orders: list) -> None:
    states = {}
    for order in orders:
        async with asyncio.timeout(30):
            while True:
                found = (await t.client.get(order.order_id)).order.progress.state
                pending = {order_pb2.ORDER_STATE_PENDING_NEW, order_pb2.ORDER_STATE_UNKNOWN}
                if found not in pending:
                    break
                await asyncio.sleep(0.05)
        states[f"{order.order_id}-1"] = found
    at_venue = [order["11"] for order in t.venue.of_type("D")]
    assert len(at_venue) == len(set(at_venue)), "an order came twice"
    rejected = order_pb2.ORDER_STATE_REJECTED
    assert set(at_venue) == {one for one, state in states.items() if state != rejected}
    numbers = numbers_seen(t.venue)
    # What was lost with a connection, such as its Logout(5), is filled after the next number came.
    told = f"a number is missing or came twice: {numbers}"
    assert sorted(numbers) == list(range(1, len(numbers) + 1)), told
    await verified(book_url)
