"""What svc_marketdata keeps of a listing has a bound: hours of prices take no more memory."""

import gc
import tracemalloc

import pytest

from fix.wire import canonical
from kernel.decimals import CACHED_TEXTS_MAX, format_nano, parse_nano
from kernel.nanoseconds import NS_PER_S
from svc_marketdata.domain.book import Level
from svc_marketdata.domain.candles import CANDLES_KEPT_MAX
from svc_marketdata.domain.market import TRADE_IDS_KEPT_MAX, Aggressor, Trade
from svc_marketdata.service.delivery.interest import Mode
from tests.unit.marketdata.test_feed_session import Bench

LISTINGS = [f"SYM{number}.SIMA" for number in range(8)]
MINUTES = CANDLES_KEPT_MAX + 20
# A few candles, ids and numbers that became longer.
GROWTH_BYTES_MAX = 32 * 1024


def trade_for(bench: Bench, session, minutes: int, first: int) -> None:
    """Change the book and trade twice in each minute, and read what comes."""
    for minute in range(first, first + minutes):
        bench.clock.advance(60)
        now_ns = bench.clock.now_ns()
        for listing in LISTINGS:
            price = str(10 + minute % 5)
            session.book(listing, [Level(price, "1", 1)], [Level("20", "1", 1)], now_ns, now_ns)
            for part in range(2):
                known = Trade(f"{listing}-{minute}-{part}", price, "1", Aggressor.BUY, now_ns)
                session.trade(listing, known, now_ns + part * NS_PER_S)
            session.end_frame()
        bench.data.tick()
        bench.data.take_unsaved(1_000)
        bench.items()


@pytest.mark.long
@pytest.mark.parametrize("mode", [Mode.EVERY_EVENT, Mode.LATEST_ON_READY])
def test_hours_of_prices_take_no_more_memory(mode):
    full = max(MINUTES, TRADE_IDS_KEPT_MAX // 2 + 1)
    # From the start, so that what is kept counts in `before` as in `after`.
    tracemalloc.start()
    try:
        bench = Bench(mode)
        session = bench.feed()
        trade_for(bench, session, full + 10, 0)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        trade_for(bench, session, full, full + 10)
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    kept = bench.data.listed[LISTINGS[0]].market.candles.completed
    assert len(kept) == CANDLES_KEPT_MAX
    assert after - before < GROWTH_BYTES_MAX


def test_a_volume_that_is_new_each_time_pushes_no_price_out_of_the_caches():
    bench = Bench(Mode.EVERY_EVENT)
    session = bench.feed()
    parse_nano.cache_clear()
    format_nano.cache_clear()
    trade_for(bench, session, 20, 0)
    texts = parse_nano.cache_info().currsize + format_nano.cache_info().currsize
    trade_for(bench, session, 200, 20)
    assert parse_nano.cache_info().currsize + format_nano.cache_info().currsize == texts


def test_the_caches_of_numbers_are_small_when_they_are_full():
    caches = (parse_nano, format_nano, canonical)
    for cache in caches:
        cache.cache_clear()
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(2 * CACHED_TEXTS_MAX):
            parse_nano(f"{number}.25")
            format_nano(number * 10**7)
            canonical(f"{number}.50", "Price(44)")
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert all(cache.cache_info().currsize == CACHED_TEXTS_MAX for cache in caches)
    assert size < 3 * CACHED_TEXTS_MAX * 400
