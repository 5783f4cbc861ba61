"""Limits under 64 callers on two replicas, over real gRPC and PostgreSQL.

The sum never passes the limit, and reaches it: all orders are of one size, so that as many
are taken as fit, exactly, whoever asks where.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.oms.v1 import limit_pb2, order_service_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from tests.support.oms import MINT, Client, Gateway, verified
from tests.support.oms_pair import pair
from tests.support.tokens import bearer

RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
RAVI = bearer(MINT.mint_token("ravi", roles=("RISK",), accounts=()))
CALLERS = 64
ORDERS_EACH = 3
FIT = 70
HOUR_MS = 3_600_000


@asynccontextmanager
async def two_replicas(url, tls) -> AsyncIterator[tuple[list[Client], LimitServiceStub, Gateway]]:
    async with pair(url, tls) as both:
        yield both.clients, both.limits, both.gateway


async def set_limit(limits: LimitServiceStub, kind: str, key: str = "l1", **fields) -> None:
    version, currency = fields.pop("version", 0), fields.pop("currency", "")
    request = pb.SetLimitRequest(
        idempotency_key=key,
        kind=f"LIMIT_KIND_{kind}",
        range=limit_pb2.LimitRange(
            scope=limit_pb2.LIMIT_SCOPE_ACCOUNT, scope_id="ACC-ALICE", currency=currency
        ),
        values=limit_pb2.LimitValues(**fields),
        reason="a test",
        expected_version=version,
    )
    answer = await limits.SetLimit(request, metadata=RITA)
    if answer.HasField("proposed"):
        confirm = pb.ConfirmChangeRequest(
            idempotency_key=f"{key}-confirm", change_id=answer.proposed.change_id
        )
        await limits.ConfirmChange(confirm, metadata=RAVI)


async def all_call(
    clients: list[Client], changes_of: Callable[[int], dict[str, Any]] = lambda _: {}
) -> tuple[list[str], Counter[str]]:
    """Let everybody place; return what was taken, and the reasons of the others.

    Args:
        clients: One of each replica.
        changes_of: What the n-th caller asks for, other than all.
    """
    taken: list[str] = []
    reasons: Counter[str] = Counter()

    async def caller(number: int) -> None:
        client = clients[number % len(clients)]
        for index in range(ORDERS_EACH):
            try:
                placed = await client.place(f"k{number}-{index}", **changes_of(number))
            except grpc.aio.AioRpcError as error:
                reasons[reason_of(error)[0]] += 1
            else:
                taken.append(placed.order.order_id)

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    return taken, reasons


async def fill_every_other(gateway: Gateway, done: asyncio.Event) -> None:
    """Execute half of the orders while others are placed."""
    seen = 0
    while not done.is_set() or seen < len(gateway.commands):
        if seen < len(gateway.commands):
            command = gateway.commands[seen]
            if seen % 2:
                await gateway.send(gateway.filled(command.cl_ord_id))
            seen += 1
        else:
            await asyncio.sleep(0.001)
    await gateway.applied()


VALUE = f"{Decimal('650.05') * 100 * FIT:.0f}"


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("OPEN_EXPOSURE", {"value": VALUE}, "EXPOSURE_LIMIT_EXCEEDED"),
        ("POSITION", {"long_quantity": str(100 * FIT)}, "POSITION_LIMIT_EXCEEDED"),
        ("BUYING_POWER", {"value": VALUE, "currency": "EUR"}, "BUYING_POWER_EXCEEDED"),
        (
            "VOLUME",
            {"quantity": str(100 * FIT), "window_ms": HOUR_MS},
            "VOLUME_LIMIT_EXCEEDED",
        ),
        ("MESSAGE_RATE", {"messages": FIT, "window_ms": HOUR_MS}, "RATE_LIMITED"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
async def test_64_callers_reach_the_limit_and_never_pass_it(book_url, tls, kind, values, reason):
    async with two_replicas(book_url, tls) as (clients, limits, gateway):
        await set_limit(limits, kind, **values)
        done = asyncio.Event()
        venue = asyncio.create_task(fill_every_other(gateway, done))
        taken, reasons = await all_call(clients)
        done.set()
        await venue
        assert len(taken) == FIT
        assert reasons == {reason: CALLERS * ORDERS_EACH - FIT}
        usage = await limits.GetUsage(pb.GetUsageRequest(account_id="ACC-ALICE"), metadata=RITA)
        used = [use for use in usage.uses if use.limit.limit_id != "default"]
        assert used
        assert all(use.used == use.maximum for use in used), used
        await cancels_and_one_more(clients, gateway, taken, kind)
    await verified(book_url)


async def cancels_and_one_more(
    clients: list[Client], gateway: Gateway, taken: list[str], kind: str
) -> None:
    """What is cancelled makes room in sums of open orders, and in no other."""
    first = next(c for c in gateway.commands[::2] if c.order_id in taken)
    sent = len(gateway.commands)
    await clients[1].cancel("c1", first.order_id)
    cancel = await gateway.command(sent)
    await gateway.send(
        gateway.report(
            cancel.cl_ord_id,
            "4",
            "4",
            orig_cl_ord_id=first.cl_ord_id,
            cum_quantity="0",
            leaves_quantity="0",
        )
    )
    await gateway.applied()
    room = kind in {"OPEN_EXPOSURE", "POSITION", "BUYING_POWER"}
    for number, client in enumerate(clients):
        try:
            await client.place(f"more-{number}")
        except grpc.aio.AioRpcError:
            assert not room or number
        else:
            assert room
            assert not number


async def test_a_change_holds_on_the_other_replica_for_the_next_order(book_url, tls):
    async with two_replicas(book_url, tls) as (clients, limits, _gateway):
        await set_limit(limits, "MAX_ORDER_QUANTITY", quantity="100")
        await clients[1].place("k1")
        await set_limit(limits, "MAX_ORDER_QUANTITY", "l2", version=1, quantity="99")
        for number, client in enumerate(clients):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await client.place(f"k2-{number}")
            reason, metadata = reason_of(refused.value)
            assert reason == "MAX_QUANTITY_EXCEEDED"
            assert metadata["limit_version"] == "2"
            assert "99 of limit" in refused.value.details()
        await set_limit(limits, "MAX_ORDER_QUANTITY", "l3", version=2, quantity="101")
        await clients[1].place("k3")
        rows = await limits.ListLimits(pb.ListLimitsRequest(), metadata=RITA)
        history = await limits.ListLimitHistory(
            pb.ListLimitHistoryRequest(limit_id=rows.limits[0].limit_id), metadata=RITA
        )
        assert [v.values.quantity for v in history.versions] == ["100", "99", "101"]
        assert {v.set_by for v in history.versions} == {"rita"}


async def test_the_rate_says_when_to_come_back(book_url, tls):
    async with two_replicas(book_url, tls) as (clients, limits, _gateway):
        await set_limit(limits, "MESSAGE_RATE", messages=1, window_ms=HOUR_MS)
        placed = await clients[0].place("k1")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await clients[1].orders.Replace(
                order_service_pb2.ReplaceRequest(
                    idempotency_key="k2",
                    order_id=placed.order.order_id,
                    terms=clients[1].request("k", quantity="50").terms,
                ),
                metadata=clients[1].metadata,
            )
        assert reason_of(refused.value)[0] == "RATE_LIMITED"
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        # Cancels are never refused by the limit of the others.
        await clients[1].cancel("k3", placed.order.order_id)
