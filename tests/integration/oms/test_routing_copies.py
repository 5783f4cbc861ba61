"""A client's copy of a routed order and its children from the stream is what Get answers."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from ordermesh.type.v1 import stream_pb2
from tests.support.oms import Client, replica
from tests.support.order_copies import Copy, reading, replayed, resynced
from tests.support.routed import IOC, POST, routed
from tests.support.waiting import until

S = order_pb2.OrderState


async def sweep(mesh):
    """One order of three children; the first comes back in part, one is filled in two parts."""
    mesh.show(offers={"SIMA": "200@650.05"})
    parent = await mesh.place("k1", quantity="300", time_in_force=IOC)
    first = await mesh.command("SIMA")
    mesh.show(offers={"SIMA": "100@650.05", "SIMB": "100@650.10"})
    await mesh.acknowledge("SIMA", first)
    await mesh.fill("SIMA", first, "100")
    await mesh.end("SIMA", first, "100")
    second, third = await mesh.command("SIMA", 1), await mesh.command("SIMB")
    await mesh.acknowledge("SIMA", second)
    await mesh.fill("SIMA", second)
    await mesh.acknowledge("SIMB", third)
    await mesh.fill("SIMB", third, "40", cum="40")
    await mesh.fill("SIMB", third, "60", cum="100")
    await mesh.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
    return parent


async def rest(mesh):
    """One order that rests, is executed in part, and is cancelled."""
    mesh.show(bids={"SIMA": "10@640"})
    parent = await mesh.place("k2", limit="640", strategy=POST, venues=["SIMA"])
    child = await mesh.command("SIMA", 2)
    await mesh.acknowledge("SIMA", child)
    await mesh.fill("SIMA", child, "30")
    await mesh.client.in_state(parent.order_id, S.ORDER_STATE_PARTIALLY_FILLED)
    await mesh.client.cancel("c1", parent.order_id)
    cancel = await mesh.command("SIMA", 3)
    assert cancel.kind == gw.VENUE_COMMAND_KIND_CANCEL
    venue = mesh.venues["SIMA"]
    await venue.send(
        venue.report(
            cancel.cl_ord_id, "4", "4", order_quantity="300", cum_quantity="30",
            leaves_quantity="0", orig_cl_ord_id=child.cl_ord_id,
        )
    )  # fmt: skip
    await mesh.client.in_state(parent.order_id, S.ORDER_STATE_CANCELED)
    return parent


async def test_the_copy_is_the_order_however_it_was_read(book_url, tls):
    async with routed(book_url, tls) as mesh:
        live, flow = Copy(mesh.client), Copy(mesh.client)
        async with reading(live.read()), reading(flow.flow()):
            await until(lambda: live.cursor and flow.cursor, "snapshots")
            begun = stream_pb2.Cursor(epoch=live.cursor.epoch)
            parents = [await sweep(mesh), await rest(mesh)]
            truth = {}
            for parent in parents:
                answer = await mesh.proven(parent.order_id)
                for order in (answer.order, *answer.children):
                    truth[order.order_id] = (await mesh.client.get(order.order_id)).order
            assert len(truth) == len(parents) + 4
            last = max(order.last_sequence for order in truth.values())
            await live.has(last)
            await flow.has(last)
        assert "routing_decided" in live.kinds
        assert live.blotter.orders == flow.blotter.orders == truth
        await replayed(mesh.client, begun, last, truth)
        await resynced(mesh.client, truth)
        async with replica(book_url, tls) as second, second.channel() as channel:
            await replayed(Client(channel), begun, last, truth)
