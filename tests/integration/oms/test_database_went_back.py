"""A database that is restored under running replicas is found before anything is written to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg
import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from svc_oms.service.recovery import recoveries
from tests.support.oms import Client, Gateway, Replica, replica, trading
from tests.support.postgres import PostgresServer
from tests.support.waiting import until

NEW, FILLED = order_pb2.ORDER_STATE_NEW, order_pb2.ORDER_STATE_FILLED


@pytest.fixture(autouse=True)
def no_looks(monkeypatch) -> None:
    """The look that comes every second must not be what finds it."""
    monkeypatch.setattr(recoveries, "LOOK_INTERVAL_S", 3600.0)


class Book(NamedTuple):
    """What a test sees of a database."""

    url: str

    async def rows(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    async def forced(self, statement: str) -> None:
        """Write what no role may write."""
        connection = await asyncpg.connect(self.url)
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement)
        await connection.close()

    async def state(self) -> list[list[asyncpg.Record]]:
        """All that trading moves."""
        return [
            await self.rows(statement)
            for statement in (
                "SELECT account_id, last_sequence, chain_head FROM oms.accounts ORDER BY 1",
                "SELECT order_id, last_sequence FROM oms.orders ORDER BY 1",
                "SELECT session_id, inbound_msg_seq_num, outbound_sequence FROM oms.sessions",
            )
        ]

    async def evidence(self) -> list[str]:
        return [row[0] for row in await self.rows("SELECT evidence FROM oms.recoveries")]


async def refused(client: Client, key: str, **changes) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client.place(key, **changes)
    return reason_of(caught.value)[0]


async def ended(one: Replica, book: Book) -> str:
    """Wait until a replica has opened the recovery and asked to be ended; return the evidence."""
    await until(lambda: one.server.stopping, "the process ends")
    (evidence,) = await book.evidence()
    return evidence


@asynccontextmanager
async def a_lost_fill(
    url: str, tls, postgres: PostgresServer, *others: Replica
) -> AsyncIterator[tuple[Replica, Client, Gateway, str]]:
    """Dump a book with an order, let its fill be applied, and restore the dump while all runs."""
    async with trading(url, tls) as (one, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        await gateway.send(gateway.acknowledged(f"{order_id}-1"))
        await client.in_state(order_id, NEW)
        dump = await asyncio.to_thread(postgres.dumped, url)
        await gateway.send(gateway.filled(f"{order_id}-1", "40", "40", "60"))
        await gateway.applied()
        for each in (one, *others):
            await each.book.recoveries.look()
        await asyncio.to_thread(postgres.restore, url, dump)
        yield one, client, gateway, order_id


async def test_the_next_command_is_not_taken(book_url, tls, postgres_server):
    book = Book(book_url)
    async with a_lost_fill(book_url, tls, postgres_server) as (one, client, _, _):
        before = await book.state()
        assert await refused(client, "k2") == "DEPENDENCY_UNAVAILABLE"
        assert "went back under a running replica" in await ended(one, book)
        assert await book.state() == before


async def test_the_next_report_is_not_written(book_url, tls, postgres_server):
    book = Book(book_url)
    async with a_lost_fill(book_url, tls, postgres_server) as (one, _, gateway, order_id):
        before = await book.state()
        await gateway.send(gateway.filled(f"{order_id}-1", "60", "100"))
        assert "went back under a running replica" in await ended(one, book)
        assert await book.state() == before


async def test_a_report_that_is_of_no_account_moves_no_position(book_url, tls, postgres_server):
    """No account is locked: the position of the session alone shows it."""
    book = Book(book_url)
    async with a_lost_fill(book_url, tls, postgres_server) as (one, _, gateway, _):
        before = await book.state()
        await gateway.send(gateway.report("their-own", "I", "0", venue_order_id="NONE"))
        evidence = await ended(one, book)
        assert "sima-orders has applied MsgSeqNum(34) 1" in evidence
        assert await book.state() == before


async def test_a_replica_that_has_touched_none_of_it_takes_no_command_either(
    book_url, tls, postgres_server
):
    """A client that repeats its lost order at another replica must not place a second one."""
    book = Book(book_url)
    async with (
        replica(book_url, tls) as other,
        other.channel() as user,
        a_lost_fill(book_url, tls, postgres_server, other),
    ):
        before = await book.state()
        assert await refused(Client(user), "k2") == "DEPENDENCY_UNAVAILABLE"
        assert "went back under a running replica" in await ended(other, book)
        assert await book.state() == before


async def test_after_the_next_start_the_book_is_recovering(book_url, tls, postgres_server):
    book = Book(book_url)
    async with a_lost_fill(book_url, tls, postgres_server) as (one, client, _, order_id):
        assert await refused(client, "k2") == "DEPENDENCY_UNAVAILABLE"
        await ended(one, book)
    async with replica(book_url, tls) as again, again.channel() as user:
        client = Client(user)
        assert "RECOVERING" in again.ops.readiness()[1]
        # The venue sends the fill again.
        async with again.channel("svc-gateway") as peer:
            gateway = Gateway(peer)
            opened = await gateway.open()
            assert opened.applied_inbound_msg_seq_num == 1
            assert await refused(client, "k2") == "RECOVERING"
            await gateway.send(sent_complete=True)
            await gateway.send(gateway.filled(f"{order_id}-1", "40", "40", "60"))
            await gateway.applied()
            await gateway.close()
        assert (await client.get(order_id)).order.progress.cum_quantity == "40"


async def test_a_restore_that_loses_nothing_is_looked_at_and_goes_on(
    book_url, tls, postgres_server
):
    book = Book(book_url)
    async with trading(book_url, tls) as (_, client, _):
        await client.place("k1")
        dump = await asyncio.to_thread(postgres_server.dumped, book_url)
        await asyncio.to_thread(postgres_server.restore, book_url, dump)
        assert await refused(client, "k2") == "DEPENDENCY_UNAVAILABLE"
        async with asyncio.timeout(20):
            while True:
                try:
                    await client.place("k2")
                    break
                except grpc.aio.AioRpcError as error:
                    assert reason_of(error)[0] == "DEPENDENCY_UNAVAILABLE"
        assert await book.evidence() == []


@pytest.mark.parametrize("by", ["command", "report"])
async def test_the_last_commits_of_a_failover_are_missed(book_url, tls, monkeypatch, by: str):
    """The instance counts as the same one, and no mark is newer: only own commits show it."""
    monkeypatch.setattr(recoveries, "why_older", lambda *_: "")
    book = Book(book_url)
    async with trading(book_url, tls) as (one, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        await gateway.send(gateway.acknowledged(f"{order_id}-1"))
        await gateway.applied()
        await book.forced(
            """
            WITH older AS (UPDATE oms.accounts SET last_sequence = 1, chain_head = hash
                FROM oms.order_events e WHERE e.account_id = accounts.account_id AND e.sequence = 1)
            UPDATE oms.sessions SET inbound_msg_seq_num = 0 WHERE session_id = 'sima-orders'"""
        )
        before = await book.state()
        if by == "command":
            assert await refused(client, "k2") == "DEPENDENCY_UNAVAILABLE"
        else:
            await gateway.send(gateway.filled(f"{order_id}-1"))
        assert "account ACC-ALICE is at sequence 1" in await ended(one, book)
        assert await book.state() == before


async def test_a_session_that_had_an_earlier_owner_then_is_no_newer_owner(book_url, tls):
    book = Book(book_url)
    async with trading(book_url, tls) as (one, _, gateway):
        await book.forced("UPDATE oms.sessions SET fencing_token = 0")
        await gateway.send(gateway.message(parked=gw.ParkedMessage(msg_type="8", raw=b"8=x")))
        assert "sima-orders has fencing token 0, this replica has 1" in await ended(one, book)
