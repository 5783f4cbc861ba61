"""An order from place to fill, over real gRPC, PostgreSQL and a scripted gateway."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import error_pb2
from tests.support.oms import trading, verified


async def test_place_acknowledge_fill(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        placed = await client.place("k1")
        assert placed.order.progress.state == order_pb2.ORDER_STATE_PENDING_NEW
        assert not placed.duplicate
        command = await gateway.command(0)
        assert command.kind == gw.VENUE_COMMAND_KIND_NEW
        assert command.outbound_sequence == 1
        assert command.cl_ord_id == f"{placed.order.order_id}-1"
        assert command.terms.limit_price == "650.05"
        await gateway.receipt(command)
        await gateway.send(
            gateway.acknowledged(command.cl_ord_id),
            gateway.filled(command.cl_ord_id, "40", "40", "60"),
            gateway.filled(command.cl_ord_id, "60"),
        )
        await gateway.applied()
        found = await client.get(placed.order.order_id)
        assert found.order.progress.state == order_pb2.ORDER_STATE_FILLED
        assert found.order.progress.average_price == "650.05"
        assert [e.quantity for e in found.executions] == ["40", "60"]
    await verified(book_url)


async def test_cancel_and_replace_reach_the_venue_in_commit_order(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order = (await client.place("k1")).order
        first = await gateway.command(0)
        await gateway.send(gateway.acknowledged(first.cl_ord_id))
        await gateway.applied()
        terms = order_pb2.OrderTerms(
            quantity="120", limit_price="651", time_in_force=order_pb2.TIME_IN_FORCE_DAY
        )
        replaced = await client.orders.Replace(
            order_service_pb2.ReplaceRequest(
                idempotency_key="k2", order_id=order.order_id, terms=terms
            ),
            metadata=client.metadata,
        )
        assert replaced.order.progress.state == order_pb2.ORDER_STATE_PENDING_REPLACE
        canceled = await client.cancel("k3", order.order_id)
        assert canceled.order.progress.state == order_pb2.ORDER_STATE_PENDING_CANCEL
        replace, cancel = await gateway.command(1), await gateway.command(2)
        assert (replace.kind, replace.orig_cl_ord_id) == (
            gw.VENUE_COMMAND_KIND_REPLACE,
            first.cl_ord_id,
        )
        assert (cancel.kind, cancel.orig_cl_ord_id) == (
            gw.VENUE_COMMAND_KIND_CANCEL,
            replace.cl_ord_id,
        )
        await gateway.send(
            gateway.report(
                replace.cl_ord_id,
                "5",
                "0",
                orig_cl_ord_id=first.cl_ord_id,
                order_quantity="120",
                limit_price="651",
                leaves_quantity="120",
                cum_quantity="0",
            ),
            gateway.report(
                cancel.cl_ord_id,
                "4",
                "4",
                orig_cl_ord_id=replace.cl_ord_id,
                order_quantity="120",
                leaves_quantity="0",
                cum_quantity="0",
            ),
        )
        await gateway.applied()
        final = (await client.get(order.order_id)).order
        assert final.progress.state == order_pb2.ORDER_STATE_CANCELED
        assert final.terms.quantity == "120"
    await verified(book_url)


async def test_cancel_all_answers_per_order(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        orders = [(await client.place(f"k{i}")).order for i in range(5)]
        for index in range(5):
            command = await gateway.command(index)
            await gateway.send(gateway.acknowledged(command.cl_ord_id))
        await client.cancel("c0", orders[0].order_id)
        request = order_service_pb2.CancelAllRequest(
            idempotency_key="all", account_id="ACC-ALICE", instrument_id="ASML.SIMA"
        )
        await gateway.applied()
        answer = await client.orders.CancelAll(request, metadata=client.metadata)
        results = {r.order_id: r for r in answer.results}
        assert set(results) == {o.order_id for o in orders}
        assert results[orders[0].order_id].HasField("rejection")
        assert all(
            results[o.order_id].state == order_pb2.ORDER_STATE_PENDING_CANCEL for o in orders[1:]
        )
        again = await client.orders.CancelAll(request, metadata=client.metadata)
        assert again == answer
        await gateway.command(9)
        assert len(gateway.commands) == 10
    await verified(book_url)


async def test_cancel_all_does_not_fail_by_what_is_pending_already(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        new, replacing, cancelling = [(await client.place(f"k{i}")).order for i in range(3)]
        for index in (1, 2):
            await gateway.send(gateway.acknowledged((await gateway.command(index)).cl_ord_id))
        await gateway.applied()
        await client.orders.Replace(
            order_service_pb2.ReplaceRequest(
                idempotency_key="r1",
                order_id=replacing.order_id,
                terms=order_pb2.OrderTerms(
                    quantity="120",
                    limit_price="650.05",
                    time_in_force=order_pb2.TIME_IN_FORCE_DAY,
                ),
            ),
            metadata=client.metadata,
        )
        await client.cancel("c1", cancelling.order_id)
        request = order_service_pb2.CancelAllRequest(idempotency_key="all", account_id="ACC-ALICE")
        answer = await client.orders.CancelAll(request, metadata=client.metadata)
        by_order = {r.order_id: r for r in answer.results}
        assert set(by_order) == {new.order_id, replacing.order_id, cancelling.order_id}
        assert {r.state for r in answer.results} == {order_pb2.ORDER_STATE_PENDING_CANCEL}
        # Cancels are sent after pending requests; only a second cancel of an order is refused.
        rejection = by_order[cancelling.order_id].rejection
        assert rejection.reason == error_pb2.ERROR_REASON_ORDER_CHANGE_PENDING
        assert not by_order[new.order_id].HasField("rejection")
        assert not by_order[replacing.order_id].HasField("rejection")
        # Three places, a replace, a cancel, and two cancels more.
        await gateway.command(6)
        assert len(gateway.commands) == 7
    await verified(book_url)


async def test_list_pages_newest_first(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        ids = [(await client.place(f"k{i}")).order.order_id for i in range(7)]
        seen, token = [], ""
        while True:
            page = await client.orders.List(
                order_service_pb2.ListRequest(page_size=3, page_token=token, open_only=True),
                metadata=client.metadata,
            )
            seen += [order.order_id for order in page.orders]
            token = page.next_page_token
            if not token:
                break
        assert seen == sorted(ids, reverse=True)
