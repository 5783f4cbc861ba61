"""Orders, blotters and positions at an instant are what was shown at that instant."""

import datetime as dt
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from ordermesh.oms.v1 import limit_service_pb2, order_service_pb2
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from svc_oms.service.as_of import book_in_the_past
from tests.integration.oms.test_access import refusal
from tests.support.oms import ALICE, AUDREY, BOB, Client, trading


def now(ahead_s: int = 0) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead_s))
    return stamp


class Shown:
    """What is shown of an account, now or as of an instant."""

    def __init__(self, client: Client, channel: grpc.aio.Channel) -> None:
        self._orders = client.orders
        self._limits = LimitServiceStub(channel)
        self.ids: list[str] = []

    async def at(self, as_of: Timestamp | None = None) -> list[Any]:
        """Return each order with its executions, three blotters and the positions."""
        lists = (
            order_service_pb2.ListRequest(account_id="ACC-ALICE", as_of=as_of),
            order_service_pb2.ListRequest(account_id="ACC-ALICE", open_only=True, as_of=as_of),
            order_service_pb2.ListRequest(account_id="ACC-ALICE", states=[4], as_of=as_of),
        )
        gets = [order_service_pb2.GetRequest(order_id=one, as_of=as_of) for one in self.ids]
        held = limit_service_pb2.ListPositionsRequest(account_id="ACC-ALICE", as_of=as_of)
        return [
            *[await self._orders.Get(one, metadata=ALICE) for one in gets],
            *[(await self._orders.List(one, metadata=ALICE)).orders for one in lists],
            (await self._limits.ListPositions(held, metadata=ALICE)).positions,
        ]


async def test_what_was_shown_at_an_instant_is_shown_again(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        shown, seen = Shown(client, channel), []

        async def look() -> None:
            await gateway.applied()
            seen.append((list(shown.ids), now(), await shown.at()))

        shown.ids.append((await client.place("k1")).order.order_id)
        name = (await gateway.command(0)).cl_ord_id
        await gateway.send(gateway.acknowledged(name))
        await look()
        amended = {"exec_type": "G", "last_quantity": "25", "last_price": "650"}
        steps = (
            {"exec_id": "F1", "last_quantity": "40", "cum": "40"},
            {"exec_id": "F2", "last_quantity": "20", "cum": "60", "last_price": "651"},
            {"exec_id": "F3", "exec_type": "H", "exec_ref_id": "F1", "cum": "20"},
            {"exec_id": "F4", "exec_ref_id": "F2", "cum": "25", **amended},
            {"exec_id": "F5", "last_quantity": "75", "cum": "100"},
        )
        for step in steps:
            fields = {"exec_type": "F", "last_price": "650.05", "ord_status": "1"} | step
            cum = fields.pop("cum")
            left = str(100 - int(cum))
            kind, status = fields.pop("exec_type"), fields.pop("ord_status")
            report = gateway.report(
                name, kind, status if left != "0" else "2", cum_quantity=cum,
                leaves_quantity=left, **fields,
            )  # fmt: skip
            await gateway.send(report)
            await look()
        shown.ids.append((await client.place("k2")).order.order_id)
        await look()
        for ids, at, before in seen:
            shown.ids = ids
            assert await shown.at(at) == before


async def test_an_instant_that_cannot_be_shown_is_refused(book_url, tls, monkeypatch):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        began = now()
        limits = LimitServiceStub(channel)
        first = (await client.place("k1")).order.order_id
        name = (await gateway.command(0)).cl_ord_id
        between = now()
        second = (await client.place("k2")).order.order_id

        def get(order_id: str, at: Timestamp):
            wanted = order_service_pb2.GetRequest(order_id=order_id, as_of=at)
            return client.orders.Get(wanted, metadata=ALICE)

        def held(at: Timestamp):
            wanted = limit_service_pb2.ListPositionsRequest(account_id="ACC-ALICE", as_of=at)
            return limits.ListPositions(wanted, metadata=ALICE)

        for call in (get(first, now(60)), held(now(60)), get(first, began), held(began)):
            _, reason, metadata = await refusal(call)
            assert (reason, metadata["field"]) == ("INVALID_FIELD", "as_of")
        assert (await refusal(get(second, between)))[1] == "ORDER_NOT_FOUND"
        wanted = order_service_pb2.GetRequest(order_id=first, as_of=now())
        assert (await refusal(client.orders.Get(wanted, metadata=BOB)))[1] == "ORDER_NOT_FOUND"
        before_1970 = Timestamp(seconds=-1, nanos=999_999_000)
        for at in (began, before_1970, Timestamp(seconds=-10_000_000_000)):
            early = order_service_pb2.ListRequest(account_id="ACC-ALICE", as_of=at)
            assert not (await client.orders.List(early, metadata=ALICE)).orders
        monkeypatch.setattr(book_in_the_past, "EVENTS_READ_MAX", 1)
        await gateway.send(gateway.filled(name, "40", "40", "60", exec_id="F1"))
        await gateway.applied()
        _, reason, metadata = await refusal(held(now()))
        assert reason == "INVALID_FIELD"
        assert "ordermesh replay --to" in metadata["expected"]


async def test_a_blotter_of_all_accounts_may_read_no_more_events_than_one_of_one(
    book_url, tls, monkeypatch
):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        await client.place("k1")
        await Client(channel, BOB).place("b1", account_id="ACC-BOB")
        at = now()
        for number in range(2):
            name = (await gateway.command(number)).cl_ord_id
            await gateway.send(gateway.acknowledged(name))
        await gateway.applied()
        both = order_service_pb2.ListRequest(as_of=at)
        of_bob = order_service_pb2.ListRequest(as_of=at, account_id="ACC-BOB")
        assert len((await client.orders.List(both, metadata=AUDREY)).orders) == 2
        monkeypatch.setattr(book_in_the_past, "EVENTS_READ_MAX", 1)
        assert len((await client.orders.List(of_bob, metadata=AUDREY)).orders) == 1
        _, reason, metadata = await refusal(client.orders.List(both, metadata=AUDREY))
        assert (reason, metadata["field"]) == ("INVALID_FIELD", "as_of")
