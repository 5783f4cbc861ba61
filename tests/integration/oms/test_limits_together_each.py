"""Every other kind of limit under 64 callers on two replicas, over real gRPC and PostgreSQL.

Those on an order by itself come into force on one replica while everybody places on
both: after the answer nothing beyond them is taken by either, and everything within them is.
Those that count take exactly as many as fit.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import limit_pb2, order_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from tests.integration.oms.test_limits_together import (
    CALLERS,
    FIT,
    HOUR_MS,
    ORDERS_EACH,
    RITA,
    all_call,
    set_limit,
)
from tests.support.oms import Client, Gateway, verified
from tests.support.oms_pair import Pair, all_sent, pair
from tests.support.waiting import until

pytestmark = pytest.mark.long

Changes = dict[str, Any]
CALLS = CALLERS * ORDERS_EACH
EXECUTIONS = 5
SELL: Changes = {"side": order_pb2.SIDE_SELL}
BUY: Changes = {}
OTHER: Changes = {"instrument_id": "PHIA.SIMA"}


async def place_across(
    both: Pair, change: Callable[[], Awaitable[None]], beyond: Changes, within: Changes | None
) -> tuple[set[str], Counter[str]]:
    """Let everybody place while something changes, then one order beyond and one within it.

    Returns all orders taken, and the reasons of those beyond it after the answer. What is
    within it is taken, or the test fails.

    Args:
        both: The replicas.
        change: Returns when it was answered.
        beyond: Placed all the time, and once more after the answer.
        within: Placed after the answer; None: the caller's first order is cancelled instead.
    """
    taken: set[str] = set()
    refused: Counter[str] = Counter()
    begun: set[int] = set()
    answered = asyncio.Event()

    async def caller(number: int) -> None:
        client, index = both.clients[number % 2], 0
        first = (await client.place(f"k{number}", **beyond)).order.order_id
        taken.add(first)
        begun.add(number)
        while not answered.is_set():
            index += 1
            # Taken or not: the change is on its way.
            await reason_given(client, f"k{number}-{index}", beyond, taken)
        refused[await reason_given(client, f"beyond-{number}", beyond, taken)] += 1
        if within is None:
            await client.cancel(f"cancel-{number}", first)
        else:
            taken.add((await client.place(f"within-{number}", **within)).order.order_id)

    async def changing() -> None:
        await until(lambda: len(begun) == CALLERS, "everybody places")
        await change()
        answered.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(changing())
        for number in range(CALLERS):
            group.create_task(caller(number))
    return taken, refused


async def reason_given(client: Client, key: str, changes: Changes, taken: set[str]) -> str:
    """Place; keep an order that is taken, return the reason where it is refused."""
    try:
        placed = await client.place(key, **changes)
    except grpc.aio.AioRpcError as error:
        return reason_of(error)[0]
    taken.add(placed.order.order_id)
    return ""


async def sent(url: str, gateway: Gateway) -> set[str]:
    """Return the orders the venue was sent, each once."""
    await all_sent(url, gateway)
    new = gw.VENUE_COMMAND_KIND_NEW
    orders = [each.order_id for each in gateway.commands if each.kind == new]
    assert len(set(orders)) == len(orders)
    return set(orders)


async def hold(both: Pair, quantity: int) -> str:
    """Buy, and let it be executed; return the order."""
    index = len(both.gateway.commands)
    await both.clients[0].place("held", quantity=str(quantity))
    command = await both.gateway.command(index)
    filled = both.gateway.filled(
        command.cl_ord_id, str(quantity), str(quantity), order_quantity=str(quantity)
    )
    await both.gateway.send(filled)
    await both.gateway.applied()
    return command.order_id


ALLOW, DENY = limit_pb2.PERMISSION_MODE_ALLOW_LISTED, limit_pb2.PERMISSION_MODE_DENY_LISTED


@pytest.mark.parametrize(
    ("kind", "values", "beyond", "within", "reason"),
    [
        pytest.param(
            "MAX_ORDER_QUANTITY",
            {"quantity": "100"},
            {"quantity": "101"},
            {"quantity": "100"},
            "MAX_QUANTITY_EXCEEDED",
            id="MAX_ORDER_QUANTITY",
        ),
        pytest.param(
            "MAX_ORDER_VALUE",
            {"value": "65005"},
            {"limit_price": "650.1"},
            {"limit_price": "650.05"},
            "MAX_VALUE_EXCEEDED",
            id="MAX_ORDER_VALUE",
        ),
        pytest.param(
            "PRICE_COLLAR",
            {"percent": "5"},
            {"limit_price": "105.05"},
            {"limit_price": "105"},
            "PRICE_COLLAR_EXCEEDED",
            id="PRICE_COLLAR",
        ),
        pytest.param(
            "INSTRUMENT_PERMISSION",
            {"permission": ALLOW, "instruments": ["PHIA.SIMA"]},
            BUY,
            OTHER,
            "INSTRUMENT_NOT_PERMITTED",
            id="INSTRUMENT_PERMISSION-allow",
        ),
        pytest.param(
            "INSTRUMENT_PERMISSION",
            {"permission": DENY, "instruments": ["NL0010273215"]},
            BUY,
            OTHER,
            "INSTRUMENT_NOT_PERMITTED",
            id="INSTRUMENT_PERMISSION-deny",
        ),
    ],
)
async def test_after_its_answer_no_order_beyond_a_limit_is_taken(
    book_url, tls, kind, values, beyond, within, reason
):
    async with pair(book_url, tls) as both:
        both.know("100")
        taken, refused = await place_across(
            both, lambda: set_limit(both.limits, kind, **values), beyond, within
        )
        assert refused == {reason: CALLERS}
        assert await sent(book_url, both.gateway) == taken
    await verified(book_url)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("ACCOUNT", "ACC-ALICE"),
        ("INSTRUMENT", "ASML.SIMA"),
        ("VENUE", "SIMA"),
        ("FIRM", "DEMO"),
    ],
)
@pytest.mark.parametrize(
    ("status", "within", "reason"),
    [("REDUCE_ONLY", SELL, "REDUCE_ONLY"), ("HALTED", None, "TRADING_HALTED")],
    ids=["REDUCE_ONLY", "HALTED"],
)
async def test_after_its_answer_a_state_lets_through_only_what_it_says(
    book_url, tls, target, name, status, within, reason
):
    async with pair(book_url, tls) as both:
        # What everybody sells after the answer closes it, exactly.
        held = await hold(both, 100 * CALLERS)

        async def change() -> None:
            request = pb.SetTradingStatusRequest(
                idempotency_key="s1",
                target=f"TRADING_STATUS_TARGET_{target}",
                target_id=name,
                status=f"ACCOUNT_STATUS_{status}",
                reason="a test",
            )
            await both.limits.SetTradingStatus(request, metadata=RITA)

        taken, refused = await place_across(both, change, BUY, within)
        assert refused == {reason: CALLERS}
        for number, client in enumerate(both.clients):
            assert await reason_given(client, f"more-{number}", SELL, taken) == reason
        assert await sent(book_url, both.gateway) == taken | {held}
    await verified(book_url)


async def test_executions_stop_a_strategy_on_both_replicas(book_url, tls):
    async with pair(book_url, tls) as both:
        gateway = both.gateway
        await set_limit(both.limits, "REPEATED_EXECUTION", executions=EXECUTIONS, window_ms=HOUR_MS)

        async def execute() -> None:
            for index in range(EXECUTIONS):
                command = await gateway.command(index)
                await gateway.send(gateway.filled(command.cl_ord_id))
            await gateway.applied()

        # The other side goes on.
        taken, refused = await place_across(both, execute, BUY, SELL)
        assert refused == {"REPEATED_EXECUTION_STOPPED": CALLERS}
        assert await sent(book_url, gateway) == taken
        usage = await both.limits.GetUsage(
            pb.GetUsageRequest(account_id="ACC-ALICE"), metadata=RITA
        )
        (stop,) = usage.stops
        assert (stop.executions, stop.side) == (EXECUTIONS, order_pb2.SIDE_BUY)
    await verified(book_url)


async def test_as_many_are_sold_as_are_held(book_url, tls):
    async with pair(book_url, tls) as both:
        await hold(both, 100 * FIT)
        await set_limit(both.limits, "SHORT_SALE")
        taken, refused = await all_call(both.clients, lambda _: SELL)
        assert len(taken) == FIT
        assert refused == {"SHORT_SALE_NOT_ALLOWED": CALLS - FIT}
    await verified(book_url)


async def test_the_window_of_the_collar_is_reached_and_never_passed(book_url, tls):
    """100 orders of 10400, 4 % away, and 1040000 at the reference are 2 % away together."""
    fit = 100
    async with pair(book_url, tls) as both:
        both.know("100")
        await set_limit(both.limits, "PRICE_COLLAR", window_percent="2", window_ms=HOUR_MS)
        await both.clients[0].place("first", quantity="10400", limit_price="100")
        taken, refused = await all_call(both.clients, lambda _: {"limit_price": "104"})
        assert len(taken) == fit
        assert refused == {"PRICE_COLLAR_EXCEEDED": CALLS - fit}
    await verified(book_url)


async def test_of_the_same_order_one_is_taken(book_url, tls):
    async with pair(book_url, tls) as both:
        await set_limit(both.limits, "DUPLICATE_ORDER", window_ms=HOUR_MS)
        taken, refused = await all_call(both.clients)
        assert len(taken) == 1
        assert refused == {"DUPLICATE_ORDER": CALLS - 1}
        assert await sent(book_url, both.gateway) == set(taken)
    await verified(book_url)


def crossings(gateway: Gateway) -> list[str]:
    """Return the orders that met one of the other side at the venue, as the commands came."""
    resting: dict[str, int] = {}
    met = []
    for command in gateway.commands:
        if command.kind == gw.VENUE_COMMAND_KIND_CANCEL:
            del resting[command.order_id]
            continue
        if any(side != command.side for side in resting.values()):
            met.append(command.order_id)
        resting[command.order_id] = command.side
    return met


@pytest.mark.parametrize(
    ("policy", "refused"),
    [("REJECT_NEW", CALLS // 2), ("CANCEL_RESTING", 0), ("CANCEL_BOTH", CALLS // 2)],
)
async def test_own_orders_of_both_sides_never_meet(book_url, tls, policy, refused):
    """All at one price, each side on both replicas; the venue has answered nothing."""
    async with pair(book_url, tls) as both:
        await set_limit(both.limits, "SELF_MATCH", self_match=f"SELF_MATCH_POLICY_{policy}")
        taken, told_why = await all_call(both.clients, lambda n: SELL if n // 2 % 2 else BUY)
        assert len(taken) == CALLS - refused
        assert told_why == ({"SELF_MATCH_PREVENTED": refused} if refused else {})
        assert await sent(book_url, both.gateway) == set(taken)
        assert not crossings(both.gateway)
    await verified(book_url)
