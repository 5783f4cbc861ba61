"""Whose orders are whose, which input is refused, and what a key stands for."""

import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from tests.support.oms import AUDREY, BOB, VERA, Client, trading

TERMS = order_pb2.OrderTerms(
    quantity="100", limit_price="650.05", time_in_force=order_pb2.TIME_IN_FORCE_DAY
)
NOBODYS = "01JD0000000000000000000000"


def requests(order_id: str) -> dict[str, object]:
    """One request per unary rpc, on alice's account and order."""
    return {
        "Place": Client.request(None, "k9"),
        "Replace": order_service_pb2.ReplaceRequest(
            idempotency_key="k9", order_id=order_id, terms=TERMS
        ),
        "Cancel": order_service_pb2.CancelRequest(idempotency_key="k9", order_id=order_id),
        "Pause": order_service_pb2.PauseRequest(idempotency_key="k9", order_id=order_id),
        "Resume": order_service_pb2.ResumeRequest(idempotency_key="k9", order_id=order_id),
        "CancelAll": order_service_pb2.CancelAllRequest(
            idempotency_key="k9", account_id="ACC-ALICE"
        ),
        "PlaceBatch": order_service_pb2.PlaceBatchRequest(
            idempotency_key="k9", account_id="ACC-ALICE", orders=[Client.request(None, "k10")]
        ),
        "Approve": order_service_pb2.ApproveRequest(idempotency_key="k9", order_id=order_id),
        "Decline": order_service_pb2.DeclineRequest(idempotency_key="k9", order_id=order_id),
        "Get": order_service_pb2.GetRequest(order_id=order_id),
        "ShowOrder": order_service_pb2.ShowOrderRequest(id=order_id),
        "ShowRouting": order_service_pb2.ShowRoutingRequest(order_id=order_id),
        "List": order_service_pb2.ListRequest(account_id="ACC-ALICE"),
    }


async def refusal(call) -> tuple[grpc.StatusCode, str, dict[str, str]]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    reason, metadata = reason_of(refused.value)
    return refused.value.code(), reason, metadata


