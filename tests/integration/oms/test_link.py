"""The gateway's link: fencing, redelivery, doubts, parked messages, a lost database."""

import asyncio
import itertools
import signal
from contextlib import suppress

import asyncpg
import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.service.venue.session_leases import SESSION_LEASE_S
from tests.support.oms import EPOCH, WAIT_S, Client, Gateway, replica, trading, verified
from tests.support.waiting import until

AWAY = {"DEPENDENCY_UNAVAILABLE", "COMMAND_OUTCOME_UNKNOWN"}
RETRYABLE = {*AWAY, "VENUE_UNAVAILABLE"}


async def test_an_older_owner_is_fenced_off(book_url, tls):
    async with (
        trading(book_url, tls) as (running, client, old),
        running.channel("svc-gateway") as channel,
    ):
        order = (await client.place("k1")).order
        first = await old.command(0)
        new = Gateway(channel)
        opened = await new.open()
        assert opened.fencing_token == old.opened.fencing_token + 1
        await asyncio.wait_for(old.ended.wait(), WAIT_S)
        assert old.code is grpc.StatusCode.ABORTED
        # What was not receipted comes again, marked.
        again = await new.command(0)
        assert again.redelivered
        assert not first.redelivered
        assert again.outbound_sequence == first.outbound_sequence
        await new.send(new.acknowledged(again.cl_ord_id))
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_NEW)
        await new.close()


async def test_another_gateway_stands_by_until_the_owners_stream_ends(book_url, tls):
    async with (
        trading(book_url, tls) as (running, client, owner),
        running.channel("svc-gateway") as channel,
    ):
        order = (await client.place("k1")).order
        first = await owner.command(0)
        standby = Gateway(channel, instance="second")
        opening = asyncio.create_task(standby.open())
        seen_by_standby = (await until(lambda: standby.standbys, "it learns that it stands by"))[0]
        assert (seen_by_standby.owner_instance, seen_by_standby.fencing_token) == ("test", 1)
        await owner.send(owner.acknowledged(first.cl_ord_id))
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_NEW)
        assert not opening.done()
        await owner.close()
        assert (await opening).fencing_token == 2
        await standby.close()


async def test_a_lease_nobody_vouches_for_ends_by_time(book_url, tls):
    async with replica(book_url, tls) as running, running.channel("svc-gateway") as channel:
        owner = Gateway(channel)
        await owner.open()
        await owner.close()
        # As a replica that died a moment ago with its link left it.
        connection = await asyncpg.connect(book_url)
        await connection.execute(
            "UPDATE oms.sessions SET linked = true, owner = 'dead', owner_seen_at = now()"
        )
        standby = Gateway(channel, instance="second")
        opening = asyncio.create_task(standby.open())
        await until(lambda: standby.standbys, "it is not over yet")
        assert (await opening).fencing_token == 2
        age = await connection.fetchval("SELECT now() - owner_seen_at FROM oms.sessions")
        assert age.total_seconds() < SESSION_LEASE_S, "the new owner has a lease of its own"
        await connection.close()
        await standby.close()


async def test_a_gateway_whose_replica_drains_comes_before_the_standby(book_url, tls):
    async with replica(book_url, tls) as second, second.channel("svc-gateway") as channel:
        async with replica(book_url, tls) as first, first.channel("svc-gateway") as near:
            owner = Gateway(near)
            await owner.open()
            standby = Gateway(channel, instance="standby")
            opening = asyncio.create_task(standby.open())
            await until(lambda: standby.standbys, "stands by")
        await owner.ended.wait()
        again = Gateway(channel)
        assert (await again.open()).fencing_token == 2
        assert not opening.done()
        await again.close()
        assert (await opening).fencing_token == 3
        await standby.close()


async def test_numbers_we_send_are_kept_with_the_session(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        status = gw.SessionStatus(
            state=gw.SESSION_STATE_UP, session_epoch=EPOCH, next_sender_msg_seq_num=41
        )
        await gateway.send(status=status)
        await client.place("k1")
        command = await gateway.command(0)
        receipt = gw.CommandReceipt(
            outbound_sequence=1,
            cl_ord_id=command.cl_ord_id,
            outcome=gw.COMMAND_OUTCOME_SENT,
            msg_seq_num=41,
        )
        await gateway.send(gateway.acknowledged(command.cl_ord_id), receipts=[receipt])
        await gateway.applied()
        await gateway.close()
        opened = await gateway.open()
        assert (opened.sender_epoch, opened.next_sender_msg_seq_num) == (EPOCH, 42)


async def test_an_owner_at_another_replica_is_fenced_in_its_transaction(book_url, tls):
    async with (
        trading(book_url, tls) as (first, client, old),
        replica(book_url, tls) as second,
        second.channel("svc-gateway") as channel,
    ):
        order = (await client.place("k1")).order
        command = await old.command(0)
        new = Gateway(channel)
        opened = await new.open()
        # The older owner may have heard of the new one already, or learns it by its commit.
        with suppress(asyncio.InvalidStateError, grpc.aio.AioRpcError):
            await old.send(old.filled(command.cl_ord_id))
        await asyncio.wait_for(old.ended.wait(), WAIT_S)
        assert old.code is grpc.StatusCode.ABORTED
        assert not old.acks
        found = (await client.get(order.order_id)).order
        assert found.progress.state == order_pb2.ORDER_STATE_PENDING_NEW
        # Commands of the first replica reach the link at the second.
        await until(lambda: new.commands, "redelivered")
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_PENDING_NEW)
        # The first replica learns last that the session is up again, by its new owner.
        is_new = (opened.fencing_token, gw.SESSION_STATE_UP)
        await until(
            lambda: [(s.fencing_token, s.state) for s in first.book.venues.all()] == [is_new],
            "the first replica knows the new owner",
        )
        await client.place("k2")
        assert (await new.command(1)).outbound_sequence == 2
        await new.close()


