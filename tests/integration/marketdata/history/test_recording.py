"""Trades are stored once, as they finally stand, and candles are those of the stored trades."""

import time

import asyncpg
import pytest

from kernel.clock import SystemClock
from kernel.trading_calendar import UTC_DAYS
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.adapters.postgres.history.store import PostgresHistory
from svc_marketdata.domain.history.reports import Report
from svc_marketdata.domain.market import Aggressor, Trade
from svc_marketdata.service.errors import StoreUnavailableError
from svc_marketdata.service.history.ports import Batch, Gap, GapCause, Kept
from tests.integration.marketdata.history.support import (
    ASML,
    HOUR_NS,
    ING,
    MINUTE,
    NS_PER_S,
    eventually,
    recorded,
    trade,
)


def terms(trades):
    return [(one.trade.trade_id, one.trade.price, one.trade.size) for one in trades]


async def test_what_is_fed_is_stored_and_read(past, feed):
    await feed.send(updates=[trade(ASML, "10.5", "3", "T1"), trade(ASML, "11", "1", "T2")])
    await feed.send(updates=[trade(ING, "7", "2")])
    found = await past.until_trades(3, ASML, ING)
    assert terms(found) == [("T1", "10.5", "3"), ("T2", "11", "1"), ("", "7", "2")]
    answer = await past.candles(ASML, ING, latest=5)
    asml, ing = answer.instruments
    (candle,) = asml.candles
    assert (candle.open_price, candle.high_price, candle.low_price) == ("10.5", "11", "10.5")
    assert (candle.close_price, candle.volume, candle.trade_count) == ("11", "4", 2)
    assert candle.vwap_price == "10.625"
    assert ing.candles[0].volume == "2"
    assert not answer.gaps


async def test_the_stored_candle_is_the_streamed_one(past, feed):
    updates = [trade(ASML, str(10 + n % 7), str(1 + n), f"T{n}") for n in range(50)]
    await feed.send(updates=updates)
    await past.until_trades(len(updates))
    asked = market_data_service_pb2.GetSnapshotRequest(
        instrument_ids=[ASML], topics=[market_data_pb2.TOPIC_CANDLE]
    )
    snapshot = await past.service.prices.GetSnapshot(asked, metadata=past.service.metadata)
    live = snapshot.updates[0]
    stored = (await past.candles(latest=1)).instruments[0].candles[-1]
    assert stored.start == live.candle.start
    for name in ("open_price", "high_price", "low_price", "close_price", "volume", "trade_count",
                 "vwap_price", "interval_s"):  # fmt: skip
        assert getattr(stored, name) == getattr(live.candle, name), name


async def test_withdrawn_and_corrected_trades(past, feed):
    await feed.send(updates=[trade(ASML, str(10 + n), "1", f"T{n}") for n in range(3)])
    await past.until_trades(3)
    await feed.send(updates=[trade(ASML, "12", "1", "T2", withdrawn=True)])
    await feed.send(updates=[
        trade(ASML, "10", "1", "T0", withdrawn=True),
        trade(ASML, "10.2", "4", "T0", off_market=market_data_pb2.OFF_MARKET_CORRECTED),
    ])  # fmt: skip

    async def there():
        return terms(await past.last_trades()) == [("T0", "10.2", "4"), ("T1", "11", "1")]

    await eventually(there, "the trades are as they finally stand")
    (candle,) = (await past.candles(latest=1)).instruments[0].candles
    assert (candle.open_price, candle.close_price, candle.volume) == ("10.2", "11", "5")


async def test_a_candle_that_was_stored_is_made_anew_when_its_trade_is_withdrawn(
    past, feed, marketdata_url
):
    begin_ns = time.time_ns() // HOUR_NS * HOUR_NS - 30 * HOUR_NS
    made = [trade(ASML, str(10 + n), "1", f"T{n}", at_ns=begin_ns + n * NS_PER_S) for n in range(3)]
    await feed.send(updates=made)
    await past.until_trades(3)
    await packed(marketdata_url)
    connection = await asyncpg.connect(marketdata_url)
    assert await connection.fetchval("SELECT count(*) FROM marketdata.candle_hours") == 1
    await feed.send(updates=[trade(ASML, "12", "1", "T2", withdrawn=True)])

    async def close_price():
        series = (await past.candles(from_ns=begin_ns)).instruments
        return [(one.close_price, one.trade_count) for one in series[0].candles] if series else []

    async def lower():
        return await close_price() == [("11", 2)]

    await eventually(lower, "the withdrawn trade has left the packed candle")
    gone = [trade(ASML, "11", "1", f"T{n}", withdrawn=True) for n in range(2)]
    await feed.send(updates=gone)

    async def empty():
        return await close_price() == []

    await eventually(empty, "a candle without trades is not there")
    # A trade that comes late is part of it again.
    await feed.send(updates=[trade(ASML, "9", "1", "T9", at_ns=begin_ns)])

    async def again():
        return await close_price() == [("9", 1)]

    await eventually(again, "the late trade makes a candle")
    await connection.close()


async def packed(url):
    """Pack what has ended, as the writer does each minute."""
    database = Database(url)
    await database.open()
    store = PostgresHistory(database, Kept(31, 1830))
    before, now = -1, 0
    while before != now:
        before, now = now, await store.pack_hours(SystemClock().now_ns())
    await database.close()


