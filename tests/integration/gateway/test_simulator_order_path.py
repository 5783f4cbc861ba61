"""The whole order path with the simulated venue: doubts that end, and short sales."""

import asyncio

import pytest

from ordermesh.oms.v1 import event_pb2, limit_pb2, order_pb2
from ordermesh.oms.v1 import limit_service_pb2 as limits
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from tests.support.oms import RAVI, RITA, verified
from tests.support.refusals import refusal
from tests.support.sim_path import SimPath, sim_path
from tests.support.waiting import until

UNKNOWN, NEW = order_pb2.ORDER_STATE_UNKNOWN, order_pb2.ORDER_STATE_NEW
FILLED, CANCELED = order_pb2.ORDER_STATE_FILLED, order_pb2.ORDER_STATE_CANCELED
DROP_COPY = event_pb2.RESOLUTION_SOURCE_DROP_COPY
PRICE = "650"


async def in_doubt(path: SimPath, key: str) -> str:
    """An order the venue has and says nothing about on the order session; return its id."""
    path.doubt()
    order_id = (await path.client.place(key, limit_price=PRICE)).order.order_id
    await path.client.in_state(order_id, UNKNOWN)
    await until(lambda: f"{order_id}-1" in path.at_venue(), "it is at the venue")
    return order_id


async def until_resolved(path: SimPath, order_id: str) -> None:
    async with asyncio.timeout(20):
        while await path.resolutions(order_id) != [DROP_COPY]:
            await asyncio.sleep(0.05)


@pytest.mark.long
async def test_unknown_ends_by_drop_copy_also_after_kill_9_of_the_venue(
    book_url, tls_folder, tmp_path
) -> None:
    async with sim_path(book_url, tls_folder, tmp_path) as path:
        client = path.client
        path.copies.cut()
        await path.copies_up(up=False)
        path.orders.mute()
        worked, traded, pulled = [await in_doubt(path, f"k{n}") for n in range(3)]
        # What was copied while the session was down comes by its numbers.
        path.copies.mend()
        for order_id in (worked, traded, pulled):
            await client.in_state(order_id, NEW)
            assert await path.resolutions(order_id) == [DROP_COPY]
        other = await path.other()
        other.order("S-1", symbol="ASML", side="2", quantity="200", price=PRICE, tif="3")
        await client.in_state(worked, FILLED)
        await client.in_state(traded, FILLED)
        # A cancel and an order are in doubt when the venue dies.
        path.copies.cut()
        await path.copies_up(up=False)
        path.doubt()
        await client.cancel("c2", pulled)
        await client.in_state(pulled, UNKNOWN)
        await until(lambda: f"{pulled}-2" in path.at_venue(), "the cancel is at the venue")
        last = await in_doubt(path, "k3")
        await path.kill_venue()
        path.copies.mend()
        await client.in_state(pulled, CANCELED)
        # The doubt about the order, that about the cancel, and the end that the copy brought first.
        assert await path.resolutions(pulled) == [DROP_COPY] * 3
        await until_resolved(path, last)
        # The order session has its say in the end: the venue came back without its book.
        path.orders.cut()
        path.orders.mend()
        await path.up()
        await client.in_state(last, CANCELED)
        ends = {worked: FILLED, traded: FILLED, pulled: CANCELED, last: CANCELED}
        for order_id, state in ends.items():
            found = await client.get(order_id)
            assert found.order.progress.state == state
            assert len(found.executions) == (state == FILLED)
    await verified(book_url)


async def test_short_sales_trade_if_permitted_and_else_never_reach_the_venue(
    book_url, tls_folder, tmp_path
) -> None:
    async with sim_path(book_url, tls_folder, tmp_path) as path:
        client, office = path.client, LimitServiceStub(path.channel)
        other = await path.other()
        sides = {order_pb2.SIDE_SELL_SHORT: "5", order_pb2.SIDE_SELL_SHORT_EXEMPT: "6"}
        await short_sale(office, allowed=False, version=0)
        for side in sides:
            refused = await refusal(client.place(f"no-{side}", side=side, limit_price=PRICE))
            assert refused.reason == "SHORT_SALE_NOT_ALLOWED"
        await short_sale(office, allowed=True, version=1)
        for side in sides:
            placed = await client.place(f"yes-{side}", side=side, limit_price=PRICE)
            order = await client.in_state(placed.order.order_id, NEW)
            other.order(f"B-{side}", symbol="ASML", quantity="100", price=PRICE, tif="3")
            fill = await asyncio.to_thread(other.report, f"B-{side}", "F")
            assert (fill["32"], fill["851"]) == ("100", "2")
            order = await client.in_state(order.order_id, FILLED)
            assert order.side == side
        # The venue saw those that were permitted, as what they are, and no other.
        assert list(path.at_venue().values()) == list(sides.values())
    await verified(book_url)


async def short_sale(office: LimitServiceStub, *, allowed: bool, version: int) -> None:
    request = limits.SetLimitRequest(
        idempotency_key=f"short-{version}",
        kind=limit_pb2.LIMIT_KIND_SHORT_SALE,
        range=limit_pb2.LimitRange(scope=limit_pb2.LIMIT_SCOPE_ACCOUNT, scope_id="ACC-ALICE"),
        values=limit_pb2.LimitValues(short_sale_allowed=allowed),
        reason="a test",
        expected_version=version,
    )
    answer = await office.SetLimit(request, metadata=RITA)
    if answer.HasField("proposed"):
        confirm = limits.ConfirmChangeRequest(
            idempotency_key=f"confirm-{version}", change_id=answer.proposed.change_id
        )
        await office.ConfirmChange(confirm, metadata=RAVI)
