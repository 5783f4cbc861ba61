"""Every order type and time in force, natively: sent over FIX, worked, reported, folded."""

import time
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from kernel.side import Side
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import OrderType as T
from svc_oms.domain.model import Peg
from svc_oms.domain.model import TimeInForce as F
from tests.support.gateway_bench import Bench
from tests.support.order_chain import Chain

D = Decimal
NEW, PARTIAL, FILLED = "NEW", "PARTIALLY_FILLED", "FILLED"
PRIMARY, MIDPOINT, MARKET = 1, 2, 3


@pytest.fixture
async def chain(bench: Bench) -> AsyncIterator[Chain]:
    made = Chain(bench)
    try:
        await made.start()
        yield made
        made.hear()
        made.check()
    finally:
        await made.stop()


async def test_stops_trigger_at_a_trade(chain: Chain) -> None:
    await chain.venue("rest SAP sell 246 300")
    stop = chain.place(T.STOP, stop_price=D(245))
    limited = chain.place(T.STOP_LIMIT, stop_price=D(245), limit_price=D("245.5"))
    at_once = chain.place(
        T.STOP_LIMIT, stop_price=D(245), limit_price=D("245.5"), time_in_force=F.IOC
    )
    for tracked in (stop, limited, at_once):
        await chain.until_state(tracked, NEW, 0, 100)
    await chain.venue("rest SAP sell 245 10", "take SAP buy 245 10")
    await chain.until_state(stop, FILLED, 100, 0)
    await chain.until_state(at_once, "CANCELED", 0, 0)
    await chain.until_state(limited, NEW, 0, 100)
    assert stop.order.average_price == 246
    assert (stop.order.type, stop.order.terms.stop_price) == (T.STOP, 245)
    chain.replace(limited, limit_price=D(246), quantity=D(90))
    await chain.until_state(limited, FILLED, 90, 0)


async def test_a_stop_that_waits_is_replaced_and_cancelled(chain: Chain) -> None:
    tracked = chain.place(T.STOP, Side.SELL, stop_price=D(240))
    await chain.until_state(tracked, NEW, 0, 100)
    chain.replace(tracked, stop_price=D(239), quantity=D(80))
    await chain.until(lambda: tracked.order.terms.stop_price == 239, "the new stop price")
    await chain.until_state(tracked, NEW, 0, 80)
    chain.cancel(tracked)
    await chain.until_state(tracked, "CANCELED", 0, 0)


async def test_trailing_stops_follow_the_trades(chain: Chain) -> None:
    await chain.venue("rest SAP sell 240 10", "take SAP buy 240 10")
    sell = chain.place(T.TRAILING_STOP, Side.SELL, trailing_offset=D("1.5"))
    buy = chain.place(T.TRAILING_STOP, trailing_offset=D("1.5"), stop_price=D(244))
    await chain.until_state(buy, NEW, 0, 100)
    # Where it starts is found by the venue, and reported when it moves.
    await chain.venue("rest SAP sell 242 10", "take SAP buy 242 10")
    await chain.until(lambda: sell.order.terms.stop_price == D("240.5"), "the moved stop price")
    assert buy.order.terms.stop_price in {D(244), D("241.5")}
    chain.replace(sell, trailing_offset=D(1), stop_price=None)
    await chain.until(lambda: sell.order.terms.stop_price == 241, "the closer stop price")
    assert sell.order.terms.trailing_offset == 1
    await chain.venue("rest SAP buy 238 100", "rest SAP buy 241 5", "take SAP sell 241 5")
    await chain.until_state(sell, FILLED, 100, 0)
    assert sell.order.average_price == 238


async def test_a_market_to_limit_order_becomes_a_limit_order(chain: Chain) -> None:
    await chain.venue("rest SAP sell 240 60", "rest SAP sell 241 60")
    tracked = chain.place(T.MARKET_TO_LIMIT, time_in_force=F.GTC)
    await chain.until_state(tracked, PARTIAL, 60, 40)
    await chain.until(lambda: tracked.order.terms.limit_price == 240, "its limit")
    chain.replace(tracked, limit_price=D("240.5"), quantity=D(90))
    await chain.until(lambda: tracked.order.terms.limit_price == D("240.5"), "its new limit")
    await chain.venue("take SAP sell 240.5 30")
    await chain.until_state(tracked, FILLED, 90, 0)


