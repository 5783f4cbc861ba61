"""The stream contract of market data, over real mTLS connections."""

import asyncio

import grpc

from ordermesh.marketdata.v1 import (
    market_data_pb2,
    market_data_service_pb2,
    market_data_service_pb2_grpc,
)
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from tests.integration.marketdata.conftest import NAMES, bid, book, running
from tests.support.refusals import refusal

EVERY = pb.DELIVERY_MODE_EVERY_EVENT


def subscription(*names, **fields):
    return pb.Subscription(instrument_ids=names, **fields)


class Reader:
    """Reads items of a stream one by one."""

    def __init__(self, call):
        self.call = call
        self.items = []
        self.sequences = {}

    async def next(self):
        while not self.items:
            frame = await self.call.read()
            assert frame is not grpc.aio.EOF
            self.items.extend(frame.items)
        item = self.items.pop(0)
        if item.HasField("update"):
            update = item.update
            key = (update.instrument_id, update.WhichOneof("value"))
            if not update.snapshot:
                assert update.sequence == self.sequences.get(key, 0) + 1 + update.conflated_updates
            self.sequences[key] = update.sequence
        return item

    async def until(self, kind, wanted=lambda _: True):
        while True:
            item = await self.next()
            value = item
            if kind in {"quote", "book", "trade", "candle"}:
                if not item.update.HasField(kind):
                    continue
                value = item.update
            elif item.WhichOneof("item") != kind:
                continue
            else:
                value = getattr(item, kind)
            if wanted(value):
                return value

    async def snapshot(self):
        return await self.until("snapshot_complete")


def watch(service, *names, cursor=None, heartbeat_s=0, **fields):
    request = pb.WatchRequest(
        subscription=subscription(*names, **fields), cursor=cursor, heartbeat_s=heartbeat_s
    )
    # A connection of its own: streams of one connection share its window.
    stub = market_data_service_pb2_grpc.MarketDataServiceStub(service.channel("envoy"))
    return Reader(stub.Watch(request, metadata=service.metadata))


async def test_snapshot_then_updates(service, gateway):
    reader = watch(service, "ASML.SIMA")
    status = await reader.until("venue_status")
    assert status.feed_up
    assert status.simulated
    quote = await reader.until("quote")
    assert quote.snapshot
    assert (quote.quote.bid_price, quote.quote.ask_price) == ("10", "11")
    complete = await reader.snapshot()
    assert complete.item_count == 1
    assert complete.cursor.sequence == quote.sequence
    await gateway.send(updates=[bid("ASML.SIMA", "10.5")])
    update = await reader.until("quote")
    assert update.quote.bid_price == "10.5"
    assert update.sequence == quote.sequence + 1


async def test_every_topic(service, gateway):
    reader = watch(service, "ASML.SIMA", topics=[1, 2, 3, 4], depth=1)
    complete = await reader.snapshot()
    assert complete.item_count == 2, "quote and book; there was no trade"
    trade = market_data_pb2.Trade(trade_id="t1", price="10.5", size="3")
    update = bid("ASML.SIMA", "9")
    update.trade.CopyFrom(trade)
    update.received_at.FromNanoseconds(1_700_000_000_000_000_000)
    await gateway.send(updates=[bid("ASML.SIMA", "9.5"), update])
    received = {}
    while {"quote", "book", "trade", "candle"} - received.keys():
        item = await reader.next()
        if item.HasField("update"):
            received[item.update.WhichOneof("value")] = item.update
    assert received["trade"].trade.trade_id == "t1"
    assert received["candle"].candle.close_price == "10.5"
    assert received["quote"].quote.last_price == "10.5"
    assert len(received["book"].book.bids) == 1


async def test_all_instruments_and_a_new_one(service, gateway):
    reader = watch(service)
    complete = await reader.snapshot()
    assert complete.item_count == len(NAMES)
    await gateway.send(updates=[book("NEW.SIMA")])
    assert (await reader.until("quote")).instrument_id == "NEW.SIMA"


async def test_intervals_conflate_and_count(service, gateway):
    reader = watch(service, "ASML.SIMA", mode=pb.DELIVERY_MODE_INTERVAL, interval_ms=50)
    await reader.snapshot()
    for n in range(50):
        await gateway.send_only(updates=[bid("ASML.SIMA", f"10.{n + 1:02}".rstrip("0"))])
    await gateway.until(lambda: gateway.acknowledged >= gateway.sequence)
    last = await reader.until("quote", lambda update: update.quote.bid_price == "10.5")
    # The reader itself checks that sequence = last + 1 + conflated.
    assert last.sequence == 51


