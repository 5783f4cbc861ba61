"""Exits through the command worker: the sibling is cancelled first, then the stop is sent."""

from decimal import Decimal

import pytest

from mesh.errors import refuse
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.service.submissions import NOTHING_DONE, Taken
from tests.support.command_bench import command_bench
from tests.support.oms import listing

D = Decimal
BUY, SELL = order_pb2.SIDE_BUY, order_pb2.SIDE_SELL
OCO, BRACKET = order_pb2.ORDER_LINK_KIND_OCO, order_pb2.ORDER_LINK_KIND_BRACKET
GTC = order_pb2.TIME_IN_FORCE_GTC
NEW, CANCEL = gw.VENUE_COMMAND_KIND_NEW, gw.VENUE_COMMAND_KIND_CANCEL


@pytest.fixture
async def bench():
    return await command_bench()


def exit_order(kind, parent="", *, stop=False):
    price = {"stop_price": "640"} if stop else {"limit_price": "660"}
    return {
        "side": SELL,
        "type": order_pb2.ORDER_TYPE_STOP if stop else order_pb2.ORDER_TYPE_LIMIT,
        "terms": order_pb2.OrderTerms(quantity="100", time_in_force=GTC, **price),
        "link": order_pb2.OrderLink(kind=kind, group_id="G", parent_order_id=parent),
    }


async def report(bench, order_id, exec_type, cum="0", request=1, **fields):
    """Have the venue report about an order of 100."""
    cum_quantity = D(cum)
    status = {"0": "0", "4": "4", "F": "2" if cum_quantity == 100 else "1"}[exec_type]
    closed = exec_type == "4"
    await bench.apply(
        gw.ExecutionReport(
            cl_ord_id=f"{order_id}-{request}",
            orig_cl_ord_id=f"{order_id}-1" if request > 1 else "",
            exec_type=exec_type,
            ord_status=status,
            exec_id=f"E{bench.numbers}",
            venue_order_id=f"V{order_id}",
            order_quantity="100",
            cum_quantity=cum,
            leaves_quantity="0" if closed else str(100 - cum_quantity),
            **fields,
        )
    )


async def fill(bench, order_id, quantity, cum=None):
    await report(bench, order_id, "F", cum or quantity, last_quantity=quantity, last_price="650")


async def pair(bench, kind):
    """A limit exit that works at the venue and a stop that waits here; of 100 each."""
    parent = ""
    if kind == BRACKET:
        parent = await bench.place(link=exit_order(kind)["link"])
        await report(bench, parent, "0")
    target = await bench.place(**exit_order(kind, parent))
    stop = await bench.place(**exit_order(kind, parent, stop=True))
    if kind == BRACKET:
        await fill(bench, parent, "100")
        await bench.trigger(target)
    await report(bench, target, "0")
    return target, stop


async def sent(bench, order_id):
    kinds = {NEW: "new", CANCEL: "cancel", gw.VENUE_COMMAND_KIND_REPLACE: "replace"}
    return [
        (kinds[one.kind], one.terms.quantity if one.kind == NEW else "")
        for one in await bench.commands()
        if one.order_id == order_id
    ]


async def state(bench, order_id):
    order = await bench.order(order_id)
    return order.state.name, order.waits_for.name if order.waits_for else ""


@pytest.mark.parametrize("kind", [OCO, BRACKET])
async def test_a_stop_is_sent_when_the_cancel_of_its_sibling_is_confirmed(bench, kind):
    target, stop = await pair(bench, kind)
    for _ in range(2):
        await bench.trigger(stop, D(640))
    assert await sent(bench, target) == [("new", "100"), ("cancel", "")]
    assert await sent(bench, stop) == []
    assert await state(bench, stop) == ("AWAITING_TRIGGER", "VENUE")
    assert await bench.kinds(stop) == ["ACCEPTED", "RELEASED"] + ["RELEASED"] * (kind == BRACKET)
    await bench.trigger(stop)
    assert await sent(bench, stop) == []
    await report(bench, target, "4", request=2)
    await bench.trigger(stop)
    assert await sent(bench, stop) == [("new", "100")]
    assert await state(bench, stop) == ("PENDING_NEW", "")


