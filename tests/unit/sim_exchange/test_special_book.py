"""Icebergs, stops, pegs, market-to-limit and auction orders in a book, case by case."""

import pytest

from kernel.ticks import TickBand
from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.order import (
    BookError,
    CancelCause,
    Order,
    OrderKind,
    PegTo,
    Side,
    Special,
    TimeInForce,
)
from sim_exchange.domain.prices import TickTable

BUY, SELL = Side.BUY, Side.SELL
K, F = OrderKind, TimeInForce
FIVES = TickTable((TickBand(0, 1), TickBand(200, 5)))


def send(book, number, side, price, quantity, kind=K.LIMIT, tif=F.DAY, **special) -> Order:
    order = Order(number, side, price, quantity, kind=kind, tif=tif, special=Special(**special))
    book.submit(order, number)
    return order


def queue(book, side) -> list[tuple[int, int]]:
    level = book.best(side)
    return [(order.number, order.shown) for order in level.orders.values()] if level else []


def trade(book, price, number=900) -> None:
    """Let one share trade at a price, against nobody of the test."""
    send(book, number, SELL, price, 1)
    send(book, number + 1, BUY, price, 1, tif=F.IOC)


# --- icebergs ----------------------------------------------------------------------------


def test_an_iceberg_shows_a_part_and_queues_again_after_others(book, events) -> None:
    send(book, 1, SELL, 100, 25, display=10)
    send(book, 2, SELL, 100, 5)
    assert (book.best(SELL).quantity, book.best(SELL).hidden) == (15, 15)
    send(book, 3, BUY, 100, 12)
    assert events.fills == [(1, 3, 100, 10), (2, 3, 100, 2)]
    assert queue(book, SELL) == [(2, 3), (1, 10)]
    send(book, 4, BUY, 100, 30)
    assert events.fills[2:] == [(2, 4, 100, 3), (1, 4, 100, 10), (1, 4, 100, 5)]
    assert queue(book, BUY) == [(4, 12)]


def test_hidden_quantity_counts_for_fill_or_kill(book, events) -> None:
    send(book, 1, SELL, 100, 25, display=10)
    send(book, 2, BUY, 100, 25, tif=F.FOK)
    assert sum(fill[3] for fill in events.fills) == 25
    assert events.cancels == []


def test_an_incoming_iceberg_trades_whole_and_hides_what_rests(book, events) -> None:
    send(book, 1, SELL, 100, 20)
    order = send(book, 2, BUY, 100, 35, display=10)
    assert events.fills == [(1, 2, 100, 20)]
    assert (order.shown, order.hidden) == (10, 5)


def test_less_of_an_iceberg_comes_from_what_it_hides_and_keeps_its_place(book, events) -> None:
    order = send(book, 1, SELL, 100, 25, display=10)
    send(book, 2, SELL, 100, 5)
    book.replace(1, 100, 12, 3)
    assert (queue(book, SELL), order.hidden) == ([(1, 10), (2, 5)], 2)
    book.cancel(1, 4, 6)
    assert (queue(book, SELL), order.hidden) == ([(1, 6), (2, 5)], 0)
    book.replace(1, 100, 6, 5, Special(display=3))
    assert queue(book, SELL) == [(2, 5), (1, 3)]
    assert events.replaced_orders == [(1, True), (1, False)]


def test_a_recorded_execution_takes_no_more_than_is_shown(book) -> None:
    order = send(book, 1, SELL, 100, 25, display=10)
    assert book.execute(1, 15, 2) == 10
    assert (order.leaves, order.shown) == (15, 10)


# --- stops -------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "stop", "other"), [(BUY, 105, 104), (SELL, 95, 96)])
def test_a_stop_waits_for_its_price_and_becomes_a_market_order(
    book, events, side, stop, other
) -> None:
    send(book, 1, SELL, 110, 10)
    send(book, 2, BUY, 90, 10)
    order = send(book, 3, side, 0, 4, K.STOP, stop=stop)
    trade(book, other)
    assert events.restatements == []
    assert (len(book), order.leaves) == (3, 4)
    trade(book, stop, 910)
    assert events.restatements == [(3, "TRIGGERED")]
    maker = 1 if side is BUY else 2
    assert events.fills[-1] == (maker, 3, 110 if side is BUY else 90, 4)
    assert order.kind is K.MARKET


def test_a_stop_whose_price_is_past_triggers_at_once(book, events) -> None:
    trade(book, 100)
    send(book, 1, BUY, 0, 5, K.STOP, stop=99)
    assert events.restatements == [(1, "TRIGGERED")]
    assert events.cancels == [(1, 5, "NO_LIQUIDITY")]


