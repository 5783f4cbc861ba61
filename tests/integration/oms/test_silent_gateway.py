"""A gateway that does not answer: its session is down, and its commands do not stay open."""

import asyncio
import itertools

import asyncpg
import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from svc_oms.adapters.postgres.sessions.session_statements import FREE_SESSION
from svc_oms.service.venue import downlink, session_link, unsent
from svc_oms.service.venue.downlink import SEND_LEASE_S, SILENCE_LOOK_S, SilenceWatch
from tests.support.oms import WAIT_S, Client, Gateway, replica, trading, verified
from tests.support.waiting import until

REJECTED = order_pb2.ORDER_STATE_REJECTED
PENDING_NEW = order_pb2.ORDER_STATE_PENDING_NEW


@pytest.mark.parametrize("limit_s", [0.5, 2.0, 15.0])
def test_a_gateway_is_hung_after_its_limit_and_never_before_its_lease_ends(limit_s: float) -> None:
    watch = SilenceWatch(limit_s)
    looks = next(number for number in itertools.count(1) if watch.look())
    # The last frame came at any time before the first look.
    assert (looks - 1) * SILENCE_LOOK_S >= limit_s - SILENCE_LOOK_S
    assert looks * SILENCE_LOOK_S <= limit_s
    watch.heard()
    assert not watch.look()


def test_the_lease_of_a_gateway_ends_before_its_session_is_given_away() -> None:
    watch = SilenceWatch(downlink.GATEWAY_SILENCE_MAX_S)
    looks = next(number for number in itertools.count(1) if watch.look())
    assert (looks - 1) * SILENCE_LOOK_S >= SEND_LEASE_S


async def refused_at_last(client: Client) -> list[str]:
    """Place until the venue is not there; return the orders."""
    placed = []
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                placed.append((await client.place(f"k{len(placed)}")).order.order_id)
            except grpc.aio.AioRpcError as error:
                assert reason_of(error)[0] == "VENUE_UNAVAILABLE"
                return placed


async def test_signs_of_life_are_answered_and_keep_the_session(book_url, tls) -> None:
    async with replica(book_url, tls) as running, running.channel("svc-gateway") as channel:
        gateway = Gateway(channel)
        gateway.alive = True
        opened = await gateway.open()
        assert opened.send_lease_ms == round(SEND_LEASE_S * 1000)
        await gateway.send(beat=7)
        await until(lambda: gateway.answered == [7], "the answer")
        await gateway.send(beat=8)
        await until(lambda: gateway.answered == [7, 8], "the next answer")
        assert not gateway.ended.is_set()
        await gateway.close()


async def test_a_gateway_that_reads_nothing_more_loses_its_session_to_the_standby(
    book_url, tls, monkeypatch
) -> None:
    monkeypatch.setattr(session_link, "GATEWAY_SILENCE_MAX_S", 0.5)
    async with (
        replica(book_url, tls) as running,
        running.channel("svc-gateway") as channel,
        running.channel() as user,
    ):
        hung, standby = Gateway(channel), Gateway(channel, instance="second")
        hung.alive, hung.reads = True, False
        await hung.open()
        client = Client(user)
        opening = asyncio.create_task(standby.open(gw.SESSION_STATE_DOWN))
        # Enough to fill the stream: the replica then waits in the sending of a frame.
        placed = await refused_at_last(client)
        opened = await opening
        assert opened.fencing_token == 2
        commands = [await standby.command(number) for number in range(len(placed))]
        # What was checked before the standby took the session, and committed after it, was never
        # given to the hung gateway.
        assert [command.redelivered for command in commands] == [
            command.outbound_sequence <= opened.redelivered_to for command in commands
        ]
        assert opened.redelivered_to >= len(placed) - 1
        await standby.close()
        await hung.close()
        await verified(book_url)


async def test_a_gateway_that_wakes_while_its_session_is_given_away_gets_no_answer(
    book_url, tls, monkeypatch
) -> None:
    """An answer would let it send beside the standby."""
    monkeypatch.setattr(session_link, "GATEWAY_SILENCE_MAX_S", 0.5)
    async with replica(book_url, tls) as running, running.channel("svc-gateway") as channel:
        gateway = Gateway(channel)
        gateway.alive = True
        await gateway.open()
        await gateway.send(beat=1)
        await until(lambda: gateway.answered == [1], "the answer")
        # The end of the session cannot be stored: the row is locked.
        locking, watching = [await asyncpg.connect(book_url) for _ in range(2)]
        waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query = $1"
        async with locking.transaction():
            await locking.execute("SELECT FROM oms.sessions FOR UPDATE")
            async with asyncio.timeout(WAIT_S):
                while not await watching.fetch(waits, FREE_SESSION):
                    await watching.execute("SELECT pg_sleep(0.01)")
            await gateway.send(beat=2)
            await gateway.send(beat=3)
        await asyncio.wait_for(gateway.ended.wait(), WAIT_S)
        assert gateway.answered == [1]
        await locking.close()
        await watching.close()
        await gateway.close()


async def test_what_no_gateway_had_is_ended_and_never_sent(book_url, tls, monkeypatch) -> None:
    monkeypatch.setattr(unsent, "UNSENT_AGE_MAX_S", 0)
    monkeypatch.setattr(downlink, "OUTSTANDING_COMMANDS_MAX", 1)
    async with (
        trading(book_url, tls) as (running, client, gateway),
        running.channel("svc-gateway") as channel,
    ):
        handed = (await client.place("k0")).order.order_id
        await gateway.command(0)
        never = [(await client.place(f"k{n}")).order.order_id for n in range(1, 4)]
        await gateway.close()
        for order_id in never:
            order = await client.in_state(order_id, REJECTED)
            assert "no gateway had the session" in order.rejection.text
        assert (await client.get(handed)).order.progress.state == PENDING_NEW, "it may have left"
        monkeypatch.setattr(downlink, "OUTSTANDING_COMMANDS_MAX", 100)
        again = Gateway(channel)
        await again.open()
        commands = [await again.command(number) for number in range(4)]
        assert [command.withdrawn for command in commands] == [False, True, True, True]
        assert all(command.redelivered for command in commands)
        for command in commands[1:]:
            await again.receipt(command, gw.COMMAND_OUTCOME_NOT_SENT)
        await again.send(again.acknowledged(commands[0].cl_ord_id))
        await client.in_state(handed, order_pb2.ORDER_STATE_NEW)
        for order_id in never:
            assert (await client.get(order_id)).order.anomaly_count == 0
        await again.close()
    await verified(book_url)
