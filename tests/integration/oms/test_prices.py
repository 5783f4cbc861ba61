"""Market orders are valued at prices of svc_marketdata, which the OMS watches; no Redis."""

import asyncio

import grpc
import pytest

from mesh.errors import read_refusal
from ordermesh.oms.v1 import order_pb2
from tests.integration.marketdata.conftest import book, running
from tests.support.oms import MINT, WAIT_S, Client, trading
from tests.support.ports import free_port

MARKET = {"type": order_pb2.ORDER_TYPE_MARKET, "limit_price": ""}


async def refusal_of_market_order(client: Client, key: str, **changes):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client.place(key, **MARKET | changes)
    return read_refusal(caught.value)


async def accepted_at_last(client: Client, prefix: str, **changes) -> None:
    """Try until the price has come."""
    async with asyncio.timeout(WAIT_S):
        for index in range(10_000):
            try:
                await client.place(f"{prefix}-{index}", **MARKET | changes)
            except grpc.aio.AioRpcError as error:
                assert read_refusal(error).reason == "REFERENCE_PRICE_MISSING"
                await asyncio.sleep(0.01)
            else:
                return
    raise AssertionError("no market order was accepted")


async def refused_at_last(client: Client, prefix: str) -> None:
    """Try until the price no longer counts."""
    async with asyncio.timeout(WAIT_S):
        for index in range(10_000):
            try:
                await client.place(f"{prefix}-{index}", **MARKET | {"quantity": "1"})
            except grpc.aio.AioRpcError as error:
                assert read_refusal(error).reason == "REFERENCE_PRICE_MISSING"
                return
            await asyncio.sleep(0.01)


async def test_market_orders_are_valued_at_the_price_that_is_streamed(book_url, tls):
    async with running(tls, MINT) as prices:
        feed = await prices.gateway().open(book("ASML.SIMA", "649", "650"))
        target = f"127.0.0.1:{prices.server.port}"
        async with trading(book_url, tls, marketdata_target=target) as (_, client, _gateway):
            await accepted_at_last(client, "first")
            refusal = await refusal_of_market_order(client, "dear", quantity="20000")
            assert refusal.reason == "MAX_VALUE_EXCEEDED"
            # At a tenth of the price the same order is within the limit.
            await feed.send(updates=[book("ASML.SIMA", "64", "65")])
            await accepted_when_cheaper(client)
            # Prices of a venue that is silent are stale, and stale ones do not count.
            await feed.close()
            await refused_at_last(client, "stale")


async def accepted_when_cheaper(client: Client) -> None:
    async with asyncio.timeout(WAIT_S):
        for index in range(10_000):
            try:
                await client.place(f"cheaper-{index}", **MARKET | {"quantity": "20000"})
            except grpc.aio.AioRpcError as error:
                assert read_refusal(error).reason == "MAX_VALUE_EXCEEDED"
                await asyncio.sleep(0.01)
            else:
                return


async def test_without_prices_a_market_order_is_refused_in_words(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        refusal = await refusal_of_market_order(client, "k1")
        assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
        assert refusal.reason == "REFERENCE_PRICE_MISSING"
        assert refusal.metadata["instrument_id"] == "ASML.SIMA"
        assert "send a limit order, or wait for a price" in refusal.text
        # Nothing else is held up by it.
        await client.place("k2")


async def test_a_price_outlives_svc_marketdata_and_is_renewed_when_it_is_back(book_url, tls):
    target = f"127.0.0.1:{free_port()}"
    async with trading(book_url, tls, marketdata_target=target) as (_, client, _gateway):
        assert (await refusal_of_market_order(client, "k")).reason == "REFERENCE_PRICE_MISSING"
        async with running(tls, MINT, bind=target) as prices:
            await prices.gateway().open(book("ASML.SIMA", "649", "650"))
            await accepted_at_last(client, "first")
            await prices.server.stop(0)
        await client.place("away", **MARKET)
        async with running(tls, MINT, bind=target) as prices:
            await prices.gateway().open(book("ASML.SIMA", "64", "65"))
            await accepted_when_cheaper(client)
