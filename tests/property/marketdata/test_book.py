"""The book against a model that sorts everything each time."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.decimals import NANO, format_nano
from svc_marketdata.domain.book import BookFlags, Level, PriceBook, Side

prices = st.integers(min_value=-3, max_value=20).map(lambda n: format_nano(n * NANO // 4))
sizes = st.integers(min_value=-1, max_value=5).map(str)
changes = st.lists(st.tuples(st.sampled_from(list(Side)), prices, sizes), max_size=60)


@given(changes)
def test_book_is_that_of_a_naive_model(applied):
    book = PriceBook()
    model: dict[Side, dict[Decimal, str]] = {Side.BID: {}, Side.ASK: {}}
    for side, price, size in applied:
        best_before = (book.bids if side is Side.BID else book.asks).best
        best_changed = book.set(side, Level(price, size, 1))
        if size == "0":
            model[side].pop(Decimal(price), None)
        else:
            model[side][Decimal(price)] = size
        best_after = (book.bids if side is Side.BID else book.asks).best
        assert best_changed == (best_before != best_after)
    bids = sorted(model[Side.BID].items(), reverse=True)
    asks = sorted(model[Side.ASK].items())
    assert [(Decimal(p), s) for p, s, _ in book.bids.top(1000)] == bids
    assert [(Decimal(p), s) for p, s, _ in book.asks.top(1000)] == asks
    assert [(Decimal(p), s) for p, s, _ in book.bids.top(3)] == bids[:3]

    crossed = bool(bids and asks) and bids[0][0] >= asks[0][0]
    negative = any(p < 0 or Decimal(s) < 0 for p, s in bids + asks)
    assert (BookFlags.CROSSED in book.flags) == crossed
    assert (BookFlags.NEGATIVE in book.flags) == negative


@given(changes, st.sampled_from(["1.50", "", "1e2", "+1", "-0", "0.0000000001", "NaN"]))
def test_an_unreadable_level_changes_nothing(applied, bad):
    book = PriceBook()
    for side, price, size in applied:
        book.set(side, Level(price, size, 1))
    before = (book.bids.top(1000), book.asks.top(1000), book.flags)
    for level in (Level(bad, "1", 0), Level("1", bad, 0)):
        with pytest.raises(ValueError, match="canonical"):
            book.set(Side.BID, level)
    assert (book.bids.top(1000), book.asks.top(1000), book.flags) == before
