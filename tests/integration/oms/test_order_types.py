"""Order types over gRPC: by what the venue takes, at every replica, and stored as reported."""

import asyncio

import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.oms.v1 import order_pb2 as oms
from tests.support.oms import WAIT_S, Client, Gateway, replica, trading, verified

OFFERED = {
    "order_types": [oms.ORDER_TYPE_LIMIT, oms.ORDER_TYPE_STOP, oms.ORDER_TYPE_PEGGED],
    "times_in_force": [oms.TIME_IN_FORCE_DAY, oms.TIME_IN_FORCE_GTD],
}


def terms(in_force: int = oms.TIME_IN_FORCE_DAY, **given) -> oms.OrderTerms:
    return oms.OrderTerms(quantity="100", time_in_force=in_force, **given)


async def refused(client: Client, key: str, type_: int, asked: oms.OrderTerms) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client.place(key, type=type_, terms=asked)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return reason_of(caught.value)[0], caught.value.details()


async def test_what_the_venue_takes_counts_at_every_replica(book_url, tls):
    async with (
        trading(book_url, tls) as (running, _, old),
        replica(book_url, tls) as second,
        running.channel("svc-gateway") as peer,
        second.channel() as user,
    ):
        await old.close()
        gateway, client = Gateway(peer), Client(user)
        await gateway.open(**OFFERED)
        iceberg = terms(limit_price="650", display_quantity="10")
        async with asyncio.timeout(WAIT_S):
            text = ""
            # Until the other replica has read the session anew.
            while "STOP" not in text:
                reason, text = await refused(client, "k1", oms.ORDER_TYPE_ICEBERG, iceberg)
        assert reason == "UNSUPPORTED_ORDER_CHARACTERISTIC"
        assert text == "type ICEBERG is not offered: it should be one of LIMIT, STOP, PEGGED"
        reason, text = await refused(
            client, "k2", oms.ORDER_TYPE_LIMIT,
            terms(oms.TIME_IN_FORCE_GTC, limit_price="650"),
        )  # fmt: skip
        assert text == "terms.time_in_force GTC is not offered: it should be one of DAY, GTD"
        reason, text = await refused(
            client, "k3", oms.ORDER_TYPE_LIMIT,
            terms(oms.TIME_IN_FORCE_GTD, limit_price="650"),
        )  # fmt: skip
        assert reason == "INVALID_FIELD"
        assert text.startswith("terms.expire_time is missing: it should be a time")
        order = (
            await client.place("k4", type=oms.ORDER_TYPE_STOP, terms=terms(stop_price="640"))
        ).order
        command = await gateway.command(0)
        assert (command.order_id, command.type) == (order.order_id, oms.ORDER_TYPE_STOP)
        assert command.terms.stop_price == "640"
        await gateway.close()


async def test_a_peg_is_stored_as_the_venue_reports_it(book_url, tls):
    async with trading(book_url, tls) as (running, client, old):
        await old.close()
        async with running.channel("svc-gateway") as peer:
            gateway = Gateway(peer)
            await gateway.open(**OFFERED)
            asked = terms(limit_price="651", peg=oms.Peg(reference=1, offset="-0.1"))
            order = (await client.place("k1", type=oms.ORDER_TYPE_PEGGED, terms=asked)).order
            command = await gateway.command(0)
            assert command.terms == order.terms
            await gateway.send(gateway.acknowledged(command.cl_ord_id))
            await gateway.send(
                gateway.report(
                    command.cl_ord_id, "D", "0", pegged_price="650.1", limit_price="651",
                    exec_restatement_reason=3, leaves_quantity="100", cum_quantity="0",
                )
            )  # fmt: skip
            await gateway.applied()
            found = (await client.get(order.order_id)).order
            assert (found.pegged_price, found.terms) == ("650.1", order.terms)
            assert found.progress.state == oms.ORDER_STATE_NEW
            await gateway.close()
    await verified(book_url)
