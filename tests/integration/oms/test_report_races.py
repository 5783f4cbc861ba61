"""Reports that cross, come again or come by the other session, on PostgreSQL."""

from contextlib import asynccontextmanager

import asyncpg

from ordermesh.oms.v1 import order_pb2, order_service_pb2
from tests.support.oms import Gateway, trading, verified

PENDING_REPLACE = order_pb2.ORDER_STATE_PENDING_REPLACE


@asynccontextmanager
async def two_sessions(book_url, tls):
    """Run a venue with an order session and a drop copy."""
    async with (
        trading(book_url, tls) as (running, client, gateway),
        running.channel("svc-gateway") as peer,
    ):
        copies = Gateway(peer, "sima-copies", drop_copy=True)
        await copies.open()
        yield client, gateway, copies
        await copies.close()
    await verified(book_url)


async def parked(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT error FROM oms.parked_messages ORDER BY parked_id")
    await connection.close()
    return [row[0] for row in rows]


def numbers(order):
    progress = order.progress
    return progress.cum_quantity, progress.leaves_quantity, order.anomaly_count


async def replace(client, order_id: str, quantity: str) -> None:
    terms = order_pb2.OrderTerms(
        quantity=quantity, limit_price="650.05", time_in_force=order_pb2.TIME_IN_FORCE_DAY
    )
    request = order_service_pb2.ReplaceRequest(idempotency_key="r1", order_id=order_id, terms=terms)
    await client.orders.Replace(request, metadata=client.metadata)


async def test_a_drop_copy_overtakes_a_replace(book_url, tls):
    async with two_sessions(book_url, tls) as (client, gateway, copies):
        order_id = (await client.place("k1", quantity="31")).order.order_id
        first = (await gateway.command(0)).cl_ord_id
        await gateway.send(gateway.acknowledged(first, order_quantity="31", leaves_quantity="31"))
        await gateway.applied()
        await replace(client, order_id, "121")
        second = (await gateway.command(1)).cl_ord_id
        await copies.send(
            copies.filled(second, "38", "38", "83", exec_id="F1", order_quantity="121")
        )
        await copies.applied()
        order = (await client.get(order_id)).order
        assert order.progress.state == PENDING_REPLACE
        assert numbers(order) == ("38", "83", 0)
        # It can be cancelled, and the venue reports the replace and the fill afterwards.
        await client.cancel("c1", order_id)
        cancel = await gateway.command(2)
        assert cancel.orig_cl_ord_id == second
        await gateway.send(
            gateway.report(
                second, "5", "0", orig_cl_ord_id=first, order_quantity="121", cum_quantity="0",
                leaves_quantity="121",
            ),
            gateway.filled(second, "38", "38", "83", exec_id="F1", order_quantity="121"),
            gateway.report(
                cancel.cl_ord_id, "4", "4", order_quantity="121", cum_quantity="38",
                leaves_quantity="0",
            ),
        )  # fmt: skip
        await gateway.applied()
        order = (await client.get(order_id)).order
        assert order.progress.state == order_pb2.ORDER_STATE_CANCELED
        assert numbers(order) == ("38", "0", 0)
    assert await parked(book_url) == []


async def test_an_exec_id_of_another_order_counts(book_url, tls):
    """Another day, or the other side of a trade of the firm with itself."""
    async with two_sessions(book_url, tls) as (client, gateway, copies):
        orders = []
        for number, side in enumerate((order_pb2.SIDE_BUY, order_pb2.SIDE_SELL)):
            order_id = (await client.place(f"k{number}", side=side)).order.order_id
            cl_ord_id = (await gateway.command(number)).cl_ord_id
            await gateway.send(gateway.acknowledged(cl_ord_id))
            orders.append((order_id, cl_ord_id))
        await gateway.send(*(gateway.filled(each, exec_id="F1") for _, each in orders))
        await gateway.applied()
        await copies.send(*(copies.filled(each, exec_id="F1") for _, each in orders))
        await copies.applied()
        for order_id, _ in orders:
            found = await client.get(order_id)
            assert found.order.progress.state == order_pb2.ORDER_STATE_FILLED
            assert numbers(found.order) == ("100", "0", 0)
            assert [one.exec_id for one in found.executions] == ["F1"]
    assert await parked(book_url) == []


async def test_two_parts_under_one_exec_id_count_and_one_of_them_is_busted(book_url, tls):
    async with two_sessions(book_url, tls) as (client, gateway, copies):
        order_id = (await client.place("k1")).order.order_id
        cl_ord_id = (await gateway.command(0)).cl_ord_id

        def parts(session):
            return (
                session.filled(cl_ord_id, "40", "40", "60", exec_id="F1"),
                session.filled(cl_ord_id, "40", "80", "20", exec_id="F1"),
            )

        await gateway.send(gateway.acknowledged(cl_ord_id))
        await gateway.send(*parts(gateway))
        await gateway.applied()
        await copies.send(*parts(copies))
        await copies.applied()
        # A possible resend, in a batch of its own.
        await gateway.send(*parts(gateway))
        await gateway.applied()
        found = await client.get(order_id)
        assert numbers(found.order) == ("80", "20", 0)
        assert [(one.exec_id, one.cum_quantity) for one in found.executions] == [
            ("F1", "40"),
            ("F1", "80"),
        ]
        await gateway.send(
            gateway.report(
                cl_ord_id, "H", "1", exec_id="F2", exec_ref_id="F1", cum_quantity="40",
                leaves_quantity="60",
            )
        )  # fmt: skip
        await gateway.applied()
        found = await client.get(order_id)
        assert numbers(found.order) == ("40", "60", 0)
        assert [one.busted for one in found.executions] == [True, False]
    assert await parked(book_url) == []
