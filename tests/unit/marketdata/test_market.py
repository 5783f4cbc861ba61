import pytest

from kernel.nanoseconds import NS_PER_DAY
from svc_marketdata.domain.book import LEVELS_PER_SIDE_MAX, BookFlags, Level, PriceBook, Side
from svc_marketdata.domain.candles import CANDLE_NS, CandleSeries
from svc_marketdata.domain.day_statistics import DayStatistics
from svc_marketdata.domain.listing import Listing
from svc_marketdata.domain.market import (
    Aggressor,
    Changed,
    InstrumentMarket,
    Quote,
    Trade,
)

BIDS = [Level("10", "5", 1), Level("9.99", "7", 2)]
ASKS = [Level("10.01", "3", 1)]


def market():
    made = InstrumentMarket("ASML.SIMA", "SIMA")
    made.replace_book(BIDS, ASKS, 1, 2)
    return made


def trade(trade_id, price, size="1", at_ns=NS_PER_DAY):
    return Trade(trade_id, price, size, Aggressor.BUY, at_ns)


def test_a_book_makes_the_quote_and_is_current():
    m = market()
    quote = m.quote
    assert (quote.bid_price, quote.bid_size) == ("10", "5")
    assert (quote.ask_price, quote.ask_size) == ("10.01", "3")
    assert not m.stale


def test_a_deep_level_does_not_touch_the_quote():
    assert market().set_level(Side.BID, Level("9.5", "1", 1), 3, 4) == Changed.BOOK


def test_the_best_level_touches_the_quote():
    m = market()
    assert m.set_level(Side.BID, Level("10", "0", 0), 3, 4) == Changed.BOOK | Changed.QUOTE
    assert m.quote.bid_price == "9.99"


def test_an_empty_side_is_an_empty_text():
    m = market()
    m.set_level(Side.ASK, Level("10.01", "0", 0), 3, 4)
    assert (m.quote.ask_price, m.quote.ask_size) == ("", "")


def test_a_crossed_book_is_flagged_and_shown():
    m = market()
    m.set_level(Side.BID, Level("10.02", "1", 1), 3, 4)
    assert m.quote.flags is BookFlags.CROSSED
    assert m.quote.bid_price == "10.02"


def test_a_negative_size_is_flagged_and_shown():
    m = market()
    changed = m.set_level(Side.BID, Level("9", "-5", 1), 3, 4)
    assert changed == Changed.BOOK | Changed.QUOTE
    assert m.quote.flags is BookFlags.NEGATIVE
    m.set_level(Side.BID, Level("9", "0", 0), 3, 4)
    assert m.quote.flags is BookFlags.NONE


def test_a_full_side_lets_its_worst_level_go():
    book = PriceBook()
    for price in range(1, LEVELS_PER_SIDE_MAX + 1):
        book.set(Side.BID, Level(str(price), "1", 1))
    book.set(Side.BID, Level(str(LEVELS_PER_SIDE_MAX + 1), "1", 1))
    assert len(book.bids) == LEVELS_PER_SIDE_MAX
    assert book.bids.top(LEVELS_PER_SIDE_MAX)[-1].price == "2"
    assert not book.set(Side.BID, Level("1", "1", 1))


def test_an_unreadable_book_leaves_none():
    m = market()
    with pytest.raises(ValueError, match="canonical"):
        m.replace_book(BIDS, [Level("1.0", "1", 1)], 3, 4)
    assert m.book.bids.best is None


def test_trades_make_the_figures_of_the_day():
    m = market()
    m.add_trade(trade("1", "10", "2"), 5)
    m.add_trade(trade("2", "12", "1"), 6)
    m.add_trade(trade("3", "9", "4"), 7)
    assert m.quote.day == DayStatistics("10", "12", "9", "", "7")
    assert m.quote.last_price == "9"


def test_a_trade_reported_twice_counts_once():
    m = market()
    assert m.add_trade(trade("1", "10"), 5) == Changed.TRADE | Changed.QUOTE
    assert m.add_trade(trade("1", "10"), 6) == Changed.NOTHING
    assert m.quote.day.volume == "1"


