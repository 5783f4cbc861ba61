"""Routed orders when something goes wrong: doubts, kills, switches, rejects, bad input."""

import asyncio

import grpc
import pytest

from mesh.errors import read_refusal
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.oms.v1 import kill_switch_pb2, kill_switch_service_pb2, order_pb2, order_service_pb2
from tests.support.oms import RITA, verified
from tests.support.routed import BEST, GTC, IOC, ISIN, LIST, POST, SPLIT, routed
from tests.support.waiting import until

S = order_pb2.OrderState
OFFERS = {"SIMA": "200@650.05", "SIMB": "200@650.05"}


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return read_refusal(caught.value)


async def test_a_child_in_doubt_counts_as_live_until_the_doubt_ends(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "300@650.05"})
        parent = await mesh.place(quantity="300", time_in_force=IOC)
        child = await mesh.command("SIMA")
        await mesh.venues["SIMA"].receipt(child, gw.COMMAND_OUTCOME_IN_DOUBT)
        await mesh.client.in_state(child.order_id, S.ORDER_STATE_UNKNOWN)
        # Another venue shows all of it, but all of it may be executed already.
        mesh.show(offers={"SIMB": "500@650.05"})
        await mesh.acknowledge("SIMA", child)
        await mesh.client.in_state(child.order_id, S.ORDER_STATE_NEW)
        assert not mesh.venues["SIMB"].commands
        await mesh.fill("SIMA", child, "100")
        await mesh.end("SIMA", child, "100")
        rest = await mesh.command("SIMB")
        assert rest.terms.quantity == "200"
        await mesh.acknowledge("SIMB", rest)
        await mesh.fill("SIMB", rest)
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
        await mesh.proven(parent.order_id)
    await verified(book_url)


async def test_another_replica_goes_on_where_one_died_after_its_decision(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "300@650.05"})
        parent = await mesh.place(quantity="300", time_in_force=GTC, limit="650.10")
        await mesh.running.server.stop(0)
    await verified(book_url)
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMB": "500@650.10"})
        child = await mesh.command("SIMA")
        await mesh.acknowledge("SIMA", child)
        await mesh.fill("SIMA", child, "100")
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_PARTIALLY_FILLED)
        await mesh.end("SIMA", child, "100")
        rest = await mesh.command("SIMB")
        assert rest.terms.quantity == "200"
        await mesh.acknowledge("SIMB", rest)
        await mesh.fill("SIMB", rest)
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
        await mesh.proven(parent.order_id)
    await verified(book_url)


async def test_a_kill_switch_pulls_parent_and_children_and_lets_no_child_leave(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(bids={"SIMA": "10@640"})
        parent = await mesh.place(quantity="300", limit="640", strategy=POST)
        await until(lambda: any(one.commands for one in mesh.venues.values()), "a child")
        mic = next(mic for mic, one in mesh.venues.items() if one.commands)
        child = mesh.venues[mic].commands[0]
        await mesh.acknowledge(mic, child)
        engage = kill_switch_service_pb2.EngageRequest(
            idempotency_key="kill-1",
            scope=kill_switch_pb2.KillScope(account_id="ACC-ALICE"),
            reason="test of routing",
        )
        await mesh.client.kills.Engage(engage, metadata=RITA)
        cancel = await mesh.command(mic, 1)
        assert cancel.kind == gw.VENUE_COMMAND_KIND_CANCEL
        await mesh.venues[mic].send(
            mesh.venues[mic].report(
                cancel.cl_ord_id, "4", "4", order_quantity="300", cum_quantity="0",
                leaves_quantity="0", orig_cl_ord_id=child.cl_ord_id,
            )
        )  # fmt: skip
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_CANCELED)
        refusal = await refused(mesh.place("k2"))
        assert refusal.reason == "KILL_SWITCH_ENGAGED"
        assert sum(len(one.commands) for one in mesh.venues.values()) == 2
    await verified(book_url)


async def test_a_venue_that_rejects_gets_no_further_child_of_the_order(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers=OFFERS)
        parent = await mesh.place(quantity="200", time_in_force=IOC)
        child = await mesh.command("SIMA")
        mesh_venue = mesh.venues["SIMA"]
        await mesh_venue.receipt(child)
        await mesh_venue.send(
            mesh_venue.report(child.cl_ord_id, "8", "8", order_quantity="200",
                              cum_quantity="0", leaves_quantity="0", ord_rej_reason=0)
        )  # fmt: skip
        other = await mesh.command("SIMB")
        await mesh.acknowledge("SIMB", other)
        await mesh.fill("SIMB", other)
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
        assert len(mesh_venue.commands) == 1
        await mesh.proven(parent.order_id)
    await verified(book_url)


async def test_split_shares_out_and_list_follows_the_order_of_venues(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "300@650.05", "SIMB": "100@650.05"})
        await mesh.place("k1", quantity="200", strategy=SPLIT, time_in_force=IOC)
        one, two = await mesh.command("SIMA"), await mesh.command("SIMB")
        assert (one.terms.quantity, two.terms.quantity) == ("150", "50")
        await mesh.place(
            "k2", quantity="100", strategy=LIST, venues=["SIMB", "SIMA"], time_in_force=IOC
        )
        first = await mesh.command("SIMB", 1)
        assert first.terms.quantity == "100"
    await verified(book_url)


