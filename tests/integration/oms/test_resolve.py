"""Resolve: a named person ends a doubt, over gRPC and PostgreSQL."""

import grpc.aio
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.book.verification import verify_book
from tests.support.oms import ALICE, MINT, Client, Gateway, trading, verified
from tests.support.tokens import bearer
from tests.support.waiting import until

RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
UNKNOWN, FILLED = order_pb2.ORDER_STATE_UNKNOWN, order_pb2.ORDER_STATE_FILLED


def word(order_id: str, key: str = "r1", **fields) -> order_service_pb2.ResolveRequest:
    fields = {
        "venue_holds": order_service_pb2.VENUE_HOLDS_FILLED,
        "executions": [
            order_service_pb2.FoundExecution(exec_id="F1", quantity="60", price="650"),
            order_service_pb2.FoundExecution(exec_id="F2", quantity="40", price="650.05"),
        ],
        "venue_order_id": "V-1",
        "reason": "seen in the venue's screen, ticket 7",
    } | fields
    return order_service_pb2.ResolveRequest(idempotency_key=key, order_id=order_id, **fields)


async def doubted(client: Client, gateway: Gateway) -> str:
    order_id = (await client.place("k1")).order.order_id
    command = await gateway.command(0)
    await gateway.receipt(command, gw.COMMAND_OUTCOME_IN_DOUBT)
    await client.in_state(order_id, UNKNOWN)
    return order_id


async def test_a_person_says_it_is_filled(book_url, tls) -> None:
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = await doubted(client, gateway)
        answer = await client.orders.Resolve(word(order_id), metadata=RITA)
        assert answer.order.progress.state == FILLED
        assert answer.order.progress.average_price == "650.02"
        assert answer.order.venue_order_id == "V-1"
        again = await client.orders.Resolve(word(order_id), metadata=RITA)
        assert again.duplicate
        # The venue reports the same fills at last: known, and not counted twice.
        cl_ord_id = f"{order_id}-1"
        await gateway.send(
            gateway.filled(cl_ord_id, "60", "60", "40", exec_id="F1", last_price="650"),
            gateway.filled(cl_ord_id, "40", "100", "0", exec_id="F2", last_price="650.05"),
        )
        await gateway.applied()
        found = await client.get(order_id)
        assert [one.exec_id for one in found.executions] == ["F1", "F2"]
        assert found.order.progress.cum_quantity == "100"
        assert found.order.anomaly_count == 0
        # And then one it does not know.
        extra = gateway.filled(cl_ord_id, "5", "105", "0", exec_id="F3", venue_order_id="V-1")
        await gateway.send(extra)
        await gateway.applied()
        assert (await client.get(order_id)).order.anomaly_count == 1
    await log_tells_who(book_url, order_id)


async def log_tells_who(url: str, order_id: str) -> None:
    store = await PostgresStore.connect(url)
    async with store.audit() as reader:
        log = [line async for line, _ in reader.log("ACC-ALICE")]
    report = await verify_book(store)
    await store.close()
    assert not report.findings, list(report.lines())
    events = [event_pb2.OrderEvent.FromString(payload) for payload in log]
    (said, *_) = [event for event in events if event.WhichOneof("kind") == "resolved"]
    assert (said.order_id, said.actor) == (order_id, "rita")
    assert said.resolved.source == event_pb2.RESOLUTION_SOURCE_PERSON
    assert said.resolved.text == "seen in the venue's screen, ticket 7"
    assert said.idempotency_key == "r1"


async def test_who_may_and_what_is_refused(book_url, tls) -> None:
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = await doubted(client, gateway)

        async def refused(request, metadata=RITA) -> str:
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await client.orders.Resolve(request, metadata=metadata)
            return reason_of(error.value)[0]

        assert await refused(word(order_id), ALICE) == "PERMISSION_DENIED"
        assert await refused(word("01JD8QZ5T0000000000000000A")) == "ORDER_NOT_FOUND"
        for field, value in {"reason": "", "venue_holds": 0}.items():
            assert await refused(word(order_id, **{field: value})) == "INVALID_FIELD"
        nothing = order_service_pb2.VENUE_HOLDS_WORKING
        assert await refused(word(order_id, venue_holds=nothing)) == "INVALID_FIELD"
        bad = [order_service_pb2.FoundExecution(exec_id="F1", quantity="-1", price="650")]
        assert await refused(word(order_id, executions=bad)) == "INVALID_FIELD"
        assert (await client.get(order_id)).order.progress.state == UNKNOWN
        await client.orders.Resolve(word(order_id), metadata=RITA)
        assert await refused(word(order_id, "r2")) == "OBJECT_STATE"
        assert await refused(word(order_id, reason="another")) == "IDEMPOTENCY_KEY_REUSED"


