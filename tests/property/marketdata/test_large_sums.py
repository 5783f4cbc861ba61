"""Sums of facts have no limit that a fact may reach: volumes, levels, candles, averages."""

from hypothesis import example, given
from hypothesis import strategies as st

from kernel.decimals import NANO, add_nano, parse_nano, parse_total
from svc_gateway.domain.market.book_entries import BookEntry, _sum
from svc_marketdata.api.mapping import candle_to_proto, quote_from_proto, quote_to_proto
from svc_marketdata.domain.auction import AuctionIndication
from svc_marketdata.domain.book import BookSide, Level, Side
from svc_marketdata.domain.consolidated import merge
from svc_marketdata.domain.market import Aggressor, InstrumentMarket, Trade

START = 20_000 * 86_400 * 10**9
LARGEST = 10**18 - 1
SIZES = st.lists(
    st.sampled_from(["700000000000000000", f"{LARGEST}.999999999", "0.000000001", "25"])
    | st.integers(1, LARGEST).map(str),
    min_size=1, max_size=8,
)  # fmt: skip


@given(SIZES, st.integers(0, 7), st.booleans())
@example(["700000000000000000"] * 2, 0, False)
def test_the_figures_of_a_day_are_exact_whatever_the_sizes(sizes, taken, restarts):
    market = InstrumentMarket("ASML.SIMA", "SIMA")
    for number, size in enumerate(sizes):
        at_ns = START + number
        trade = Trade(f"T{number}", f"{LARGEST}", size, Aggressor.BUY, at_ns, at_ns)
        market.add_trade(trade, at_ns)
        market.add_to_candle(trade, at_ns)
    units = [parse_nano(size) for size in sizes]
    if taken < len(sizes):
        at_ns = START + len(sizes)
        market.add_trade(
            Trade(f"T{taken}", "", "", Aggressor.UNSPECIFIED, at_ns, at_ns, withdrawn=True), at_ns
        )
        del units[taken]
    assert parse_total(market.quote.day.volume) == sum(units)
    candle = candle_to_proto(market.candles.latest)
    assert parse_total(candle.volume) == sum(units)
    assert market.own.vwap_price == (str(LARGEST) if units else "")
    if restarts:
        kept = market.own.traded
        after = InstrumentMarket("ASML.SIMA", "SIMA")
        quote = quote_from_proto(quote_to_proto(market))
        quote.traded = kept
        after.restore(quote)
        more = Trade("more", "1", sizes[0], Aggressor.BUY, START + 99, START + 99)
        after.add_trade(more, START + 99)
        assert parse_total(after.quote.day.volume) == sum(units) + parse_nano(sizes[0])


@given(SIZES)
def test_a_level_may_hold_the_orders_of_many(sizes):
    total = sum(parse_nano(size) for size in sizes)
    summed = _sum(
        "0", "10", [BookEntry("0", str(n), "10", size, 1) for n, size in enumerate(sizes)]
    )
    assert parse_total(summed.size) == total
    sides = []
    for name in ("A.SIMA", "A.SIMB"):
        side = BookSide(Side.BID)
        side.set(Level("10", summed.size, len(sizes)))
        sides.append((name, side))
    (level,) = merge(sides, 1)
    assert parse_total(level.size) == 2 * total
    assert AuctionIndication("10", level.size, level.size).checked()


def test_a_total_is_read_exactly_and_a_price_is_bounded():
    assert parse_total("1999999999999999999999.000000001") == 1999999999999999999999 * NANO + 1
    assert add_nano("999999999999999999", "0.5") == "999999999999999999.5"
