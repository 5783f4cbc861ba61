"""Watch and Flow: snapshot, replay, live, resume across a restart, slow readers."""

import asyncio

import grpc
import pytest

from mesh.errors import read_refusal, reason_of
from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import error_pb2, stream_pb2
from tests.support.oms import BOB, MINT, WAIT_S, Client, Gateway, replica, trading
from tests.support.tokens import bearer
from tests.support.waiting import until


class Reader:
    """Reads a watch in the background and keeps what came.

    Attributes:
        sequences: Of the events, in the order they came.
        cursor: Where to resume.
    """

    def __init__(self, client: Client, cursor: stream_pb2.Cursor | None = None, **request) -> None:
        account = order_service_pb2.AccountCursor(account_id="ACC-ALICE")
        if cursor is not None:
            account.cursor.CopyFrom(cursor)
        self.call = client.orders.Watch(
            order_service_pb2.WatchRequest(accounts=[account], **request), metadata=client.metadata
        )
        self.items = []
        self.sequences = []
        self.cursor = cursor
        self.error = None
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for frame in self.call:
                for item in frame.items:
                    self._take(item)
        except grpc.aio.AioRpcError as error:
            self.error = error

    def _take(self, item) -> None:
        self.items.append(item)
        kind = item.WhichOneof("item")
        if kind == "event":
            self.sequences.append(item.event.sequence)
            self.cursor.sequence = item.event.sequence
        elif kind == "snapshot_complete":
            self.cursor = item.snapshot_complete.cursor

    def kinds(self):
        return [item.WhichOneof("item") for item in self.items]

    async def live(self) -> None:
        await until(lambda: "snapshot_complete" in self.kinds(), "snapshot")

    async def end(self) -> None:
        self.call.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_snapshot_then_live_events(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        first = (await client.place("k1")).order
        reader = Reader(client)
        await reader.live()
        assert reader.kinds()[:2] == ["snapshot", "snapshot_complete"]
        assert reader.items[0].snapshot.order_id == first.order_id
        assert reader.items[1].snapshot_complete.cursor.sequence == 1
        await gateway.send(gateway.acknowledged(f"{first.order_id}-1"))
        await client.place("k2")
        await until(lambda: len(reader.sequences) == 2, "events")
        assert reader.sequences == [2, 3]
        await reader.end()


async def test_replay_after_a_cursor_is_exactly_the_log(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        reader = Reader(client)
        await reader.live()
        await reader.end()
        cursor = reader.cursor
        for index in range(5):
            await client.place(f"k{index}")
        again = Reader(client, stream_pb2.Cursor(epoch=cursor.epoch, sequence=2))
        await until(lambda: len(again.sequences) == 3, "replay")
        assert again.sequences == [3, 4, 5]
        assert "snapshot" not in again.kinds()
        await again.end()


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"epoch": "another"}, stream_pb2.RESYNC_CAUSE_EPOCH_CHANGED),
        ({"sequence": 99}, stream_pb2.RESYNC_CAUSE_CURSOR_UNKNOWN),
    ],
)
async def test_a_cursor_that_cannot_be_served_is_resynced(book_url, tls, change, cause):
    async with trading(book_url, tls) as (_, client, _gateway):
        await client.place("k1")
        reader = Reader(client)
        await reader.live()
        await reader.end()
        fields = {"epoch": reader.cursor.epoch, "sequence": 1} | change
        again = Reader(client, stream_pb2.Cursor(**fields))
        await until(lambda: "snapshot_complete" in again.kinds(), "snapshot")
        assert again.kinds()[:3] == ["resync", "snapshot", "snapshot_complete"]
        assert again.items[0].resync.cause == cause
        await again.end()


@pytest.mark.parametrize("seen", [0, 2, 5])
async def test_a_heartbeat_says_at_once_that_the_replay_has_caught_up(book_url, tls, seen):
    async with trading(book_url, tls) as (_, client, _gateway):
        for index in range(5):
            await client.place(f"k{index}")
        reader = Reader(client)
        await reader.live()
        await reader.end()
        cursor = stream_pb2.Cursor(epoch=reader.cursor.epoch, sequence=seen)
        again = Reader(client, cursor, heartbeat_s=60)
        await until(lambda: "heartbeat" in again.kinds(), "heartbeat")
        await client.place("later")
        await until(lambda: again.sequences and again.sequences[-1] == 6, "live")
        live_items = [item for item in again.items if not item.HasField("gap")]
        beats = [n for n, item in enumerate(live_items) if item.HasField("heartbeat")]
        # After the replay, before what is live, and once.
        assert beats == [5 - seen]
        assert live_items[beats[0]].heartbeat.high_water.sequence == 5
        await again.end()


