"""From the edge to the venue and back, as a trader, a program and a terminal would."""

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from decimal import Decimal
from typing import Any

import pytest

from meshctl.blotter import Blotter
from ordermesh.notify.v1 import notification_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh_client import MeshClient, MeshRefusedError
from tests.support.stack import Mesh
from tests.support.trading import limit_order, logged_in, two_sided_quote, verify
from tests.support.waiting import WAIT_S, until

LISTING = "ASML.SIMA"


async def test_a_crossing_order_goes_from_pending_new_to_filled(mesh: Mesh) -> None:
    async with logged_in(mesh, "alice") as alice:
        blotter = Blotter()

        async def read() -> None:
            async for item in alice.watch_orders(["ACC-ALICE"]):
                blotter.apply(item)

        reader = asyncio.create_task(read())
        await until(lambda: "ACC-ALICE" in blotter.last_sequence, "the snapshot is complete")
        await two_sided_quote(alice, LISTING)
        request = limit_order("ACC-ALICE", LISTING, order_pb2.SIDE_BUY, "5", "")
        placed = (await alice.place(request)).order
        assert placed.progress.state == order_pb2.ORDER_STATE_PENDING_NEW
        await until(
            lambda: (
                placed.order_id in blotter.orders
                and blotter.orders[placed.order_id].progress.state == order_pb2.ORDER_STATE_FILLED
            ),
            "the order is filled",
        )
        trail = blotter.trails[placed.order_id]
        assert trail[0] == order_pb2.ORDER_STATE_PENDING_NEW
        assert order_pb2.ORDER_STATE_NEW in trail
        assert trail[-1] == order_pb2.ORDER_STATE_FILLED
        whole = await alice.get(placed.order_id)
        assert sum(int(fill.quantity) for fill in whole.executions) == 5
        assert not blotter.holes
        reader.cancel()
        notified = await _notified(alice, placed.order_id)
        assert notified.text.startswith(f"Order to buy {LISTING} is filled: 5 executed at ")
    assert verify(mesh).returncode == 0


async def _notified(client: MeshClient, order_id: str) -> notification_pb2.Notification:
    """Wait for the notification that an order has closed."""
    async with asyncio.timeout(WAIT_S):
        async for item in client.watch_notifications():
            kind = item.WhichOneof("item")
            if kind in {"snapshot", "event"}:
                found: notification_pb2.Notification = getattr(item, kind)
                closed = found.kind == notification_pb2.NOTIFICATION_KIND_ORDER_CLOSED
                if closed and found.order_id == order_id:
                    return found
    raise AssertionError("the stream has ended")


async def test_a_resting_order_is_replaced_and_cancelled(mesh: Mesh) -> None:
    async with logged_in(mesh, "alice") as alice:
        quote = await two_sided_quote(alice, LISTING)
        listing = (await alice.instruments("ASML"))[0]
        far = _far_below(quote.bid_price, listing.tick_table[-1].tick_size)
        placed = (
            await alice.place(limit_order("ACC-ALICE", LISTING, order_pb2.SIDE_BUY, "10", far))
        ).order
        await _reaches(alice, placed.order_id, order_pb2.ORDER_STATE_NEW)
        terms = order_pb2.OrderTerms()
        terms.CopyFrom(placed.terms)
        terms.quantity = "20"
        await alice.replace(order_service_pb2.ReplaceRequest(order_id=placed.order_id, terms=terms))
        order = await _reaches(alice, placed.order_id, order_pb2.ORDER_STATE_NEW)
        assert order.terms.quantity == "20"
        assert order.progress.leaves_quantity == "20"
        await alice.cancel(placed.order_id)
        order = await _reaches(alice, placed.order_id, order_pb2.ORDER_STATE_CANCELED)
        assert order.progress.leaves_quantity == "0"
        with pytest.raises(MeshRefusedError) as refused:
            await alice.cancel(placed.order_id)
        assert refused.value.reason == "ORDER_CLOSED"