async def test_a_replica_that_stops_informs_its_gateways(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        await client.place("k1")
        await gateway.command(0)
        await running.server.stop()
        await asyncio.wait_for(gateway.ended.wait(), WAIT_S)
        assert gateway.drains == 1
        assert gateway.code is grpc.StatusCode.UNAVAILABLE
    async with trading(book_url, tls) as (_, _, gateway):
        assert (await gateway.command(0)).redelivered


async def test_an_order_and_its_answer_take_one_frame_each_way(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        orders = 4
        for number in range(orders):
            order = (await client.place(f"k{number}")).order
            command = await gateway.command(number)
            await gateway.receipt(command)
            await gateway.send(gateway.acknowledged(command.cl_ord_id))
            await client.in_state(order.order_id, order_pb2.ORDER_STATE_NEW)
        await gateway.applied()
        with_commands = [frame for frame in gateway.frames if frame.commands]
        assert len(with_commands) == orders, "each was answered before the next"
        assert all(
            frame.commands or frame.HasField("heartbeat") or frame.beat
            for frame in gateway.frames
            if frame.HasField("ack")
        ), "no frame has nothing but an acknowledgement"
        assert any(frame.HasField("ack") for frame in with_commands)


async def test_receipts_acknowledge(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        for index in range(3):
            await client.place(f"k{index}")
        for index in range(2):
            await gateway.receipt(await gateway.command(index))
        await gateway.command(2)
        await gateway.send(gateway.acknowledged(gateway.commands[0].cl_ord_id))
        await gateway.applied()
        await gateway.close()
        async with running.channel("svc-gateway") as channel:
            second = Gateway(channel)
            opened = await second.open()
            assert opened.next_outbound_sequence == 3
            assert (await second.command(0)).outbound_sequence == 3
            await second.close()


async def test_what_was_committed_but_not_acknowledged_is_applied_once(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        order = (await client.place("k1")).order
        command = await gateway.command(0)
        messages = [
            gateway.acknowledged(command.cl_ord_id),
            gateway.filled(command.cl_ord_id, "40", "40", "60"),
        ]
        await gateway.send(*messages)
        await gateway.applied()
        await gateway.close()
        async with running.channel("svc-gateway") as channel:
            second = Gateway(channel)
            opened = await second.open()
            assert opened.applied_inbound_msg_seq_num == 2
            assert opened.session_epoch == EPOCH
            # The venue resends all the same, then reports the fill under a new number.
            resent = second.message(execution_report=messages[1].execution_report)
            await second.send(*messages, resent)
            await second.applied()
            found = await client.get(order.order_id)
            assert found.order.progress.cum_quantity == "40"
            assert len(found.executions) == 1
            await second.close()
    await verified(book_url)


async def test_new_orders_need_the_venue_and_cancels_are_queued(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        order = (await client.place("k1")).order
        command = await gateway.command(0)
        await gateway.receipt(command)
        await gateway.send(gateway.acknowledged(command.cl_ord_id))
        await gateway.applied()
        down = gw.SessionStatus(state=gw.SESSION_STATE_DOWN, text="logout")
        await gateway.send(status=down)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await placed_until_refused(client)
        assert reason_of(refused.value)[0] == "VENUE_UNAVAILABLE"
        canceled = await client.cancel("c1", order.order_id)
        assert canceled.order.progress.state == order_pb2.ORDER_STATE_PENDING_CANCEL
        await gateway.close()
        async with running.channel("svc-gateway") as channel:
            second = Gateway(channel)
            await second.open()
            await until(
                lambda: any(c.kind == gw.VENUE_COMMAND_KIND_CANCEL for c in second.commands),
                "the queued cancel",
            )
            await second.close()


async def test_a_command_never_sent_rejects_its_order(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order = (await client.place("k1")).order
        await gateway.receipt(await gateway.command(0), gw.COMMAND_OUTCOME_NOT_SENT)
        rejected = await client.in_state(order.order_id, order_pb2.ORDER_STATE_REJECTED)
        assert rejected.HasField("rejection")
    await verified(book_url)


async def test_an_early_receipt_is_applied_at_once_and_acknowledges_nothing(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        first = (await client.place("k1")).order
        second = (await client.place("k2")).order
        await client.cancel("c2", second.order_id)
        commands = [await gateway.command(index) for index in range(3)]
        outcomes = gw.COMMAND_OUTCOME_WITHDRAWN, gw.COMMAND_OUTCOME_NOT_SENT
        for command, outcome in zip(commands[1:], outcomes, strict=True):
            await gateway.receipt(command, outcome, early=True)
        await client.in_state(second.order_id, order_pb2.ORDER_STATE_CANCELED)
        await gateway.close()
        async with running.channel("svc-gateway") as channel:
            again = Gateway(channel)
            opened = await again.open()
            assert opened.next_outbound_sequence == commands[0].outbound_sequence
            assert opened.redelivered_to == commands[2].outbound_sequence
            for index, outcome in enumerate((gw.COMMAND_OUTCOME_SENT, *outcomes)):
                await again.receipt(await again.command(index), outcome)
            await again.send(again.acknowledged(commands[0].cl_ord_id))
            await client.in_state(first.order_id, order_pb2.ORDER_STATE_NEW)
            await again.close()
        order = (await client.get(second.order_id)).order
        assert order.progress.state == order_pb2.ORDER_STATE_CANCELED
        assert order.anomaly_count == 0
    await verified(book_url)


async def test_a_doubt_is_reported_and_resolved(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        order = (await client.place("k1")).order
        command = await gateway.command(0)
        await gateway.receipt(command, gw.COMMAND_OUTCOME_IN_DOUBT)
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_UNKNOWN)
        status = gateway.report(
            command.cl_ord_id, "I", "0", leaves_quantity="100", cum_quantity="0"
        )
        await gateway.send(status)
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_NEW)
    await verified(book_url)


async def test_what_cannot_be_applied_is_parked_and_the_session_goes_on(
    book_url, tls, postgres_server
):
    async with trading(book_url, tls) as (_, client, gateway):
        order = (await client.place("k1")).order
        command = await gateway.command(0)
        parked = gw.ParkedMessage(msg_type="8", raw=b"8=FIX.4.4\x01\x00", error="no ExecID(17)")
        await gateway.send(
            gateway.message(parked=parked),
            gateway.acknowledged("not-ours"),
            gateway.acknowledged("01JD0000000000000000000000-1"),
            gateway.report(command.cl_ord_id, "F", "1", last_quantity="1.2.3", last_price="1"),
            gateway.report(command.cl_ord_id, "F", "1", exec_id="a\x00b", last_quantity="1"),
            gateway.acknowledged(command.cl_ord_id, text="t\x00t"),
        )
        await gateway.applied()
        found = (await client.get(order.order_id)).order
        assert found.progress.state == order_pb2.ORDER_STATE_NEW
    database = book_url.rpartition("/")[2]
    rows = postgres_server.execute(
        "SELECT msg_seq_num, coalesce(order_id, '-') FROM oms.parked_messages ORDER BY 1", database
    ).split("\n")
    assert [row.split("|")[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row.split("|")[1] for row in rows][3:] == [order.order_id] * 2
    await verified(book_url)


async def test_an_unknown_session_may_be_forbidden(book_url, tls):
    async with (
        replica(book_url, tls, sessions_may_be_added=False) as running,
        running.channel("svc-gateway") as channel,
    ):
        gateway = Gateway(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await gateway.open()
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_lost_database_is_reported_and_survived(tls, tmp_path_factory):
    from tests.support.oms import _prepare
    from tests.support.postgres import PostgresServer

    server = PostgresServer(tmp_path_factory.mktemp("own-postgres"))
    server.start()
    url = server.create_database()
    await _prepare(url)
    try:
        async with trading(url, tls) as (running, client, gateway):
            await client.place("k1")
            await asyncio.to_thread(server.stop, signal.SIGINT)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await client.place("k2")
            assert reason_of(refused.value)[0] in AWAY
            await until(lambda: not running.ops.readiness()[0], "not ready")
            await asyncio.to_thread(server.start)
            await running.ready()
            placed = await placed_at_last(client, "k2")
            assert placed.order.progress.state == order_pb2.ORDER_STATE_PENDING_NEW
            await until(lambda: len(gateway.commands) == 2, "handed on")
    finally:
        await asyncio.to_thread(server.stop)


async def placed_until_refused(client: Client) -> None:
    """Place orders until one is refused."""
    async with asyncio.timeout(WAIT_S):
        for index in itertools.count():
            await client.place(f"down-{index}")


async def placed_at_last(client: Client, key: str, **changes) -> order_service_pb2.PlaceResponse:
    """Repeat with the same key, as a client does, until it is known what became of it."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                return await client.place(key, **changes)
            except grpc.aio.AioRpcError as error:
                assert reason_of(error)[0] in RETRYABLE
            await asyncio.sleep(0.05)