async def test_an_iceberg_trades_in_parts(chain: Chain) -> None:
    tracked = chain.place(T.ICEBERG, limit_price=D(240), display_quantity=D(30))
    await chain.until_state(tracked, NEW, 0, 100)
    await chain.venue("rest SAP buy 240 10", "take SAP sell 240 70")
    # 30, then 10 of who came later, then its next 30.
    await chain.until_state(tracked, PARTIAL, 60, 40)
    chain.replace(tracked, display_quantity=D(10), quantity=D(90))
    await chain.until(lambda: tracked.order.terms.display_quantity == 10, "the new part")
    await chain.venue("take SAP sell 240 30")
    await chain.until_state(tracked, FILLED, 90, 0)


async def test_pegs_follow_the_quotes(chain: Chain) -> None:
    await chain.venue("rest SAP buy 238 10", "rest SAP sell 242 10")
    primary = chain.place(T.PEGGED, peg=Peg(PRIMARY, D("-0.5")), limit_price=D("238.5"))
    middle = chain.place(T.PEGGED, Side.SELL, peg=Peg(MIDPOINT, D(0)))
    market = chain.place(T.PEGGED, Side.SELL, peg=Peg(MARKET, D("1.5")))
    for tracked in (primary, middle, market):
        await chain.until_state(tracked, NEW, 0, 100)
    await chain.venue("rest SAP buy 239 10")
    await chain.until(lambda: primary.order.pegged_price == D("238.5"), "the cap of the peg")
    await chain.until(lambda: middle.order.pegged_price == D("240.5"), "the middle")
    await chain.until(lambda: market.order.pegged_price == D("240.5"), "the other side")
    assert primary.order.terms.limit_price == D("238.5")
    await chain.venue("take SAP buy 240.5 150")
    # At one price, the older of them moved there first.
    await chain.until_state(middle, FILLED, 100, 0)
    await chain.until_state(market, PARTIAL, 50, 50)
    assert middle.order.average_price == D("240.5")
    chain.replace(market, peg=Peg(MARKET, D(2)))
    await chain.until(lambda: market.order.pegged_price == D(241), "the new offset")
    for tracked in (primary, market):
        chain.cancel(tracked)
        await chain.until(
            lambda tracked=tracked: tracked.order.state is OrderState.CANCELED, "the cancel"
        )


async def test_good_till_date_expires(chain: Chain) -> None:
    soon_ns = (time.time_ns() // 10**9 + 2) * 10**9
    tracked = chain.place(T.LIMIT, limit_price=D(240), time_in_force=F.GTD, expire_time_ns=soon_ns)
    later = chain.place(
        T.STOP, stop_price=D(250), time_in_force=F.GTD, expire_time_ns=soon_ns + 3600 * 10**9
    )
    await chain.until_state(tracked, "EXPIRED", 0, 0)
    assert time.time_ns() >= soon_ns
    await chain.until_state(later, NEW, 0, 100)


async def test_orders_of_the_opening_and_the_close(chain: Chain) -> None:
    close = chain.place(T.LIMIT, limit_price=D(240), time_in_force=F.AT_CLOSE)
    await chain.until_state(close, NEW, 0, 100)
    await chain.venue("rest SAP sell 239 40", "close")
    # What the auction leaves of the order expires with it.
    await chain.until_state(close, "EXPIRED", 40, 0)
    opening = chain.place(T.MARKET, Side.SELL, time_in_force=F.AT_OPEN)
    limited = chain.place(T.LIMIT, limit_price=D(239), time_in_force=F.AT_OPEN)
    await chain.until_state(opening, NEW, 0, 100)
    await chain.until_state(limited, NEW, 0, 100)
    await chain.venue("open")
    await chain.until_state(limited, FILLED, 100, 0)
    await chain.until(lambda: opening.order.is_closed, "the opening is over")


async def test_the_gateway_reports_what_the_venue_takes(chain: Chain) -> None:
    opened = chain.bench.oms.opens[-1].status
    assert set(opened.order_types) == {kind.value for kind in T}
    assert set(opened.times_in_force) == {tif.value for tif in F}
