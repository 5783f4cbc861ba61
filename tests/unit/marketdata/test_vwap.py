"""The volume-weighted average price of a day: exact, of this day only, also after a restart."""

import pytest

from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from svc_marketdata.api.mapping import quote_from_proto, quote_to_proto
from svc_marketdata.domain.day_statistics import DayStatistics
from svc_marketdata.domain.market import Aggressor, InstrumentMarket, OffMarket, Quote, Trade
from svc_marketdata.domain.own_day import Traded

DAY = 20_000 * NS_PER_DAY


def market(*trades: tuple[str, str], day: int = DAY) -> InstrumentMarket:
    made = InstrumentMarket("ASML.SIMA", "SIMA")
    for number, (price, size) in enumerate(trades):
        add(made, f"T{number}", price, size, day + number)
    return made


def add(
    market: InstrumentMarket, trade_id: str, price: str, size: str, at_ns: int,
    off_market: OffMarket = OffMarket.NOT,
) -> None:  # fmt: skip
    trade = Trade(trade_id, price, size, Aggressor.BUY, at_ns, at_ns, off_market)
    market.add_trade(trade, at_ns)


@pytest.mark.parametrize(
    ("trades", "vwap"),
    [
        ([], ""),
        ([("10", "5")], "10"),
        ([("10", "1"), ("11", "2")], "10.666666667"),
        ([("0.000000001", "1"), ("0.000000002", "1")], "0.000000002"),
        ([("0.000000002", "1"), ("0.000000003", "1")], "0.000000002"),
        ([("-37.63", "2"), ("-40", "1")], "-38.42"),
        ([("999999999999999999", "999999999999999999"), ("1", "0.000000001")],
         "999999999999999998.999999999"),
    ],
)  # fmt: skip
def test_it_is_exact_and_rounded_half_to_even(trades, vwap) -> None:
    assert market(*trades).own.vwap_price == vwap


def test_a_trade_that_does_not_count_changes_nothing() -> None:
    made = market(("10", "5"))
    add(made, "odd", "99", "5", DAY + 9, OffMarket.CONDITION)
    add(made, "old", "99", "5", DAY + 9, OffMarket.OLD)
    assert made.own.vwap_price == "10"


def test_a_volume_that_the_venue_reports_does_not_change_it() -> None:
    made = market(("10", "5"), ("12", "5"))
    made.tell_statistics(DayStatistics(volume="1000"), DAY, DAY + 9)
    assert (made.quote.day.volume, made.own.vwap_price) == ("1000", "11")


def test_it_begins_again_with_the_trading_day() -> None:
    made = market(("10", "5"))
    add(made, "next", "20", "1", DAY + NS_PER_DAY)
    assert made.own.vwap_price == "20"
    made.grow_old(DAY + 2 * NS_PER_DAY, 0)
    assert made.own.vwap_price == ""


def restarted(before: InstrumentMarket, traded: Traded | None) -> InstrumentMarket:
    quote: Quote = quote_from_proto(quote_to_proto(before))
    quote.traded = traded
    made = InstrumentMarket("ASML.SIMA", "SIMA")
    made.restore(quote)
    return made


def test_it_survives_a_restart_without_a_rounding() -> None:
    trades = [("10", "1"), ("11", "2"), ("10", "0.1")]
    whole, first = market(*trades), market(*trades[:2])
    made = restarted(first, first.own.traded)
    assert made.own.vwap_price == first.own.vwap_price == "10.666666667"
    add(made, "T2", *trades[2], DAY + NS_PER_S)
    assert made.own.vwap_price == whole.own.vwap_price == "10.64516129"


def test_it_is_not_known_after_a_restart_that_has_no_sums_until_the_next_day() -> None:
    made = restarted(market(("10", "1")), None)
    assert made.own.vwap_price == ""
    add(made, "T2", "11", "1", DAY + NS_PER_S)
    assert made.own.vwap_price == ""
    add(made, "T3", "12", "1", DAY + NS_PER_DAY)
    assert made.own.vwap_price == "12"
    # Without trades before the restart there is nothing to know.
    empty = restarted(market(), None)
    add(empty, "T4", "13", "1", DAY)
    assert empty.own.vwap_price == "13"