async def test_the_last_trade_of_a_snapshot_is_stored_once(tls_folder, mint, marketdata_url):
    async with recorded(tls_folder, mint, marketdata_url) as (service, past):
        gateway = await service.gateway().open()
        await gateway.send(updates=[trade(ASML, "10", "5", "T1")])
        await past.until_trades(1)
    # After the restart nothing is known: the snapshot's last trade is the newest one stored.
    async with recorded(tls_folder, mint, marketdata_url) as (service, past):
        gateway = await service.gateway().open()
        again = trade(ASML, "10", "5", "last-10-5-", last_of_snapshot=True)
        await gateway.send(updates=[again, trade(ING, "7")])
        await past.until_trades(1, ING)
        assert terms(await past.last_trades()) == [("T1", "10", "5")]
        new = trade(ASML, "11", "5", "last-11-5-", last_of_snapshot=True)
        await gateway.send(updates=[new])
        await past.until_trades(2)


async def test_history_past_its_age_is_dropped_by_partitions(marketdata_url, past, feed):
    now_ns = time.time_ns()
    day_ns = 24 * HOUR_NS
    old = [trade(ASML, "10", at_ns=now_ns - days * day_ns) for days in (1, 5, 9)]
    await feed.send(updates=old)
    await past.until_trades(3)
    await packed(marketdata_url)
    database = Database(marketdata_url)
    await database.open()
    store = PostgresHistory(database, Kept(trades_days=3, candles_days=1830))
    assert await store.drop_old(now_ns) == 2
    assert await store.drop_old(now_ns) == 0
    assert len(await past.last_trades()) == 1
    # The candles stay.
    assert len(await past.all_candles(from_ns=now_ns - 20 * day_ns)) == 3
    await database.close()


async def test_a_table_that_a_backup_reads_delays_the_dropping_and_nothing_else(
    marketdata_url, past, feed
):
    now_ns = time.time_ns()
    await feed.send(updates=[trade(ASML, "10", at_ns=now_ns - 9 * 24 * HOUR_NS)])
    await past.until_trades(1)
    database = Database(marketdata_url)
    await database.open()
    store = PostgresHistory(database, Kept(trades_days=3, candles_days=1830))
    backup = await asyncpg.connect(marketdata_url)
    reads = backup.transaction()
    await reads.start()
    await backup.execute("LOCK TABLE marketdata.trades IN ACCESS SHARE MODE")
    with pytest.raises(StoreUnavailableError, match="has a table that somebody else has locked"):
        await store.drop_old(now_ns)
    with pytest.raises(StoreUnavailableError, match="has a table that somebody else has locked"):
        await store.make_partitions(now_ns + 7 * 24 * HOUR_NS)
    # The service has made the partition of tomorrow.
    await store.make_partitions(now_ns)
    await reads.rollback()
    assert await store.drop_old(now_ns) == 1
    await backup.close()
    await database.close()


async def test_partitions_of_a_transaction_that_failed_are_made_again(marketdata_url):
    database = Database(marketdata_url)
    await database.open()
    store = PostgresHistory(database, Kept(31, 1830))
    now_ns = time.time_ns()
    await store.pack_hours(now_ns)
    at_ns = now_ns - 20 * 24 * HOUR_NS
    made = Trade("T1", "10", "1", Aggressor.BUY, at_ns, 0)
    report = Report(ASML, "T1", now_ns, now_ns, made, UTC_DAYS.day_of(now_ns))
    # The gap ends before it begins: what was written before it is rolled back.
    with pytest.raises(asyncpg.CheckViolationError, match="history_gaps"):
        await store.write(Batch([report], [], [Gap("SIMA", 2, 1, GapCause.DROPPED)]), now_ns)
    assert (await store.write(Batch([report]), now_ns)).added == 1
    await database.close()


async def test_an_id_that_a_venue_gives_again_each_day_names_the_trade_of_its_day(past, feed):
    days_ns = [time.time_ns() - days * 24 * HOUR_NS for days in (2, 1, 0)]
    made = [trade(ASML, str(10 + n), "1", "T1", at_ns) for n, at_ns in enumerate(days_ns)]
    for one in [*made, *made]:
        await feed.send(updates=[one])
    assert terms(await past.until_trades(3)) == [("T1", str(10 + n), "1") for n in range(3)]
    # One is withdrawn today; one is corrected, which is a withdrawal and the corrected trade.
    yesterday_ns = days_ns[1]
    await feed.send(
        updates=[
            trade(ASML, "12", "1", "T1", withdrawn=True),
            trade(ASML, "11", "1", "T1", yesterday_ns, withdrawn=True),
            trade(ASML, "21", "1", "T1", yesterday_ns, off_market="OFF_MARKET_CORRECTED"),
        ]
    )

    async def settled():
        return terms(await past.last_trades()) == [("T1", "10", "1"), ("T1", "21", "1")]

    await eventually(settled, "the trade of today is withdrawn, that of yesterday corrected")


async def test_a_trade_older_than_what_is_kept_is_counted_and_left_out(past, feed):
    await feed.send(updates=[trade(ASML, "10", at_ns=time.time_ns() - 40 * 24 * HOUR_NS)])
    await feed.send(updates=[trade(ASML, "11")])
    assert terms(await past.until_trades(1)) == [("", "11", "1")]


async def test_the_building_candle_is_there_and_not_complete(past, feed):
    await feed.send(updates=[trade(ASML, "10")])
    await past.until_trades(1)
    for interval in pb.CandleInterval.values()[1:]:
        series = (await past.candles(interval=interval, latest=1)).instruments[0]
        assert [one.trade_count for one in series.candles] == [1]
        if interval > MINUTE:
            assert not series.candles[0].complete