async def test_a_slow_reader_is_informed_and_delays_nobody(tls_folder, mint):
    async with running(tls_folder, mint, subscriber_queue_updates_max=500) as service:
        gateway = await service.gateway().open()
        slow = watch(service, mode=EVERY, topics=[1, 2])
        await slow.snapshot()
        latest = watch(service, "ASML.SIMA")
        await latest.snapshot()
        quick = watch(service, mode=EVERY, topics=[1, 2])
        await quick.snapshot()
        for n in range(3_000):
            updates = [bid(name, "10", str(n + 11), n + 1) for name in NAMES]
            await gateway.send_ahead(updates=updates)
            await quick.until("quote", lambda update, n=n: update.sequence == n + 2)
        await latest.until("quote", lambda update: update.sequence == 3_001)
        received = await slow.until("slow_consumer")
        assert received.limit_items == 500
        assert received.resume.sequence > 0
        refused = await refusal(slow.call)
        assert refused.reason == "SLOW_CONSUMER"
        assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_stalled_reader_of_latest_values_gets_the_last_one(service, gateway):
    reader = watch(service, topics=[1, 2])
    await reader.snapshot()
    for n in range(2_000):
        await gateway.send_ahead(updates=[bid(name, "10", str(n + 11), n + 1) for name in NAMES])
    last = await reader.until("quote", lambda update: update.sequence == 2_001)
    assert last.instrument_id in NAMES


async def test_resume_with_the_same_epoch_and_another(service):
    await service.gateway().open()
    first = watch(service)
    cursor = (await first.snapshot()).cursor
    same = watch(service, cursor=cursor)
    while not (item := await same.next()).HasField("snapshot_complete"):
        assert not item.HasField("resync")
    cursor.epoch = "an-earlier-life"
    other = watch(service, cursor=cursor)
    resync = (await other.next()).resync
    assert resync.cause == stream_pb2.RESYNC_CAUSE_EPOCH_CHANGED
    assert resync.requested.epoch == "an-earlier-life"
    assert (await other.snapshot()).item_count == len(NAMES)
    ahead = stream_pb2.Cursor(epoch=item.snapshot_complete.cursor.epoch, sequence=10**9)
    unknown = watch(service, cursor=ahead)
    assert (await unknown.next()).resync.cause == stream_pb2.RESYNC_CAUSE_CURSOR_UNKNOWN


async def test_heartbeats_carry_the_high_water(service, gateway):
    reader = watch(service, heartbeat_s=1)
    complete = await reader.snapshot()
    await gateway.send(updates=[bid("ASML.SIMA", "10.2")])
    heartbeat = await reader.until("heartbeat")
    assert heartbeat.high_water.epoch == complete.cursor.epoch
    assert heartbeat.high_water.sequence == complete.cursor.sequence + 1
    assert heartbeat.high_water.sequence == sum(reader.sequences.values())
    assert heartbeat.server_time.seconds > 0


async def test_a_broken_feed_is_a_gap_and_stale_until_its_books_are_back(service, gateway):
    reader = watch(service, "ASML.SIMA")
    await reader.snapshot()
    await gateway.close()
    down = await reader.until("gap")
    assert down.kind == stream_pb2.GAP_KIND_LINK_DOWN
    assert down.channel == "SIMA"
    snapshot = await service.prices.GetSnapshot(
        pb.GetSnapshotRequest(instrument_ids=["ASML.SIMA"]), metadata=service.metadata
    )
    assert snapshot.updates[0].quote.stale
    again = service.gateway(epoch="two")
    await again.open()
    up = await reader.until("gap")
    assert up.kind == stream_pb2.GAP_KIND_LINK_UP
    fresh = await reader.until("quote", lambda update: not update.quote.stale)
    assert fresh.quote.bid_price == "10"


async def test_a_reader_who_comes_while_the_feed_is_down_is_informed(service, gateway):
    first = watch(service, "ASML.SIMA")
    await first.snapshot()
    await gateway.close()
    await first.until("gap")
    reader = watch(service, "ASML.SIMA")
    assert (await reader.until("gap")).kind == stream_pb2.GAP_KIND_LINK_DOWN
    quote = await reader.until("quote")
    assert quote.snapshot
    assert quote.quote.stale


async def test_crossed_prices_are_shown_with_a_flag(service):
    await service.gateway().open(book("ASML.SIMA", bid="12", ask="11"))
    reader = watch(service, "ASML.SIMA")
    quote = (await reader.until("quote")).quote
    assert list(quote.flags) == [market_data_pb2.PRICE_FLAG_CROSSED]
    assert quote.bid_price == "12"


async def test_subscriptions_change_while_the_stream_runs(service, gateway):
    call = service.prices.Stream(metadata=service.metadata)
    await call.write(pb.StreamRequest(open=pb.WatchRequest(subscription=subscription("ASML.SIMA"))))
    reader = Reader(call)
    assert (await reader.snapshot()).item_count == 1
    await call.write(pb.StreamRequest(subscribe=subscription("ASML.SIMA", "ING.SIMA")))
    new = await reader.until("quote")
    assert new.snapshot
    assert new.instrument_id == "ING.SIMA"
    assert (await reader.snapshot()).item_count == 1, "what is new only"
    await gateway.send(updates=[bid(name, "10.3") for name in NAMES])
    assert {(await reader.until("quote")).instrument_id for _ in NAMES} == set(NAMES)
    await call.write(pb.StreamRequest(subscribe=subscription("ING.SIMA")))
    assert (await reader.snapshot()).item_count == 0
    await gateway.send(updates=[bid(name, "10.4") for name in NAMES])
    assert (await reader.until("quote")).instrument_id == "ING.SIMA"


