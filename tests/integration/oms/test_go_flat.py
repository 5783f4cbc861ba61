"""Go-flat on a real database with a scripted gateway."""

import asyncio
import itertools

import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import kill_switch_pb2 as kill
from ordermesh.oms.v1 import kill_switch_service_pb2 as kills
from ordermesh.oms.v1 import order_service_pb2 as pb
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from ordermesh.type.v1 import error_pb2
from svc_oms.api.orders import go_flat as flat
from tests.integration.oms.test_limits_together import set_limit
from tests.support.oms import ALICE, BOB, RITA, trading
from tests.support.waiting import until

KEYS = itertools.count(1)
# Market orders cannot be valued here: there is no market data.
UNVALUED = {"order_value_max": "none"}


async def held(client, gateway, quantity: str) -> str:
    """Give alice a position."""
    order = (await client.place(f"h{next(KEYS)}", quantity=quantity)).order
    await until(lambda: gateway.commands[-1:] and _last(gateway) == order.order_id, "sent")
    fill = gateway.filled(f"{order.order_id}-1", quantity, quantity, order_quantity=quantity)
    await gateway.send(fill)
    await gateway.applied()
    return order.order_id


async def rests(client, gateway) -> str:
    order = (await client.place(f"r{next(KEYS)}")).order
    await until(lambda: _last(gateway) == order.order_id, "sent")
    await gateway.send(gateway.acknowledged(f"{order.order_id}-1"))
    await gateway.applied()
    return order.order_id


def _last(gateway) -> str:
    return gateway.commands[-1].order_id if gateway.commands else ""


class Venue:
    """Answers cancels, and fills market orders up to so many."""

    def __init__(self, gateway, *, cancels: bool = True, fills: int = 10**9) -> None:
        self._gateway = gateway
        self._seen = len(gateway.commands)
        self._cancels = cancels
        self._fills = fills
        self.orders: list[gw.VenueCommand] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self):
        self._task = asyncio.create_task(self._answer())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()

    async def _answer(self) -> None:
        while True:
            for command in self._gateway.commands[self._seen :]:
                self._seen += 1
                if command.kind == gw.VENUE_COMMAND_KIND_NEW:
                    await self._fill(command)
                elif self._cancels:
                    await self._gateway.send(
                        self._gateway.report(
                            command.cl_ord_id, "4", "4", orig_cl_ord_id=command.orig_cl_ord_id,
                            leaves_quantity="0", cum_quantity="0",
                        )
                    )  # fmt: skip
            await asyncio.sleep(0.005)

    async def _fill(self, command) -> None:
        self.orders.append(command)
        wanted = int(command.terms.quantity)
        done = min(wanted, self._fills)
        fields = {"order_quantity": str(wanted)}
        if done:
            left = str(wanted - done)
            await self._gateway.send(
                self._gateway.filled(command.cl_ord_id, str(done), str(done), left, **fields)
            )
        if done < wanted:
            fields |= {"leaves_quantity": "0", "cum_quantity": str(done)}
            await self._gateway.send(self._gateway.report(command.cl_ord_id, "4", "4", **fields))


async def go_flat(client, by=ALICE, key="", instrument_id="", account_id="ACC-ALICE"):
    request = pb.GoFlatRequest(
        idempotency_key=key or f"f{next(KEYS)}",
        account_id=account_id,
        instrument_id=instrument_id,
    )
    return await client.orders.GoFlat(request, metadata=by)


async def test_open_orders_are_cancelled_and_the_position_is_closed(book_url, tls):
    async with trading(book_url, tls, **UNVALUED) as (_, client, gateway):
        await held(client, gateway, "300")
        await rests(client, gateway)
        async with Venue(gateway) as venue:
            found = await go_flat(client, key="flat")
            assert found.flat
            assert not found.open_orders
            [one] = found.positions
            assert (one.quantity_before, one.quantity_remaining) == ("300", "0")
            [order] = venue.orders
            assert [order.order_id] == list(one.order_ids)
            assert (order.terms.quantity, order.side, order.type) == ("300", 2, 1)
            assert order.terms.time_in_force == 3
            again = await go_flat(client, key="flat")
            assert again.duplicate
            assert again.positions[0].order_ids == one.order_ids
            assert len(venue.orders) == 1


async def test_what_found_no_price_remains_and_is_reported(book_url, tls):
    async with trading(book_url, tls, **UNVALUED) as (_, client, gateway):
        await held(client, gateway, "100")
        async with Venue(gateway, fills=40):
            found = await go_flat(client, by=RITA, instrument_id="ASML.SIMA")
        assert not found.flat
        [one] = found.positions
        assert one.quantity_remaining == "60"
        assert one.cause == pb.FLAT_CAUSE_NOT_FILLED
        assert "40 of 100" in one.rejection.text


async def test_while_an_order_is_open_its_position_is_left_alone(book_url, tls, monkeypatch):
    monkeypatch.setattr(flat, "FLAT_CANCELS_S_MAX", 0.2)
    async with trading(book_url, tls, **UNVALUED) as (_, client, gateway):
        await held(client, gateway, "100")
        open_id = await rests(client, gateway)
        async with Venue(gateway, cancels=False) as venue:
            found = await go_flat(client)
        assert not found.flat
        assert [one.order_id for one in found.open_orders] == [open_id]
        assert found.positions[0].cause == pb.FLAT_CAUSE_OPEN_ORDERS
        assert found.positions[0].quantity_remaining == "100"
        assert not venue.orders


async def test_a_kill_switch_stops_closing_orders_too(book_url, tls):
    async with trading(book_url, tls, **UNVALUED) as (_, client, gateway):
        await held(client, gateway, "100")
        engage = kills.EngageRequest(
            idempotency_key="k", scope=kill.KillScope(account_id="ACC-ALICE"), reason="test"
        )
        await client.kills.Engage(engage, metadata=RITA)
        found = await go_flat(client)
        assert found.positions[0].cause == pb.FLAT_CAUSE_REFUSED
        assert found.positions[0].rejection.reason == error_pb2.ERROR_REASON_KILL_SWITCH_ENGAGED


async def test_who_may(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await go_flat(client, by=BOB)
        assert reason_of(caught.value)[0] == "ACCOUNT_NOT_ALLOWED"
        assert (await go_flat(client, by=RITA)).flat
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await go_flat(client, by=RITA, account_id="ACC-NOBODY")
        assert reason_of(caught.value)[0] == "ACCOUNT_NOT_ALLOWED"


async def test_a_lowered_limit_keeps_nobody_from_reducing(book_url, tls):
    async with trading(book_url, tls, **UNVALUED) as (running, client, gateway):
        await held(client, gateway, "250")
        async with running.channel() as channel:
            limits = LimitServiceStub(channel)
            await set_limit(limits, "MAX_ORDER_QUANTITY", quantity="100")
            await set_limit(limits, "DUPLICATE_ORDER", key="l2", window_ms=10_000)
            async with Venue(gateway) as venue:
                found = await go_flat(client)
        assert found.flat
        assert [order.terms.quantity for order in venue.orders] == ["100", "99", "51"]
