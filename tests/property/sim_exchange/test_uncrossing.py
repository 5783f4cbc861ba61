"""The auction of a simulated venue: the most volume, at one price, nobody beyond his limit."""

from hypothesis import example, given
from hypothesis import strategies as st

from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.order import Order, OrderKind, Side, Special, TimeInForce
from sim_exchange.domain.uncrossing import uncross
from tests.support.book_events import Recorder

LIMITS = st.one_of(st.just(0), st.integers(95, 105))
"""0: a market order."""
INTERESTS = st.lists(st.tuples(LIMITS, st.integers(1, 30)), max_size=12)
RESTING = st.lists(
    st.tuples(st.integers(1, 10), st.booleans(), st.integers(1, 30), st.integers(0, 5)), max_size=8
)
HELD = st.lists(st.tuples(st.sampled_from(Side), LIMITS, st.integers(1, 30)), max_size=12)


def executed(bids, asks, price):
    bought = sum(quantity for limit, quantity in bids if not limit or limit >= price)
    sold = sum(quantity for limit, quantity in asks if not limit or limit <= price)
    return min(bought, sold), bought - sold


@given(INTERESTS, INTERESTS, st.sampled_from([0, 90, 100]))
@example([(0, 5)], [(0, 5)], 100)
@example([(0, 5)], [(0, 5)], 0)
@example([(101, 5)], [(99, 5)], 100)
def test_no_price_executes_more_and_ties_have_an_order(bids, asks, reference):
    found = uncross(bids, asks, reference)
    candidates = {limit for limit, _ in [*bids, *asks] if limit} or {reference} - {0}
    all_of_them = {price: executed(bids, asks, price) for price in candidates}
    most = max((volume for volume, _ in all_of_them.values()), default=0)
    # Also between the limits nothing executes more.
    assert most >= max((executed(bids, asks, price)[0] for price in range(90, 107)), default=0) or (
        not candidates
    )
    if not most:
        assert found is None
        return
    assert (found.volume, found.surplus) == all_of_them[found.price]
    assert found.volume == most
    tied = [p for p, (volume, _) in all_of_them.items() if volume == most]
    least = min(abs(all_of_them[price][1]) for price in tied)
    assert abs(found.surplus) == least
    tied = [price for price in tied if abs(all_of_them[price][1]) == least]
    surpluses = [all_of_them[price][1] for price in tied]
    if min(surpluses) > 0:
        assert found.price == max(tied)
    elif max(surpluses) < 0:
        assert found.price == min(tied)
    else:
        assert abs(found.price - reference) == min(abs(price - reference) for price in tied)


@given(RESTING, HELD)
def test_the_book_and_the_held_orders_trade_by_price_and_time(resting, held):
    events = Recorder()
    book = OrderBook(events)
    orders, before = {}, {}
    for distance, buys, quantity, display in resting:
        number = len(orders)
        side = Side.BUY if buys else Side.SELL
        special = Special(display=min(display, quantity))
        orders[number] = Order(number, side, 100 - side * distance, quantity, special=special)
        book.submit(orders[number], number)
    for side, price, quantity in held:
        number = len(orders)
        kind = OrderKind.LIMIT if price else OrderKind.MARKET
        orders[number] = Order(number, side, price, quantity, kind=kind, tif=TimeInForce.AT_OPEN)
        book.submit(orders[number], number)
    before = {number: order.leaves for number, order in orders.items()}
    limits = {number: order.price for number, order in orders.items()}
    sides = {
        side: [(limits[n], before[n]) for n, order in orders.items() if order.side is side]
        for side in Side
    }
    expected = uncross(sides[Side.BUY], sides[Side.SELL], 100)
    book.auction(TimeInForce.AT_OPEN, 99, 100)
    got = dict.fromkeys(orders, 0)
    for maker, taker, price, quantity in events.fills:
        assert price == expected.price
        for number in (maker, taker):
            limit, side = limits[number], orders[number].side
            assert not limit or (limit - price) * side >= 0, "beyond a limit"
            got[number] += quantity
        assert {orders[maker].side, orders[taker].side} == set(Side)
    assert sum(quantity for *_, quantity in events.fills) == (expected.volume if expected else 0)
    for one, order in orders.items():
        for other, later in orders.items():
            same = order.side is later.side
            if not same or order.special.display or later.special.display:
                continue  # an iceberg's hidden part comes after what others of its price show
            better = rank(limits[one], order.side) > rank(limits[other], order.side)
            older = limits[one] == limits[other] and one < other
            if (better or older) and got[other]:
                assert got[one] == before[one], "an order traded before a better one"
    # What was held is gone, and the book is not crossed.
    assert all(order.leaves == 0 for order in orders.values() if order.tif.is_auction)
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    assert bid is None or ask is None or bid.price < ask.price


def rank(limit, side):
    return float("inf") if not limit else limit * side
