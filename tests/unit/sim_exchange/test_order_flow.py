from itertools import pairwise

from sim_exchange.domain.order import Order, Side
from sim_exchange.domain.walk import SPAN_PPM, fair_value
from sim_exchange.instruments import INSTRUMENTS
from sim_exchange.service.agents import FlowSettings, OrderFlow
from sim_exchange.service.calendar import TradingHours, minute_of_day
from sim_exchange.service.depth import PublishedDepth
from sim_exchange.service.orders import ClientOrder, Terms
from sim_exchange.service.venue import Venue

START_NS = 1_790_000_000 * 10**9
STEP_NS = 50_000_000


def run(seconds: int, **settings) -> tuple[Venue, list]:
    """Order flow for a while; the tape of best prices after each step."""
    venue = Venue("SIMA", INSTRUMENTS)
    flow = OrderFlow(venue, FlowSettings(**settings))
    now_ns, tape = START_NS, []
    flow.open(now_ns)
    for _ in range(seconds * 20):
        now_ns += STEP_NS
        venue.changed_markets.clear()
        flow.step(now_ns)
        tape += [(symbol, touch(market)) for symbol, market in venue.changed_markets.items()]
    return venue, tape


def touch(market) -> tuple:
    best = [market.book.best(side) for side in Side]
    return tuple((level.price, level.quantity) if level else None for level in best)


def test_same_seed_and_clock_give_the_same_market() -> None:
    assert run(5)[1] == run(5)[1]
    assert run(5)[1] != run(5, seed=2)[1]


def test_market_moves_and_stays_in_order() -> None:
    venue, tape = run(30)
    assert len(tape) > 100
    for market in venue.markets.values():
        bid, ask = market.book.best(Side.BUY), market.book.best(Side.SELL)
        assert bid.price < ask.price
        ticks = market.instrument.ticks
        assert all(ticks.is_on_tick(order.price) for order in market.book.orders())
        assert len(market.book) <= 24
    assert sum(market.volume for market in venue.markets.values()) > 0


def test_depth_and_sizes_are_settings() -> None:
    shallow, _ = run(2, ladder_levels=2, lot_notional=200_000)
    deep, _ = run(2, ladder_levels=6, lot_notional=20_000)
    for symbol, market in shallow.markets.items():
        other = deep.markets[symbol].book
        levels = list(market.book.levels(Side.BUY, 50))
        assert len(levels) < len(list(other.levels(Side.BUY, 50)))
        assert levels[0].quantity > other.best(Side.BUY).quantity


def test_client_order_at_the_touch_is_filled_within_seconds() -> None:
    venue = Venue("SIMA", INSTRUMENTS)
    flow = OrderFlow(venue, FlowSettings(seed=3))
    flow.open(START_NS)
    market = venue.markets["SAP"]
    price = market.book.best(Side.BUY).price
    terms = Terms("A", "SAP", "", Side.BUY, None, None, price, 50)
    owner = ClientOrder("C", "X-1", "1", terms)
    market.book.submit(Order("X-1", Side.BUY, price, 50, owner=owner), START_NS)
    now_ns = START_NS
    while "X-1" in market.book and now_ns < START_NS + 60 * 10**9:
        now_ns += STEP_NS
        flow.step(now_ns)
    assert owner.status == "2"
    assert now_ns - START_NS < 30 * 10**9


def test_no_flow_while_closed_or_without_rate() -> None:
    _, tape = run(2, actions_per_s=0.0)
    assert tape == []
    venue = Venue("SIMA", INSTRUMENTS)
    flow = OrderFlow(venue, FlowSettings())
    flow.open(START_NS)
    venue.close_session(START_NS)
    venue.changed_markets.clear()
    flow.step(START_NS + 10**9)
    assert venue.changed_markets == {}


def test_halted_and_left_out_instruments_are_left_alone() -> None:
    venue = Venue("SIMA", INSTRUMENTS)
    flow = OrderFlow(venue, FlowSettings(), without=frozenset({"SAP"}))
    flow.open(START_NS)
    venue.halt("SIE", START_NS)
    before = touch(venue.markets["SIE"])
    for step in range(200):
        flow.step(START_NS + step * STEP_NS)
    assert len(venue.markets["SAP"].book) == 0
    assert touch(venue.markets["SIE"]) == before


def test_fair_value_is_bounded_and_continuous_and_shared_by_name() -> None:
    values = [fair_value(1_000_000, 1, "SAP", START_NS + i * 10**9) for i in range(2_000)]
    bound = 1_000_000 * SPAN_PPM // 1_000_000 + 1
    assert all(abs(value - 1_000_000) <= bound for value in values)
    steps = [abs(a - b) for a, b in pairwise(values)]
    assert 0 < max(steps) < 2_000
    assert len(set(values)) > 500
    assert values[0] != fair_value(1_000_000, 1, "SIE", START_NS)


def test_published_changes_rebuild_the_book() -> None:
    venue = Venue("SIMA", INSTRUMENTS)
    flow = OrderFlow(venue, FlowSettings(actions_per_s=600))
    market = venue.markets["ASML"]
    published = PublishedDepth(market.book, 5)
    flow.open(START_NS)
    reader: dict = {Side.BUY: {}, Side.SELL: {}}
    for step in range(400):
        flow.step(START_NS + step * STEP_NS)
        for change in published.advance():
            assert (change.price in reader[change.side]) == (change.action != "0")
            if change.action == "2":
                del reader[change.side][change.price]
            else:
                reader[change.side][change.price] = (change.quantity, change.orders)
        for side in Side:
            levels = market.book.levels(side, 5)
            assert reader[side] == {o.price: (o.quantity, len(o.orders)) for o in levels}
    assert published.advance() == []


def test_trading_hours() -> None:
    hour_ns = 3600 * 10**9
    day = TradingHours(minute_of_day("08:00"), minute_of_day("16:30"))
    assert [day.is_open(hour * hour_ns) for hour in (7, 8, 16, 17)] == [False, True, True, False]
    night = TradingHours(minute_of_day("22:00"), minute_of_day("04:00"))
    assert [night.is_open(hour * hour_ns) for hour in (3, 4, 23)] == [True, False, True]
    assert TradingHours().is_open(0)
