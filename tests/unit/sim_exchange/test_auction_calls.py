"""The calls of a simulated venue's auctions: phases, orders that collect, what is published."""

import pytest

from fix.wire import SOH
from kernel.nanoseconds import NS_PER_S
from ordermesh.marketdata.v1 import market_data_pb2 as md
from sim_exchange.adapters.fix.indications import Indications, snapshot_entries
from sim_exchange.domain.order import Order, OrderKind, Side, TimeInForce
from sim_exchange.domain.uncrossing import Uncrossing
from sim_exchange.service.agents import FlowSettings, OrderFlow
from sim_exchange.service.calendar import Phase, TradingHours
from svc_gateway.adapters.fix.market.market_in import MarketReader
from tests.support.venue_driver import Driver, short

MINUTE_NS = 60 * NS_PER_S
DAY_NS = 20_000 * 86_400 * NS_PER_S
NOW = 1_767_323_045 * NS_PER_S


@pytest.mark.parametrize(
    ("minute", "phase"),
    [
        (478, Phase.CLOSED), (479, Phase.OPENING), (480, Phase.OPEN), (988, Phase.OPEN),
        (989, Phase.CLOSING), (990, Phase.CLOSED),
    ],
)  # fmt: skip
def test_a_call_comes_before_the_opening_and_before_the_end(minute, phase) -> None:
    hours = TradingHours(480, 990, auction_s=60)
    assert hours.phase(DAY_NS + minute * MINUTE_NS, DAY_NS) is phase


def test_a_process_that_starts_begins_with_a_call_and_without_auctions_there_is_none() -> None:
    around_the_clock = TradingHours(auction_s=60)
    assert around_the_clock.phase(DAY_NS + 59 * NS_PER_S, DAY_NS) is Phase.OPENING
    assert around_the_clock.phase(DAY_NS + 60 * NS_PER_S, DAY_NS) is Phase.OPEN
    assert TradingHours().phase(DAY_NS, DAY_NS) is Phase.OPEN
    assert TradingHours(480, 990).phase(DAY_NS + 989 * MINUTE_NS, DAY_NS) is Phase.OPEN


@pytest.mark.parametrize(("phase", "held"), [(Phase.OPENING, "2"), (Phase.CLOSING, "7")])
def test_orders_collect_and_execute_at_one_price(driver: Driver, phase, held) -> None:
    venue, market = driver.venue, driver.venue.markets["SAP"]
    venue.enter(phase, 1)
    driver.rest(quantity=60)  # 60 to sell at 240
    (day,) = driver.place("day", **{"44": "241"})  # 100 to buy
    assert (short(day)[1], venue.indication(market)) == ("0", Uncrossing(2_410_000, 60, 40))
    (auction,) = driver.place("held", **{"44": "240", "59": held})
    (any_price,) = driver.place("any", **{"40": "1", "38": "10"})
    assert (short(auction)[1], short(any_price)[1]) == ("0", "0")
    assert venue.indication(market).volume == 60
    venue.enter(Phase.OPEN if phase is Phase.OPENING else Phase.CLOSED, 2)
    fills = [answer for answer in driver.answers() if answer["150"] == "F"]
    # The market order first, then the better limit; all at one price.
    assert [(one["11"], one["32"]) for one in fills] == [("any", "10"), ("day", "50")]
    assert len({one["31"] for one in fills}) == 1
    (trade, *_) = market.pending_trades
    assert trade.aggressor is None
    assert venue.indication(market) is None
    open_after = {order.cl_ord_id for order in venue.open_orders("C")}
    assert open_after == ({"day"} if phase is Phase.OPENING else set())


@pytest.mark.parametrize(
    "changes", [{"59": "3"}, {"59": "4"}, {"40": "K", "44": ""}], ids=["IOC", "FOK", "K"]
)
def test_what_cannot_wait_is_refused_in_a_call(driver: Driver, changes) -> None:
    driver.venue.enter(Phase.OPENING, 1)
    (answer,) = driver.place("1", **changes)
    assert (answer["39"], "an auction is on" in answer["58"]) == ("8", True)