async def test_a_stream_goes_on_when_the_client_has_no_more_wishes(service, gateway):
    call = service.prices.Stream(metadata=service.metadata)
    await call.write(pb.StreamRequest(open=pb.WatchRequest(subscription=subscription())))
    await call.done_writing()
    reader = Reader(call)
    await reader.snapshot()
    await gateway.send(updates=[bid("ASML.SIMA", "10.3")])
    assert (await reader.until("quote")).quote.bid_price == "10.3"


async def test_drain_informs_readers_and_the_gateway(service, gateway):
    reader = watch(service)
    cursor = (await reader.snapshot()).cursor
    stopping = asyncio.create_task(service.server.stop(5))
    drain = await reader.until("drain")
    assert drain.cause == stream_pb2.DRAIN_CAUSE_SHUTDOWN
    assert drain.resume == cursor
    assert drain.retry_after.seconds == 1
    refused = await refusal(reader.call)
    assert refused.code is grpc.StatusCode.UNAVAILABLE
    assert refused.retry_after_s > 0
    await gateway.until(lambda: gateway.drain is not None)
    await stopping


async def test_a_stream_ends_before_its_token_does(service):
    await service.gateway().open()
    token = service.mint.mint_token(lifetime_s=31)
    call = service.prices.Watch(
        pb.WatchRequest(subscription=subscription()),
        metadata=(("authorization", f"Bearer {token}"),),
    )
    drain = await Reader(call).until("drain")
    assert drain.cause == stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY
    assert drain.retry_after.ToMilliseconds() == 0, "nothing to wait for but the new token"
    assert (await refusal(call)).retry_after_s == 0


async def test_more_streams_than_the_limit_are_refused(tls_folder, mint):
    async with running(tls_folder, mint, subscribers_max=1) as service:
        first = watch(service)
        await first.snapshot()
        refused = await refusal(watch(service).call)
        assert refused.reason == "OVERLOADED"


async def test_completed_candles_come_with_the_snapshot(service, gateway):
    for n, second in enumerate((0, 61, 122)):
        update = bid("ASML.SIMA", "9")
        trade = market_data_pb2.Trade(trade_id=str(n), price=str(10 + n), size="1")
        trade.venue_time.FromSeconds(1_700_000_000 + second)
        update.trade.CopyFrom(trade)
        await gateway.send(updates=[update])
    reader = watch(service, "ASML.SIMA", topics=[market_data_pb2.TOPIC_CANDLE])
    candles = [(await reader.until("candle")).candle for _ in range(3)]
    assert [candle.close_price for candle in candles] == ["10", "11", "12"]
    assert (await reader.snapshot()).item_count == 3


def test_the_frames_of_both_streams_have_one_layout():
    for response in (pb.WatchResponse, pb.StreamResponse):
        field = response.DESCRIPTOR.fields_by_name["items"]
        assert (field.number, field.message_type.name) == (1, "MarketDataItem")
    assert market_data_service_pb2.DESCRIPTOR.package == "ordermesh.marketdata.v1"


async def test_chosen_fields_change_without_connecting_again(service, gateway):
    def chosen(*paths):
        return subscription("ASML.SIMA", mode=EVERY, fields={"paths": paths})

    def names(update):
        return {field.name for field, _ in update.quote.ListFields()}

    call = service.prices.Stream(metadata=service.metadata)
    await call.write(pb.StreamRequest(open=pb.WatchRequest(subscription=chosen("quote.bid_price"))))
    reader = Reader(call)
    assert names(await reader.until("quote")) == {"bid_price"}
    await reader.snapshot()
    await gateway.send(updates=[bid("ASML.SIMA", "10.5")])
    update = await reader.until("quote")
    assert (names(update), update.quote.bid_price) == ({"bid_price"}, "10.5")
    for paths, expected in ((("quote.ask_price",), {"ask_price"}), ((), None)):
        await call.write(pb.StreamRequest(subscribe=chosen(*paths)))
        update = await reader.until("quote")
        assert update.snapshot
        assert names(update) == expected or expected is None
        await reader.snapshot()
    assert {"bid_price", "ask_price", "received_at"} <= names(update)
    # A stale price is always said to be stale.
    await call.write(pb.StreamRequest(subscribe=chosen("quote.volume")))
    await reader.snapshot()
    await gateway.send(updates=[{"instrument_id": "ASML.SIMA", "book_incomplete": True}])
    update = await reader.until("quote", lambda one: not one.snapshot)
    assert names(update) == {"stale"}
    await call.write(pb.StreamRequest(subscribe=chosen("quote.bids")))
    found = await refusal(call)
    assert (found.reason, found.field) == ("INVALID_FIELD", "subscribe.fields.paths[0]")
    assert "bid_price" in found.text
