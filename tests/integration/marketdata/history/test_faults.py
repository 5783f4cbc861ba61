"""Replicas, kill -9 and a database that is away: nothing twice, and what is lost is named."""

import asyncio
import time

import asyncpg
import pytest

from ordermesh.marketdata.v1 import history_service_pb2 as pb
from tests.integration.marketdata.history.support import (
    ASML,
    HOUR_NS,
    eventually,
    recorded,
    replica,
    trade,
)
from tests.support.marketdata_database import template
from tests.support.postgres import PostgresServer
from tests.support.waiting import until

TRADES = 400


def reports(count=TRADES, received_ns=0):
    now_ns = received_ns or time.time_ns()
    return [
        trade(ASML, str(10 + n % 5), "1", "" if n % 2 else f"T{n}", now_ns + n // 4, now_ns)
        for n in range(count)
    ]


async def send(gateway, updates, each=50):
    for at in range(0, len(updates), each):
        await gateway.send(updates=updates[at : at + each])


@pytest.mark.long
async def test_several_replicas_and_restarts_store_each_trade_once(
    tls_folder, mint, marketdata_url, tmp_path
):
    some = reports()
    for _ in range(2):
        async with (
            replica(tls_folder, mint, marketdata_url, tmp_path) as (_, one),
            replica(tls_folder, mint, marketdata_url, tmp_path) as (_, other),
        ):
            gateways = [await past.service.gateway().open() for past in (one, other)]
            await asyncio.gather(*(send(gateway, some, 7) for gateway in gateways))
            await one.until_trades(len(some))
    async with recorded(tls_folder, mint, marketdata_url) as (_, past):
        assert len(await past.last_trades()) == len(some)
        (candle,) = (
            (await past.candles(interval=pb.CANDLE_INTERVAL_MONTH, latest=1)).instruments[0].candles
        )
        assert candle.trade_count == len(some)


async def test_a_writer_killed_within_a_batch_doubles_nothing_and_leaves_a_named_gap(
    tls_folder, mint, marketdata_url, tmp_path
):
    some = reports()
    # The writer stands in the middle of its transaction while another holds the table.
    blocker = await asyncpg.connect(marketdata_url)
    async with replica(tls_folder, mint, marketdata_url, tmp_path) as (process, past):
        gateway = await past.service.gateway().open()
        await send(gateway, some[:100])
        await past.until_trades(100)
        hold = blocker.transaction()
        await hold.start()
        await blocker.execute("LOCK TABLE marketdata.recorded IN EXCLUSIVE MODE")
        await send(gateway, some[100:])

        async def in_the_middle():
            return await blocker.fetchval(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
            )

        await eventually(in_the_middle, "the writer has copied its batch and waits")
        process.kill()
        await hold.rollback()
    await blocker.close()
    async with recorded(tls_folder, mint, marketdata_url) as (service, past):
        assert len(await past.last_trades()) == 100
        gateway = await service.gateway().open()
        # The venue does not send them again; one that it does send again counts once.
        await send(gateway, some[:1] + some[-1:])
        await past.until_trades(101)

        async def gaps():
            return list((await past.candles(latest=60)).gaps)

        await eventually(gaps, "the time without a recorder is a gap")
        (gap,) = await gaps()
        assert gap.venue_mic == "SIMA"
        assert gap.cause == pb.HISTORY_GAP_CAUSE_NOT_RECORDED
        begin_ns, end_ns = getattr(gap, "from").ToNanoseconds(), gap.until.ToNanoseconds()
        assert begin_ns < end_ns <= time.time_ns()


@pytest.fixture
def own_server(tmp_path):
    """A server that a test may stop."""
    server = PostgresServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.long
async def test_a_database_that_is_away_delays_the_history_and_nothing_else(
    tls_folder, mint, own_server, tmp_path
):
    url = own_server.create_database(await asyncio.to_thread(template, own_server))
    some = reports(1_500)
    settings = {"HISTORY_QUEUE_TRADES_MAX": "1000"}
    async with replica(tls_folder, mint, url, tmp_path, **settings) as (process, past):
        gateway = await past.service.gateway().open()
        await send(gateway, some[:10])
        await past.until_trades(10)
        # The writer has its answer, too: what it did not hear of would wait to be written again.
        await until(lambda: process.metric("history_waiting_trades") == 0, "nothing waits")
        await asyncio.to_thread(own_server.stop)
        await send(gateway, some[10:30])
        await until(lambda: process.metric("history_failures_total") > 0, "a write fails")
        # Prices go on; what is too much for the queue is counted.
        await send(gateway, some[30:])
        waiting = process.metric("history_waiting_trades")
        dropped = process.metric("history_dropped_trades_total")
        assert waiting + dropped == 1_490
        assert dropped > 0
        assert process.metric("history_lag_seconds") > 0
        await asyncio.to_thread(own_server.start)

        async def stored():
            found = await past.last_trades(latest=1_000)
            return len(found) == min(1_000, 1_500 - dropped)

        await until(lambda: process.metric("history_waiting_trades") == 0, "all is written")
        assert process.metric("history_written_trades_total") == 1_500 - dropped
        await eventually(stored, "what waited is read")
        gaps = (await past.candles(from_ns=time.time_ns() - HOUR_NS)).gaps
        by_cause = {gap.cause: gap.dropped_trades for gap in gaps}
        assert by_cause == {pb.HISTORY_GAP_CAUSE_DROPPED: dropped}
