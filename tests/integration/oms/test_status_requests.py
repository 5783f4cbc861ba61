"""The question to the venue about a contradiction, on PostgreSQL and over the session link."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
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
