"""Orders that wait in the OMS, over PostgreSQL: stops, linked and held orders, batches."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
import pytest

from mesh.errors import read_refusal
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import error_pb2
from tests.integration.marketdata.conftest import book, running
from tests.support.oms import (
    MINT,
    WAIT_S,
    Client,
    Gateway,
    Replica,
    bearer,
    replica,
    trading,
    verified,
)
from tests.support.waiting import until

S = order_pb2.OrderState
SELL, BUY = order_pb2.SIDE_SELL, order_pb2.SIDE_BUY
OTO, OCO, BRACKET = (
    order_pb2.ORDER_LINK_KIND_OTO,
    order_pb2.ORDER_LINK_KIND_OCO,
    order_pb2.ORDER_LINK_KIND_BRACKET,
)
RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
ANNA = bearer(MINT.mint_token("anna", accounts=("ACC-ALICE",)))


def terms(quantity="100", **fields):
    fields = {"time_in_force": order_pb2.TIME_IN_FORCE_GTC} | fields
    return order_pb2.OrderTerms(quantity=quantity, **fields)


def stop(price, quantity="100", **fields):
    """A sell stop compared with the best bid."""
    return {
        "side": SELL,
        "type": order_pb2.ORDER_TYPE_STOP,
        "terms": terms(
            quantity,
            stop_price=price,
            trigger_price_type=order_pb2.TRIGGER_PRICE_TYPE_BEST_BID,
            **fields,
        ),
    }


def link(kind, group="G1", parent="", key=""):
    return order_pb2.OrderLink(kind=kind, group_id=group, parent_order_id=parent, parent_key=key)


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return read_refusal(caught.value)


@asynccontextmanager
async def market(book_url, tls, **changes):
    """A replica that gets prices, and the feed they come from."""
    async with running(tls, MINT) as prices:
        feed = await prices.gateway().open(book("ASML.SIMA", "649", "650"))
        target = f"127.0.0.1:{prices.server.port}"
        async with trading(book_url, tls, marketdata_target=target, **changes) as parts:
            yield target, feed, *parts


def releases(commands, order_id):
    return [c for c in commands if c.order_id == order_id and c.kind == gw.VENUE_COMMAND_KIND_NEW]


async def test_a_stop_waits_here_and_goes_as_a_market_order_when_it_is_reached(book_url, tls):
    async with market(book_url, tls) as (_target, feed, _replica, client, gateway):
        order = (await client.place("k1", **stop("640"))).order
        assert order.progress.state == S.ORDER_STATE_AWAITING_TRIGGER
        assert order.waits_for == order_pb2.WAITS_FOR_PRICE
        assert order.trigger.stop_price == "640"
        await feed.send(updates=[book("ASML.SIMA", "640.05", "650")])
        await feed.send(updates=[book("ASML.SIMA", "630", "650")])
        command = await gateway.command(0)
        assert (command.kind, command.order_id) == (gw.VENUE_COMMAND_KIND_NEW, order.order_id)
        assert command.type == order_pb2.ORDER_TYPE_MARKET
        assert not command.terms.stop_price
        assert not command.terms.trigger_price_type
        assert command.terms.time_in_force == order_pb2.TIME_IN_FORCE_DAY
        sent = await client.in_state(order.order_id, S.ORDER_STATE_PENDING_NEW)
        assert sent.type == order_pb2.ORDER_TYPE_STOP
        assert not sent.waits_for
    await verified(book_url)


async def test_a_stop_that_is_reached_already_goes_at_once(book_url, tls):
    async with market(book_url, tls) as (_target, _feed, replica_, client, gateway):
        await client.place("k1", **stop("640"))
        # The stream of prices runs; nothing moves them any more.
        await until(lambda: replica_.book.triggers.priced("ASML.SIMA"), "price")
        order = (await client.place("k2", **stop("660"))).order
        assert (await gateway.command(0)).order_id == order.order_id


async def test_two_replicas_and_a_kill_trigger_once(book_url, tls):
    async with running(tls, MINT) as prices:
        feed = await prices.gateway().open(book("ASML.SIMA", "649", "650"))
        target = f"127.0.0.1:{prices.server.port}"
        async with (
            replica(book_url, tls, marketdata_target=target) as first,
            first.channel() as channel,
        ):
            client = Client(channel)
            orders = [(await client.place(f"k{i}", **stop("640"))).order for i in range(40)]
        # The replica that took them is gone. Two that got none read them, and one
        # of these dies while it triggers.
        async with trading(book_url, tls, marketdata_target=target) as (one, client, gateway):
            async with replica(book_url, tls, marketdata_target=target) as two:
                for each in (one, two):
                    await until(lambda r=each: r.book.triggers.priced("ASML.SIMA"), "prices")
                await feed.send(updates=[book("ASML.SIMA", "639", "650")])
                await until(lambda: gateway.commands, "the first")
                await two.server.stop(0)
            for order in orders:
                await client.in_state(order.order_id, S.ORDER_STATE_PENDING_NEW)
            await until(lambda: len(gateway.commands) == len(orders), "commands")
            assert {c.order_id for c in gateway.commands} == {o.order_id for o in orders}
    await verified(book_url)


async def test_a_trigger_no_replica_lived_to_see_fires_with_the_first_quote(book_url, tls):
    async with running(tls, MINT) as prices:
        feed = await prices.gateway().open(book("ASML.SIMA", "649", "650"))
        target = f"127.0.0.1:{prices.server.port}"
        async with trading(book_url, tls, marketdata_target=target) as (_r, client, _g):
            order_id = (await client.place("k1", **stop("640"))).order.order_id
        await feed.send(updates=[book("ASML.SIMA", "630", "650")])
        async with trading(book_url, tls, marketdata_target=target) as (_r, client, gateway):
            assert (await gateway.command(0)).order_id == order_id
    await verified(book_url)


async def test_a_trailing_stop_follows_and_keeps_what_it_saw(book_url, tls):
    trail = {
        "side": SELL,
        "type": order_pb2.ORDER_TYPE_TRAILING_STOP,
        "terms": terms(
            trailing_offset="10", trigger_price_type=order_pb2.TRIGGER_PRICE_TYPE_BEST_BID
        ),
    }
    async with market(book_url, tls) as (target, feed, _replica, client, gateway):
        order_id = (await client.place("k1", **trail)).order.order_id
        await feed.send(updates=[book("ASML.SIMA", "670", "680")])
        async with asyncio.timeout(WAIT_S):
            while (await client.get(order_id)).order.trigger.stop_price != "660":
                await asyncio.sleep(0.01)
        await feed.send(updates=[book("ASML.SIMA", "665", "680")])
        await gateway.close()
        # Another replica goes on from what was kept.
        async with trading(book_url, tls, marketdata_target=target) as (_r, other, newer):
            await feed.send(updates=[book("ASML.SIMA", "659", "680")])
            assert (await newer.command(0)).order_id == order_id
            order = (await other.get(order_id)).order
            assert order.trigger.stop_price == "660"
            assert order.trigger.extreme_price == "670"
    await verified(book_url)


async def test_stale_prices_trigger_nothing(book_url, tls):
    async with market(book_url, tls) as (_target, feed, replica_, client, gateway):
        await client.place("k1", **stop("640"))
        await until(lambda: replica_.book.triggers.priced("ASML.SIMA"), "price")
        await feed.close()
        await until(lambda: not replica_.book.triggers.priced("ASML.SIMA"), "stale")
        await client.place("k2", **stop("660"))
        assert not gateway.commands


async def test_a_stop_reached_while_its_venue_is_down_goes_when_it_is_up(book_url, tls):
    async with market(book_url, tls) as (_target, feed, replica_, client, gateway):
        order_id = (await client.place("k1", **stop("640"))).order.order_id
        await gateway.close()
        await until(lambda: not replica_.book.venues.is_up("SIMA"), "the venue counts as down")
        await feed.send(updates=[book("ASML.SIMA", "630", "650")])
        async with asyncio.timeout(WAIT_S):
            while (await client.get(order_id)).order.waits_for != order_pb2.WAITS_FOR_VENUE:
                await asyncio.sleep(0.01)
        await feed.send(updates=[book("ASML.SIMA", "649", "650")])
        async with replica_.channel("svc-gateway") as peer:
            back = Gateway(peer)
            await back.open()
            assert (await back.command(0)).order_id == order_id
            await back.close()


async def test_waiting_orders_expire(book_url, tls):
    async with market(book_url, tls) as (_target, _feed, replica_, client, _gateway):
        clock = replica_.book.clock.now_ns()
        ends = order_pb2.OrderTerms().expire_time
        ends.FromNanoseconds(clock + 1_500_000_000)
        request = stop("640", time_in_force=order_pb2.TIME_IN_FORCE_GTD, expire_time=ends)
        order_id = (await client.place("k1", **request)).order.order_id
        order = await client.in_state(order_id, S.ORDER_STATE_EXPIRED)
        assert order.updated_at.ToNanoseconds() >= ends.ToNanoseconds()


async def test_a_bracket_from_entry_to_the_last_exit(book_url, tls):
    """Entry in parts, both exits at the venue, one filled in part, then in full."""
    async with market(book_url, tls) as (_target, _feed, _replica, client, gateway):
        profit = client.request(
            "profit", side=SELL, limit_price="700", link=link(BRACKET, key="entry")
        )
        loss = client.request("loss", **stop("600"), link=link(BRACKET, key="entry"))
        request = order_service_pb2.PlaceBatchRequest(
            idempotency_key="batch",
            account_id="ACC-ALICE",
            orders=[client.request("entry", link=link(BRACKET)), profit, loss],
            atomic=True,
        )
        placed = await client.orders.PlaceBatch(request, metadata=client.metadata)
        entry, profit, loss = (r.order for r in placed.results)
        assert profit.waits_for == loss.waits_for == order_pb2.WAITS_FOR_PARENT
        assert profit.link.parent_order_id == entry.order_id
        again = await client.orders.PlaceBatch(request, metadata=client.metadata)
        assert again.duplicate
        assert list(again.results) == list(placed.results)
        first = (await gateway.command(0)).cl_ord_id
        await gateway.send(gateway.acknowledged(first), gateway.filled(first, "60", "60", "40"))
        await gateway.applied()
        assert len(gateway.commands) == 1
        # The entry ends with 60 executed: that is what the exits are for.
        cancel = await client.cancel("c1", entry.order_id)
        await gateway.send(
            gateway.report(
                cancel.order.order_id + "-2",
                "4",
                "4",
                orig_cl_ord_id=first,
                cum_quantity="60",
                leaves_quantity="0",
            )
        )
        await until(lambda: releases(gateway.commands, profit.order_id), "profit released")
        command = releases(gateway.commands, profit.order_id)[0]
        assert command.terms.quantity == "60"
        order = (await client.get(loss.order_id)).order
        assert (order.waits_for, order.terms.quantity) == (order_pb2.WAITS_FOR_PRICE, "60")
        # 25 of the profit exit: the other is for 35.
        part = {"order_quantity": "60", "last_price": "700"}
        await gateway.send(
            gateway.acknowledged(command.cl_ord_id, order_quantity="60", leaves_quantity="60"),
            gateway.filled(command.cl_ord_id, "25", "25", "35", **part),
        )
        await gateway.applied()
        assert (await client.get(loss.order_id)).order.terms.quantity == "35"
        await gateway.send(gateway.filled(command.cl_ord_id, "35", "60", "0", **part))
        await client.in_state(loss.order_id, S.ORDER_STATE_CANCELED)
        assert not releases(gateway.commands, loss.order_id)
    await verified(book_url)


async def test_a_stop_exit_goes_when_its_sibling_is_gone(book_url, tls):
    async with market(book_url, tls) as (_target, feed, _replica, client, gateway):
        target = (await client.place("t", side=SELL, limit_price="700", link=link(OCO))).order
        loss = (await client.place("s", **stop("640"), link=link(OCO))).order
        first = (await gateway.command(0)).cl_ord_id
        await gateway.send(gateway.acknowledged(first))
        await gateway.applied()
        await feed.send(updates=[book("ASML.SIMA", "630", "650")])
        cancel = await gateway.command(1)
        assert (cancel.kind, cancel.order_id) == (gw.VENUE_COMMAND_KIND_CANCEL, target.order_id)
        waiting = await client.in_state(loss.order_id, S.ORDER_STATE_AWAITING_TRIGGER)
        assert waiting.waits_for == order_pb2.WAITS_FOR_VENUE
        # The sibling executes 30 before its cancel arrives: the stop is for the rest.
        await gateway.send(
            gateway.filled(first, "30", "30", "70"),
            gateway.report(
                cancel.cl_ord_id,
                "4",
                "4",
                orig_cl_ord_id=first,
                cum_quantity="30",
                leaves_quantity="0",
            ),
        )
        sent = await gateway.command(2)
        assert (sent.kind, sent.order_id) == (gw.VENUE_COMMAND_KIND_NEW, loss.order_id)
        assert sent.terms.quantity == "70"
    await verified(book_url)


async def test_a_reduce_only_exit_ends_when_its_position_is_closed(book_url, tls):
    async with market(book_url, tls) as (_target, _feed, _replica, client, gateway):
        await client.place("buy")
        bought = (await gateway.command(0)).cl_ord_id
        await gateway.send(gateway.acknowledged(bought), gateway.filled(bought))
        await gateway.applied()
        loss = (await client.place("s", **stop("600"), reduce_only=True)).order
        target = await client.place("t", side=SELL, limit_price="700", reduce_only=True)
        working = (await gateway.command(1)).cl_ord_id
        await gateway.send(gateway.acknowledged(working))
        await client.place("hand", side=SELL)
        closing = (await gateway.command(2)).cl_ord_id
        await gateway.send(gateway.acknowledged(closing), gateway.filled(closing))
        await client.in_state(loss.order_id, S.ORDER_STATE_CANCELED)
        cancel = await gateway.command(3)
        assert cancel.kind == gw.VENUE_COMMAND_KIND_CANCEL
        assert cancel.order_id == target.order.order_id
    await verified(book_url)


async def other_venue(
    stack: AsyncExitStack, book_url: str, tls: Path, one: Replica
) -> tuple[Replica, Gateway]:
    """Run a second replica with the link of SIMB, which the first one knows to be up."""
    two = await stack.enter_async_context(replica(book_url, tls))
    channel = await stack.enter_async_context(two.channel("svc-gateway"))
    simb = Gateway(channel, "simb-orders", "SIMB")
    await simb.open()
    stack.push_async_callback(simb.close)
    await until(lambda: one.book.venues.is_up("SIMB"), "SIMB up")
    return two, simb


async def test_the_first_execution_of_an_oco_cancels_the_other_at_another_venue(book_url, tls):
    async with AsyncExitStack() as stack:
        one, client, sima = await stack.enter_async_context(trading(book_url, tls))
        _, simb = await other_venue(stack, book_url, tls, one)
        a = (await client.place("a", link=link(OCO))).order
        b = (await client.place("b", link=link(OCO), instrument_id="ASML.SIMB")).order
        id_a, id_b = (await sima.command(0)).cl_ord_id, (await simb.command(0)).cl_ord_id
        await simb.send(simb.acknowledged(id_b))
        await sima.send(sima.acknowledged(id_a), sima.filled(id_a, "10", "10", "90"))
        cancel = await simb.command(1)
        assert (cancel.kind, cancel.order_id) == (gw.VENUE_COMMAND_KIND_CANCEL, b.order_id)
        # A fill crosses the cancel: a fact.
        await simb.send(
            simb.filled(id_b, "30", "30", "70"),
            simb.report(
                cancel.cl_ord_id,
                "4",
                "4",
                orig_cl_ord_id=id_b,
                cum_quantity="30",
                leaves_quantity="0",
            ),
        )
        order = await client.in_state(b.order_id, S.ORDER_STATE_CANCELED)
        assert order.progress.cum_quantity == "30"
        rest = (await client.get(a.order_id)).order
        assert rest.progress.state == S.ORDER_STATE_PARTIALLY_FILLED
        assert len(sima.commands) == 1
        late = await refused(client.place("c", link=link(OCO)))
        assert late.reason == "OBJECT_STATE"
    await verified(book_url)


async def test_two_links_that_cancel_at_each_others_venue_do_not_lock_each_other_out(book_url, tls):
    """Each venue fills one half of every pair: both links write to both sessions at once."""
    pairs = 40
    async with AsyncExitStack() as stack:
        one, client, sima = await stack.enter_async_context(trading(book_url, tls))
        two, simb = await other_venue(stack, book_url, tls, one)
        bob = Client(await stack.enter_async_context(two.channel()))
        bob.metadata = bearer(MINT.mint_token("bob", accounts=("ACC-BOB",)))
        for i in range(pairs):
            for user, account in ((client, "ACC-ALICE"), (bob, "ACC-BOB")):
                await asyncio.gather(
                    *(
                        user.place(
                            f"{mic}{i}",
                            account_id=account,
                            instrument_id=f"ASML.{mic}",
                            link=link(OCO, f"G{i}"),
                        )
                        for mic in ("SIMA", "SIMB")
                    )
                )
        for gateway in (sima, simb):
            await until(lambda g=gateway: len(g.commands) == 2 * pairs, "orders")

        async def fill(gateway, accounts):
            for command in [c for c in gateway.commands if c.account_id == accounts]:
                await gateway.send(gateway.filled(command.cl_ord_id, "10", "10", "90"))

        # Alice's are filled at SIMA, Bob's at SIMB.
        await asyncio.gather(fill(sima, "ACC-ALICE"), fill(simb, "ACC-BOB"))
        for gateway, account in ((simb, "ACC-ALICE"), (sima, "ACC-BOB")):
            await until(lambda g=gateway: len(g.commands) == 3 * pairs, "cancels")
            cancels = [c for c in gateway.commands if c.kind == gw.VENUE_COMMAND_KIND_CANCEL]
            assert {c.account_id for c in cancels} == {account}
            numbers = [c.outbound_sequence for c in gateway.commands]
            assert numbers == list(range(1, 3 * pairs + 1))
    await verified(book_url)


async def test_a_child_goes_when_its_parent_is_filled_and_ends_when_it_is_not(book_url, tls):
    async with trading(book_url, tls) as (_replica, client, gateway):
        parent = (await client.place("p", link=link(OTO))).order
        child = await client.place("c", side=SELL, link=link(OTO, parent=parent.order_id))
        assert child.order.waits_for == order_pb2.WAITS_FOR_PARENT
        await gateway.send(gateway.filled((await gateway.command(0)).cl_ord_id))
        assert (await gateway.command(1)).order_id == child.order.order_id
        closed = await refused(client.place("d", link=link(OTO, parent=parent.order_id)))
        assert closed.reason == "ORDER_CLOSED"
        # Cancelled before anything was executed: nothing waits for it any more.
        other = (await client.place("p2", link=link(OTO, "G2"))).order
        child = await client.place("c2", side=SELL, link=link(OTO, "G2", other.order_id))
        await client.cancel("x", other.order_id)
        cancel = await gateway.command(3)
        await gateway.send(
            gateway.report(
                cancel.cl_ord_id,
                "4",
                "4",
                orig_cl_ord_id=cancel.orig_cl_ord_id,
                cum_quantity="0",
                leaves_quantity="0",
            )
        )
        await client.in_state(child.order.order_id, S.ORDER_STATE_CANCELED)
    await verified(book_url)


async def test_an_atomic_batch_places_all_or_none(book_url, tls):
    async with trading(book_url, tls) as (_replica, client, gateway):
        request = order_service_pb2.PlaceBatchRequest(
            idempotency_key="batch",
            account_id="ACC-ALICE",
            orders=[client.request("a"), client.request("b", limit_price="650.03")],
            atomic=True,
        )
        answer = await client.orders.PlaceBatch(request, metadata=client.metadata)
        reasons = [order_reason(r) for r in answer.results]
        assert reasons == ["OBJECT_STATE", "PRICE_OFF_TICK"]
        # A batch in the same transaction is not touched by the one that is taken back.
        mixed = order_service_pb2.PlaceBatchRequest(
            idempotency_key="mixed",
            account_id="ACC-ALICE",
            orders=[client.request("a"), client.request("c", limit_price="650.03")],
        )
        both = await asyncio.gather(
            client.orders.PlaceBatch(request, metadata=client.metadata),
            client.orders.PlaceBatch(mixed, metadata=client.metadata),
            client.place("d"),
        )
        assert [order_reason(r) for r in both[1].results] == ["", "PRICE_OFF_TICK"]
        placed = {both[1].results[0].order.order_id, both[2].order.order_id}
        await until(lambda: len(gateway.commands) == 2, "commands")
        assert {c.order_id for c in gateway.commands} == placed
        # The key of an order in a batch is a key like any other.
        assert (await client.place("a")).duplicate
        other = await refused(client.place("a", quantity="7"))
        assert other.reason == "IDEMPOTENCY_KEY_REUSED"
    await verified(book_url)


def order_reason(result):
    name = error_pb2.ErrorReason.Name(result.rejection.reason)
    return name.removeprefix("ERROR_REASON_").replace("UNSPECIFIED", "")


async def test_a_held_order_goes_when_another_person_approves(book_url, tls):
    async with trading(book_url, tls) as (_replica, client, gateway):
        order = (await client.place("k1", hold_for_approval=True)).order
        assert order.progress.state == S.ORDER_STATE_HELD
        approval = order_service_pb2.ApproveRequest(
            idempotency_key="a1", order_id=order.order_id, expected_version=1
        )
        same = await refused(client.orders.Approve(approval, metadata=client.metadata))
        assert same.reason == "SECOND_PERSON_REQUIRED"
        assert not gateway.commands
        approved = await client.orders.Approve(approval, metadata=RITA)
        assert approved.order.progress.state == S.ORDER_STATE_PENDING_NEW
        assert approved.order.approved_by == "rita"
        assert (await gateway.command(0)).order_id == order.order_id
        assert (await client.orders.Approve(approval, metadata=RITA)).duplicate
        second = await client.place("k2", hold_for_approval=True)
        decline = order_service_pb2.DeclineRequest(
            idempotency_key="d1", order_id=second.order.order_id, text="too large"
        )
        declined = await client.orders.Decline(decline, metadata=ANNA)
        assert declined.order.progress.state == S.ORDER_STATE_REJECTED
        assert declined.order.rejection.text == "anna declined the order: too large"
        assert len(gateway.commands) == 1
    await verified(book_url)