@pytest.mark.parametrize("kind", [OCO, BRACKET])
async def test_what_the_sibling_executes_meanwhile_the_stop_does_not_trade(bench, kind):
    target, stop = await pair(bench, kind)
    await bench.trigger(stop, D(640))
    await fill(bench, target, "30")
    await report(bench, target, "4", "30", request=2)
    await bench.trigger(stop)
    assert await sent(bench, stop) == [("new", "70")]
    # It is acknowledged and executed, and nothing cancels it.
    await bench.apply(
        gw.ExecutionReport(
            cl_ord_id=f"{stop}-1",
            exec_type="0",
            ord_status="0",
            exec_id="A",
            venue_order_id=f"V{stop}",
            order_quantity="70",
            cum_quantity="0",
            leaves_quantity="70",
        )
    )
    assert await state(bench, stop) == ("NEW", "")
    assert await sent(bench, stop) == [("new", "70")]


@pytest.mark.parametrize("kind", [OCO, BRACKET])
async def test_a_sibling_that_is_filled_meanwhile_ends_the_stop(bench, kind):
    target, stop = await pair(bench, kind)
    await bench.trigger(stop, D(640))
    await fill(bench, target, "100")
    await bench.trigger(stop)
    assert await sent(bench, stop) == []
    assert (await bench.order(stop)).is_closed


async def test_a_refused_cancel_of_the_sibling_is_requested_again(bench):
    target, stop = await pair(bench, OCO)
    await bench.trigger(stop, D(640))
    link = bench.book.leases._links["sima-orders"]
    bench.numbers += 1
    reject = gw.OrderCancelReject(
        cl_ord_id=f"{target}-2", orig_cl_ord_id=f"{target}-1", ord_status="0", cxl_rej_reason=99
    )
    await link.apply(
        [gw.VenueMessage(msg_seq_num=bench.numbers, session_epoch=1, order_cancel_reject=reject)],
        (),
    )
    assert await state(bench, target) == ("NEW", "")
    await bench.trigger(stop)
    assert await sent(bench, target) == [("new", "100"), ("cancel", ""), ("cancel", "")]
    assert await sent(bench, stop) == []


@pytest.mark.parametrize(
    ("reason", "stays"), [("KILL_SWITCH_ENGAGED", False), ("RATE_LIMITED", True)]
)
async def test_a_stop_that_may_not_be_sent_leaves_its_sibling_alone(bench, reason, stays):
    target, stop = await pair(bench, OCO)
    bench.control.refusal = refuse(reason, "no")
    await bench.trigger(stop, D(640))
    assert await sent(bench, target) == [("new", "100")]
    assert (await bench.order(stop)).is_closed is not stays


async def test_a_venue_that_is_closed_keeps_the_sibling(bench):
    target, stop = await pair(bench, OCO)
    await bench.session(trading_status=3)
    await bench.trigger(stop, D(640))
    assert await sent(bench, target) == [("new", "100")]
    await bench.session(trading_status=2)
    await bench.trigger(stop)
    assert await sent(bench, target) == [("new", "100"), ("cancel", "")]


async def test_the_watch_sends_the_stop_as_soon_as_the_sibling_is_closed(bench):
    target, stop = await pair(bench, OCO)
    submitted = []
    bench.book.triggers._submit = submitted.append
    await bench.trigger(stop, D(640))
    # It was looked at when it was released, and its sibling had not answered.
    submitted.pop().reply(NOTHING_DONE)
    await report(bench, target, "4", request=2)
    assert [one.command.order_id for one in submitted] == [stop]


async def test_a_stop_that_was_reached_is_not_replaced_but_cancelled(bench):
    target, stop = await pair(bench, OCO)
    await bench.trigger(stop, D(640))
    terms = order_pb2.OrderTerms(quantity="100", stop_price="630", time_in_force=GTC)
    change = order_service_pb2.ReplaceRequest(idempotency_key="r", order_id=stop, terms=terms)
    refused = await bench.do(requests.replace, change)
    assert refused.reason == "OBJECT_STATE"
    cancel = order_service_pb2.CancelRequest(idempotency_key="c", order_id=stop)
    assert isinstance(await bench.do(requests.cancel, cancel), Taken)
    await report(bench, target, "4", request=2)
    await bench.trigger(stop)
    assert await sent(bench, stop) == []


async def test_exits_of_an_odd_lot(bench):
    parent = await bench.place(link=exit_order(BRACKET)["link"])
    target = await bench.place(**exit_order(BRACKET, parent))
    listed = listing()
    listed.lot_size = "10"
    bench.book.market.learn([listed])
    await fill(bench, parent, "45")
    await report(bench, parent, "4", "45")
    order = await bench.order(target)
    assert (order.terms.quantity, order.waits_for.name) == (D(40), "VENUE")
    await bench.trigger(target)
    assert await sent(bench, target) == [("new", "40")]