async def test_every_account_is_informed_when_all_have_caught_up(book_url, tls):
    both = bearer(MINT.mint_token(accounts=("ACC-ALICE", "ACC-BOB")))
    async with trading(book_url, tls) as (_, client, _gateway):
        client.metadata = both
        for index in range(3):
            await client.place(f"k{index}")
        await client.place("b1", account_id="ACC-BOB")
        request = order_service_pb2.WatchRequest(heartbeat_s=60)
        call, beats = client.orders.Watch(request, metadata=both), {}
        while len(beats) < 2:
            for item in (await call.read()).items:
                if item.HasField("heartbeat"):
                    beats[item.heartbeat.channel] = item.heartbeat.high_water.sequence
        assert beats == {"ACC-ALICE": 3, "ACC-BOB": 1}
        call.cancel()


async def test_heartbeats_carry_the_high_water(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        await client.place("k1")
        reader = Reader(client, heartbeat_s=1)
        await until(lambda: "heartbeat" in reader.kinds(), "heartbeat")
        beat = next(i.heartbeat for i in reader.items if i.HasField("heartbeat"))
        assert beat.high_water.sequence == 1
        assert beat.channel == "ACC-ALICE"
        await reader.end()


async def test_resume_across_a_restart_loses_and_repeats_nothing(book_url, tls):
    async with trading(book_url, tls) as (running, client, _gateway):
        reader = Reader(client)
        await reader.live()
        for index in range(10):
            await client.place(f"a{index}")
        await until(lambda: len(reader.sequences) >= 4, "some events")
        # The reader learns that the replica stops, and knows where to go on.
        await running.server.stop()
        await asyncio.wait_for(reader.task, WAIT_S)
    drain = next(i.drain for i in reader.items if i.HasField("drain"))
    assert (drain.cause, drain.retry_after.seconds) == (stream_pb2.DRAIN_CAUSE_SHUTDOWN, 1)
    assert reader.error.code() is grpc.StatusCode.UNAVAILABLE
    assert reason_of(reader.error)[0] == "DRAINING"
    async with trading(book_url, tls) as (_, client, _gateway):
        for index in range(10):
            await client.place(f"b{index}")
        again = Reader(client, reader.cursor)
        await until(lambda: reader.sequences + again.sequences == list(range(1, 21)), "all")
        assert "resync" not in again.kinds()
        await again.end()


async def test_a_stream_that_outlives_its_token_is_welcome_again_at_once(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        # Streams end 30 s before the token does.
        client.metadata = bearer(MINT.mint_token(lifetime_s=30))
        reader = Reader(client)
        await asyncio.wait_for(reader.task, WAIT_S)
        drain = next(i.drain for i in reader.items if i.HasField("drain"))
        assert drain.cause == stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY
        assert drain.retry_after.ToMilliseconds() == 0
        assert read_refusal(reader.error).retry_after_s == 0


async def test_a_slow_reader_is_informed_and_can_resume(book_url, tls):
    async with (
        trading(book_url, tls, stream_lag_events_max=50) as (running, client, _gateway),
        # Streams of one connection share its window; the writer has its own.
        running.channel() as channel,
    ):
        request = order_service_pb2.WatchRequest(heartbeat_s=60)
        call = client.orders.Watch(request, metadata=client.metadata)
        first = await call.read()
        assert first.items[-1].HasField("snapshot_complete")
        await placed_by_flow(Client(channel), 2000)
        items = []
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await read_to_the_end(call, items)
        sequences = [i.event.sequence for i in items if i.HasField("event")]
        assert ended.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert reason_of(ended.value)[0] == "SLOW_CONSUMER"
        assert items[-1].slow_consumer.limit_items == 50
        assert items[-1].slow_consumer.resume.sequence == sequences[-1]
        assert sequences == list(range(1, len(sequences) + 1))
        again = Reader(client, items[-1].slow_consumer.resume)
        await until(lambda: again.sequences and again.sequences[-1] == 2000, "the rest")
        assert again.sequences == list(range(sequences[-1] + 1, 2001))
        await again.end()


async def read_to_the_end(call, items: list) -> None:
    while (frame := await call.read()) is not grpc.aio.EOF:
        items.extend(frame.items)


async def placed_by_flow(client: Client, orders: int) -> None:
    """Place orders by a flow that does not watch, a few at a time."""
    flow = client.flows.Flow(metadata=client.metadata)
    await flow.write(flow_pb2.FlowRequest(open=flow_pb2.FlowOpen(results_only=True)))
    done = 0
    while done < orders:
        commands = [
            flow_pb2.FlowCommand(
                correlation_id=i, place=client.request(f"s{i}", client_note="n" * 100)
            )
            for i in range(done, done + 20)
        ]
        await flow.write(flow_pb2.FlowRequest(commands=commands))
        due = done + 20
        while done < due:
            done += len((await flow.read()).results)
    flow.cancel()


async def test_link_going_down_and_up_is_reported(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway):
        reader = Reader(client)
        await reader.live()
        await gateway.close()
        await until(lambda: reader.kinds().count("gap") == 2, "link down")
        async with running.channel("svc-gateway") as channel:
            second = Gateway(channel)
            await second.open()
            await until(lambda: reader.kinds().count("gap") == 3, "link up")
            gaps = [i.gap.kind for i in reader.items if i.HasField("gap")]
            assert gaps[1:] == [stream_pb2.GAP_KIND_LINK_DOWN, stream_pb2.GAP_KIND_LINK_UP]
            await second.close()
        await reader.end()


async def test_events_of_another_replica_arrive(book_url, tls, redis_server):
    async with (
        trading(book_url, tls, redis_server.url) as (_, client, _gateway),
        replica(book_url, tls, redis_server.url) as second,
        second.channel() as channel,
    ):
        reader = Reader(Client(channel))
        await reader.live()
        for index in range(20):
            await client.place(f"k{index}")
        await until(lambda: len(reader.sequences) == 20, "all events")
        redis_server.kill()
        for index in range(20):
            await client.place(f"without-{index}")
        await until(lambda: len(reader.sequences) == 40, "all events without Redis")
        assert reader.sequences == list(range(1, 41))
        await reader.end()


async def test_flow_answers_and_streams(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        flow = client.flows.Flow(metadata=client.metadata)
        place = client.request("k1")
        foreign = client.request("k2", account_id="ACC-BOB")
        broken = client.request("k3", quantity="1e3")
        commands = [
            flow_pb2.FlowCommand(correlation_id=1, place=place),
            flow_pb2.FlowCommand(correlation_id=2, place=foreign),
            flow_pb2.FlowCommand(correlation_id=3, place=broken),
            flow_pb2.FlowCommand(correlation_id=4),
            flow_pb2.FlowCommand(correlation_id=5, place=place),
        ]
        opened = flow_pb2.FlowOpen(watch=order_service_pb2.WatchRequest())
        await flow.write(flow_pb2.FlowRequest(open=opened, commands=commands))
        results, events = {}, []
        while len(results) < 5 or not events:
            frame = await flow.read()
            results |= {r.correlation_id: r for r in frame.results}
            events += [i.event for i in frame.items if i.HasField("event")]
            events += [i.snapshot for i in frame.items if i.HasField("snapshot")]
        assert results[1].accepted.sequence == 1
        assert results[1].accepted.state == order_pb2.ORDER_STATE_PENDING_NEW
        assert results[5].accepted.duplicate
        assert results[5].accepted.order_id == results[1].accepted.order_id
        assert results[2].refused.reason == error_pb2.ERROR_REASON_ACCOUNT_NOT_ALLOWED
        assert results[3].refused.field == "place.terms.quantity"
        assert results[4].refused.reason == error_pb2.ERROR_REASON_INVALID_FIELD
        await gateway.command(0)
        assert len(gateway.commands) == 1
        flow.cancel()


async def test_a_foreign_account_cannot_be_watched(book_url, tls):
    async with trading(book_url, tls) as (running, _client, _gateway), running.channel() as channel:
        reader = Reader(Client(channel, BOB))
        await asyncio.wait_for(reader.task, WAIT_S)
        assert reason_of(reader.error)[0] == "ACCOUNT_NOT_ALLOWED"
        assert not reader.items
