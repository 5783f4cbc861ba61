"""Routed orders over PostgreSQL and two scripted venues."""

from decimal import Decimal

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from tests.support.oms import verified
from tests.support.routed import BEST, IOC, ISIN, routed
from tests.support.waiting import until

S = order_pb2.OrderState
FEES = {
    "SIMA": gw.FeeSchedule(currency="EUR", taker=gw.FeeRate(basis_points="5"), maker=gw.FeeRate()),
    "SIMB": gw.FeeSchedule(currency="EUR", taker=gw.FeeRate(), maker=gw.FeeRate()),
}


def sums(answer):
    return sum(Decimal(child.progress.cum_quantity) for child in answer.children)


async def test_a_sweep_takes_what_both_venues_show_and_the_parent_has_the_executions(book_url, tls):
    async with routed(book_url, tls, FEES) as mesh:
        mesh.show(offers={"SIMA": "200@650.05 500@650.10", "SIMB": "100@650.10"})
        parent = await mesh.place(quantity="300", time_in_force=IOC)
        assert (parent.progress.state, parent.instrument_id) == (S.ORDER_STATE_NEW, "")
        assert (parent.isin, parent.routing.strategy) == (ISIN, BEST)
        one, two = await mesh.command("SIMA"), await mesh.command("SIMB")
        # 650.05 plus 5 basis points is dearer than 650.10 without a fee.
        assert (two.terms.quantity, two.terms.limit_price) == ("100", "650.1")
        assert (one.terms.quantity, one.terms.limit_price) == ("200", "650.05")
        assert {one.terms.time_in_force, two.terms.time_in_force} == {IOC}
        await mesh.acknowledge("SIMA", one)
        await mesh.acknowledge("SIMB", two)
        await mesh.fill("SIMA", one)
        await mesh.fill("SIMB", two)
        done = await mesh.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
        assert done.progress.average_price == "650.066666667"
        answer = await mesh.proven(parent.order_id)
        assert len(answer.children) == 2
        assert sums(answer) == 300
        assert {child.routing_decision for child in answer.children} == {1}
        assert {child.link.parent_order_id for child in answer.children} == {parent.order_id}
    await verified(book_url)


async def test_what_comes_back_unfilled_is_routed_again_from_the_newest_book(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "300@650.05"})
        parent = await mesh.place(quantity="300", time_in_force=IOC)
        first = await mesh.command("SIMA")
        mesh.show(offers={"SIMB": "500@650.10"})
        await mesh.acknowledge("SIMA", first)
        await mesh.fill("SIMA", first, "100")
        await mesh.end("SIMA", first, "100")
        second = await mesh.command("SIMB")
        assert (second.terms.quantity, second.terms.limit_price) == ("200", "650.1")
        await mesh.acknowledge("SIMB", second)
        await mesh.fill("SIMB", second)
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
        answer = await mesh.proven(parent.order_id)
        assert [child.routing_decision for child in answer.children] == [1, 2]
    await verified(book_url)


async def test_an_ioc_parent_ends_when_nothing_more_is_shown(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "100@650.05"})
        parent = await mesh.place(quantity="300", time_in_force=IOC)
        child = await mesh.command("SIMA")
        mesh.show()
        await mesh.acknowledge("SIMA", child)
        await mesh.fill("SIMA", child)
        ended = await mesh.client.in_state(parent.order_id, S.ORDER_STATE_CANCELED)
        assert (ended.progress.cum_quantity, ended.progress.leaves_quantity) == ("100", "0")
        await mesh.proven(parent.order_id)
    await verified(book_url)


async def test_the_rest_of_a_day_parent_rests_and_is_cancelled_with_it(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(bids={"SIMA": "50@650"}, offers={"SIMA": "100@650.05"})
        parent = await mesh.place(quantity="300", limit="650.05")
        took = await mesh.command("SIMA")
        mesh.show(bids={"SIMA": "50@650"}, offers={"SIMA": "100@650.50"})
        await mesh.acknowledge("SIMA", took)
        await mesh.fill("SIMA", took)
        rests = await until_rest(mesh)
        assert rests.terms.quantity == "200"
        mic = mic_of(mesh, rests)
        await mesh.acknowledge(mic, rests)
        answer = await mesh.client.cancel("c1", parent.order_id)
        assert answer.order.progress.state == S.ORDER_STATE_PENDING_CANCEL
        cancel = await until_kind(mesh, mic, gw.VENUE_COMMAND_KIND_CANCEL)
        # A fill that crosses the cancel.
        await mesh.fill(mic, rests, "150", cum="150")
        await mesh.venues[mic].send(
            mesh.venues[mic].report(
                cancel.cl_ord_id,
                "4",
                "4",
                order_quantity="200",
                cum_quantity="150",
                leaves_quantity="0",
                orig_cl_ord_id=rests.cl_ord_id,
            )
        )
        ended = await mesh.client.in_state(parent.order_id, S.ORDER_STATE_CANCELED)
        assert ended.progress.cum_quantity == "250"
        await mesh.proven(parent.order_id)
    await verified(book_url)


def mic_of(mesh, command):
    return next(mic for mic, one in mesh.venues.items() if command in one.commands)


async def until_rest(mesh):
    """Wait for a child that is not IOC."""

    def found():
        for venue in mesh.venues.values():
            for command in venue.commands:
                if command.terms.time_in_force != IOC:
                    return command
        return None

    await until(lambda: found() is not None, "a child that rests")
    return found()


async def until_kind(mesh, mic, kind):
    def found():
        return [command for command in mesh.venues[mic].commands if command.kind == kind]

    await until(found, "a command")
    return found()[0]
