"""Routed orders whose changes are refused: by a venue, by a control, by one another."""

from kernel.nanoseconds import NS_PER_S
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import kill_switch_pb2, kill_switch_service_pb2, order_pb2
from svc_oms.domain.routing.decision import RoutingLimits
from tests.support.oms import RITA, verified
from tests.support.routed import POST, routed
from tests.support.waiting import until

S = order_pb2.OrderState


async def test_a_cancel_that_the_venue_refuses_is_requested_again_but_not_at_once(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(bids={"SIMA": "10@640"})
        parent = await mesh.place(quantity="300", limit="640", strategy=POST, venues=["SIMA"])
        child = await mesh.command("SIMA")
        await mesh.acknowledge("SIMA", child)
        await mesh.client.in_state(child.order_id, S.ORDER_STATE_NEW)
        await mesh.client.cancel("c1", parent.order_id)
        venue = mesh.venues["SIMA"]
        refused = await mesh.command("SIMA", 1)
        reject = gw.OrderCancelReject(
            cl_ord_id=refused.cl_ord_id,
            orig_cl_ord_id=refused.orig_cl_ord_id,
            ord_status="0",
            cxl_rej_reason=99,
            response_to="1",
        )
        await venue.send(venue.message(order_cancel_reject=reject))
        before = await mesh.client.in_state(child.order_id, S.ORDER_STATE_NEW)
        again = await mesh.command("SIMA", 2)
        assert again.kind == gw.VENUE_COMMAND_KIND_CANCEL
        after = await mesh.client.in_state(child.order_id, S.ORDER_STATE_PENDING_CANCEL)
        waited_ns = after.updated_at.ToNanoseconds() - before.updated_at.ToNanoseconds()
        assert waited_ns >= RoutingLimits().retry_ns_min == NS_PER_S
        await venue.send(
            venue.report(
                again.cl_ord_id, "4", "4", order_quantity="300", cum_quantity="0",
                leaves_quantity="0", orig_cl_ord_id=again.orig_cl_ord_id,
            )
        )  # fmt: skip
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_CANCELED)
        await mesh.proven(parent.order_id)
    await verified(book_url)


async def test_a_mass_cancel_of_a_venue_ends_the_routed_order_of_each_child(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(bids={"SIMA": "10@640"})
        parent = await mesh.place(quantity="300", limit="640", strategy=POST)
        await until(lambda: any(one.commands for one in mesh.venues.values()), "a child")
        mic = next(mic for mic, one in mesh.venues.items() if one.commands)
        child = mesh.venues[mic].commands[0]
        await mesh.acknowledge(mic, child)
        request = kill_switch_service_pb2.MassCancelRequest(
            idempotency_key="m1", scope=kill_switch_pb2.KillScope(venue_mic=mic), reason="a test"
        )
        await mesh.client.kills.MassCancel(request, metadata=RITA)
        cancel = await mesh.command(mic, 1)
        assert cancel.kind == gw.VENUE_COMMAND_KIND_CANCEL
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_PENDING_CANCEL)
        venue = mesh.venues[mic]
        await venue.send(
            venue.report(
                cancel.cl_ord_id, "4", "4", order_quantity="300", cum_quantity="0",
                leaves_quantity="0", orig_cl_ord_id=child.cl_ord_id,
            )
        )  # fmt: skip
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_CANCELED)
        assert sum(len(one.commands) for one in mesh.venues.values()) == 2
    await verified(book_url)