async def test_the_venue_may_have_used_an_exec_id_for_another_order(book_url, tls) -> None:
    async with trading(book_url, tls) as (_, client, gateway):
        other = (await client.place("k0")).order.order_id
        await gateway.command(0)
        await gateway.send(gateway.filled(f"{other}-1", exec_id="F1"))
        await gateway.applied()
        order_id = (await client.place("k1")).order.order_id
        await gateway.receipt(await gateway.command(1), gw.COMMAND_OUTCOME_IN_DOUBT)
        await client.in_state(order_id, UNKNOWN)
        answer = await client.orders.Resolve(word(order_id), metadata=RITA)
        assert answer.order.progress.state == FILLED
        # The venue's own reports of the two executions repeat what the person stated.
        await gateway.send(
            gateway.filled(f"{order_id}-1", "60", "60", "40", exec_id="F1", last_price="650"),
            gateway.filled(f"{order_id}-1", "40", "100", "0", exec_id="F2"),
        )
        await gateway.applied()
        found = (await client.get(order_id)).order
        assert (found.progress.cum_quantity, found.anomaly_count) == ("100", 0)
    await verified(book_url)


async def test_a_second_part_under_the_id_of_a_stated_execution_is_not_taken_for_it(book_url, tls):
    """What a person stated has no CumQty(14); that of the venue shows that more is executed."""
    working = {
        "venue_holds": order_service_pb2.VENUE_HOLDS_WORKING,
        "executions": [order_service_pb2.FoundExecution(exec_id="F1", quantity="40", price="650")],
    }
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = await doubted(client, gateway)
        await client.orders.Resolve(word(order_id, **working), metadata=RITA)
        part = {"exec_id": "F1", "last_price": "650", "venue_order_id": "V-1"}
        await gateway.send(gateway.filled(f"{order_id}-1", "40", "40", "60", **part))
        await gateway.applied()
        assert (await client.get(order_id)).order.anomaly_count == 0
        await gateway.send(gateway.filled(f"{order_id}-1", "40", "80", "20", **part))
        question = await gateway.command(1)
        assert question.kind == gw.VENUE_COMMAND_KIND_STATUS
        found = (await client.get(order_id)).order
        assert (found.progress.cum_quantity, found.anomaly_count) == ("40", 1)
        answer = {"cum_quantity": "80", "leaves_quantity": "20", "venue_order_id": "V-1"}
        await gateway.send(
            gateway.report(
                f"{order_id}-1", "I", "1", status_request_id=question.cl_ord_id, **answer
            )
        )
        # A person enters what is missing.
        await client.in_state(order_id, UNKNOWN)
    await verified(book_url)


async def test_a_venue_that_does_not_answer_makes_the_order_unknown_and_is_asked(book_url, tls):
    age = {"answer_age_max_s": 0.3}
    async with trading(book_url, tls, **age) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        order = await client.in_state(order_id, UNKNOWN)
        assert order.anomaly_count == 0
        question = await gateway.command(1)
        assert (question.kind, question.cl_ord_id) == (
            gw.VENUE_COMMAND_KIND_STATUS, f"{order_id}-1",
        )  # fmt: skip
        # The answer ends it.
        await gateway.send(gateway.report(f"{order_id}-1", "I", "0", leaves_quantity="100"))
        await client.in_state(order_id, order_pb2.ORDER_STATE_NEW)
        await client.cancel("c1", order_id)
        await client.in_state(order_id, UNKNOWN)
        # Or a person does.
        held = order_service_pb2.VENUE_HOLDS_CANCELED
        answer = await client.orders.Resolve(
            word(order_id, venue_holds=held, executions=[]), metadata=RITA
        )
        assert answer.order.progress.state == order_pb2.ORDER_STATE_CANCELED


async def test_an_order_of_a_venue_that_is_gone_takes_a_statement(book_url, tls):
    age = {"answer_age_max_s": 0.3}
    async with trading(book_url, tls, **age) as (running, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        await gateway.send(gateway.acknowledged(f"{order_id}-1"))
        await client.in_state(order_id, order_pb2.ORDER_STATE_NEW)
        request = word(order_id, venue_holds=order_service_pb2.VENUE_HOLDS_CANCELED, executions=[])
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await client.orders.Resolve(request, metadata=RITA)
        assert reason_of(error.value)[0] == "OBJECT_STATE"
        await gateway.close()
        venues = running.book.venues
        now_ns = running.book.clock.now_ns
        await until(lambda: venues.is_gone("SIMA", now_ns(), 0.3), "the venue is gone")
        answer = await client.orders.Resolve(request, metadata=RITA)
        assert answer.order.progress.state == order_pb2.ORDER_STATE_CANCELED