def test_a_stop_limit_becomes_a_limit_order(book, events) -> None:
    send(book, 1, BUY, 101, 5, K.STOP_LIMIT, stop=100)
    trade(book, 100)
    assert queue(book, BUY) == [(1, 5)]
    assert (events.restatements, book.best(BUY).price) == ([(1, "TRIGGERED")], 101)
    book.replace(1, 102, 6, 9, Special(stop=100))
    assert (book.best(BUY).price, queue(book, BUY)) == (102, [(1, 6)])


@pytest.mark.parametrize(("tif", "cause"), [(F.IOC, "NOT_FILLED_AT_ONCE"), (F.FOK, "NOT_FILLABLE")])
def test_the_time_in_force_of_a_stop_counts_from_the_trigger_on(book, events, tif, cause) -> None:
    send(book, 1, BUY, 101, 5, K.STOP_LIMIT, tif, stop=100)
    assert 1 in book
    trade(book, 100)
    assert events.cancels == [(1, 5, cause)]


def test_stops_trigger_each_other(book, events) -> None:
    for number, price in ((1, 100), (2, 102), (3, 104)):
        send(book, number, SELL, price, 5)
    send(book, 4, BUY, 0, 5, K.STOP, stop=102)
    send(book, 5, BUY, 0, 5, K.STOP, stop=100)
    send(book, 6, BUY, 100, 5)
    assert events.restatements == [(5, "TRIGGERED"), (4, "TRIGGERED")]
    assert events.fills == [(1, 6, 100, 5), (2, 5, 102, 5), (3, 4, 104, 5)]


def test_a_waiting_stop_is_replaced_and_cancelled(book, events) -> None:
    order = send(book, 1, BUY, 0, 5, K.STOP, stop=105)
    trade(book, 100)
    book.replace(1, 0, 3, 2, Special(stop=105))
    book.replace(1, 0, 3, 2, Special(stop=104))
    assert events.replaced_orders == [(1, True), (1, False)]
    assert (order.leaves, order.stop) == (3, 104)
    assert book.cancel(1, 3, 1) == 1
    assert book.cancel(1, 3) == 2
    trade(book, 104, 910)
    assert (1 in book, events.restatements) == (False, [])
    send(book, 2, BUY, 0, 5, K.STOP, stop=110)
    book.replace(2, 0, 5, 4, Special(stop=104))
    assert events.restatements == [(2, "TRIGGERED")]


def test_a_trailing_stop_follows_and_never_goes_back(book, events) -> None:
    send(book, 1, BUY, 80, 10)
    order = send(book, 2, SELL, 0, 5, K.TRAILING_STOP, trail=5)
    assert order.stop == 0
    stops = []
    for number, price in enumerate((100, 103, 102, 99, 101)):
        trade(book, price, 900 + 2 * number)
        stops.append(order.stop)
    assert stops == [95, 98, 98, 98, 98]
    assert events.restatements == [(2, "STOP_MOVED"), (2, "STOP_MOVED")]
    trade(book, 98, 990)
    assert events.restatements[2:] == [(2, "TRIGGERED")]
    assert events.fills[-1] == (1, 2, 80, 5)


def test_a_trailing_stop_starts_at_its_stop_price_or_the_last_trade(book) -> None:
    trade(book, 100)
    assert send(book, 1, BUY, 0, 5, K.TRAILING_STOP, trail=5).stop == 105
    assert send(book, 2, BUY, 0, 5, K.TRAILING_STOP, trail=5, stop=103).stop == 103
    assert send(book, 3, BUY, 0, 5, K.TRAILING_STOP, trail=5, stop=108).stop == 105
    # A sell so far below that no price is there waits without one.
    assert send(book, 4, SELL, 0, 5, K.TRAILING_STOP, trail=100).stop == 0


@pytest.mark.parametrize(("side", "stop"), [(BUY, 310), (SELL, 290)])
def test_a_trailing_stop_between_ticks_is_the_one_further_away(events, side, stop) -> None:
    book = OrderBook(events, FIVES)
    trade(book, 300)
    assert send(book, 1, side, 0, 5, K.TRAILING_STOP, trail=7).stop == stop


# --- market to limit ---------------------------------------------------------------------


def test_the_rest_of_a_market_to_limit_order_rests_at_the_best_price(book, events) -> None:
    send(book, 1, SELL, 100, 5)
    send(book, 2, SELL, 101, 5)
    order = send(book, 3, BUY, 0, 8, K.MARKET_TO_LIMIT)
    assert events.fills == [(1, 3, 100, 5)]
    assert events.restatements == [(3, "LIMIT_FOUND")]
    assert (order.price, queue(book, BUY)) == (100, [(3, 3)])


