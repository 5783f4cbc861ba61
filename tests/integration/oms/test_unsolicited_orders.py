"""Unsolicited orders: opened once, for the account they name; else kept for a person."""

import asyncpg
import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import limit_service_pb2, order_pb2, order_service_pb2
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from tests.integration.oms.test_kill_switch import answering, engage, refused, settled
from tests.integration.oms.test_limits_together import set_limit
from tests.support.oms import Client, Gateway, trading, verified

PHONE = {"venue_order_id": "PHONE-1", "limit_price": "650", "order_quantity": "100"}


def reported_order(**changes: str | int) -> gw.ToldOrder:
    fields = {"account_id": "ACC-ALICE", "symbol": "ASML", "side": "1", "order_type": "2"}
    return gw.ToldOrder(**({"opens_max": 100} | fields | changes))


def new(gateway: Gateway, **changes) -> gw.VenueMessage:
    fields = {"leaves_quantity": "100", "cum_quantity": "0", "told": reported_order()}
    exec_type, name = changes.pop("exec_type", "0"), changes.pop("cl_ord_id", "")
    return gateway.report(name, exec_type, "0", **(PHONE | fields | changes))


def fill(gateway: Gateway, quantity: str, cum: str, **changes) -> gw.VenueMessage:
    leaves = f"{100 - int(cum)}"
    return gateway.filled(
        "", quantity, cum, leaves, **(PHONE | {"told": reported_order()} | changes)
    )


async def all_orders(client: Client) -> list[order_pb2.Order]:
    request = order_service_pb2.ListRequest(account_id="ACC-ALICE", page_size=100)
    return list((await client.orders.List(request, metadata=client.metadata)).orders)


