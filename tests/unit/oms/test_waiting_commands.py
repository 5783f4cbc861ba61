"""Waiting orders through the command worker, in memory: controls, refusals, linked commands."""

from decimal import Decimal

import pytest

from mesh.errors import refuse
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.domain.commands import ExpireOrder, MoveTrigger
from svc_oms.service.submissions import (
    CommandKind,
    Taken,
)
from tests.support.command_bench import ACCOUNT, ALICE, ANNA, RITA, command_bench
from tests.support.oms import Client

D = Decimal
GTC = order_pb2.TIME_IN_FORCE_GTC


@pytest.fixture
async def bench():
    return await command_bench()


def stop(type_=order_pb2.ORDER_TYPE_STOP, **fields):
    terms = order_pb2.OrderTerms(quantity="100", **{"time_in_force": GTC} | fields)
    return {"side": order_pb2.SIDE_SELL, "type": type_, "terms": terms}


def linked(kind, parent=""):
    return {"link": order_pb2.OrderLink(kind=kind, group_id="G", parent_order_id=parent)}


OTO = order_pb2.ORDER_LINK_KIND_OTO


async def test_a_second_trigger_finds_the_order_moved(bench):
    order_id = await bench.place(**stop(stop_price="640"))
    await bench.trigger(order_id, D(641))
    assert await bench.kinds(order_id) == ["ACCEPTED"]
    for _ in range(2):
        await bench.trigger(order_id, D(640))
    assert await bench.kinds(order_id) == ["ACCEPTED", "TRIGGERED"]
    assert [command.type for command in await bench.commands()] == [order_pb2.ORDER_TYPE_MARKET]
    kinds = [kind for kind, _ in bench.control.asked]
    assert kinds == [CommandKind.PLACE, CommandKind.TRIGGER]


async def test_a_trailing_stop_is_moved_before_it_is_triggered(bench):
    request = stop(order_pb2.ORDER_TYPE_TRAILING_STOP, trailing_offset="10", stop_price="600")
    order_id = await bench.place(**request)
    await bench.run_command(CommandKind.MOVE_TRIGGER, MoveTrigger(ACCOUNT, order_id, D(650)))
    await bench.run_command(CommandKind.MOVE_TRIGGER, MoveTrigger(ACCOUNT, order_id, D(645)))
    await bench.trigger(order_id, D(650), D(660))
    assert await bench.kinds(order_id) == [
        "ACCEPTED",
        "TRIGGER_MOVED",
        "TRIGGER_MOVED",
        "TRIGGERED",
    ]
    assert (await bench.order(order_id)).trigger == (D(650), D(660))


async def test_a_control_that_forbids_it_ends_a_reached_stop(bench):
    order_id = await bench.place(**stop(stop_price="640"))
    bench.control.refusal = refuse("KILL_SWITCH_ENGAGED", "the desk is halted")
    await bench.trigger(order_id, D(630))
    order = await bench.order(order_id)
    assert (order.state.name, order.rejection.reason) == ("REJECTED", "KILL_SWITCH_ENGAGED")
    assert await bench.commands() == []


async def test_a_passing_hindrance_keeps_a_reached_stop_until_it_is_over(bench):
    order_id = await bench.place(**stop(stop_price="640"))
    bench.control.refusal = refuse("RATE_LIMITED", "too many messages")
    for _ in range(2):
        await bench.trigger(order_id, D(630))
    order = await bench.order(order_id)
    assert (order.state.name, order.waits_for.name) == ("AWAITING_TRIGGER", "VENUE")
    bench.control.refusal = None
    await bench.trigger(order_id)
    assert await bench.kinds(order_id) == ["ACCEPTED", "RELEASED", "RELEASED"]
    assert len(await bench.commands()) == 1


async def test_a_stop_that_went_is_changed_as_what_it_became(bench):
    request = stop(order_pb2.ORDER_TYPE_STOP_LIMIT, stop_price="640", limit_price="635")
    order_id = await bench.place(**request)
    await bench.trigger(order_id, D(630))
    terms = order_pb2.OrderTerms(
        quantity="80", stop_price="640", limit_price="634", time_in_force=GTC
    )
    change = order_service_pb2.ReplaceRequest(idempotency_key="r", order_id=order_id, terms=terms)
    assert isinstance(await bench.do(requests.replace, change), Taken)
    sent, changed = await bench.commands()
    assert sent.type == changed.type == order_pb2.ORDER_TYPE_LIMIT
    assert (changed.terms.limit_price, changed.terms.stop_price) == ("634", "")


async def test_a_waiting_stop_is_changed_and_cancelled_here(bench):
    order_id = await bench.place(**stop(stop_price="640"))
    await bench.session(gw.SESSION_STATE_DOWN)
    terms = order_pb2.OrderTerms(quantity="80", stop_price="630", time_in_force=GTC)
    change = order_service_pb2.ReplaceRequest(idempotency_key="r", order_id=order_id, terms=terms)
    assert isinstance(await bench.do(requests.replace, change), Taken)
    await bench.trigger(order_id, D(635))
    assert (await bench.order(order_id)).trigger == (D(630), None)
    cancel = order_service_pb2.CancelRequest(idempotency_key="c", order_id=order_id)
    taken = await bench.do(requests.cancel, cancel)
    assert taken.state == order_pb2.ORDER_STATE_CANCELED
    assert await bench.commands() == []


