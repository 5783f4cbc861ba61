"""However trades are withdrawn and corrected, all figures are those of the trades that remain."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.decimals import format_nano, parse_nano
from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from svc_marketdata.domain import kept_trades
from svc_marketdata.domain.candles import CANDLE_NS
from svc_marketdata.domain.day_statistics import DayStatistics
from svc_marketdata.domain.market import Aggressor, InstrumentMarket, OffMarket, Trade

DAY = 20_000 * NS_PER_DAY
KEPT = 4
"""Trades kept in this test: few, so that older ones are part of sums only."""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), st.integers(1, 9), st.integers(1, 5)),
        st.tuples(st.just("withdraw"), st.integers(0, 12), st.just(0)),
        st.tuples(st.just("correct"), st.integers(0, 12), st.integers(1, 9)),
    ),
    max_size=40,
)


@dataclass
class Made:
    trade_id: str
    price: int
    size: int
    at_ns: int
    kept: bool = True


class Model:
    """The trades that remain, as a list."""

    def __init__(self) -> None:
        self.market = InstrumentMarket("ASML.SIMA", "SIMA")
        self.trades: list[Made] = []
        self.count = 0

    def trade(self, price: int, size: int) -> None:
        self.count += 1
        made = Made(f"T{self.count}", price, size, DAY + self.count * 20 * NS_PER_S)
        self.trades.append(made)
        kept = [one for one in self.trades if one.kept]
        if len(kept) > KEPT:
            kept[0].kept = False
        trade = Trade(made.trade_id, str(price), str(size), Aggressor.BUY, made.at_ns, made.at_ns)
        self.market.add_trade(trade, made.at_ns)
        candles = self.market.candles
        if candles.is_over(made.at_ns):
            candles.complete()
            candles.keep_completed(self.count)
        self.market.add_to_candle(trade, made.at_ns)

    def amend(self, number: int, price: int) -> None:
        """Withdraw the trade so many places from the end; correct it if there is a price."""
        if number >= len(self.trades):
            return
        made = self.trades[-1 - number]
        at_ns = DAY + self.count * 20 * NS_PER_S + 1
        gone = Trade(made.trade_id, "", "", Aggressor.UNSPECIFIED, at_ns, at_ns, withdrawn=True)
        self.market.add_trade(gone, at_ns)
        if price:
            right = Trade(
                made.trade_id, str(price), "7", Aggressor.UNSPECIFIED, at_ns, at_ns,
                OffMarket.CORRECTED,
            )  # fmt: skip
            self.market.add_trade(right, at_ns)
        if not made.kept:
            return
        if price:
            made.price, made.size = price, 7
        else:
            self.trades.remove(made)

    def check(self) -> None:
        quote, left = self.market.quote, self.trades
        prices = [one.price for one in left]
        volume = format_nano(parse_nano(str(sum(one.size for one in left))))
        expected = DayStatistics(volume=volume if self.count else "")
        if left:
            expected = DayStatistics(str(prices[0]), str(max(prices)), str(min(prices)), "", volume)
        assert quote.day == expected
        assert self.market.own.vwap_price == vwap(left)
        if left and left[-1].kept:
            assert quote.last_price == str(prices[-1])
        for candle in self.candles():
            minute = [one for one in left if one.at_ns // CANDLE_NS * CANDLE_NS == candle.start_ns]
            assert candle.trade_count == len(minute)
            assert candle.volume == parse_nano(str(sum(one.size for one in minute)))
            if minute:
                of_minute = [parse_nano(str(one.price)) for one in minute]
                assert (candle.open, candle.close) == (of_minute[0], of_minute[-1])
                assert (candle.high, candle.low) == (max(of_minute), min(of_minute))

    def candles(self) -> list:
        series = self.market.candles
        done = [one.candle for one in series.completed]
        return [*done, series.latest] if series.latest else done


def vwap(trades: list[Made]) -> str:
    """What remains, by fractions: exact, then rounded half to even to 9 digits."""
    volume = sum(one.size for one in trades)
    if not volume:
        return ""
    exact = Fraction(sum(one.price * one.size for one in trades), volume)
    return format_nano(round(exact * 10**9))


@pytest.fixture(autouse=True, scope="module")
def few_are_kept():
    before, kept_trades.TRADES_KEPT_MAX = kept_trades.TRADES_KEPT_MAX, KEPT
    yield
    kept_trades.TRADES_KEPT_MAX = before


@given(STEPS)
def test_figures_are_those_of_the_trades_that_remain(steps) -> None:
    model = Model()
    for what, first, second in steps:
        if what == "trade":
            model.trade(first, second)
        else:
            model.amend(first, second)
        model.check()
