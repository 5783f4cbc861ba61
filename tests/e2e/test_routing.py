"""One order for an instrument, executed at the venues of the whole mesh."""

import asyncio
import json

import pytest

from ordermesh.oms.v1 import order_pb2, order_service_pb2
from tests.support.stack import Mesh
from tests.support.trading import logged_in, two_sided_quote, verify

ASML = "NL0010273215"


async def test_an_order_for_an_isin_is_routed_and_proven_at_the_terminal(mesh: Mesh) -> None:
    async with logged_in(mesh, "alice") as alice:
        for listing in ("ASML.SIMA", "ASML.SIMB"):
            await two_sided_quote(alice, listing)
    assert mesh.command("login", "alice").returncode == 0
    words = ("order", "buy", ASML, "20", "--route", "best", "--tif", "ioc", "--json")
    bought = await asyncio.to_thread(mesh.command, *words)
    assert bought.returncode == 0, bought.stdout + bought.stderr
    parent = json.loads(bought.stdout.splitlines()[-1])
    assert parent["progress"]["state"] == "ORDER_STATE_FILLED"
    order_id = parent["order_id"]
    shown = await asyncio.to_thread(mesh.command, "audit", "order", order_id, "--routing")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "decision 1" in shown.stdout
    assert "chosen" in shown.stdout
    assert verify(mesh).returncode == 0


@pytest.mark.long
async def test_a_killed_order_book_goes_on_with_a_routed_order(mesh: Mesh) -> None:
    async with logged_in(mesh, "alice") as alice:
        quote = await two_sided_quote(alice, "ASML.SIMA")
        # Far from where anybody sells, so that it rests.
        price = str(int(float(quote.bid_price) * 0.98))
        request = order_service_pb2.PlaceRequest(
            idempotency_key="routed-and-killed",
            account_id="ACC-ALICE",
            side=order_pb2.SIDE_BUY,
            type=order_pb2.ORDER_TYPE_LIMIT,
            terms=order_pb2.OrderTerms(
                quantity="500",
                limit_price=price,
                time_in_force=order_pb2.TIME_IN_FORCE_GTC,
            ),
            isin=ASML,
            routing=order_pb2.Routing(strategy=order_pb2.ROUTING_STRATEGY_POST),
        )
        parent = (await alice.place(request)).order
        await asyncio.to_thread(mesh.kill, "oms")
        cancelled = await alice.cancel(parent.order_id, retry_for_s=30)
        assert cancelled.order.routing.strategy == order_pb2.ROUTING_STRATEGY_POST
        async with asyncio.timeout(30):
            while True:
                order = (await alice.get(parent.order_id)).order
                if order.progress.state == order_pb2.ORDER_STATE_CANCELED:
                    break
                await asyncio.sleep(0.1)
        shown = await alice.call(
            alice.order_service.ShowRouting,
            order_service_pb2.ShowRoutingRequest(order_id=parent.order_id),
        )
        assert {child.progress.leaves_quantity for child in shown.children} == {"0"}
        assert not any(decision.finding for decision in shown.decisions)
    assert verify(mesh).returncode == 0


async def test_the_demo_routes_and_every_order_of_it_ends(mesh: Mesh) -> None:
    done = await asyncio.to_thread(mesh.command, "demo", "--seconds", "6", "--rate", "8", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["routed"] > 0, facts
    assert (facts["unfinished"], facts["missing"], facts["holes"]) == ([], [], [])
    assert verify(mesh).returncode == 0
