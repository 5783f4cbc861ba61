import pytest

from sim_exchange.domain.order import BookError, Order, OrderKind, Side, TimeInForce

BUY, SELL = Side.BUY, Side.SELL


def limit(number, side, price, quantity, tif=TimeInForce.DAY) -> Order:
    return Order(number, side, price, quantity, tif=tif)


def market(number, side, quantity) -> Order:
    return Order(number, side, 0, quantity, kind=OrderKind.MARKET)


def test_better_price_goes_first_then_older_order(book, events) -> None:
    for order in (limit(1, SELL, 101, 5), limit(2, SELL, 100, 5), limit(3, SELL, 100, 5)):
        book.submit(order, 1)
    book.submit(limit(4, BUY, 101, 12), 2)
    assert events.fills == [(2, 4, 100, 5), (3, 4, 100, 5), (1, 4, 101, 2)]
    assert book.best(SELL).quantity == 3
    assert 4 not in book


def test_rest_of_a_crossing_limit_order_rests(book) -> None:
    book.submit(limit(1, SELL, 100, 5), 1)
    book.submit(limit(2, BUY, 100, 8), 2)
    assert (book.best(BUY).price, book.best(BUY).quantity, book.best(SELL)) == (100, 3, None)
    assert book.get(2).executed == 5


def test_market_order_takes_what_is_there_and_never_rests(book, events) -> None:
    book.submit(limit(1, SELL, 100, 5), 1)
    book.submit(market(2, BUY, 8), 2)
    assert events.fills == [(1, 2, 100, 5)]
    assert events.cancels == [(2, 3, "NO_LIQUIDITY")]
    assert len(book) == 0


def test_ioc_remainder_is_cancelled(book, events) -> None:
    book.submit(limit(1, SELL, 100, 5), 1)
    book.submit(limit(2, BUY, 100, 8, TimeInForce.IOC), 2)
    assert events.cancels == [(2, 3, "NOT_FILLED_AT_ONCE")]


def test_fok_takes_all_or_nothing(book, events) -> None:
    book.submit(limit(1, SELL, 100, 5), 1)
    book.submit(limit(2, SELL, 101, 5), 1)
    book.submit(limit(3, BUY, 100, 6, TimeInForce.FOK), 2)
    assert events.fills == []
    assert events.cancels == [(3, 6, "NOT_FILLABLE")]
    book.submit(limit(4, BUY, 101, 10, TimeInForce.FOK), 3)
    assert events.fills == [(1, 4, 100, 5), (2, 4, 101, 5)]


def test_cancel_whole_part_and_unknown(book) -> None:
    book.submit(limit(1, BUY, 100, 5), 1)
    assert book.cancel(1, 2, 2) == 2
    assert (book.get(1).quantity, book.get(1).leaves) == (3, 3)
    assert book.cancel(1, 3) == 3
    assert book.cancel(1, 4) == 0
    assert book.best(BUY) is None
    book.submit(limit(2, BUY, 100, 5), 1)
    with pytest.raises(BookError, match="quantity 0"):
        book.cancel(2, 1, 0)


def test_less_quantity_keeps_the_place_more_or_another_price_loses_it(book, events) -> None:
    for number in (1, 2, 3):
        book.submit(limit(number, BUY, 100, 10), 1)
    book.replace(1, 100, 5, 2)
    assert [order.number for order in book.best(BUY).orders.values()] == [1, 2, 3]
    book.replace(1, 100, 6, 3)
    assert [order.number for order in book.best(BUY).orders.values()] == [2, 3, 1]
    book.replace(2, 99, 10, 4)
    book.replace(2, 100, 10, 5)
    assert [order.number for order in book.best(BUY).orders.values()] == [3, 1, 2]
    assert book.best(BUY).quantity == 26
    assert events.replaced_orders == [(1, True), (1, False), (2, False), (2, False)]


def test_replace_to_a_crossing_price_trades(book, events) -> None:
    book.submit(limit(1, SELL, 101, 4), 1)
    book.submit(limit(2, BUY, 100, 10), 1)
    book.replace(2, 101, 10, 2)
    assert events.fills == [(1, 2, 101, 4)]
    assert book.best(BUY).quantity == 6
    book.submit(limit(3, SELL, 103, 6), 3)
    book.replace(2, 103, 10, 4)
    assert events.fills[1:] == [(3, 2, 103, 6)]
    assert len(book) == 0


def test_replace_counts_the_executed_part(book) -> None:
    book.submit(limit(1, BUY, 100, 10), 1)
    book.submit(limit(2, SELL, 100, 4), 1)
    with pytest.raises(BookError, match="below the executed 4"):
        book.replace(1, 100, 3, 2)
    book.replace(1, 100, 4, 2)
    assert 1 not in book
    with pytest.raises(BookError, match="not in the book"):
        book.replace(1, 100, 4, 2)


def test_halted_book_takes_cancels_only(book, events) -> None:
    book.submit(limit(1, BUY, 100, 10), 1)
    book.halt()
    book.submit(limit(2, SELL, 100, 10), 2)
    assert (book.halted, events.rejected_orders, events.fills) == (True, [2], [])
    with pytest.raises(BookError, match="halted"):
        book.replace(1, 100, 5, 2)
    assert book.cancel(1, 3) == 10


def test_what_crossed_in_a_halt_trades_at_resumption(book, events) -> None:
    book.halt()
    book.rest(limit(1, SELL, 100, 5), 1)
    book.rest(limit(2, BUY, 101, 8), 2)
    book.resume(3)
    assert events.fills == [(1, 2, 100, 5)]
    assert (book.best(BUY).quantity, book.best(SELL)) == (3, None)


def test_recorded_execution_reduces_that_order_only(book, events) -> None:
    for number in (1, 2):
        book.submit(limit(number, BUY, 100, 10), 1)
    assert book.execute(2, 4, 2) == 4
    assert book.execute(2, 40, 3) == 6
    assert book.execute(2, 1, 4) == 0
    book.execute_hidden(100, 7, 5)
    assert events.fills == [(2, None, 100, 4), (2, None, 100, 6), (None, None, 100, 7)]
    assert book.best(BUY).quantity == 10


def test_orders_that_make_no_sense_are_refused(book) -> None:
    with pytest.raises(BookError, match="quantity 0"):
        limit(1, BUY, 100, 0)
    with pytest.raises(BookError, match="price 0"):
        limit(1, BUY, 0, 5)
    with pytest.raises(BookError, match="price 5"):
        Order(1, BUY, 5, 5, kind=OrderKind.MARKET)
    book.submit(limit(1, BUY, 100, 5), 1)
    for again in (book.submit, book.rest):
        with pytest.raises(BookError, match="in the book already"):
            again(limit(1, BUY, 100, 5), 1)


def test_levels_are_best_first_and_as_deep_as_asked(book) -> None:
    for number, price in enumerate((99, 101, 100)):
        book.submit(limit(number, BUY, price, 1), 1)
        book.submit(limit(10 + number, SELL, price + 10, 1), 1)
    assert [level.price for level in book.levels(BUY)] == [101, 100, 99]
    assert [level.price for level in book.levels(SELL, 2)] == [109, 110]
    assert sorted(order.number for order in book.orders()) == [0, 1, 2, 10, 11, 12]
    assert book.level(BUY, 98) is None
    assert repr(book.get(0)) == "Order(0 BUY 1/1 @ 99 LIMIT DAY)"