def test_a_market_to_limit_order_that_is_filled_or_meets_nobody(book, events) -> None:
    send(book, 1, SELL, 100, 5)
    send(book, 2, BUY, 0, 5, K.MARKET_TO_LIMIT)
    send(book, 3, BUY, 0, 5, K.MARKET_TO_LIMIT)
    assert (events.fills, events.cancels) == ([(1, 2, 100, 5)], [(3, 5, "NO_LIQUIDITY")])
    assert events.restatements == []


# --- pegs --------------------------------------------------------------------------------


@pytest.fixture
def quoted(book) -> OrderBook:
    send(book, 1, BUY, 100, 5)
    send(book, 2, SELL, 110, 5)
    return book


@pytest.mark.parametrize(
    ("side", "peg", "offset", "cap", "price"),
    [
        (BUY, PegTo.PRIMARY, 0, 0, 100),
        (BUY, PegTo.PRIMARY, -3, 0, 97),
        (BUY, PegTo.PRIMARY, 20, 0, 109),
        (BUY, PegTo.PRIMARY, 4, 102, 102),
        (BUY, PegTo.MIDPOINT, 0, 0, 105),
        (BUY, PegTo.MARKET, 0, 0, 109),
        (BUY, PegTo.MARKET, -4, 0, 106),
        (SELL, PegTo.PRIMARY, 0, 0, 110),
        (SELL, PegTo.PRIMARY, -2, 0, 108),
        (SELL, PegTo.MARKET, 0, 0, 101),
        (SELL, PegTo.MIDPOINT, 0, 107, 107),
    ],
)
def test_a_peg_goes_where_its_reference_is_and_never_crosses(
    quoted, events, side, peg, offset, cap, price
) -> None:
    order = send(quoted, 3, side, cap, 5, K.PEGGED, peg=peg, offset=offset)
    assert order.price == price
    assert events.fills == events.restatements == []


def test_pegs_follow_the_quotes_of_others(quoted, events) -> None:
    order = send(quoted, 3, BUY, 0, 5, K.PEGGED, peg=PegTo.PRIMARY)
    middle = send(quoted, 4, SELL, 0, 5, K.PEGGED, peg=PegTo.MIDPOINT)
    send(quoted, 5, BUY, 102, 5)
    assert (order.price, middle.price) == (102, 106)
    assert events.restatements == [(3, "REPRICED"), (4, "REPRICED")]
    assert queue(quoted, BUY) == [(5, 5), (3, 5)]
    quoted.cancel(5, 6)
    assert (order.price, middle.price) == (100, 105)


def test_a_peg_without_a_reference_waits(quoted, events) -> None:
    order = send(quoted, 3, SELL, 0, 5, K.PEGGED, peg=PegTo.MIDPOINT)
    quoted.cancel(1, 4)
    assert (order.price, 3 in quoted, len(quoted)) == (0, True, 2)
    assert events.restatements == [(3, "NO_REFERENCE")]
    send(quoted, 5, BUY, 106, 5)
    assert order.price == 108
    assert send(OrderBook(), 1, BUY, 0, 5, K.PEGGED, peg=PegTo.PRIMARY).price == 0


def test_pegs_make_room_for_each_other(quoted) -> None:
    buy = send(quoted, 3, BUY, 0, 5, K.PEGGED, peg=PegTo.MIDPOINT)
    sell = send(quoted, 4, SELL, 0, 5, K.PEGGED, peg=PegTo.MIDPOINT)
    assert (buy.price, sell.price) == (105, 106)
    send(quoted, 5, SELL, 107, 5)
    assert (buy.price, sell.price) == (103, 104)
    # Now the sell moves first: whoever has the middle keeps it.
    quoted.cancel(5, 6)
    assert (buy.price, sell.price) == (104, 105)


def test_pegs_that_do_not_come_to_rest_wait_for_the_next_command(quoted, monkeypatch) -> None:
    monkeypatch.setattr("sim_exchange.domain.book.PEG_PASSES_MAX", 1)
    buy = send(quoted, 3, BUY, 0, 5, K.PEGGED, peg=PegTo.MIDPOINT)
    sell = send(quoted, 4, SELL, 0, 5, K.PEGGED, peg=PegTo.MIDPOINT)
    send(quoted, 5, SELL, 107, 5)
    quoted.cancel(5, 6)
    assert (buy.price, sell.price) == (103, 105)
    quoted.cancel(2, 7, 1)
    assert (buy.price, sell.price) == (104, 105)


