"""Orders that may only reduce: every way to the venue, and what happens when the position goes."""

from decimal import Decimal

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.domain.positions.reduce_only import GONE
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.submissions import NOTHING_DONE, CommandKind, Taken
from svc_oms.service.waiting.reduce_only import ReduceOnlyWatch
from tests.support.command_bench import ACCOUNT, RITA, command_bench
from tests.support.oms import listing

D = Decimal
BUY, SELL = order_pb2.SIDE_BUY, order_pb2.SIDE_SELL
BRACKET = order_pb2.ORDER_LINK_KIND_BRACKET
GTC = order_pb2.TIME_IN_FORCE_GTC


@pytest.fixture
async def bench():
    made = await command_bench()
    made.submitted = []
    made.book.reduce_only._submit = made.submitted.append
    made.book.triggers._submit = lambda _: None
    return made


def request(quantity="100", side=SELL, *, stop=False, **fields):
    price = {"stop_price": "640"} if stop else {"limit_price": "660"}
    return {
        "side": side,
        "type": order_pb2.ORDER_TYPE_STOP if stop else order_pb2.ORDER_TYPE_LIMIT,
        "terms": order_pb2.OrderTerms(quantity=quantity, time_in_force=GTC, **price),
        "reduce_only": True,
    } | fields


async def hold(bench, quantity):
    """Trade until the account holds this more: sold if it is negative."""
    side = BUY if quantity > 0 else SELL
    fields = request(str(abs(quantity)), side, reduce_only=False)
    await fill(bench, await bench.place(**fields), abs(quantity))


async def fill(bench, order_id, quantity, cum=None):
    order = await bench.order(order_id)
    cum = quantity if cum is None else cum
    leaves = order.terms.quantity - cum
    await bench.apply(
        gw.ExecutionReport(
            cl_ord_id=order.cl_ord_id,
            exec_type="F",
            ord_status="1" if leaves else "2",
            exec_id=f"E{bench.numbers}",
            venue_order_id=f"V{order_id}",
            order_quantity=str(order.terms.quantity),
            last_quantity=str(quantity),
            last_price="650",
            cum_quantity=str(cum),
            leaves_quantity=str(leaves),
        )
    )


async def acknowledge(bench, order_id):
    order = await bench.order(order_id)
    await bench.apply(
        gw.ExecutionReport(
            cl_ord_id=order.cl_ord_id,
            exec_type="0",
            ord_status="0",
            exec_id=f"E{bench.numbers}",
            venue_order_id=f"V{order_id}",
            order_quantity=str(order.terms.quantity),
            cum_quantity="0",
            leaves_quantity=str(order.terms.quantity),
        )
    )


async def checked(bench):
    """Carry out what the watch submitted, as the command worker would."""
    count = 0
    while bench.submitted:
        submission = bench.submitted.pop()
        assert submission.kind is CommandKind.CHECK_REDUCE_ONLY
        await bench.worker.work([submission])
        count += 1
    return count


async def sent(bench, order_id):
    return [
        (gw.VenueCommandKind.Name(one.kind).removeprefix("VENUE_COMMAND_KIND_"), quantity(one))
        for one in await bench.commands()
        if one.order_id == order_id
    ]


def quantity(command):
    return "" if command.kind == gw.VENUE_COMMAND_KIND_CANCEL else command.terms.quantity


@pytest.mark.parametrize(
    ("held", "side", "asked", "taken"),
    [
        (0, SELL, "1", False),
        (0, BUY, "1", False),
        (100, SELL, "100", True),
        (100, SELL, "101", False),
        (100, BUY, "1", False),
        (-100, BUY, "100", True),
        (-100, BUY, "101", False),
        (-100, SELL, "1", False),
    ],
)
@pytest.mark.parametrize("stop", [False, True])
async def test_a_new_order_may_close_the_position_and_no_more(
    bench, held, side, asked, taken, stop
):
    if held:
        await hold(bench, held)
    outcome = await bench.try_place(**request(asked, side, stop=stop))
    if taken:
        assert isinstance(outcome, Taken)
        assert (await bench.order(outcome.order_id)).reduce_only
        return
    assert (outcome.reason, outcome.field) == ("REDUCE_ONLY", "terms.quantity")
    assert outcome.metadata["held"] == str(held)


async def test_an_order_in_money_cannot_be_reduce_only(bench):
    terms = order_pb2.OrderTerms(cash_quantity="1000", time_in_force=GTC)
    fields = request(terms=terms, type=order_pb2.ORDER_TYPE_MARKET)
    outcome = await bench.try_place(**fields)
    assert (outcome.reason, outcome.field) == ("INVALID_FIELD", "terms.cash_quantity")


async def test_an_approval_compares_with_the_position_again(bench):
    await hold(bench, 100)
    order_id = await bench.place(**request(), hold_for_approval=True)
    await hold(bench, -40)
    approval = order_service_pb2.ApproveRequest(idempotency_key="a", order_id=order_id)
    refused = await bench.do(requests.approve, approval, RITA)
    assert refused.reason == "REDUCE_ONLY"
    assert (await bench.order(order_id)).state.name == "HELD"
    await hold(bench, 40)
    assert isinstance(await bench.do(requests.approve, approval, RITA), Taken)


