"""Stops that wait here and the last trade: a trade that is taken back between two quotes."""

import asyncio

from ordermesh.marketdata.v1 import feed_service_pb2, market_data_pb2
from ordermesh.oms.v1 import order_pb2
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.domain.events import OrderTriggered, TriggerMoved
from svc_oms.service.codec.order_events import decode_event
from tests.integration.marketdata.conftest import book
from tests.integration.oms.test_waiting import market, terms
from tests.support.oms import WAIT_S, verified
from tests.support.waiting import until

SELL = order_pb2.SIDE_SELL


class Tape:
    """Trades of a listing, several to a frame: the quote after it has only the last one."""

    def __init__(self, feed):
        self._feed = feed
        self._count = 0

    async def trade(self, *prices):
        await self._feed.send(updates=[self._update(price) for price in prices])

    async def off_market(self, price, **changes):
        update = self._update(price)
        for name, value in changes.items():
            setattr(update.trade, name, value)
        await self._feed.send(updates=[update])

    async def trade_until(self, condition, *prices):
        """Trade it again until it is seen: the stream of trades opens when there is a stop."""
        async with asyncio.timeout(WAIT_S):
            while not await condition():
                await self.trade(*prices)

    def _update(self, price):
        self._count += 1
        trade = market_data_pb2.Trade(trade_id=str(self._count), price=price, size="1")
        return feed_service_pb2.FeedUpdate(instrument_id="ASML.SIMA", trade=trade)


async def events_of(url, account="ACC-ALICE"):
    store = await PostgresStore.connect(url)
    try:
        return [decode_event(r.payload).event for r in await store.events(account, 0, 100)]
    finally:
        await store.close()


async def test_a_trade_between_two_quotes_triggers_a_stop(book_url, tls):
    wanted = {
        "side": SELL,
        "type": order_pb2.ORDER_TYPE_STOP,
        "terms": terms(stop_price="640"),
    }
    async with market(book_url, tls) as (_target, feed, replica, client, gateway):
        tape = Tape(feed)
        await tape.trade("630", "650")
        order = (await client.place("k1", **wanted)).order
        await until(lambda: replica.book.triggers.priced("ASML.SIMA"), "price")
        assert not gateway.commands, "what was traded before triggers nothing"

        async def sent():
            return bool(gateway.commands)

        await tape.trade_until(sent, "650", "639", "650")
        assert [command.order_id for command in gateway.commands] == [order.order_id]
    triggered = [e for e in await events_of(book_url) if isinstance(e, OrderTriggered)]
    assert [str(event.trigger_price) for event in triggered] == ["639"]
    await verified(book_url)


async def test_prints_that_are_not_the_market_trigger_nothing(book_url, tls):
    async with market(book_url, tls) as (_target, feed, replica, client, gateway):
        tape = Tape(feed)
        await tape.trade("650")
        wanted = {
            "side": SELL,
            "type": order_pb2.ORDER_TYPE_TRAILING_STOP,
            "terms": terms(trailing_offset="20", stop_price="640"),
        }
        order_id = (await client.place("k1", **wanted)).order.order_id

        async def followed(stop):
            return (await client.get(order_id)).order.trigger.stop_price == stop

        await tape.trade_until(lambda: followed("641"), "661", "650")
        for why in market_data_pb2.OffMarket.values()[1:]:
            await tape.off_market("600", off_market=why)
        # A later move shows that the prints before it were seen.
        await tape.trade_until(lambda: followed("642"), "662", "650")
        assert not gateway.commands
        assert replica.book.triggers.priced("ASML.SIMA")
        await tape.trade("600")
        assert (await gateway.command(0)).order_id == order_id
    await verified(book_url)


async def test_a_trade_between_two_quotes_moves_a_trailing_stop_once(book_url, tls):
    trail = {
        "side": SELL,
        "type": order_pb2.ORDER_TYPE_TRAILING_STOP,
        "terms": terms(trailing_offset="20"),
    }
    async with market(book_url, tls) as (_target, feed, _replica, client, gateway):
        tape = Tape(feed)
        await tape.trade("650")
        order_id = (await client.place("k1", **trail)).order.order_id

        async def followed():
            return (await client.get(order_id)).order.trigger.stop_price == "640"

        await tape.trade_until(followed, "650", "660", "650")
        for _ in range(20):
            await tape.trade("650", "660", "650")
        assert not gateway.commands
        await tape.trade("650", "640", "650")
        assert (await gateway.command(0)).order_id == order_id
    moved = [e for e in await events_of(book_url) if isinstance(e, TriggerMoved)]
    peaks = [str(event.trigger.extreme_price) for event in moved]
    assert peaks.count("660") == 1, peaks
    assert set(peaks) <= {"650", "660"}
    await verified(book_url)


async def test_a_listing_without_waiting_orders_keeps_no_price(book_url, tls):
    """An order that comes much later must not be compared with it."""

    def stop_of(name):
        wanted = {"side": SELL, "type": order_pb2.ORDER_TYPE_STOP, "terms": terms(stop_price="1")}
        return wanted | {"instrument_id": name}

    async with market(book_url, tls) as (_target, feed, replica, client, _gateway):
        await feed.send(updates=[book("ING.SIMA", "14", "15")])
        watch = replica.book.triggers
        order_id = (await client.place("k1", **stop_of("ASML.SIMA"))).order.order_id
        await client.place("k2", **stop_of("ING.SIMA"))
        await until(lambda: watch.priced("ASML.SIMA") and watch.priced("ING.SIMA"), "prices")
        await client.cancel("c1", order_id)
        await until(lambda: not watch.priced("ASML.SIMA"), "no price of the one that left")
        assert watch.priced("ING.SIMA")
