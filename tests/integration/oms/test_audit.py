"""The audit log: every refusal is in it before its caller knows, whole, once, and chained."""

import asyncio

import asyncpg
import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.oms.v1 import audit_service_pb2 as audit_pb2
from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb2
from ordermesh.oms.v1 import order_service_pb2
from ordermesh.oms.v1.audit_service_pb2_grpc import AuditServiceStub
from ordermesh.type.v1 import error_pb2
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.audit import refusal_log
from svc_oms.service.book.verification import verify_book
from tests.support.oms import AUDREY, BOB, MINT, VERA, Client, replica, trading
from tests.support.oms_process import oms_process
from tests.support.tokens import bearer

NOBODYS = "01JD0000000000000000000000"


async def entries(channel, metadata=AUDREY, **wanted) -> list[audit_pb2.AuditEntry]:
    request = audit_pb2.AuditServiceListRequest(**wanted)
    return list((await AuditServiceStub(channel).List(request, metadata=metadata)).entries)


async def refused(call) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await call
    return reason_of(refusal.value)[0]


async def test_a_refusal_of_the_desk_is_recorded_whole(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        assert await refused(client.place("k1", limit_price="650.01")) == "PRICE_OFF_TICK"
        (entry,) = await entries(channel)
        assert entry.kind == audit_pb2.AUDIT_KIND_REFUSAL
        assert (entry.actor, list(entry.roles)) == ("alice", ["TRADER"])
        assert entry.actor_name == "Alice"
        assert entry.command == "OrderService/Place"
        assert (entry.account_id, entry.order_id, entry.idempotency_key) == ("ACC-ALICE", "", "k1")
        assert entry.reason == error_pb2.ERROR_REASON_PRICE_OFF_TICK
        assert entry.field == "terms.limit_price"
        assert "650.01" in entry.text
        assert entry.metadata["value"] == "650.01"
        assert entry.peer.startswith("envoy ipv4:127.0.0.1")
        assert entry.at.seconds > 0
        assert (entry.sequence, entry.count) == (1, 1)


async def test_refusals_before_the_desk_are_there_before_the_answer(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        order_id = (await client.place("k1")).order.order_id
        commands = [
            ("Place", client.request("k 2"), client.metadata, "INVALID_FIELD"),
            ("Place", client.request("k3"), VERA, "PERMISSION_DENIED"),
            ("Place", client.request("k4"), BOB, "ACCOUNT_NOT_ALLOWED"),
            (
                "Cancel",
                order_service_pb2.CancelRequest(idempotency_key="k5", order_id=order_id),
                BOB,
                "ORDER_NOT_FOUND",
            ),
            (
                "CancelAll",
                order_service_pb2.CancelAllRequest(idempotency_key="k6", account_id="ACC-ALICE"),
                BOB,
                "ACCOUNT_NOT_ALLOWED",
            ),
        ]
        for rpc, request, user, reason in commands:
            assert await refused(getattr(client.orders, rpc)(request, metadata=user)) == reason
            entry = (await entries(channel))[0]
            assert error_pb2.ErrorReason.Name(entry.reason) == f"ERROR_REASON_{reason}"
            assert entry.command == f"OrderService/{rpc}"
            assert entry.idempotency_key == request.idempotency_key
        found = await entries(channel)
        assert len(found) == len(commands)
        assert [e.actor for e in reversed(found)] == ["alice", "vera", "bob", "bob", "bob"]


async def test_the_name_a_user_logs_in_with_is_kept(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        client.metadata = bearer(MINT.mint_token("01U", preferred_username="alice.b"))
        await refused(client.place("k1", limit_price="650.01"))
        client.metadata = bearer(MINT.mint_token("01U", leave_out=("name",)))
        await refused(client.place("k2", limit_price="650.01"))
        found = await entries(channel)
        assert [(e.actor, e.actor_name) for e in found] == [("01U", ""), ("01U", "alice.b")]


async def test_each_cancel_refused_in_a_cancel_all_is_recorded(book_url, tls):
    """One entry per order that was refused, in the transaction of the command."""
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        order_ids = [(await client.place(f"k{n}")).order.order_id for n in range(3)]
        await gateway.command(2)
        await client.cancel("c1", order_ids[0])
        await client.cancel("c2", order_ids[1])
        request = order_service_pb2.CancelAllRequest(idempotency_key="k6", account_id="ACC-ALICE")
        answer = await client.orders.CancelAll(request, metadata=client.metadata)
        rejections = {r.order_id: r.rejection for r in answer.results if r.HasField("rejection")}
        assert sorted(rejections) == sorted(order_ids[:2])
        found = await entries(channel)
        assert {(e.order_id, e.reason, e.text) for e in found} == {
            (order_id, one.reason, one.text) for order_id, one in rejections.items()
        }
        for entry in found:
            assert (entry.actor, entry.command) == ("alice", "OrderService/CancelAll")
            assert (entry.account_id, entry.idempotency_key) == ("ACC-ALICE", "k6")
        # The same again is answered from the record, and refuses nothing anew.
        await client.orders.CancelAll(request, metadata=client.metadata)
        assert len(await entries(channel)) == 2


async def test_every_order_of_a_spoilt_batch_is_recorded(book_url, tls):
    """The one at fault with its reason, the others because of it."""
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        request = order_service_pb2.PlaceBatchRequest(
            idempotency_key="b1",
            account_id="ACC-ALICE",
            atomic=True,
            orders=[
                client.request("o1"),
                client.request("o2", limit_price="650.01"),
                client.request("o3"),
            ],
        )
        answer = await client.orders.PlaceBatch(request, metadata=client.metadata)
        assert all(result.HasField("rejection") for result in answer.results)
        found = {e.idempotency_key: e for e in await entries(channel)}
        assert {key: error_pb2.ErrorReason.Name(e.reason) for key, e in found.items()} == {
            "o1": "ERROR_REASON_OBJECT_STATE",
            "o2": "ERROR_REASON_PRICE_OFF_TICK",
            "o3": "ERROR_REASON_OBJECT_STATE",
        }
        assert found["o1"].command == "OrderService/PlaceBatch"
        assert "another order of the same atomic batch" in found["o3"].text


async def test_accepted_orders_write_nothing(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        order_id = (await client.place("k1")).order.order_id
        await client.place("k1")
        await client.cancel("k2", order_id)
        assert not await entries(channel)


async def test_refusals_in_a_flow_are_recorded_once_each(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        flow = client.flows.Flow(metadata=client.metadata)
        commands = [
            flow_pb2.FlowCommand(correlation_id=1, place=client.request("k1", quantity="1.5")),
            flow_pb2.FlowCommand(correlation_id=2, place=client.request("k2", quantity="-1")),
            flow_pb2.FlowCommand(correlation_id=3),
            flow_pb2.FlowCommand(correlation_id=4, place=client.request("k4")),
        ]
        await flow.write(
            flow_pb2.FlowRequest(open=flow_pb2.FlowOpen(results_only=True), commands=commands)
        )
        answered = {}
        while len(answered) < len(commands):
            for result in (await flow.read()).results:
                answered[result.correlation_id] = result.WhichOneof("outcome")
        flow.cancel()
        assert answered == {1: "refused", 2: "refused", 3: "refused", 4: "accepted"}
        assert sorted(e.command for e in await entries(channel)) == [
            "OrderFlowService/Flow/nothing",
            "OrderFlowService/Flow/place",
            "OrderFlowService/Flow/place",
        ]


async def test_bytes_that_are_no_request_are_refused_with_a_reason(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        place = channel.unary_unary("/ordermesh.oms.v1.OrderService/Place")
        assert await refused(place(b"\xff\xff\xff", metadata=client.metadata)) == "INVALID_FIELD"
        (entry,) = await entries(channel)
        assert (entry.actor, entry.command) == ("alice", "OrderService/Place")
        assert "ordermesh.oms.v1.PlaceRequest" in entry.text


async def test_a_list_is_for_those_who_watch_over_others(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        for roles in (("AUDITOR",), ("RISK",), ("OPERATOR",)):
            token = bearer(MINT.mint_token("x", roles=roles, accounts=()))
            assert await entries(channel, token) == []
        for user in (client.metadata, VERA):
            assert (
                await refused(
                    AuditServiceStub(channel).List(
                        audit_pb2.AuditServiceListRequest(), metadata=user
                    )
                )
                == "PERMISSION_DENIED"
            )
        assert len(await entries(channel)) == 2


async def test_filters_and_pages(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        for index in range(5):
            await refused(client.place(f"k{index}", quantity="1.5"))
        await refused(client.place("k9", limit_price="1.5.2"))
        await refused(client.orders.Place(client.request("k7"), metadata=BOB))
        await refused(client.cancel("k8", NOBODYS))
        assert len(await entries(channel)) == 8
        assert len(await entries(channel, actor="bob")) == 1
        assert len(await entries(channel, account_id="ACC-ALICE")) == 7
        assert [e.idempotency_key for e in await entries(channel, order_id=NOBODYS)] == ["k8"]
        reasons = [error_pb2.ERROR_REASON_QUANTITY_OFF_LOT]
        assert len(await entries(channel, reasons=reasons)) == 5
        assert not await entries(channel, kind=audit_pb2.AUDIT_KIND_ACTION)
        newest = (await entries(channel))[0]
        assert not await entries(channel, at_from={"seconds": newest.at.seconds + 60})
        assert len(await entries(channel, at_until={"seconds": newest.at.seconds + 60})) == 8
        seen, token = [], ""
        while True:
            request = audit_pb2.AuditServiceListRequest(page_size=3, page_token=token)
            page = await AuditServiceStub(channel).List(request, metadata=AUDREY)
            seen += [entry.entry_id for entry in page.entries]
            token = page.next_page_token
            if not token:
                break
        assert seen == [entry.entry_id for entry in await entries(channel)]


async def test_nobody_fills_the_disk(book_url, tls, monkeypatch):
    monkeypatch.setattr(refusal_log, "NOBODY_ENTRIES_BURST", 3)
    monkeypatch.setattr(refusal_log, "NOBODY_ENTRIES_PER_S", 0.0)
    monkeypatch.setattr(refusal_log, "CALLER_ENTRIES_BURST", 4)
    monkeypatch.setattr(refusal_log, "CALLER_ENTRIES_PER_S", 0.0)
    async with trading(book_url, tls) as (_, client, _gateway):
        for index in range(10):
            assert await refused(client.orders.Place(client.request("k"))) == "UNAUTHENTICATED"
            assert await refused(client.place(f"k{index}", quantity="1.5")) == "QUANTITY_OFF_LOT"
    # Stopped in good order: what was only counted is written at the end.
    async with replica(book_url, tls) as running, running.channel() as channel:
        found = await entries(channel)
        whole = [e for e in found if e.kind == audit_pb2.AUDIT_KIND_REFUSAL]
        counted = [e for e in found if e.kind == audit_pb2.AUDIT_KIND_COUNTED]
        assert sorted(e.actor for e in whole) == [""] * 3 + ["alice"] * 4
        assert sorted((e.actor, e.count) for e in counted) == [("", 7), ("alice", 6)]
        assert all(e.command == "OrderService/Place" for e in found)


async def test_no_token_is_in_the_log(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        token = dict(client.metadata)["authorization"].split()[1]
        await refused(client.place("k1", quantity="1.5"))
        await refused(client.orders.Place(client.request("k2"), metadata=bearer(token + "x")))
        await refused(client.orders.Place(client.request("k3"), metadata=bearer("made-up-secret")))
    connection = await asyncpg.connect(book_url)
    rows = await connection.fetch("SELECT payload FROM oms.audit_log")
    await connection.close()
    assert len(rows) == 3
    for row in rows:
        assert token.encode()[-20:] not in row["payload"]
        assert b"made-up-secret" not in row["payload"]


async def test_two_replicas_chain_apart_and_verify_together(book_url, tls):
    async with (
        trading(book_url, tls) as (one, client, _),
        replica(book_url, tls) as two,
        two.channel() as channel,
        one.channel() as first,
    ):
        other = Client(channel)
        await asyncio.gather(
            *(refused(client.place(f"a{i}", quantity="1.5")) for i in range(40)),
            *(refused(other.place(f"b{i}", quantity="-5")) for i in range(40)),
            *(other.place(f"c{i}") for i in range(10)),
        )
        assert len(await entries(first)) == 80
    store = await PostgresStore.connect(book_url)
    report = await verify_book(store)
    await store.close()
    assert not report.findings
    assert report.audit_entries == 80


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE oms.audit_log SET actor = 'mallory' WHERE sequence = 2", "column"),
        (r"UPDATE oms.audit_log SET payload = payload || '\x00' WHERE sequence = 2", "hash"),
        ("DELETE FROM oms.audit_log WHERE sequence = 2", "sequence 3"),
        ("DELETE FROM oms.audit_log WHERE sequence = 3", "ends at 2"),
    ],
)
async def test_damage_is_refused_and_found(book_url, tls, damage, finding):
    async with trading(book_url, tls) as (_, client, _gateway):
        for index in range(3):
            await refused(client.place(f"k{index}", quantity="1.5"))
    connection = await asyncpg.connect(book_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(damage)
    await connection.execute("ALTER TABLE oms.audit_log DISABLE TRIGGER USER")
    await connection.execute(damage)
    await connection.close()
    store = await PostgresStore.connect(book_url)
    report = await verify_book(store)
    await store.close()
    assert any(finding in found.text for found in report.findings)


async def test_a_full_queue_is_recorded(book_url, tls, monkeypatch):
    from svc_oms.service.commands import worker as worker_module

    monkeypatch.setattr(worker_module, "QUEUE_COMMANDS_MAX", 0)
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        assert await refused(client.place("k1")) == "OVERLOADED"
        (entry,) = await entries(channel)
        assert entry.reason == error_pb2.ERROR_REASON_OVERLOADED


async def test_a_refusal_its_caller_knows_survives_a_kill(book_url, tls, tmp_path):
    async with oms_process(book_url, tls, tmp_path) as doomed, doomed.channel() as channel:
        client = Client(channel)
        assert await refused(client.place("k1")) == "VENUE_UNAVAILABLE"
        assert await refused(client.place("k 2")) == "INVALID_FIELD"
        doomed.kill()
    connection = await asyncpg.connect(book_url)
    rows = await connection.fetch("SELECT payload FROM oms.audit_log ORDER BY entry_id")
    await connection.close()
    keys = [audit_pb2.AuditEntry.FromString(row["payload"]).idempotency_key for row in rows]
    assert keys == ["k1", "k 2"]


async def test_a_refusal_is_recorded_though_its_caller_has_gone(book_url, tls):
    async with trading(book_url, tls) as (running, client, _), running.channel() as channel:
        connection = await asyncpg.connect(book_url)
        async with connection.transaction():
            await connection.execute("SELECT FROM oms.accounts FOR UPDATE")
            call = client.place("k1", quantity="1.5")
            task = asyncio.create_task(call)
            async with asyncio.timeout(10):
                while not await connection.fetchval(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted"
                ):
                    await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await connection.close()
        async with asyncio.timeout(10):
            while not (found := await entries(channel)):
                await asyncio.sleep(0.01)
        assert (found[0].actor, found[0].idempotency_key) == ("alice", "k1")
