"""Orders in cash on PostgreSQL: limits, the command, what is kept, and what the venue makes."""

from contextlib import AsyncExitStack, asynccontextmanager

from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from tests.integration.oms.test_kill_switch import refused
from tests.integration.oms.test_limits_together import set_limit
from tests.support.oms import Client, Gateway, Replica, replica, verified


def quote(running: Replica, price: str) -> None:
    references = running.book.market.references
    references.heard()
    references.learn("ASML.SIMA", market_data_pb2.Quote(last_price=price))


@asynccontextmanager
async def trading_in_cash(url, tls):
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(replica(url, tls))
        user = await stack.enter_async_context(running.channel())
        gateway = Gateway(await stack.enter_async_context(running.channel("svc-gateway")))
        await gateway.open(cash_quantity=True)
        stack.push_async_callback(gateway.close)
        quote(running, "650")
        yield running, Client(user), gateway


def place(client: Client, key: str, cash: str):
    terms = order_pb2.OrderTerms(cash_quantity=cash, time_in_force=order_pb2.TIME_IN_FORCE_DAY)
    return client.place(key, type=order_pb2.ORDER_TYPE_MARKET, terms=terms)


async def test_it_is_sent_in_cash_and_kept_with_its_estimate(book_url, tls):
    async with trading_in_cash(book_url, tls) as (_, client, gateway):
        order = (await place(client, "k1", "10000")).order
        assert (order.terms.quantity, order.terms.cash_quantity) == ("16", "10000")
        assert order.progress.leaves_quantity == "16"
        command = await gateway.command(0)
        assert command.terms.quantity_is_estimate
        assert command.terms.cash_quantity == "10000"
    async with trading_in_cash(book_url, tls) as (_, client, gateway):
        assert (await client.get(order.order_id)).order.terms.quantity_is_estimate
        await gateway.send(gateway.acknowledged(command.cl_ord_id, order_quantity="15"))
        found = await client.in_state(order.order_id, order_pb2.ORDER_STATE_NEW)
        assert (found.terms.quantity, found.terms.cash_quantity) == ("15", "10000")
        assert not found.terms.quantity_is_estimate
        assert found.progress.leaves_quantity == "15"
        await gateway.send(gateway.filled(command.cl_ord_id, "15", "15"))
        await client.in_state(order.order_id, order_pb2.ORDER_STATE_FILLED)
    await verified(book_url)


async def test_its_value_is_the_cash_and_its_quantity_what_the_reference_price_makes(book_url, tls):
    async with trading_in_cash(book_url, tls) as (running, client, gateway):
        async with running.channel() as channel:
            limits = LimitServiceStub(channel)
            await set_limit(limits, "MAX_ORDER_VALUE", "v1", value="10000", currency="EUR")
            await place(client, "k1", "10000")
            assert await refused(place(client, "k2", "10000.01")) == "MAX_VALUE_EXCEEDED"
            await set_limit(limits, "MAX_ORDER_QUANTITY", "q1", quantity="15")
            assert await refused(place(client, "k3", "9800")) == "MAX_QUANTITY_EXCEEDED"
            await place(client, "k4", "9750")
        await gateway.command(1)
