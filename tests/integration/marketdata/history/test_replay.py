"""A replay sends what a live stream would have sent, at any speed, and waits for its reader."""

import asyncio
import time

import grpc
import pytest

from mesh.errors import read_refusal
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from svc_marketdata.api.history.replay import REPLAYS_PER_USER_MAX
from tests.integration.marketdata.history.support import (
    ASML,
    HOUR_NS,
    ING,
    NS_PER_S,
    eventually,
    stamp,
    trade,
)
from tests.support.tokens import bearer

COUNT = 300
EVERY, INTERVAL, LATEST = 1, 2, 3
TOPICS = (1, 3, 4)


@pytest.fixture
async def begin_ns(past, feed):
    """When the first of 300 trades was made; one each second."""
    begin_ns = time.time_ns() // HOUR_NS * HOUR_NS - HOUR_NS
    updates = [
        trade(ASML if n % 3 else ING, str(100 + n % 11), "2", f"T{n}", begin_ns + n * NS_PER_S)
        for n in range(COUNT)
    ]
    await feed.send(updates=updates)
    await past.until_trades(COUNT, ASML, ING)
    return begin_ns


def open_replay(
    past, begin_ns, mode=EVERY, seconds=COUNT, names=(ASML, ING), metadata=None, **fields
):
    asked = pb.ReplayRequest(
        subscription={
            "instrument_ids": names, "topics": TOPICS, "mode": mode, "interval_ms": 50
        },
        **{"from": stamp(begin_ns)}, to=stamp(begin_ns + seconds * NS_PER_S), **fields,
    )  # fmt: skip
    return past.stub.Replay(asked, metadata=metadata or past.service.metadata)


async def items_of(call):
    return [item async for response in call for item in response.items]


def latest(items):
    """The last value of each channel."""
    return {
        (item.update.instrument_id, item.update.WhichOneof("value")): item.update
        for item in items
        if item.HasField("update")
    }


async def test_every_event_is_every_trade_and_the_stream_ends(past, begin_ns):
    items = await items_of(open_replay(past, begin_ns))
    found = [
        item.update.trade.trade_id for item in items if item.update.WhichOneof("value") == "trade"
    ]
    assert found == [f"T{n}" for n in range(COUNT)]
    (complete,) = [item.snapshot_complete for item in items if item.HasField("snapshot_complete")]
    end = items[-1].heartbeat.high_water
    assert end.epoch == complete.cursor.epoch
    assert end.sequence == sum(update.sequence for update in latest(items).values())


async def test_sequences_have_no_gap(past, begin_ns):
    for mode in (EVERY, INTERVAL, LATEST):
        before = {}
        for item in await items_of(open_replay(past, begin_ns, mode)):
            if item.HasField("update"):
                update = item.update
                key = (update.instrument_id, update.WhichOneof("value"))
                expected = before.get(key, 0) + 1 + update.conflated_updates
                assert update.sequence == expected, (mode, key)
                before[key] = update.sequence


async def test_conflated_replays_converge_to_the_full_one(past, begin_ns):
    full = latest(await items_of(open_replay(past, begin_ns)))
    for mode in (INTERVAL, LATEST):
        for speed in (0, 1_000):
            found = latest(await items_of(open_replay(past, begin_ns, mode, speed=speed)))
            assert found.keys() == full.keys()
            for key, update in found.items():
                wanted = full[key]
                assert update.sequence == wanted.sequence, (mode, key)
                kind = update.WhichOneof("value")
                assert getattr(update, kind) == getattr(wanted, kind), (mode, key)


async def test_replayed_candles_are_those_of_the_history(past, begin_ns):
    items = await items_of(open_replay(past, begin_ns))
    replayed = {}
    for item in items:
        if item.update.WhichOneof("value") == "candle":
            candle = item.update.candle
            replayed[item.update.instrument_id, candle.start.seconds] = candle
    stored = await past.all_candles(ASML, ING, from_ns=begin_ns, to_ns=begin_ns + 600 * NS_PER_S)
    assert {(name, one.start.seconds): one for name, one in stored} == replayed
    assert all(one.complete for one in replayed.values())


async def test_quotes_of_a_replay_have_what_trades_make_known(past, begin_ns):
    quote = latest(await items_of(open_replay(past, begin_ns)))[ASML, "quote"].quote
    assert (quote.last_price, quote.bid_price, quote.ask_price) == (str(100 + 299 % 11), "", "")
    assert quote.volume == "400"
    assert not quote.stale
    assert quote.venue_time.ToNanoseconds() == begin_ns + 299 * NS_PER_S


async def test_a_slow_reader_gets_every_trade(past, begin_ns, feed):
    # More than all buffers between take.
    more = [trade(ASML, str(100 + n % 900), "1", f"M{n}", begin_ns + n) for n in range(20_000)]
    for at in range(0, len(more), 1_000):
        await feed.send(updates=more[at : at + 1_000])

    async def there():
        return await all_trades(past, begin_ns) == len(more)

    await eventually(there, "all are stored")
    found = 0
    async for response in open_replay(past, begin_ns, seconds=1, names=(ASML,)):
        # The stream stands still now and then, and nothing of it is dropped.
        await asyncio.sleep(0.01)
        found += sum(item.update.WhichOneof("value") == "trade" for item in response.items)
    assert found == len(more)


async def all_trades(past, begin_ns):
    found, token = 0, ""
    while True:
        page = await past.trades(
            from_ns=begin_ns, to_ns=begin_ns + NS_PER_S, page_size=5_000, page_token=token
        )
        found += len(page.trades)
        token = page.next_page_token
        if not token:
            return found


async def test_two_replays_of_one_time_are_equal(past, begin_ns):
    def bare(items):
        kept = [item.update for item in items if item.HasField("update")]
        return [update.SerializeToString() for update in kept]

    one = await items_of(open_replay(past, begin_ns))
    other = await items_of(open_replay(past, begin_ns))
    assert bare(one) == bare(other)


async def test_a_time_without_trades_ends_at_once(past, begin_ns):
    items = await items_of(open_replay(past, begin_ns - 1_000 * NS_PER_S, seconds=900))
    assert [item.WhichOneof("item") for item in items] == ["snapshot_complete", "heartbeat"]


async def test_one_user_cannot_take_all_replays_of_the_process(past, begin_ns):
    slow = [open_replay(past, begin_ns, speed=1) for _ in range(REPLAYS_PER_USER_MAX)]
    for call in slow:
        await call.read()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await items_of(open_replay(past, begin_ns))
    refusal = read_refusal(refused.value)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal.metadata["limit"] == str(REPLAYS_PER_USER_MAX)
    assert "replays" in refused.value.details()
    others = bearer(past.service.mint.mint_token(subject="another", roles=("VIEWER",)))
    assert await items_of(open_replay(past, begin_ns, seconds=1, metadata=others))
    # Whoever ends one may begin another.
    slow[0].cancel()

    async def begun():
        try:
            return await items_of(open_replay(past, begin_ns, seconds=1))
        except grpc.aio.AioRpcError as error:
            assert read_refusal(error).reason == "OVERLOADED"
            return []

    await eventually(begun, "the place of an ended replay is free")
    for call in slow:
        call.cancel()
