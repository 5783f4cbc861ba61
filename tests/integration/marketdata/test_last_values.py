"""Last values in a real Redis: read at start, written afterwards, never missed."""

import asyncio

from ordermesh.marketdata.v1 import instrument_service_pb2 as instrument_service
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from tests.integration.marketdata.conftest import NAMES, bid, running


async def quote_of(service, name="ASML.SIMA"):
    answer = await service.prices.GetSnapshot(
        market_data_service_pb2.GetSnapshotRequest(instrument_ids=[name]), metadata=service.metadata
    )
    return answer.updates[0].quote


async def test_a_restart_shows_the_last_quotes_stale_until_the_feed_is_back(
    tls_folder, mint, redis_server
):
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        gateway = await service.gateway().open()
        await gateway.send(updates=[bid("ASML.SIMA", "10.7")])
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        quote = await quote_of(service)
        assert quote.bid_price == "10.7"
        assert quote.stale
        listed = await service.instruments.List(
            instrument_service.ListRequest(), metadata=service.metadata
        )
        assert [item.instrument_id for item in listed.instruments] == sorted(NAMES)
        await service.gateway(epoch="two").open()
        quote = await quote_of(service)
        assert quote.bid_price == "10"
        assert not quote.stale


def traded(number, price, size):
    made = {"trade_id": f"T{number}", "price": price, "size": size}
    return {"instrument_id": "ASML.SIMA", "trade": made}


async def test_a_restart_continues_the_average_price_of_the_day(tls_folder, mint, redis_server):
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        gateway = await service.gateway().open()
        await gateway.send(updates=[traded(1, "10", "1"), traded(2, "11", "2")])
        assert (await quote_of(service)).vwap_price == "10.666666667"
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        assert (await quote_of(service)).vwap_price == "10.666666667"
        gateway = await service.gateway(epoch="two").open()
        await gateway.send(updates=[traded(3, "10", "0.1")])
        assert (await quote_of(service)).vwap_price == "10.64516129"


async def test_prices_go_on_while_redis_is_killed_and_are_written_when_it_is_back(
    tls_folder, mint, redis_server
):
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        gateway = await service.gateway().open()
        redis_server.kill()
        await gateway.send(updates=[bid("ASML.SIMA", "10.8")])
        assert (await quote_of(service)).bid_price == "10.8"
        # Two rounds of writing without Redis must lose nothing.
        await gateway.send(updates=[bid("ASML.SIMA", "10.9")])
        await asyncio.to_thread(redis_server.start)
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        assert (await quote_of(service)).bid_price == "10.9"


async def test_start_without_redis(tls_folder, mint, redis_server):
    redis_server.kill()
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        await service.gateway().open()
        assert (await quote_of(service)).bid_price == "10"


async def test_an_unreadable_last_value_costs_itself_only(tls_folder, mint, redis_server):
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        await service.gateway().open()
    redis_server.command("SET om:quote:ASML.SIMA nonsense")
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        assert (await quote_of(service, "ING.SIMA")).bid_price == "10"
        listed = await service.instruments.Get(
            instrument_service.GetRequest(instrument_id="ASML.SIMA"), metadata=service.metadata
        )
        assert listed.instrument.symbol == "ASML"


def test_price_flags_are_known():
    assert market_data_pb2.PriceFlag.keys() == [
        "PRICE_FLAG_UNSPECIFIED",
        "PRICE_FLAG_CROSSED",
        "PRICE_FLAG_NEGATIVE",
        "PRICE_FLAG_LOCKED",
    ]