async def test_a_parent_is_amended_down_when_no_child_can_exceed_it(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(bids={"SIMA": "10@640"})
        parent = await mesh.place(quantity="300", limit="640", strategy=POST, venues=["SIMA"])
        child = await mesh.command("SIMA")
        await mesh.acknowledge("SIMA", child)
        await mesh.client.in_state(child.order_id, S.ORDER_STATE_NEW)
        request = order_service_pb2.ReplaceRequest(
            idempotency_key="r1",
            order_id=parent.order_id,
            terms=order_pb2.OrderTerms(
                quantity="100", limit_price="640", time_in_force=parent.terms.time_in_force
            ),
        )
        answer = await mesh.client.orders.Replace(request, metadata=mesh.client.metadata)
        assert answer.order.progress.state == S.ORDER_STATE_PENDING_REPLACE
        change = await mesh.command("SIMA", 1)
        assert change.kind == gw.VENUE_COMMAND_KIND_REPLACE
        assert change.terms.quantity == "100"
        venue = mesh.venues["SIMA"]
        await venue.send(
            venue.report(
                change.cl_ord_id, "5", "0", order_quantity="100", cum_quantity="0",
                leaves_quantity="100", limit_price="640", orig_cl_ord_id=child.cl_ord_id,
            )
        )  # fmt: skip
        granted = await mesh.client.in_state(parent.order_id, S.ORDER_STATE_NEW)
        assert granted.terms.quantity == "100"
        await mesh.proven(parent.order_id)
    await verified(book_url)


BAD = {
    "an unknown ISIN": ({"isin": "US0000000001"}, "INSTRUMENT_NOT_FOUND", "isin"),
    "no ISIN": ({"isin": ""}, "INVALID_FIELD", "isin"),
    "a currency of no listing": ({"currency": "USD"}, "INVALID_FIELD", "currency"),
    "a listing beside routing": (
        {"instrument_id": "ASML.SIMA"},
        "INVALID_FIELD",
        "instrument_id",
    ),
    "a venue that does not list it": ({"venues": ["XXXX"]}, "INVALID_FIELD", "routing.venues"),
    "every venue denied": ({"denied": ["SIMA", "SIMB"]}, "INVALID_FIELD", "routing.venues"),
    "LIST without venues": ({"strategy": LIST}, "INVALID_FIELD", "routing.venues"),
    "POST without a limit": ({"strategy": POST, "limit": ""}, "INVALID_FIELD", "terms.limit_price"),
    "a link": (
        {"link": order_pb2.OrderLink(kind=order_pb2.ORDER_LINK_KIND_OCO, group_id="G")},
        "INVALID_FIELD",
        "link",
    ),
    "reduce-only": ({"reduce_only": True}, "INVALID_FIELD", "reduce_only"),
    "a hold": ({"hold_for_approval": True}, "INVALID_FIELD", "hold_for_approval"),
    "a part of a lot": ({"quantity": "0.5"}, "QUANTITY_OFF_LOT", "terms.quantity"),
}


@pytest.mark.parametrize(("change", "reason", "field"), BAD.values(), ids=BAD)
async def test_what_cannot_be_routed_is_refused_whole(book_url, tls, change, reason, field):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers=OFFERS)
        refusal = await refused(mesh.place("bad", **change))
        assert (refusal.reason, refusal.field) == (reason, field), refusal.text
        assert not any(one.commands for one in mesh.venues.values())
    await verified(book_url)


async def test_no_venue_that_can_be_used_is_refused_with_the_state_of_each(book_url, tls):
    async with routed(book_url, tls) as mesh:
        left_out = {
            "SIMA": market_data_pb2.LEFT_OUT_STALE,
            "SIMB": market_data_pb2.LEFT_OUT_HALTED,
        }
        mesh.show(left_out=left_out)
        refusal = await refused(mesh.place())
        assert refusal.reason == "VENUE_UNAVAILABLE"
        assert "SIMA STALE" in refusal.text
        assert "SIMB HALTED" in refusal.text
    await verified(book_url)


async def test_a_venue_without_fees_is_refused_or_denied(book_url, tls):
    async with routed(book_url, tls, {"SIMB": gw.FeeSchedule(currency="USD")}) as mesh:
        mesh.show(offers=OFFERS)
        refusal = await refused(mesh.place())
        assert refusal.reason == "VENUE_UNAVAILABLE"
        assert "SIMB" in refusal.text
        order = await mesh.place("k2", quantity="100", denied=["SIMB"], time_in_force=IOC)
        assert order.isin == ISIN
        assert (await mesh.command("SIMA")).terms.quantity == "100"


async def test_a_client_cannot_change_a_child_by_itself(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(bids={"SIMA": "10@640"})
        parent = await mesh.place(quantity="300", limit="640", strategy=POST, venues=["SIMA"])
        child = await mesh.command("SIMA")
        refusal = await refused(mesh.client.cancel("c1", child.order_id))
        assert refusal.reason == "OBJECT_STATE"
        assert parent.order_id in refusal.text


async def test_the_parent_counts_once_towards_the_exposure(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers=OFFERS)
        await mesh.place(quantity="300", strategy=BEST)
        await mesh.command("SIMA")
        await asyncio.sleep(0)
        books = mesh.running.book.controls_in_force.books
        kept = books._orders["ACC-ALICE"].book
        assert kept.open_quantity(ISIN, buy=True) == 300
        assert kept.exposure("EUR") == 300 * 650 + 30