async def test_the_same_key_gives_the_first_result_again(mesh: Mesh) -> None:
    async with logged_in(mesh, "bob") as bob:
        await two_sided_quote(bob, LISTING)
        request = limit_order("ACC-BOB", LISTING, order_pb2.SIDE_BUY, "1", "")
        one, two = await asyncio.gather(bob.place(request), bob.place(request))
        assert one.order.order_id == two.order.order_id
        assert {one.duplicate, two.duplicate} == {False, True}
        request.terms.quantity = "2"
        with pytest.raises(MeshRefusedError) as refused:
            await bob.place(request)
        assert refused.value.reason == "IDEMPOTENCY_KEY_REUSED"


async def test_a_foreign_account_and_a_viewer_are_refused(mesh: Mesh) -> None:
    async with logged_in(mesh, "alice") as alice, logged_in(mesh, "vera") as vera:
        foreign = limit_order("ACC-BOB", LISTING, order_pb2.SIDE_BUY, "1", "")
        with pytest.raises(MeshRefusedError) as refused:
            await alice.place(foreign)
        assert (refused.value.code, refused.value.reason) == (
            "PERMISSION_DENIED",
            "ACCOUNT_NOT_ALLOWED",
        )
        with pytest.raises(MeshRefusedError) as refused:
            await vera.place(limit_order("ACC-ALICE", LISTING, order_pb2.SIDE_BUY, "1", ""))
        assert refused.value.code == "PERMISSION_DENIED"


def test_json_over_the_edge(mesh: Mesh) -> None:
    tokens = _post(mesh, "identity.v1.AuthService/Login", "", username="alice",
                   password=mesh.users["alice"])["tokens"]  # fmt: skip
    placed = _post(
        mesh,
        "oms.v1.OrderService/Place",
        tokens["accessToken"],
        idempotencyKey="json-1",
        accountId="ACC-ALICE",
        instrumentId=LISTING,
        side="SIDE_BUY",
        type="ORDER_TYPE_MARKET",
        terms={"quantity": "1", "timeInForce": "TIME_IN_FORCE_DAY"},
    )
    assert placed["order"]["progress"]["state"] == "ORDER_STATE_PENDING_NEW"
    code, text = _refused(
        mesh, "oms.v1.OrderService/Place", tokens["accessToken"], idempotencyKey="json-2"
    )
    assert code == 400
    assert "account_id" in text
    assert _refused(mesh, "oms.v1.OrderService/List", "")[0] == 401


def test_the_terminal(mesh: Mesh) -> None:
    login = mesh.command("login", "alice")
    assert login.returncode == 0, login.stderr
    bought = mesh.command("order", "buy", "ASML.SIMA", "3", "--json")
    assert bought.returncode == 0, bought.stdout + bought.stderr
    states = [json.loads(line)["progress"]["state"] for line in bought.stdout.splitlines()]
    assert states[-1] == "ORDER_STATE_FILLED"
    listed = mesh.command("orders", "--json")
    assert len(listed.stdout.splitlines()) >= 1
    refused = mesh.command("order", "buy", "NOPE", "3")
    assert refused.returncode == 3
    assert "NOPE" in refused.stderr
    off_tick = mesh.command("order", "buy", "ASML.SIMA", "3", "--limit", "1.23456789")
    assert off_tick.returncode == 3
    assert "PRICE_OFF_TICK" in off_tick.stderr
    status = mesh.command("status", "--json")
    assert json.loads(status.stdout)["ready"] is True, status.stdout


async def _reaches(client: Any, order_id: str, state: int) -> order_pb2.Order:
    async with asyncio.timeout(20):
        while True:
            order: order_pb2.Order = (await client.get(order_id)).order
            if order.progress.state == state:
                return order
            await asyncio.sleep(0.05)


def _far_below(price: str, tick: str) -> str:
    step = Decimal(tick)
    far = (Decimal(price) * Decimal("0.9") // step) * step
    return f"{far.normalize():f}"


def _post(mesh: Mesh, path: str, token: str, **body: Any) -> Any:
    request = urllib.request.Request(
        f"{mesh.url}/ordermesh.{path}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    if token:
        request.add_header("authorization", f"Bearer {token}")
    trust = ssl.create_default_context(cafile=str(mesh.home.tls / "ca.pem"))
    with urllib.request.urlopen(request, context=trust, timeout=10) as answer:
        return json.loads(answer.read())


def _refused(mesh: Mesh, path: str, token: str, **body: Any) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as refused:
        _post(mesh, path, token, **body)
    with refused.value as answer:
        return answer.code, answer.read().decode()