@pytest.mark.parametrize(("side", "price"), [(BUY, 300), (SELL, 305)])
def test_a_peg_between_ticks_takes_the_passive_one(events, side, price) -> None:
    book = OrderBook(events, FIVES)
    send(book, 1, BUY, 295, 5)
    send(book, 2, SELL, 310, 5)
    assert send(book, 3, side, 0, 5, K.PEGGED, peg=PegTo.MIDPOINT).price == price


def test_a_peg_with_no_price_left_below_the_other_side_waits(book) -> None:
    send(book, 1, SELL, 1, 5)
    assert send(book, 2, BUY, 0, 5, K.PEGGED, peg=PegTo.MARKET).price == 0
    assert send(book, 3, SELL, 0, 5, K.PEGGED, peg=PegTo.PRIMARY, offset=-9).price == 0


def test_a_peg_is_replaced_filled_and_cancelled(quoted, events) -> None:
    order = send(quoted, 3, BUY, 0, 5, K.PEGGED, peg=PegTo.PRIMARY)
    quoted.replace(3, 0, 4, 4, Special(peg=PegTo.PRIMARY))
    quoted.replace(3, 98, 9, 4, Special(peg=PegTo.PRIMARY, offset=1))
    assert events.replaced_orders == [(3, True), (3, False)]
    assert (order.price, order.cap, order.leaves) == (98, 98, 9)
    send(quoted, 5, SELL, 98, 10)
    assert events.fills == [(1, 5, 100, 5), (3, 5, 98, 5)]
    quoted.cancel(3, 6)
    send(quoted, 7, BUY, 99, 1)
    assert 3 not in quoted


# --- auctions ----------------------------------------------------------------------------


def test_auction_orders_wait_and_meet_each_other_and_the_book(book, events) -> None:
    send(book, 1, SELL, 100, 5)
    send(book, 2, BUY, 0, 4, K.MARKET, F.AT_OPEN)
    send(book, 3, SELL, 99, 3, tif=F.AT_OPEN)
    send(book, 4, BUY, 98, 2, tif=F.AT_OPEN)
    send(book, 5, BUY, 100, 2, tif=F.AT_CLOSE)
    assert (events.fills, queue(book, SELL)) == ([], [(1, 5)])
    book.auction(F.AT_OPEN, 9)
    # One price for all: at 100 most is executed.
    assert events.fills == [(2, 3, 100, 3), (1, 2, 100, 1)]
    assert events.cancels == [(4, 2, "NOT_IN_AUCTION")]
    book.auction(F.AT_CLOSE, 9)
    assert events.fills[2:] == [(1, 5, 100, 2)]


def test_a_market_order_that_meets_nobody_in_the_auction_expires(book, events) -> None:
    send(book, 1, BUY, 0, 4, K.MARKET, F.AT_OPEN)
    book.auction(F.AT_OPEN, 9)
    assert events.cancels == [(1, 4, "NOT_IN_AUCTION")]


def test_auction_orders_come_in_a_halt_and_expire_with_it(book, events) -> None:
    send(book, 1, SELL, 100, 5)
    book.halt()
    send(book, 2, BUY, 100, 4, tif=F.AT_OPEN)
    send(book, 3, BUY, 100, 4, K.STOP_LIMIT, stop=100)
    assert events.rejected_orders == [3]
    book.auction(F.AT_OPEN, 9)
    assert (events.fills, events.cancels) == ([], [(2, 4, "NOT_IN_AUCTION")])


def test_an_auction_order_is_replaced_and_cancelled(book, events) -> None:
    order = send(book, 1, BUY, 100, 4, tif=F.AT_OPEN)
    book.replace(1, 101, 6, 2)
    assert (order.price, order.leaves, len(book)) == (101, 6, 1)
    assert book.cancel(1, 3, cause=CancelCause.REQUESTED) == 6
    book.auction(F.AT_OPEN, 9)
    assert events.fills == []


def test_a_halt_stops_triggers_and_pegs(quoted, events) -> None:
    order = send(quoted, 3, BUY, 0, 5, K.PEGGED, peg=PegTo.PRIMARY)
    send(quoted, 4, BUY, 0, 5, K.STOP, stop=108)
    quoted.halt()
    quoted.execute_hidden(108, 1, 5)
    quoted.cancel(1, 5)
    assert (events.restatements, order.price) == ([], 100)
    quoted.resume(6)
    assert events.restatements == [(4, "TRIGGERED"), (3, "NO_REFERENCE")]


# --- what does not suit ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "price"),
    [(K.STOP, 1), (K.TRAILING_STOP, 1), (K.MARKET_TO_LIMIT, 1), (K.STOP_LIMIT, 0)],
)
def test_a_price_that_does_not_suit_the_kind(kind, price) -> None:
    with pytest.raises(BookError, match="does not suit"):
        Order(1, BUY, price, 5, kind=kind)