def test_a_stop_waits_for_the_end_of_the_call(driver: Driver) -> None:
    driver.rest(quantity=60)
    driver.place("first", **{"38": "10"})  # trades at 240
    driver.venue.enter(Phase.CLOSING, 2)
    (stop, *others) = driver.place("stop", **{"40": "3", "44": "", "99": "200", "38": "10"})
    assert (short(stop)[1], others) == ("0", [])
    # Its price was reached before the call, and nothing trades in the auction.
    driver.venue.enter(Phase.OPEN, 3)
    triggered, *fills = driver.answers()
    assert (triggered["11"], triggered["150"]) == ("stop", "D")
    assert [(one["11"], one["150"], one["32"]) for one in fills] == [("stop", "F", "10")]


def test_a_call_has_cancels_and_replaces_and_a_halt_in_it_executes_nothing(driver: Driver) -> None:
    driver.venue.enter(Phase.OPENING, 1)
    driver.rest(quantity=60)
    driver.place("1", **{"44": "239"})
    market = driver.venue.markets["SAP"]
    assert driver.venue.indication(market) is None
    resting = next(iter(market.resting_clients.values()))
    market.book.replace(resting.number, 2_400_000, 50, 2)
    assert driver.venue.indication(market) == Uncrossing(2_400_000, 50, -10)
    driver.venue.halt("SAP", 3)
    driver.venue.enter(Phase.OPEN, 4)
    assert not market.pending_trades
    driver.venue.resume("SAP", 5)
    assert sum(trade.quantity for trade in market.pending_trades) == 50


def test_the_agents_take_part_in_the_auction(driver: Driver) -> None:
    flow = OrderFlow(driver.venue, FlowSettings(actions_per_s=200))
    flow.open(NOW)
    driver.venue.enter(Phase.OPENING, NOW)
    for step in range(40):
        flow.step(NOW + step * NS_PER_S // 4)
    found = [driver.venue.indication(market) for market in driver.venue.markets.values()]
    assert any(one and one.volume for one in found)
    driver.venue.enter(Phase.OPEN, NOW + 11 * NS_PER_S)
    for market in driver.venue.markets.values():
        bid, ask = market.book.best(Side.BUY), market.book.best(Side.SELL)
        assert bid.price < ask.price
        assert len({trade.price for trade in market.pending_trades}) <= 1


def said(reader, entries):
    text = SOH.join(["8=FIX.4.4", "35=X", "52=20260102-03:04:05", f"268={len(entries)}", *entries])
    return [
        update.auction
        for update in reader.incremental(text + SOH, NOW).updates
        if update.HasField("auction")
    ]


def test_the_gateway_reads_what_the_venue_publishes() -> None:
    published, reader = Indications(), MarketReader("TEST", auction_prices=True)
    assert published.changes("A", None) == []
    entries = published.changes("A", Uncrossing(105_000, 400, 50))
    assert said(reader, entries)[-1] == md.AuctionIndication(
        price="10.5", size="400", imbalance_size="50", imbalance_side=md.IMBALANCE_SIDE_BUY
    )
    assert published.changes("A", Uncrossing(105_000, 400, 50)) == []
    entries = published.changes("A", Uncrossing(104_000, 450, -7))
    assert said(reader, entries)[-1] == md.AuctionIndication(
        price="10.4", size="450", imbalance_size="7", imbalance_side=md.IMBALANCE_SIDE_SELL
    )
    assert said(reader, published.changes("A", None))[-1] == md.AuctionIndication()
    assert snapshot_entries(None) == []
    assert [one[:5] for one in snapshot_entries(Uncrossing(1, 1, 0))] == ["269=Q", "269=A"]


def test_a_market_order_of_others_is_held_for_the_auction(driver: Driver) -> None:
    book = driver.venue.markets["SAP"].book
    driver.venue.enter(Phase.OPENING, 1)
    book.submit(Order(-1, Side.BUY, 0, 5, kind=OrderKind.MARKET, tif=TimeInForce.DAY), 1)
    assert book.get(-1) is not None
    driver.venue.enter(Phase.OPEN, 2)
    assert book.get(-1) is None