def test_the_venue_knows_the_volume_better():
    m = market()
    m.tell_statistics(DayStatistics(volume="100"), 5, 5)
    m.add_trade(trade("1", "10", "7", at_ns=5), 5)  # the same message: counted already
    assert m.quote.day.volume == "100"
    m.add_trade(trade("2", "10", "7", at_ns=6), 6)
    assert m.quote.day.volume == "107"


def test_figures_reported_again_change_nothing():
    m = market()
    statistics = DayStatistics(close_price="8")
    assert m.tell_statistics(statistics, 5, 5) == Changed.QUOTE
    assert m.tell_statistics(statistics, 6, 6) == Changed.NOTHING


def test_a_new_day_starts_over_from_the_last_price():
    m = market()
    m.add_trade(trade("1", "10", "2"), 5)
    m.add_trade(trade("2", "11", "3", at_ns=2 * NS_PER_DAY), 6)
    assert m.quote.day == DayStatistics("11", "11", "11", "10", "3")


def test_a_lost_feed_is_reported_once_and_keeps_the_book():
    m = market()
    assert m.lose_feed() == Changed.QUOTE | Changed.BOOK
    assert m.stale
    assert m.lose_feed() == Changed.NOTHING
    assert m.quote.bid_price == "10"


def test_a_new_life_of_the_feed_forgets_the_book():
    m = market()
    assert m.forget_book() == Changed.QUOTE | Changed.BOOK
    assert m.quote.bid_price == ""
    assert m.forget_book() == Changed.NOTHING


def test_an_old_quote_is_flagged_until_it_moves():
    m = market()
    assert m.grow_old(10, 100) == Changed.NOTHING
    assert m.grow_old(200, 100) == Changed.QUOTE
    assert m.stale
    assert m.set_level(Side.BID, Level("9", "1", 1), 201, 201) == Changed.BOOK | Changed.QUOTE
    assert not m.stale


def test_a_restored_quote_is_stale_until_the_book_comes():
    m = InstrumentMarket("ASML.SIMA", "SIMA")
    m.restore(Quote(bid_price="7", received_ns=1))
    assert m.stale
    m.replace_book(BIDS, ASKS, 3, 4)
    assert not m.stale


def test_candles_follow_the_trades():
    series = CandleSeries()
    assert series.add(10, 1, 5)
    assert series.add(12, 2, 6)
    assert series.add(9, 3, 7)
    candle = series.latest
    assert (candle.open, candle.high, candle.low, candle.close) == (10, 12, 9, 9)
    assert (candle.volume, candle.trade_count, candle.start_ns) == (6, 3, 0)
    assert series.is_over(CANDLE_NS)
    assert not series.is_over(CANDLE_NS - 1)


def test_a_trade_for_a_complete_candle_is_too_late():
    series = CandleSeries()
    series.add(10, 1, 5)
    series.complete()
    assert not series.add(11, 1, 6)
    series.keep_completed(4)
    assert series.completed[0].sequence == 4
    assert series.add(11, 1, CANDLE_NS)
    assert not series.add(11, 1, 6)


def test_trades_without_an_id_all_count():
    m = market()
    m.add_trade(trade("", "10", "2"), 5)
    m.add_trade(trade("", "10", "2"), 6)
    assert m.quote.day.volume == "4"


def test_a_late_trade_is_counted_and_makes_no_candle():
    m = market()
    assert m.add_to_candle(trade("1", "10", at_ns=5 * CANDLE_NS), 5) == Changed.CANDLE
    assert m.add_to_candle(trade("2", "10", at_ns=CANDLE_NS), 6) == Changed.NOTHING
    assert m.late_trades == 1


def test_listings_are_found_by_part_of_symbol_or_name():
    listing = Listing("ASML.SIMA", "ASML", "SIMA", name="ASML Holding")
    assert listing.matches_text("sml")
    assert listing.matches_text("holding")
    assert not listing.matches_text("ing groep")