async def parked(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT error FROM oms.parked_messages ORDER BY parked_id")
    await connection.close()
    return [row[0] for row in rows]


async def test_it_is_an_order_like_any_other_but_for_its_origin(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        await gateway.send(new(gateway), fill(gateway, "40", "40"))
        await gateway.applied()
        (order,) = await all_orders(client)
        assert order.origin == order_pb2.ORDER_ORIGIN_VENUE
        assert (order.placed_by, order.idempotency_key) == ("venue:SIMA", "PHONE-1")
        assert order.type == order_pb2.ORDER_TYPE_LIMIT
        assert order.terms.limit_price == "650"
        progress = order.progress
        assert (progress.cum_quantity, progress.leaves_quantity) == ("40", "60")
        assert progress.state == order_pb2.ORDER_STATE_PARTIALLY_FILLED
        async with running.channel() as channel:
            limits = LimitServiceStub(channel)
            request = limit_service_pb2.ListPositionsRequest(account_id="ACC-ALICE")
            (held,) = (await limits.ListPositions(request, metadata=client.metadata)).positions
            assert held.quantity == "40"
    assert await parked(book_url) == []
    await verified(book_url)


async def test_the_same_report_twice_makes_one_order_also_after_a_restart(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        await gateway.send(new(gateway), new(gateway))
        await gateway.applied()
        await gateway.send(new(gateway), fill(gateway, "40", "40", exec_id="F1"))
        await gateway.applied()
        (order,) = await all_orders(client)
    async with trading(book_url, tls) as (_, client, gateway):
        await gateway.send(
            new(gateway), fill(gateway, "40", "40", exec_id="F1"), fill(gateway, "60", "100")
        )
        await gateway.applied()
        (same,) = await all_orders(client)
        assert same.order_id == order.order_id
        assert same.progress.state == order_pb2.ORDER_STATE_FILLED
        assert (same.progress.cum_quantity, same.anomaly_count) == ("100", 0)
    await verified(book_url)


async def test_it_is_cancelled_by_the_venues_number(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        await gateway.send(new(gateway))
        await gateway.applied()
        (order,) = await all_orders(client)
        await client.cancel("c1", order.order_id)
        command = await gateway.command(0)
        assert command.kind == gw.VENUE_COMMAND_KIND_CANCEL
        assert command.cl_ord_id == f"{order.order_id}-2"
        assert (command.orig_cl_ord_id, command.venue_order_id) == ("PHONE-1", "PHONE-1")
        await gateway.send(gateway.report(command.cl_ord_id, "4", "4", **PHONE))
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_CANCELED)
    await verified(book_url)


async def test_what_it_can_still_execute_counts_for_the_next_order(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        async with running.channel() as channel:
            await set_limit(LimitServiceStub(channel), "POSITION", long_quantity="150")
            # Of an account whose open orders are at hand.
            first = (await client.place("k1", quantity="10")).order
            await gateway.send(new(gateway))
            await gateway.applied()
            over = client.place("k2", quantity="50")
            assert await refused(over) == "POSITION_LIMIT_EXCEEDED"
            await client.place("k3", quantity="40")
        assert len(await all_orders(client)) == 3, first


async def test_a_kill_switch_pulls_it(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        await gateway.send(new(gateway))
        await gateway.applied()
        async with answering(gateway):
            switch = await engage(client, account_id="ACC-ALICE")
            await settled(client, switch.switch_id)
        (order,) = await all_orders(client)
        assert order.progress.state == order_pb2.ORDER_STATE_CANCELED


FOREIGN = [
    ("Account(1)", {"told": reported_order(account_id="ACC-NOBODY")}),
    ("Account(1)", {"told": reported_order(account_id="")}),
    ("Symbol(55)", {"told": reported_order(symbol="NOBODYS")}),
    ("SecurityID(48)", {"told": reported_order(isin="US0378331005")}),
    ("Currency(15)", {"told": reported_order(currency="USD")}),
    ("Side(54)", {"told": reported_order(side="8")}),
    ("OrderQty(38)", {"order_quantity": "", "leaves_quantity": ""}),
    ("ExecType(150)=I", {"exec_type": "I"}),
    ("ExecType(150)=4", {"exec_type": "4"}),
    ("OrderID(37)", {"venue_order_id": "a\x1fb"}),
    ("ClOrdID(11)", {"venue_order_id": "NONE"}),
    ("ClOrdID(11)", {"told": None}),
    ("LastQty(32)", {"exec_type": "F"}),
    ("ClOrdID(11)", {"cl_ord_id": "01JD0000000000000000000000-1"}),
]


@pytest.mark.parametrize(("words", "changes"), FOREIGN)
async def test_what_names_no_account_or_listing_of_ours_is_kept_for_a_person(
    book_url, tls, words, changes
):
    async with trading(book_url, tls) as (_, client, gateway):
        await gateway.send(new(gateway, **changes))
        await gateway.applied()
        assert await all_orders(client) == []
        (error,) = await parked(book_url)
        assert words in error
        # The session goes on, and the order is opened by a report that says enough.
        await gateway.send(new(gateway))
        await gateway.applied()
        assert len(await all_orders(client)) == 1
    await verified(book_url)


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_report_of_our_own_order_may_name_it_by_the_venues_number(book_url, tls, at_once):
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        cl_ord_id = (await gateway.command(0)).cl_ord_id
        message = gateway.acknowledged(cl_ord_id, venue_order_id="PHONE-1")
        if at_once:
            await gateway.send(message, fill(gateway, "40", "40", limit_price="650.05"))
        else:
            await gateway.send(message)
            await gateway.applied()
            await gateway.send(fill(gateway, "40", "40", limit_price="650.05"))
        await gateway.applied()
        (order,) = await all_orders(client)
        assert (order.order_id, order.progress.cum_quantity) == (order_id, "40")
        assert order.origin == order_pb2.ORDER_ORIGIN_UNSPECIFIED
        # Another side under this number is a contradiction: no second order, but an anomaly.
        await gateway.send(new(gateway, told=reported_order(side="2")))
        await gateway.applied()
        (order,) = await all_orders(client)
        assert (order.progress.cum_quantity, order.anomaly_count) == ("40", 1)
    (error,) = await parked(book_url)
    assert "Side(54) is '2'" in error
    await verified(book_url)


@pytest.mark.parametrize("at_once", [True, False])
async def test_our_own_order_is_found_by_its_number_also_where_none_is_opened(
    book_url, tls, at_once
):
    """A venue that names neither ClOrdID(11) nor Account(1), with telephone_orders: park."""
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        cl_ord_id = (await gateway.command(0)).cl_ord_id
        described = reported_order(account_id="", opens_max=0)
        await gateway.send(gateway.acknowledged(cl_ord_id, venue_order_id="PHONE-1"))
        if not at_once:
            await gateway.applied()
        await gateway.send(fill(gateway, "40", "40", told=described, limit_price="650.05"))
        await gateway.applied()
        (order,) = await all_orders(client)
        assert (order.order_id, order.progress.cum_quantity) == (order_id, "40")
        assert order.anomaly_count == 0
    assert await parked(book_url) == []
    await verified(book_url)


async def test_only_what_the_venues_file_lists_opens_an_order(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        await gateway.send(new(gateway, told=reported_order(opens_max=0)))
        for number in range(4):
            await gateway.send(
                new(gateway, venue_order_id=f"P{number}", told=reported_order(opens_max=2))
            )
        await gateway.applied()
        assert len(await all_orders(client)) == 2
    first, third, fourth = await parked(book_url)
    assert "telephone_accounts" in first
    assert third == fourth
    assert "2 unsolicited orders of this venue were opened in the last 24 hours" in third
    await verified(book_url)


async def test_a_fill_of_an_order_that_is_gone_by_its_number_opens_none(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        await client.place("k1")
        cl_ord_id = (await gateway.command(0)).cl_ord_id
        await gateway.send(gateway.filled(cl_ord_id, exec_id="F1"))
        await gateway.applied()
        await gateway.send(fill(gateway, "100", "100", exec_id="F1"))
        await gateway.applied()
        assert len(await all_orders(client)) == 1
        (error,) = await parked(book_url)
        assert "ExecID(17) was applied" in error
    await verified(book_url)
