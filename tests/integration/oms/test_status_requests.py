"""The question to the venue about a contradiction, on PostgreSQL and over the session link."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from tests.support.oms import Gateway, trading, verified


async def test_a_contradiction_is_asked_about_once_and_again_after_a_kill(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        cl_ord_id = (await gateway.command(0)).cl_ord_id
        await gateway.send(
            gateway.acknowledged(cl_ord_id),
            gateway.filled(cl_ord_id, "10", cum="30", leaves="70"),
            gateway.filled(cl_ord_id, "10", cum="40", leaves="60"),
        )
        question = await gateway.command(1)
        assert question.kind == gw.VENUE_COMMAND_KIND_STATUS
        assert (question.cl_ord_id, question.orig_cl_ord_id) == (cl_ord_id, "")
        assert question.venue_order_id == f"V-{order_id}"
        await gateway.applied()
        found = await client.get(order_id)
        assert found.order.progress.cum_quantity == "20"
        assert found.order.anomaly_count == 2
        assert len(gateway.commands) == 2
        # The gateway is killed before it gave a receipt: its successor gets the question again.
        await gateway.close()
        async with running.channel("svc-gateway") as peer:
            successor = Gateway(peer, instance="test")
            await successor.open()
            again = await successor.command(1)
            assert again.kind == gw.VENUE_COMMAND_KIND_STATUS
            assert again.redelivered
            await successor.send(
                successor.report(
                    cl_ord_id, "I", "1", cum_quantity="20", leaves_quantity="80",
                    status_request_id=cl_ord_id,
                )
            )  # fmt: skip
            await successor.applied()
            assert (await client.get(order_id)).order.anomaly_count == 2
            await successor.close()
    await verified(book_url)


async def test_a_bust_opens_a_filled_order_again_and_the_book_verifies(book_url, tls):
    """The second bust repeats the ExecID(17) of its execution and names nothing else."""
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        cl_ord_id = (await gateway.command(0)).cl_ord_id
        await gateway.send(
            gateway.acknowledged(cl_ord_id),
            gateway.filled(cl_ord_id, "60", cum="60", leaves="40", exec_id="F1"),
            gateway.filled(cl_ord_id, "40", exec_id="F2"),
        )
        await client.in_state(order_id, order_pb2.ORDER_STATE_FILLED)
        left = {"order_quantity": "100", "cum_quantity": "60", "leaves_quantity": "40"}
        await gateway.send(
            gateway.report(cl_ord_id, "H", "1", exec_id="B1", exec_ref_id="F2", **left)
        )
        await client.in_state(order_id, order_pb2.ORDER_STATE_PARTIALLY_FILLED)
        await verified(book_url)
        nothing = left | {"cum_quantity": "0", "leaves_quantity": "100"}
        await gateway.send(
            gateway.report(cl_ord_id, "H", "0", exec_id="F1", **nothing),
            gateway.report(cl_ord_id, "H", "0", exec_id="F1", **nothing),
        )
        await client.in_state(order_id, order_pb2.ORDER_STATE_NEW)
        await gateway.applied()
        found = await client.get(order_id)
        assert [one.busted for one in found.executions] == [True, True]
        assert found.order.anomaly_count == 0
    await verified(book_url)


async def test_a_bust_that_names_nothing_finds_its_execution_by_the_numbers(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        cl_ord_id = (await gateway.command(0)).cl_ord_id
        await gateway.send(
            gateway.acknowledged(cl_ord_id),
            gateway.filled(cl_ord_id, "30", cum="30", leaves="70"),
            gateway.filled(cl_ord_id, "10", cum="40", leaves="60"),
            gateway.report(
                cl_ord_id, "H", "1", last_quantity="10", cum_quantity="30", leaves_quantity="70"
            ),
        )
        await gateway.applied()
        found = await client.get(order_id)
        assert [one.busted for one in found.executions] == [False, True]
        assert (found.order.progress.cum_quantity, found.order.anomaly_count) == ("30", 0)
    await verified(book_url)


async def test_a_bust_of_an_execution_as_it_was_takes_back_its_correction(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        cl_ord_id = (await gateway.command(0)).cl_ord_id
        numbers = {"last_quantity": "30", "last_price": "650"}
        await gateway.send(
            gateway.acknowledged(cl_ord_id),
            gateway.report(
                cl_ord_id, "F", "1", exec_id="E1", last_quantity="40", last_price="650",
                cum_quantity="40", leaves_quantity="60",
            ),
            gateway.report(
                cl_ord_id, "G", "1", exec_id="E2", exec_ref_id="E1", cum_quantity="30",
                leaves_quantity="70", **numbers,
            ),
            gateway.report(
                cl_ord_id, "F", "1", exec_id="E3", cum_quantity="60", leaves_quantity="40",
                **numbers,
            ),
        )  # fmt: skip
        await gateway.applied()
        bust = {"exec_ref_id": "E1", "cum_quantity": "30", "leaves_quantity": "70"}
        await gateway.send(gateway.report(cl_ord_id, "H", "1", exec_id="B1", **bust))
        await gateway.applied()
        found = (await client.get(order_id)).order
        # E2 and E3 are equal, so which of them is taken back is not clear.
        assert (found.progress.cum_quantity, found.anomaly_count) == ("60", 1)
        await gateway.send(
            gateway.report(
                cl_ord_id, "F", "1", exec_id="E4", last_quantity="5", last_price="651",
                cum_quantity="65", leaves_quantity="35",
            ),
            gateway.report(
                cl_ord_id, "G", "1", exec_id="E5", exec_ref_id="E4", last_quantity="6",
                last_price="651", cum_quantity="66", leaves_quantity="34",
            ),
        )  # fmt: skip
        await gateway.applied()
        last = {"exec_ref_id": "E4", "cum_quantity": "60", "leaves_quantity": "40"}
        await gateway.send(gateway.report(cl_ord_id, "H", "1", exec_id="B2", **last))
        await gateway.applied()
        found = (await client.get(order_id)).order
        assert (found.progress.cum_quantity, found.anomaly_count) == ("60", 1)
    await verified(book_url)
