"""TWAP and POV orders over PostgreSQL and two scripted venues."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import grpc
import pytest

from kernel.nanoseconds import NS_PER_S
from mesh.errors import read_refusal
from mesh.timestamps import to_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.domain.routing.decision import ActionKind
from svc_oms.domain.routing.paced.schedule import released
from svc_oms.domain.routing.record import from_record
from tests.support.oms import verified
from tests.support.routed import BEST, DAY, GTC, POV, TWAP, routed
from tests.support.waiting import until

S = order_pb2.OrderState


def within(seconds, slice_s=1, *, start=None, **other):
    """Make a schedule that ends some seconds from now."""
    now_ns = time.time_ns()
    made = order_pb2.RoutingSchedule(slice_s=slice_s, **other)
    made.end_time.CopyFrom(to_timestamp(now_ns + seconds * NS_PER_S))
    if start is not None:
        made.start_time.CopyFrom(to_timestamp(now_ns + start * NS_PER_S))
    return made


@asynccontextmanager
async def answering(mesh, mic, *, fills):
    """Let a venue acknowledge each order, execute it or not, and grant each cancel."""

    async def answer():
        index = 0
        while True:
            command = await mesh.command(mic, index)
            index += 1
            if command.kind == gw.VENUE_COMMAND_KIND_CANCEL:
                # What is executed at once is executed before a cancel comes.
                if not fills:
                    await canceled(mesh, mic, command)
                continue
            await mesh.acknowledge(mic, command)
            if fills:
                await mesh.fill(mic, command)

    task = asyncio.create_task(answer())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, TimeoutError):
            await task


async def canceled(mesh, mic, command):
    venue = mesh.venues[mic]
    await venue.send(
        venue.report(
            command.cl_ord_id, "4", "4", order_quantity=command.terms.quantity, cum_quantity="0",
            leaves_quantity="0", orig_cl_ord_id=command.orig_cl_ord_id,
        )
    )  # fmt: skip


async def pause(mesh, key, order_id):
    request = order_service_pb2.PauseRequest(idempotency_key=key, order_id=order_id)
    return await mesh.client.orders.Pause(request, metadata=mesh.client.metadata)


async def resume(mesh, key, order_id):
    request = order_service_pb2.ResumeRequest(idempotency_key=key, order_id=order_id)
    return await mesh.client.orders.Resume(request, metadata=mesh.client.metadata)


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return read_refusal(caught.value)


def keeps_pace(answer):
    """Check from the records that no decision placed more than was released then."""
    for each in answer.decisions:
        inputs, decision = from_record(each.record)
        more = sum(
            action.quantity for action in decision.actions if action.kind is ActionKind.PLACE
        )
        due = released(
            inputs.request.schedule,
            inputs.parent.quantity,
            inputs.parent.market_volume,
            inputs.now_ns,
        )
        assert not more or inputs.parent.committed + more <= due


async def test_twap_places_an_even_share_in_each_slice_until_it_is_cancelled(book_url, tls):
    async with routed(book_url, tls) as mesh, answering(mesh, "SIMA", fills=True):
        mesh.show(offers={"SIMA": "5000@650.05"})
        parent = await mesh.place(
            quantity="600", strategy=TWAP, schedule=within(60), time_in_force=DAY
        )
        assert parent.routing.schedule.HasField("start_time")
        await until(lambda: len(mesh.venues["SIMA"].commands) >= 3, "three slices")
        await mesh.client.cancel("c1", parent.order_id)
        ended = await mesh.client.in_state(parent.order_id, S.ORDER_STATE_CANCELED)
        answer = await mesh.proven(parent.order_id)
        keeps_pace(answer)
        assert ended.progress.cum_quantity == str(
            sum(int(child.progress.cum_quantity) for child in answer.children)
        )
        sent = [
            one for one in mesh.venues["SIMA"].commands if one.kind == gw.VENUE_COMMAND_KIND_NEW
        ]
        assert len(answer.children) == len(sent)
    await verified(book_url)


async def test_a_paused_order_rests_nothing_and_stays_paused_when_it_is_amended(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(bids={"SIMA": "10@640"})
        parent = await mesh.place(
            quantity="300", limit="640", strategy=TWAP, schedule=within(1200, 600),
            venues=["SIMA"],
        )  # fmt: skip
        child = await mesh.command("SIMA")
        assert child.terms.quantity == "150"
        await mesh.acknowledge("SIMA", child)
        await mesh.client.in_state(child.order_id, S.ORDER_STATE_NEW)
        paused = await pause(mesh, "p1", parent.order_id)
        assert paused.order.progress.state == S.ORDER_STATE_SUSPENDED
        assert (await pause(mesh, "p1", parent.order_id)).duplicate
        for call, reason in (
            (pause(mesh, "p2", parent.order_id), "OBJECT_STATE"),
            (pause(mesh, "p3", child.order_id), "OBJECT_STATE"),
            (resume(mesh, "p1", parent.order_id), "IDEMPOTENCY_KEY_REUSED"),
        ):
            assert (await refusal(call)).reason == reason
        await canceled(mesh, "SIMA", await mesh.command("SIMA", 1))
        await mesh.client.in_state(child.order_id, S.ORDER_STATE_CANCELED)
        terms = parent.terms
        terms.quantity = "400"
        request = order_service_pb2.ReplaceRequest(
            idempotency_key="r1", order_id=parent.order_id, terms=terms
        )
        amended = await mesh.client.orders.Replace(request, metadata=mesh.client.metadata)
        assert amended.order.progress.state == S.ORDER_STATE_SUSPENDED
        assert len(mesh.venues["SIMA"].commands) == 2
        resumed = await resume(mesh, "p4", parent.order_id)
        assert resumed.order.progress.state == S.ORDER_STATE_NEW
        assert (await refusal(resume(mesh, "p5", parent.order_id))).reason == "OBJECT_STATE"
        again = await mesh.command("SIMA", 2)
        assert (again.kind, again.terms.quantity) == (gw.VENUE_COMMAND_KIND_NEW, "200")
        await mesh.client.cancel("c1", parent.order_id)
        refused = await refusal(pause(mesh, "p6", parent.order_id))
        assert refused.reason == "ORDER_CHANGE_PENDING"
        await mesh.proven(parent.order_id)
    await verified(book_url)


async def test_at_the_end_of_its_schedule_an_order_reports_what_is_not_executed(book_url, tls):
    async with routed(book_url, tls) as mesh, answering(mesh, "SIMA", fills=False):
        mesh.show(bids={"SIMA": "10@640"})
        parent = await mesh.place(
            quantity="300", limit="640", strategy=TWAP, schedule=within(2), venues=["SIMA"],
            time_in_force=GTC,
        )  # fmt: skip
        ended = await mesh.client.in_state(parent.order_id, S.ORDER_STATE_EXPIRED)
        assert (ended.progress.cum_quantity, ended.progress.leaves_quantity) == ("0", "0")
        answer = await mesh.proven(parent.order_id)
        _, decision = from_record(answer.decisions[-1].record)
        assert decision.reason == "the schedule is over: 300 of 300 is not executed"
        closed = await refusal(pause(mesh, "p1", parent.order_id))
        assert closed.reason == "ORDER_CLOSED"
    await verified(book_url)


def trades(mesh, volume):
    """Let svc_marketdata report the traded quantity of the day at SIMA."""
    mesh.books.take_quote("ASML.SIMA", market_data_pb2.Quote(volume=volume))


async def followed(mesh):
    await until(lambda: "ASML.SIMA" in mesh.books.followed(), "the volume is followed")


async def test_pov_follows_the_volume_and_another_replica_goes_on_counting(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "5000@650.05"})
        parent = await mesh.place(
            quantity="300", strategy=POV, venues=["SIMA"],
            schedule=within(600, participation_bps=1000, slice_quantity_max="100"),
        )  # fmt: skip
        await followed(mesh)
        trades(mesh, "1000")
        # What was traded before does not count: this decision places nothing, and is stored.
        await until_decided(mesh, parent.order_id, 2)
        trades(mesh, "1500")
        first = await mesh.command("SIMA")
        assert first.terms.quantity == "50"
        await mesh.acknowledge("SIMA", first)
        await mesh.fill("SIMA", first)
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_PARTIALLY_FILLED)
        # Its own execution is traded quantity, too: 10 % of 550.
        trades(mesh, "1550")
        second = await mesh.command("SIMA", 1)
        assert second.terms.quantity == "5"
        await mesh.acknowledge("SIMA", second)
        await mesh.fill("SIMA", second)
        await mesh.client.in_state(second.order_id, S.ORDER_STATE_FILLED)
        await mesh.running.server.stop(0)
    await verified(book_url)
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "5000@650.05"})
        await followed(mesh)
        trades(mesh, "1700")
        third = await mesh.command("SIMA")
        # 10 % of the 700 since the start, less the 55 that are executed.
        assert third.terms.quantity == "15"
        keeps_pace(await mesh.proven(parent.order_id))
    await verified(book_url)


async def until_decided(mesh, order_id, number):
    async with asyncio.timeout(30):
        while (await mesh.client.get(order_id)).order.routing_decision < number:
            await asyncio.sleep(0.02)


async def test_schedules_that_mean_no_good_are_refused_by_name(book_url, tls):
    twap, pov = {"strategy": TWAP}, {"strategy": POV}
    cases = [
        (twap, None, ""),
        ({"strategy": BEST}, within(60), ""),
        (twap, order_pb2.RoutingSchedule(slice_s=1), ".end_time"),
        (twap, within(-1), ".end_time"),
        (twap, within(20_000), ".end_time"),
        # Longer than the day.
        (twap, within(3 * 86_400, 600), ".end_time"),
        (twap, within(60, start=-90), ".start_time"),
        (twap, within(60, -1), ".slice_s"),
        (twap, within(60, 86_401), ".slice_s"),
        (twap, within(60, participation_bps=10), ".participation_bps"),
        (pov, within(60), ".participation_bps"),
        (pov, within(60, participation_bps=5001), ".participation_bps"),
        (twap, within(60, slice_quantity_max="0.5"), ".slice_quantity_max"),
        (twap, within(60, slice_quantity_max="x"), ".slice_quantity_max"),
    ]
    refusals = [(fields | {"schedule": one}, f"routing.schedule{at}") for fields, one, at in cases]
    daily = pov | {"schedule": within(60, participation_bps=10), "time_in_force": GTC}
    refusals.append((daily, "terms.time_in_force"))
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "500@650.05"})
        for number, (fields, field) in enumerate(refusals):
            refused = await refusal(mesh.place(f"k{number}", **fields))
            assert refused.metadata["field"] == field, (fields, refused.text)
        assert not any(venue.commands for venue in mesh.venues.values())
        later = await mesh.place("later", strategy=TWAP, schedule=within(120, start=60))
        assert later.progress.state == S.ORDER_STATE_NEW
        assert not any(venue.commands for venue in mesh.venues.values())
    await verified(book_url)