async def test_a_stranger_is_refused_on_every_rpc(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order = (await client.place("k1")).order
        await gateway.command(0)
        for name, request in requests(order.order_id).items():
            code, reason, _ = await refusal(getattr(client.orders, name)(request, metadata=BOB))
            by_order = name in {
                "Replace", "Cancel", "Pause", "Resume", "Approve", "Decline", "Get", "ShowOrder",
                "ShowRouting",
            }  # fmt: skip
            assert reason == ("ORDER_NOT_FOUND" if by_order else "ACCOUNT_NOT_ALLOWED"), name
            assert code is (
                grpc.StatusCode.NOT_FOUND if by_order else grpc.StatusCode.PERMISSION_DENIED
            )
        mine = await client.orders.List(order_service_pb2.ListRequest(), metadata=BOB)
        assert not mine.orders
        assert len(gateway.commands) == 1
        assert (await client.get(order.order_id)).order == order


async def test_a_viewer_reads_and_commands_nothing(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        order = (await client.place("k1")).order
        for name, request in requests(order.order_id).items():
            call = getattr(client.orders, name)(request, metadata=VERA)
            if name in {"Get", "ShowOrder", "List"}:
                await call
            elif name == "ShowRouting":
                # She may see it; it is not routed.
                assert (await refusal(call))[1] == "OBJECT_STATE"
            else:
                assert (await refusal(call))[1] == "PERMISSION_DENIED", name


async def test_an_auditor_sees_every_account(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        order = (await client.place("k1")).order
        seen = await client.orders.List(order_service_pb2.ListRequest(), metadata=AUDREY)
        assert [o.order_id for o in seen.orders] == [order.order_id]


async def test_without_a_token_every_rpc_is_refused(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        for name, request in requests(NOBODYS).items():
            call = getattr(client.orders, name)(request)
            assert (await refusal(call))[0] is grpc.StatusCode.UNAUTHENTICATED, name


async def test_only_a_gateway_may_link(book_url, tls):
    async with trading(book_url, tls) as (running, _client, _gateway), running.channel() as channel:
        link = channel.stream_stream("/ordermesh.gateway.v1.VenueLinkService/Link")()
        assert await link.code() is grpc.StatusCode.PERMISSION_DENIED


def linked(kind: int, **fields: str) -> order_pb2.OrderLink:
    return order_pb2.OrderLink(kind=kind, **{"group_id": "G1"} | fields)


PLACE = [
    ({"idempotency_key": ""}, "INVALID_FIELD", "idempotency_key"),
    ({"idempotency_key": "a b"}, "INVALID_FIELD", "idempotency_key"),
    ({"idempotency_key": "k" * 65}, "INVALID_FIELD", "idempotency_key"),
    ({"account_id": "acc-alice"}, "INVALID_FIELD", "account_id"),
    ({"account_id": "ACC-NOBODY"}, "ACCOUNT_NOT_ALLOWED", "account_id"),
    ({"instrument_id": "ASML"}, "INVALID_FIELD", "instrument_id"),
    ({"instrument_id": "NONE.SIMA"}, "INSTRUMENT_NOT_FOUND", "instrument_id"),
    ({"instrument_id": "ASML.SIMB"}, "VENUE_UNAVAILABLE", ""),
    ({"side": 0}, "INVALID_FIELD", "side"),
    ({"side": 77}, "INVALID_FIELD", "side"),
    ({"type": 0}, "INVALID_FIELD", "type"),
    ({"quantity": "0"}, "INVALID_FIELD", "terms.quantity"),
    ({"quantity": "-1"}, "INVALID_FIELD", "terms.quantity"),
    ({"quantity": "1e2"}, "INVALID_FIELD", "terms.quantity"),
    ({"quantity": "NaN"}, "INVALID_FIELD", "terms.quantity"),
    ({"quantity": "1.5"}, "QUANTITY_OFF_LOT", "terms.quantity"),
    ({"quantity": "1000001"}, "MAX_QUANTITY_EXCEEDED", "terms.quantity"),
    ({"quantity": "900000"}, "MAX_VALUE_EXCEEDED", ""),
    ({"limit_price": "0650.05"}, "INVALID_FIELD", "terms.limit_price"),
    ({"limit_price": "650.01"}, "PRICE_OFF_TICK", "terms.limit_price"),
    ({"limit_price": ""}, "INVALID_FIELD", "terms.limit_price"),
    ({"client_note": "n" * 101}, "INVALID_FIELD", "client_note"),
    ({"client_note": "a\x00b"}, "INVALID_FIELD", "client_note"),
    ({"link": linked(0)}, "INVALID_FIELD", "link.kind"),
    ({"link": linked(4)}, "INVALID_FIELD", "link.kind"),
    ({"link": linked(1, group_id="")}, "INVALID_FIELD", "link.group_id"),
    ({"link": linked(1, parent_order_id=NOBODYS)}, "INVALID_FIELD", "link.parent_order_id"),
    ({"link": linked(2, parent_order_id=NOBODYS)}, "INVALID_FIELD", "link.parent_order_id"),
    ({"link": linked(2, parent_key="k")}, "INVALID_FIELD", "link.parent_key"),
]


async def test_bad_orders_are_refused_by_name_and_change_nothing(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        for index, (change, reason, field) in enumerate(PLACE):
            key = change.get("idempotency_key", f"bad-{index}")
            rest = {k: v for k, v in change.items() if k != "idempotency_key"}
            _, found, metadata = await refusal(client.place(key, **rest))
            assert found == reason, change
            if field:
                assert metadata["field"] == field, change
        listed = await client.orders.List(order_service_pb2.ListRequest(), metadata=client.metadata)
        assert not listed.orders
        assert not gateway.commands


def batch(*keys: str, **changes: object) -> order_service_pb2.PlaceBatchRequest:
    return order_service_pb2.PlaceBatchRequest(
        idempotency_key="batch",
        account_id="ACC-ALICE",
        orders=[Client.request(None, key, **changes) for key in keys],
    )


BAD_REQUESTS = [
    ("Get", order_service_pb2.GetRequest(), "INVALID_FIELD"),
    ("Get", order_service_pb2.GetRequest(order_id="x" * 37), "INVALID_FIELD"),
    ("Get", order_service_pb2.GetRequest(order_id="'; DROP TABLE orders"), "ORDER_NOT_FOUND"),
    ("Get", order_service_pb2.GetRequest(order_id=NOBODYS), "ORDER_NOT_FOUND"),
    ("Cancel", order_service_pb2.CancelRequest(order_id=NOBODYS), "INVALID_FIELD"),
    (
        "Cancel",
        order_service_pb2.CancelRequest(idempotency_key="c", order_id=NOBODYS),
        "ORDER_NOT_FOUND",
    ),
    (
        "Replace",
        order_service_pb2.ReplaceRequest(idempotency_key="c", order_id=NOBODYS),
        "INVALID_FIELD",
    ),
    (
        "Replace",
        order_service_pb2.ReplaceRequest(idempotency_key="c", order_id="no", terms=TERMS),
        "ORDER_NOT_FOUND",
    ),
    ("CancelAll", order_service_pb2.CancelAllRequest(idempotency_key="c"), "INVALID_FIELD"),
    ("Approve", order_service_pb2.ApproveRequest(order_id=NOBODYS), "INVALID_FIELD"),
    (
        "Approve",
        order_service_pb2.ApproveRequest(idempotency_key="c", order_id=NOBODYS),
        "ORDER_NOT_FOUND",
    ),
    (
        "Decline",
        order_service_pb2.DeclineRequest(idempotency_key="c", order_id=NOBODYS),
        "ORDER_NOT_FOUND",
    ),
    (
        "Decline",
        order_service_pb2.DeclineRequest(idempotency_key="c", order_id=NOBODYS, text="x" * 201),
        "INVALID_FIELD",
    ),
    ("PlaceBatch", batch(), "INVALID_FIELD"),
    ("PlaceBatch", batch(*(f"k{i}" for i in range(101))), "INVALID_FIELD"),
    ("PlaceBatch", batch("a", "a"), "INVALID_FIELD"),
    ("PlaceBatch", batch("batch"), "INVALID_FIELD"),
    ("PlaceBatch", batch("a", account_id="ACC-BOB"), "INVALID_FIELD"),
    ("PlaceBatch", batch("a", quantity="01.5"), "INVALID_FIELD"),
    (
        "PlaceBatch",
        batch("a", link=order_pb2.OrderLink(kind=2, parent_key="b", parent_order_id=NOBODYS)),
        "INVALID_FIELD",
    ),
    ("List", order_service_pb2.ListRequest(page_size=501), "INVALID_FIELD"),
    ("List", order_service_pb2.ListRequest(page_size=-1), "INVALID_FIELD"),
    ("List", order_service_pb2.ListRequest(page_token="made up"), "INVALID_FIELD"),
    ("List", order_service_pb2.ListRequest(states=[99]), "INVALID_FIELD"),
    ("List", order_service_pb2.ListRequest(account_id="ACC-BOB"), "ACCOUNT_NOT_ALLOWED"),
]


async def test_bad_requests_are_refused_by_name(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        for name, request, reason in BAD_REQUESTS:
            call = getattr(client.orders, name)(request, metadata=client.metadata)
            assert (await refusal(call))[1] == reason, (name, request)


async def test_a_page_token_belongs_to_its_filter(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        for index in range(3):
            await client.place(f"k{index}")
        page = await client.orders.List(
            order_service_pb2.ListRequest(page_size=1), metadata=client.metadata
        )
        other = order_service_pb2.ListRequest(open_only=True, page_token=page.next_page_token)
        call = client.orders.List(other, metadata=client.metadata)
        assert (await refusal(call))[2]["field"] == "page_token"


async def test_a_key_gives_the_first_result_again(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        first = await client.place("k1")
        command = await gateway.command(0)
        await gateway.send(gateway.acknowledged(command.cl_ord_id))
        await gateway.applied()
        again = await client.place("k1")
        assert again.duplicate
        assert again.order.order_id == first.order.order_id
        assert again.order.progress.state == order_pb2.ORDER_STATE_NEW
        assert (await refusal(client.place("k1", quantity="200")))[1] == "IDEMPOTENCY_KEY_REUSED"
        canceled = await client.cancel("k2", first.order.order_id)
        twice = await client.cancel("k2", first.order.order_id)
        assert (canceled.duplicate, twice.duplicate) == (False, True)
        assert (await refusal(client.cancel("k1", first.order.order_id)))[1] == (
            "IDEMPOTENCY_KEY_REUSED"
        )
        assert (await refusal(client.cancel("k3", first.order.order_id)))[1] == (
            "ORDER_CHANGE_PENDING"
        )
        await gateway.command(1)
        assert [c.kind for c in gateway.commands] == [
            gw.VENUE_COMMAND_KIND_NEW,
            gw.VENUE_COMMAND_KIND_CANCEL,
        ]


async def test_the_same_key_in_one_batch_is_one_order(book_url, tls):
    import asyncio

    async with trading(book_url, tls) as (_, client, gateway):
        answers = await asyncio.gather(*(client.place("same") for _ in range(20)))
        assert len({a.order.order_id for a in answers}) == 1
        assert sum(not a.duplicate for a in answers) == 1
        await gateway.command(0)
        assert len(gateway.commands) == 1