@pytest.mark.parametrize(
    ("held", "result"), [(100, [("NEW", "100")]), (60, [("NEW", "60")]), (0, []), (-20, [])]
)
async def test_a_reached_stop_trades_what_is_left_of_the_position(bench, held, result):
    await hold(bench, 100)
    order_id = await bench.place(**request(stop=True))
    if held != 100:
        await hold(bench, held - 100)
    await bench.trigger(order_id, D(640))
    assert await sent(bench, order_id) == result
    order = await bench.order(order_id)
    assert order.is_closed is (not result)
    if not result:
        assert await bench.kinds(order_id) == ["ACCEPTED", "CANCELED"]


async def test_what_is_left_of_the_position_is_traded_in_whole_lots(bench):
    await hold(bench, 100)
    order_id = await bench.place(**request(stop=True))
    await hold(bench, -45)
    listed = listing()
    listed.lot_size = "10"
    bench.book.market.learn([listed])
    await bench.trigger(order_id, D(640))
    assert await sent(bench, order_id) == [("NEW", "50")]


async def test_exits_of_a_bracket_wait_for_the_entry_and_end_with_its_position(bench):
    entry = await bench.place(link=order_pb2.OrderLink(kind=BRACKET, group_id="G"))
    link = order_pb2.OrderLink(kind=BRACKET, group_id="G", parent_order_id=entry)
    target = await bench.place(**request(link=link))
    loss = await bench.place(**request(stop=True, link=link))
    await acknowledge(bench, entry)
    await checked(bench)
    # They have no position to reduce before the entry made one.
    assert (await bench.order(loss)).waits_for.name == "PARENT"
    await fill(bench, entry, 100)
    await bench.trigger(target)
    await acknowledge(bench, target)
    await checked(bench)
    assert await sent(bench, target) == [("NEW", "100")]
    # A person closes the position by hand.
    await hold(bench, -100)
    assert await checked(bench)
    assert await sent(bench, target) == [("NEW", "100"), ("CANCEL", "")]
    order = await bench.order(loss)
    assert (order.state.name, order.rejection) == ("CANCELED", None)
    assert GONE in await texts(bench, loss)


async def texts(bench, order_id):
    rows = await bench.book.store.events(ACCOUNT, 0, 100)
    lines = [decode_event(row.payload) for row in rows]
    return [getattr(one.event, "text", "") for one in lines if one.order_id == order_id]


async def test_an_order_at_the_venue_is_lowered_to_what_is_left_of_the_position(bench):
    await hold(bench, 100)
    order_id = await bench.place(**request())
    await acknowledge(bench, order_id)
    await checked(bench)
    await fill(bench, order_id, 10)
    await checked(bench)
    # 90 are held, and 90 are left of the order.
    assert await sent(bench, order_id) == [("NEW", "100")]
    await hold(bench, -30)
    await checked(bench)
    assert await sent(bench, order_id) == [("NEW", "100"), ("REPLACE", "70")]
    # Nothing more is requested before the venue has answered.
    await hold(bench, -10)
    await checked(bench)
    assert len(await sent(bench, order_id)) == 2


async def test_a_replace_may_lower_but_not_exceed_the_position(bench):
    await hold(bench, 100)
    order_id = await bench.place(**request("60"))
    await acknowledge(bench, order_id)
    for asked, taken in (("101", False), ("100", True)):
        terms = order_pb2.OrderTerms(quantity=asked, limit_price="660", time_in_force=GTC)
        change = order_service_pb2.ReplaceRequest(
            idempotency_key=asked, order_id=order_id, terms=terms
        )
        outcome = await bench.do(requests.replace, change)
        assert isinstance(outcome, Taken) is taken
        if not taken:
            assert outcome.reason == "REDUCE_ONLY"


async def test_a_check_that_comes_late_or_twice_changes_nothing(bench):
    await hold(bench, 100)
    order_id = await bench.place(**request())
    await acknowledge(bench, order_id)
    await hold(bench, -100)
    late = bench.submitted[-1]
    await checked(bench)
    await bench.worker.work([late])
    assert await sent(bench, order_id) == [("NEW", "100"), ("CANCEL", "")]


async def test_another_replica_reads_the_orders_and_checks_when_the_log_grew(bench):
    await hold(bench, 100)
    order_id = await bench.place(**request())
    await acknowledge(bench, order_id)
    submitted = []
    other = ReduceOnlyWatch(bench.book.store, submitted.append)
    await other.read()
    assert [one.command.order_ids for one in submitted] == [(order_id,)]
    submitted.pop().reply(NOTHING_DONE)
    await other.read()
    assert submitted == []
    # The replica that took the execution died before it could check.
    await hold(bench, -100)
    await other.read()
    await bench.worker.work([submitted.pop()])
    assert await sent(bench, order_id) == [("NEW", "100"), ("CANCEL", "")]


async def test_accounts_without_such_orders_are_not_checked(bench):
    await hold(bench, 100)
    assert bench.submitted == []
    await bench.book.triggers.read()
    assert len(bench.book.triggers) == 0


async def test_the_watch_of_stops_reads_a_reduce_only_order_at_the_venue_once(bench):
    await hold(bench, 100)
    order_id = await bench.place(**request())
    read = []
    orders = bench.book.store.orders

    async def counted(order_ids):
        read.append(tuple(order_ids))
        return await orders(order_ids)

    bench.book.store.orders = counted
    for _ in range(3):
        await bench.book.triggers.read()
    assert read == [(order_id,)]
