"""Quotes are stored, by any number of processes, and replayed together with trades."""

import time

from ordermesh.marketdata.v1 import history_service_pb2 as pb
from ordermesh.marketdata.v1 import instrument_pb2
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.adapters.postgres.history.reader import PostgresHistoryReader
from svc_marketdata.adapters.postgres.history.store import PostgresHistory
from svc_marketdata.domain.history.quotes import (
    HAS_ASK,
    HAS_BID,
    PastQuote,
    QuoteBlock,
    block_start,
    pack,
    unpack,
)
from svc_marketdata.service.history.ports import Kept
from tests.integration.marketdata.conftest import book
from tests.integration.marketdata.history.support import (
    ASML,
    HOUR_NS,
    ING,
    NS_PER_S,
    recorded,
    stamp,
    trade,
)
from tests.support.postgres import as_service

MS = 1_000_000
DAY_NS = 24 * HOUR_NS


def quote(at_ns, bid=100):
    return PastQuote(at_ns // MS, bid, 5, bid + 1, 5, HAS_BID | HAS_ASK, 1)


def block(name, *quotes):
    return QuoteBlock(name, block_start(name, quotes[0].at_ns), pack(quotes))


async def test_what_several_processes_write_is_one_quote_for_each_interval(marketdata_url):
    database = Database(as_service(marketdata_url, "marketdata"))
    await database.open()
    store = PostgresHistory(database, Kept(31, 1830, 3))
    reader = PostgresHistoryReader(database)
    now_ns = time.time_ns()
    begin_ns = block_start(ASML, now_ns)
    ours = [quote(begin_ns + n * NS_PER_S, 100 + n) for n in (0, 1, 2)]
    theirs = [quote(begin_ns + n * NS_PER_S + 7 * MS, 200 + n) for n in (2, 3)]
    other = block(ING, quote(now_ns))
    one, two = block(ASML, *ours), block(ASML, *theirs)
    for some in ([one, other], [two], [one, two]):
        await store.write_quotes(some, NS_PER_S)
    found = await reader.quotes_between([ASML], begin_ns, begin_ns + 1, 10)
    assert [unpack(one.body) for one in found] == [[*ours, theirs[1]]]
    assert await reader.quotes_between([ASML, ING], begin_ns - HOUR_NS, now_ns + HOUR_NS, 1)
    last = await reader.last_quotes([ASML, ING, "NONE.SIMA"], ours[2].at_ns)
    assert last[ASML] == ours[1]
    await database.close()


async def test_quotes_past_their_age_are_dropped_by_partitions(marketdata_url):
    database = Database(as_service(marketdata_url, "marketdata"))
    await database.open()
    store, now_ns = PostgresHistory(database, Kept(31, 1830, 2)), time.time_ns()
    old = [block(ASML, quote(now_ns - days * DAY_NS)) for days in (0, 1, 4, 9)]
    await store.write_quotes(old, NS_PER_S)
    await store.make_partitions(now_ns)
    assert await store.drop_old(now_ns) == 2
    found = await PostgresHistoryReader(database).quotes_between([ASML], 0, now_ns + 1, 9)
    assert len(found) == 2
    await database.close()


async def test_a_replay_shows_quotes_as_they_were(tls_folder, mint, marketdata_url):
    begin_ns = time.time_ns()
    # The process writes what waits when it stops.
    async with recorded(tls_folder, mint, marketdata_url) as (service, _):
        gateway = await service.gateway().open()
        await gateway.send(updates=[book(ASML, "99", "101"), trade(ASML, "100", trade_id="T1")])
    async with recorded(tls_folder, mint, marketdata_url) as (service, past):
        end_ns = time.time_ns()

        async def replayed(from_ns, to_ns):
            asked = pb.ReplayRequest(
                subscription={"instrument_ids": [ASML], "mode": "DELIVERY_MODE_EVERY_EVENT",
                              "topics": ["TOPIC_QUOTE", "TOPIC_TRADE"]},
                **{"from": stamp(from_ns)}, to=stamp(to_ns),
            )  # fmt: skip
            call = past.stub.Replay(asked, metadata=service.metadata)
            return [item async for response in call for item in response.items]

        items = await replayed(begin_ns - HOUR_NS, end_ns)
        quotes = [one.update.quote for one in items if one.update.HasField("quote")]
        assert [one.update.trade.trade_id for one in items if one.update.HasField("trade")] == [
            "T1"
        ]
        # First the trade, then the quote that stood when the process stopped.
        assert [(one.bid_price, one.ask_price, one.last_price) for one in quotes] == [
            ("", "", "100"), ("99", "101", "100"),
        ]  # fmt: skip
        assert (quotes[-1].bid_size, quotes[-1].ask_size) == ("10", "10")
        statuses = [one.instrument for one in items if one.HasField("instrument")]
        assert [(one.symbol, one.trading_status) for one in statuses] == [
            ("ASML", instrument_pb2.TRADING_STATUS_OPEN)
        ]
        # A replay that begins later begins with the quote that stood.
        (first, *_) = await replayed(end_ns, end_ns + NS_PER_S)
        assert (first.update.snapshot, first.update.quote.bid_price) == (True, "99")