async def test_the_cancel_of_a_waiting_parent_cancels_its_children(bench):
    parent = await bench.place(**stop(stop_price="640"), **linked(OTO))
    child = await bench.place(**linked(OTO, parent))
    request = order_service_pb2.CancelAllRequest(idempotency_key="c", account_id=ACCOUNT)
    taken = await bench.do(requests.cancel_all, request)
    results = order_service_pb2.CancelAllResponse.FromString(taken.body).results
    assert [(r.order_id, order_pb2.OrderState.Name(r.state)) for r in results] == [
        (parent, "ORDER_STATE_CANCELED"),
        (child, "ORDER_STATE_CANCELED"),
    ]
    assert ("AWAITING_TRIGGER", "CANCELED") in bench.control.moves
    assert await bench.kinds(child) == ["ACCEPTED", "CANCELED"]


async def test_a_day_order_ends_here_and_takes_its_children_along(bench):
    day = order_pb2.TIME_IN_FORCE_DAY
    parent = await bench.place(**stop(stop_price="640", time_in_force=day), **linked(OTO))
    child = await bench.place(**linked(OTO, parent))
    await bench.run_command(CommandKind.EXPIRE, ExpireOrder(ACCOUNT, parent))
    assert await bench.kinds(parent) == ["ACCEPTED"]
    bench.book.clock.advance(24 * 3600)
    # What is reached too late has ended.
    await bench.trigger(parent, D(630))
    assert await bench.kinds(parent) == ["ACCEPTED", "EXPIRED"]
    assert await bench.kinds(child) == ["ACCEPTED", "CANCELED"]


async def test_approval_runs_every_check_again_and_a_refusal_leaves_it_held(bench):
    order_id = await bench.place(hold_for_approval=True)
    approval = order_service_pb2.ApproveRequest(idempotency_key="a", order_id=order_id)
    bench.control.refusal = refuse("POSITION_LIMIT_EXCEEDED", "too much")
    refused = await bench.do(requests.approve, approval, RITA)
    assert refused.reason == "POSITION_LIMIT_EXCEEDED"
    bench.control.refusal = None
    await bench.session(gw.SESSION_STATE_DOWN)
    assert (await bench.do(requests.approve, approval, RITA)).reason == "VENUE_UNAVAILABLE"
    assert (await bench.order(order_id)).state.name == "HELD"
    stale = order_service_pb2.ApproveRequest(
        idempotency_key="b", order_id=order_id, expected_version=9
    )
    assert (await bench.do(requests.approve, stale, ANNA)).reason == "STALE_VERSION"
    await bench.session(gw.SESSION_STATE_UP)
    assert (await bench.do(requests.approve, approval, ALICE)).reason == "SECOND_PERSON_REQUIRED"
    taken = await bench.do(requests.approve, approval, ANNA)
    assert taken.state == order_pb2.ORDER_STATE_PENDING_NEW
    assert (await bench.order(order_id)).approved_by == "anna"
    assert (await bench.do(requests.approve, stale, RITA)).reason == "OBJECT_STATE"


async def test_a_held_order_is_changed_by_who_placed_it_only(bench):
    order_id = await bench.place(hold_for_approval=True)
    terms = order_pb2.OrderTerms(quantity="1", limit_price="650", time_in_force=GTC)
    change = order_service_pb2.ReplaceRequest(idempotency_key="r", order_id=order_id, terms=terms)
    assert (await bench.do(requests.replace, change, ANNA)).reason == "SECOND_PERSON_REQUIRED"
    assert isinstance(await bench.do(requests.replace, change, ALICE), Taken)


async def test_an_approved_order_may_have_to_wait_for_more(bench):
    held = await bench.place(**stop(stop_price="640"), hold_for_approval=True)
    parent = await bench.place(**linked(OTO))
    child = await bench.place(**linked(OTO, parent), hold_for_approval=True)
    for order_id, waits_for in ((held, "PRICE"), (child, "PARENT")):
        approval = order_service_pb2.ApproveRequest(idempotency_key=order_id, order_id=order_id)
        taken = await bench.do(requests.approve, approval, RITA)
        assert taken.state == order_pb2.ORDER_STATE_AWAITING_TRIGGER
        assert (await bench.order(order_id)).waits_for.name == waits_for
    assert len(await bench.commands()) == 1


async def test_a_batch_none_of_which_is_taken_is_tried_anew(bench):
    orders = [Client.request(None, f"b{i}", limit_price="650.03") for i in range(2)]
    batch = order_service_pb2.PlaceBatchRequest(
        idempotency_key="b", account_id=ACCOUNT, orders=orders
    )
    for atomic in (False, True):
        batch.atomic = atomic
        taken = await bench.do(requests.place_batch, batch)
        response = order_service_pb2.PlaceBatchResponse.FromString(taken.body)
        assert all(result.rejection.reason for result in response.results)
        assert not taken.duplicate
    assert await bench.book.store.events(ACCOUNT, 0, 10) == []


async def test_the_child_of_an_order_that_was_refused_is_refused(bench):
    entry = Client.request(None, "entry", limit_price="650.03", **linked(OTO))
    child = Client.request(None, "child")
    child.link.CopyFrom(order_pb2.OrderLink(kind=OTO, group_id="G", parent_key="entry"))
    batch = order_service_pb2.PlaceBatchRequest(
        idempotency_key="b", account_id=ACCOUNT, orders=[entry, child]
    )
    taken = await bench.do(requests.place_batch, batch)
    response = order_service_pb2.PlaceBatchResponse.FromString(taken.body)
    assert [result.rejection.field for result in response.results] == [
        "terms.limit_price",
        "link.parent_key",
    ]
