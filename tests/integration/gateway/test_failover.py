"""Two gateways, one session: the second goes on when the first is gone, and nothing is doubled."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1 import session_pb2 as sessions_pb
from ordermesh.oms.v1 import session_service_pb2 as pb
from ordermesh.oms.v1.session_service_pb2_grpc import SessionServiceStub
from svc_oms.adapters.postgres.store import PostgresStore
from svc_oms.service.verification import verify_book
from tests.support.gateway_process import GatewayProcesses, numbers_seen
from tests.support.oms import MINT, Client, Replica, prepare_database, replica
from tests.support.postgres import PostgresServer
from tests.support.scripted_venue import (
    Fields,
    ScriptedVenue,
    accepted,
    filled,
    free_port,
    order_status,
    unknown_order,
    until,
)
from tests.support.tokens import bearer

OSCAR = bearer(MINT.mint_token("oscar", roles=("OPERATOR",), accounts=()))
RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
UP = sessions_pb.FIX_SESSION_STATE_UP
ORDERS = 150
WHY = "agreed with the venue's desk"


@pytest.fixture
def book_url(postgres_server: PostgresServer):
    url = postgres_server.create_database(postgres_server.template("oms", prepare_database))
    yield url
    postgres_server.drop_database(url)


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

    async def settled(self, action_id: str) -> sessions_pb.SessionAction:
        async with asyncio.timeout(40):
            while True:
                request = pb.ListActionsRequest(session_id="sima-orders")
                listed = await self.sessions.ListActions(request, metadata=OSCAR)
                action = next(a for a in listed.actions if a.action_id == action_id)
                if action.HasField("settled_at"):
                    return action
                await asyncio.sleep(0.02)

    async def place(self, key: str) -> order_pb2.Order:
        """Place until the venue can take it; the key makes it one order."""
        async with asyncio.timeout(60):
            while True:
                try:
                    return (await self.client.place(key)).order
                except grpc.aio.AioRpcError as error:
                    assert reason_of(error)[0] == "VENUE_UNAVAILABLE"  # noqa: PT017
                    await asyncio.sleep(0.05)


def answer_status(venue: ScriptedVenue):
    def script(request: Fields) -> list[str]:
        known = any(order["11"] == request["11"] for order in venue.of_type("D"))
        return [order_status(request) if known else unknown_order(request)]

    return script


@asynccontextmanager
async def trial(book_url: str, tls: Path, folder: Path, **keys) -> AsyncIterator[Trial]:
    venue = ScriptedVenue(folder, free_port(), mic="SIMA")
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


async def nothing_doubled_and_none_lost(
    book_url: str, t: Trial, orders: list, *, margin: bool = False
) -> None:
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
    # Behind a margin the venue sees the number first and the fill of the gap then.
    in_order = numbers if not margin else sorted(numbers)
    assert in_order == list(range(1, len(numbers) + 1)), "a number is missing or came twice"
    store = await PostgresStore.connect(book_url)
    report = await verify_book(store)
    await store.close()
    assert not report.findings, list(report.lines())


async def test_a_standby_takes_over_from_a_killed_gateway_under_load(
    book_url, tls_folder, tmp_path
) -> None:
    async with trial(book_url, tls_folder, tmp_path) as t:
        t.venue.on("D", lambda o: [accepted(o), filled(o, f"F-{o['11']}", o["38"], "650.05")])
        t.gateways.launch("first")
        await t.up("first")
        t.gateways.launch("second")
        await t.until_session(lambda s: list(s.standby_instances) == ["second"], "standby")
        limit = asyncio.Semaphore(16)

        async def one(number: int) -> order_pb2.Order:
            async with limit:
                return await t.place(f"k{number}")

        placing = [asyncio.create_task(one(number)) for number in range(ORDERS)]
        await until(lambda: len(t.venue.of_type("D")) > ORDERS // 3, "orders at the venue")
        await t.gateways.end("first")
        begun = asyncio.get_running_loop().time()
        session = await t.up("second")
        took_s = asyncio.get_running_loop().time() - begun
        print(f"session up at the second gateway {took_s:.2f} s after kill -9")  # noqa: T201
        assert session.fencing_token == 2
        orders = await asyncio.gather(*placing)
        await until(lambda: t.venue.logged_on(), "logged on")
        await nothing_doubled_and_none_lost(book_url, t, orders)
        assert "FIX store lost" not in t.gateways.log("second")
        # The first comes back as the standby.
        t.gateways.launch("first")
        await t.until_session(lambda s: list(s.standby_instances) == ["first"], "standby again")


async def test_a_standby_with_a_disk_of_its_own_goes_on_behind_a_margin(
    book_url, tls_folder, tmp_path
) -> None:
    async with trial(book_url, tls_folder, tmp_path) as t:
        t.gateways.launch("first", store="disk-1")
        await t.up("first")
        orders = [await t.place(f"a{number}") for number in range(5)]
        t.gateways.launch("second", store="disk-2")
        await t.until_session(lambda s: list(s.standby_instances) == ["second"], "standby")
        # Nobody hears of the last order.
        t.venue.ignore("D")
        orders.append(await t.place("silent"))
        await until(lambda: len(t.venue.of_type("D")) == 6, "it arrived")
        await t.gateways.end("first")
        t.venue.on("D", lambda order: [accepted(order)])
        session = await t.up("second")
        assert session.numbers.next_sender_msg_seq_num > 1000
        orders += [await t.place(f"b{number}") for number in range(5)]
        await nothing_doubled_and_none_lost(book_url, t, orders, margin=True)
        assert "FIX store lost" in t.gateways.log("second")
        assert t.venue.of_type("H"), "what was not answered is asked about"


async def test_a_session_is_handed_over_on_an_operators_word(
    book_url, tls_folder, tmp_path
) -> None:
    async with trial(book_url, tls_folder, tmp_path) as t:
        t.gateways.launch("first")
        await t.up("first")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await t.sessions.HandOver(
                pb.HandOverRequest(session_id="sima-orders", reason=WHY), metadata=OSCAR
            )
        assert reason_of(refused.value)[0] == "OBJECT_STATE"
        t.gateways.launch("second")
        await t.until_session(lambda s: list(s.standby_instances) == ["second"], "standby")
        orders = [await t.place("before")]
        given = await t.sessions.HandOver(
            pb.HandOverRequest(session_id="sima-orders", reason=WHY), metadata=OSCAR
        )
        await t.up("second")
        done = await t.settled(given.action.action_id)
        assert done.state == sessions_pb.SESSION_ACTION_STATE_DONE
        assert done.requested_by
        orders.append(await t.place("behind"))
        await t.until_session(lambda s: list(s.standby_instances) == ["first"], "changed places")
        await nothing_doubled_and_none_lost(book_url, t, orders)


async def test_a_gateway_that_stops_in_good_order_leaves_the_session_at_once(
    book_url, tls_folder, tmp_path
) -> None:
    async with trial(book_url, tls_folder, tmp_path) as t:
        t.gateways.launch("first")
        await t.up("first")
        t.gateways.launch("second")
        await t.until_session(lambda s: list(s.standby_instances) == ["second"], "standby")
        orders = [await t.place("one")]
        await t.gateways.end("first", signal.SIGTERM)
        await t.up("second")
        orders.append(await t.place("two"))
        await nothing_doubled_and_none_lost(book_url, t, orders)
