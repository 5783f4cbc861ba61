"""Two orders with one OrderID(37) are found, whichever replica reads the reports."""

import asyncio
from contextlib import asynccontextmanager, suppress

import asyncpg
import grpc
import pytest

from mesh.errors import read_refusal
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.oms.v1 import parked_service_pb2 as pb
from ordermesh.oms.v1.parked_service_pb2_grpc import ParkedServiceStub
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports import AccountInfo, FencedError, WriteSet
from tests.contract.oms.test_order_store import order
from tests.support.oms import MINT, Gateway, trading, verified
from tests.support.oms_pair import pair
from tests.support.postgres import as_service
from tests.support.tokens import bearer

RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))


async def texts(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT error FROM oms.parked_messages ORDER BY parked_id")
    await connection.close()
    return [row[0] for row in rows]


async def placed(client, gateway, number: int, **changes) -> tuple[str, str]:
    """Place the n-th order of a test; return its id and the ClOrdID(11) the gateway got."""
    order_id = (await client.place(f"k{number}", **changes)).order.order_id
    for command in gateway.commands:
        if command.order_id == order_id:
            return order_id, command.cl_ord_id
    return order_id, f"{order_id}-1"


async def anomalies(client, order_id: str) -> int:
    return (await client.get(order_id)).order.anomaly_count


def shared(order_id: str, number: str = "V1") -> str:
    return f"OrderID(37) '{number}' is that of order {order_id}, too"


@asynccontextmanager
async def a_day_with_v1(url, tls):
    """Two replicas; the first has read that an order has OrderID(37)=V1."""
    async with pair(url, tls) as (replicas, clients, _, gateway):
        first, cl_ord_id = await placed(clients[0], gateway, 1)
        await gateway.send(gateway.acknowledged(cl_ord_id, venue_order_id="V1"))
        await gateway.applied()
        await gateway.close()
        async with replicas[1].channel("svc-gateway") as peer:
            other = Gateway(peer)
            await other.open()
            yield clients[1], other, first
            await other.close()
    await verified(url)


@pytest.mark.parametrize("ended", ["working", "canceled"])
async def test_the_other_replica_reads_the_second_order(book_url, tls, ended: str):
    async with a_day_with_v1(book_url, tls) as (client, gateway, first):
        if ended == "canceled":
            await gateway.send(
                gateway.report(
                    f"{first}-1", "4", "4", venue_order_id="V1", cum_quantity="0",
                    leaves_quantity="0",
                )
            )  # fmt: skip
            await gateway.applied()
        second, cl_ord_id = await placed(client, gateway, 2)
        third, another = await placed(client, gateway, 3)
        await gateway.send(
            gateway.acknowledged(another, venue_order_id="V3"),
            gateway.filled(cl_ord_id, venue_order_id="V1"),
        )
        await gateway.applied()
        order = (await client.get(second)).order
        assert (order.progress.cum_quantity, order.anomaly_count) == ("100", 1)
        assert await texts(book_url) == [shared(first)]
        # It is found once, and the orders of the same batch are as if nothing had been done twice.
        await gateway.send(gateway.filled(another, venue_order_id="V3"))
        await gateway.applied()
        assert [await anomalies(client, each) for each in (first, second, third)] == [0, 1, 0]


async def test_a_drop_copy_at_the_other_replica_reads_the_second_order(book_url, tls):
    async with pair(book_url, tls) as (replicas, clients, _, gateway):
        first, cl_ord_id = await placed(clients[0], gateway, 1)
        second, another = await placed(clients[1], gateway, 2)
        await gateway.send(gateway.acknowledged(cl_ord_id, venue_order_id="V1"))
        await gateway.applied()
        async with replicas[1].channel("svc-gateway") as peer:
            copies = Gateway(peer, "sima-copies", drop_copy=True)
            await copies.open()
            await copies.send(copies.filled(another, venue_order_id="V1"))
            await copies.applied()
            await copies.close()
        assert await texts(book_url) == [shared(first)]
        assert [await anomalies(clients[0], each) for each in (first, second)] == [0, 1]
    await verified(book_url)


async def test_orders_of_one_batch_and_of_several(book_url, tls):
    """Whatever a batch brings: each order after the first shows one other that has its number."""
    async with a_day_with_v1(book_url, tls) as (client, gateway, first):
        orders = [await placed(client, gateway, number) for number in range(2, 6)]
        numbers = ("V1", "V2", "V2", "V1")
        await gateway.send(
            *(
                gateway.acknowledged(cl_ord_id, venue_order_id=number)
                for (_, cl_ord_id), number in zip(orders, numbers, strict=True)
            )
        )
        await gateway.applied()
        assert [await anomalies(client, each) for each, _ in orders] == [1, 0, 1, 1]
        v2 = orders[1][0]
        assert await texts(book_url) == [shared(first), shared(v2, "V2"), shared(first)]


async def test_a_replace_may_bring_the_number_of_another_order(book_url, tls):
    async with a_day_with_v1(book_url, tls) as (client, gateway, first):
        second, cl_ord_id = await placed(client, gateway, 2)
        await gateway.send(gateway.acknowledged(cl_ord_id, venue_order_id="V2"))
        await gateway.applied()
        terms = order_pb2.OrderTerms(
            quantity="50", limit_price="650.05", time_in_force=order_pb2.TIME_IN_FORCE_DAY
        )
        request = order_service_pb2.ReplaceRequest(
            idempotency_key="r1", order_id=second, terms=terms
        )
        await client.orders.Replace(request, metadata=client.metadata)
        await gateway.send(
            gateway.report(
                f"{second}-2", "5", "0", orig_cl_ord_id=cl_ord_id, venue_order_id="V1",
                order_quantity="50", cum_quantity="0", leaves_quantity="50",
            )
        )  # fmt: skip
        await gateway.applied()
        assert await texts(book_url) == [shared(first)]
        assert await anomalies(client, second) == 1


async def test_a_parked_report_that_a_person_gives_another_order(book_url, tls):
    async with (
        trading(book_url, tls) as (running, client, gateway),
        running.channel() as channel,
    ):
        parked = ParkedServiceStub(channel)
        await gateway.send(gateway.filled("DESK-7", "40", "40", "60", venue_order_id="V1"))
        first, cl_ord_id = await placed(client, gateway, 1)
        await gateway.send(gateway.acknowledged(cl_ord_id, venue_order_id="V1"))
        await gateway.applied()
        second, _ = await placed(client, gateway, 2)
        (item,) = (await parked.List(pb.ParkedServiceListRequest(), metadata=RITA)).items
        request = pb.ParkedServiceApplyRequest(
            parked_id=item.parked_id, order_id=second, reason="the broker's list of 11:40"
        )
        order = (await parked.Apply(request, metadata=RITA)).order
        assert (order.progress.cum_quantity, order.venue_order_id) == ("40", "V1")
        # Its ClOrdID(11) is none of ours, either.
        assert order.anomaly_count == 2
        # What a person states of an order may not be another order's either, as far as it is open.
        state = order_service_pb2.ResolveRequest(
            idempotency_key="s1",
            order_id=second,
            venue_holds=order_service_pb2.VENUE_HOLDS_CANCELED,
            venue_order_id="V1",
            reason="the broker's list of 11:40",
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.orders.Resolve(state, metadata=RITA)
        refused = read_refusal(caught.value)
        assert (refused.reason, refused.field) == ("INVALID_FIELD", "venue_order_id")
        assert first in refused.text
        state.venue_order_id = "V2"
        order = (await client.orders.Resolve(state, metadata=RITA)).order
        assert order.venue_order_id == "V2"
    await verified(book_url)


@pytest.mark.parametrize("number", ["NONE", ""])
async def test_no_number_is_no_number(book_url, tls, number: str):
    async with trading(book_url, tls) as (_, client, gateway):
        orders = [await placed(client, gateway, each) for each in (1, 2)]
        for _, cl_ord_id in orders:
            await gateway.send(gateway.acknowledged(cl_ord_id, venue_order_id=number))
            await gateway.applied()
        assert [await anomalies(client, each) for each, _ in orders] == [0, 0]


async def test_a_number_of_an_order_that_was_closed_long_ago_is_used_again(book_url, tls):
    async with a_day_with_v1(book_url, tls) as (client, gateway, first):
        connection = await asyncpg.connect(book_url)
        await connection.execute(
            "UPDATE oms.orders SET is_open = false, closed_at = now() - interval '13 hours' "
            "WHERE order_id = $1",
            first,
        )
        second, cl_ord_id = await placed(client, gateway, 2)
        await gateway.send(gateway.acknowledged(cl_ord_id, venue_order_id="V1"))
        await gateway.applied()
        assert await anomalies(client, second) == 0
        await connection.execute(
            "UPDATE oms.orders SET is_open = true, closed_at = NULL WHERE order_id = $1", first
        )
        await connection.close()


@pytest.fixture
async def stores(book_url):
    """The stores of two replicas, with three orders."""
    opened = [await PostgresStore.connect(as_service(book_url)) for _ in range(2)]
    await opened[0].ensure_account(AccountInfo("ACC-ALICE", "Alice", "EUR", "DEMO", 1))
    async with opened[0].transaction() as batch:
        await batch.write(WriteSet(new_orders=[order(number) for number in (1, 2, 3)]))
        await batch.commit()
    yield opened
    for store in opened:
        await store.close()


def numbers(*orders: int) -> WriteSet:
    return WriteSet(venue_order_ids=[("SIMA", "V1", order(each).order_id) for each in orders])


async def until_one_waits(url: str) -> None:
    """Wait until a transaction waits for another one to end."""
    connection = await asyncpg.connect(url)
    try:
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
    finally:
        await connection.close()


@pytest.mark.parametrize("first_is_kept", [True, False])
async def test_two_transactions_that_write_one_number_at_the_same_instant(
    book_url, stores, first_is_kept: bool
):
    """The second one waits for the first, and then knows the order of the first."""

    async def write_second() -> dict[str, str]:
        async with stores[1].transaction() as batch:
            await batch.write(numbers(2, 3))
            await batch.commit()
            return dict(batch.named_before())

    with suppress(FencedError):
        async with stores[0].transaction() as batch:
            await batch.write(numbers(1))
            assert batch.named_before() == {}
            second = asyncio.create_task(write_second())
            await until_one_waits(book_url)
            if not first_is_kept:
                raise FencedError
    assert await second == ({"V1": order(1).order_id} if first_is_kept else {})
    async with stores[0].transaction() as batch:
        found = await batch.orders_by_venue_id("SIMA", ["V1"])
        kept = [1, 2, 3] if first_is_kept else [2, 3]
        assert sorted(row.order_id for _, row in found) == [order(n).order_id for n in kept]
