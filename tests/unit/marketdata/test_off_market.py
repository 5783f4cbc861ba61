"""Trades that are not the market, withdrawn trades, and figures that do not survive their day."""

from dataclasses import replace

import pytest

from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from kernel.trading_calendar import TradingCalendar
from svc_marketdata.domain.day_statistics import DayStatistics
from svc_marketdata.domain.market import (
    Aggressor,
    Changed,
    InstrumentMarket,
    OffMarket,
    Quote,
    Trade,
)

DAY = 20_000 * NS_PER_DAY
HOUR = 3600 * NS_PER_S


def trade(trade_id: str, price: str, at_ns: int = DAY, **changes) -> Trade:
    return replace(Trade(trade_id, price, "1", Aggressor.BUY, at_ns, at_ns), **changes)


@pytest.fixture
def m() -> InstrumentMarket:
    made = InstrumentMarket("ASML.SIMA", "SIMA")
    for number, price in enumerate(("50", "52", "51")):
        made.add_trade(trade(f"T{number}", price), DAY + number)
    return made


FIGURES = DayStatistics(open_price="50", high_price="52", low_price="50", volume="3")


@pytest.mark.parametrize("why", [one for one in OffMarket if one is not OffMarket.NOT])
def test_a_print_that_is_not_the_market_changes_no_price(m, why: OffMarket) -> None:
    made_ns = DAY - HOUR if why is OffMarket.OLD else DAY + HOUR
    off = trade("T9", "99", made_ns, off_market=why)
    assert m.add_trade(off, DAY + 9) == Changed.TRADE | Changed.QUOTE
    assert m.trade is off
    assert (m.quote.last_price, m.quote.last_off_market, m.quote.day) == ("51", False, FIGURES)
    assert m.quote.venue_time_ns <= DAY


def test_an_old_print_is_the_last_price_if_nothing_was_traded_since() -> None:
    m = InstrumentMarket("ASML.SIMA", "SIMA")
    m.add_trade(trade("T1", "50", DAY - HOUR, off_market=OffMarket.OLD), DAY)
    assert (m.quote.last_price, m.quote.last_off_market) == ("50", True)
    assert m.quote.day == DayStatistics()
    m.add_trade(trade("T2", "51"), DAY + 1)
    assert (m.quote.last_price, m.quote.last_off_market) == ("51", False)


def withdrawn(trade_id: str) -> Trade:
    return trade(trade_id, "", size="", withdrawn=True)


def test_the_last_trade_withdrawn_leaves_the_one_before(m) -> None:
    assert m.add_trade(withdrawn("T2"), DAY + 9) == Changed.TRADE | Changed.QUOTE
    assert (m.quote.last_price, m.quote.last_off_market) == ("52", False)
    assert m.trade == replace(withdrawn("T2"), price="51", size="1")
    # It may be reported again.
    m.add_trade(trade("T2", "50.5"), DAY + 10)
    assert m.quote.last_price == "50.5"


def test_the_highest_trade_withdrawn_leaves_the_high_of_the_rest(m) -> None:
    m.add_trade(withdrawn("T1"), DAY + 9)
    assert m.quote.last_price == "51"
    assert (m.quote.day.high_price, m.quote.day.low_price) == ("51", "50")


def test_the_only_trade_withdrawn_leaves_a_last_price_that_is_not_the_market() -> None:
    m = InstrumentMarket("ASML.SIMA", "SIMA")
    m.add_trade(trade("T1", "50"), DAY)
    m.add_trade(withdrawn("T1"), DAY + 1)
    assert (m.quote.last_price, m.quote.last_off_market) == ("50", True)
    assert m.quote.day.high_price == ""


def test_a_trade_that_is_not_known_is_not_withdrawn(m) -> None:
    assert m.add_trade(withdrawn("T7"), DAY + 9) == Changed.NOTHING
    assert m.quote.last_price == "51"


YESTERDAY = DayStatistics(open_price="40", high_price="45", low_price="39", volume="900")


def tell(m: InstrumentMarket, told: DayStatistics, at_ns: int, **how) -> None:
    m.tell_statistics(told, at_ns, at_ns, **how)


NEXT_DAY = DAY + NS_PER_DAY


@pytest.mark.parametrize(
    "report",
    [
        lambda m: m.replace_book([], [], NEXT_DAY, NEXT_DAY),
        lambda m: tell(m, DayStatistics(), NEXT_DAY),
        lambda m: tell(m, DayStatistics(), NEXT_DAY, complete=True),
        lambda m: m.grow_old(NEXT_DAY, HOUR),
    ],
    ids=["a book", "figures", "figures of a snapshot", "the clock"],
)
def test_no_figure_survives_a_new_day(m, report) -> None:
    tell(m, YESTERDAY, DAY + 5)
    report(m)
    assert m.quote.day == DayStatistics(close_price="51")
    m.add_trade(trade("T5", "60", NEXT_DAY), NEXT_DAY + 1)
    assert (m.quote.day.open_price, m.quote.day.high_price) == ("60", "60")


def test_a_snapshot_without_figures_leaves_those_of_the_trades(m) -> None:
    tell(m, YESTERDAY, DAY + 5, complete=True)
    assert m.quote.day.high_price == "45"
    tell(m, DayStatistics(), DAY + 6, complete=True)
    assert m.quote.day == FIGURES


def test_a_snapshot_without_figures_leaves_none_without_trades() -> None:
    m = InstrumentMarket("ASML.SIMA", "SIMA")
    tell(m, YESTERDAY, DAY, complete=True)
    tell(m, DayStatistics(low_price="41"), DAY + 1, complete=True)
    assert m.quote.day == DayStatistics(low_price="41")


def test_an_update_adds_to_the_figures() -> None:
    m = InstrumentMarket("ASML.SIMA", "SIMA")
    tell(m, YESTERDAY, DAY)
    tell(m, DayStatistics(high_price="46"), DAY + 1)
    assert m.quote.day == replace(YESTERDAY, high_price="46")


def test_the_figures_of_an_earlier_process_do_not_survive_the_day() -> None:
    m = InstrumentMarket("ASML.SIMA", "SIMA")
    m.restore(Quote(last_price="44", day=YESTERDAY, venue_time_ns=DAY))
    m.replace_book([], [], NEXT_DAY, NEXT_DAY)
    assert m.quote.day == DayStatistics(close_price="44")


def corrected(
    m: InstrumentMarket, trade_id: str, price: str, size: str = "1", at_ns=DAY + 9
) -> int:
    """Apply MDUpdateAction(279)=1 as the gateway passes it on: withdrawn, then right."""
    m.add_trade(replace(withdrawn(trade_id), received_ns=at_ns), at_ns)
    right = trade(trade_id, price, at_ns, size=size, off_market=OffMarket.CORRECTED)
    return m.add_trade(right, at_ns)


@pytest.mark.parametrize(
    ("trade_id", "price", "size", "last", "off", "figures"),
    [
        ("T0", "49", "1", "51", False, ("49", "52", "49", "3")),
        ("T0", "53", "1", "51", False, ("53", "53", "51", "3")),
        ("T1", "50.5", "1", "51", False, ("50", "51", "50", "3")),
        ("T1", "52", "5", "51", False, ("50", "52", "50", "7")),
        ("T2", "48", "1", "48", True, ("50", "52", "48", "3")),
        ("T2", "60", "2", "60", True, ("50", "60", "50", "4")),
        # A trade that is not kept: shown, and counts for nothing.
        ("T7", "99", "9", "51", False, ("50", "52", "50", "3")),
        ("", "99", "9", "51", False, ("50", "52", "50", "3")),
    ],
)
def test_a_corrected_trade_counts_in_the_place_of_the_one_before(
    m, trade_id, price, size, last, off, figures
) -> None:
    corrected(m, trade_id, price, size)
    assert (m.quote.last_price, m.quote.last_off_market) == (last, off)
    day = m.quote.day
    assert (day.open_price, day.high_price, day.low_price, day.volume) == figures
    assert m.trade is not None
    assert (m.trade.price, m.trade.off_market) == (price, OffMarket.CORRECTED)
    assert m.unknown_amendments == (trade_id in {"", "T7"})


def test_a_corrected_trade_may_have_another_id_from_then_on(m) -> None:
    m.add_trade(replace(withdrawn("T2"), received_ns=DAY + 9), DAY + 9)
    m.add_trade(trade("T2b", "48", DAY + 9, size="1", off_market=OffMarket.CORRECTED), DAY + 9)
    assert (m.quote.last_price, m.quote.day.low_price, m.quote.day.volume) == ("48", "48", "3")
    m.add_trade(replace(withdrawn("T2b"), received_ns=DAY + 10), DAY + 10)
    assert (m.quote.day.low_price, m.quote.day.volume) == ("50", "2")


def test_a_volume_of_the_same_message_is_not_changed_again(m) -> None:
    tell(m, DayStatistics(volume="1000"), DAY + 9)
    m.add_trade(withdrawn("T2"), DAY + 9)
    assert m.quote.day.volume == "1000"
    corrected(m, "T1", "52", "5", at_ns=DAY + 9)
    assert m.quote.day.volume == "1000"
    m.add_trade(withdrawn("T0"), DAY + 10)
    assert m.quote.day.volume == "999"


def test_a_figure_that_the_trade_did_not_make_stays(m) -> None:
    tell(m, DayStatistics(high_price="70", low_price="20"), DAY + 8)
    m.add_trade(withdrawn("T1"), DAY + 9)
    assert (m.quote.day.high_price, m.quote.day.low_price) == ("70", "20")


def test_an_old_print_withdrawn_is_not_the_last_price_any_more(m) -> None:
    m.add_trade(trade("T9", "55", DAY + 1, off_market=OffMarket.OLD), DAY + HOUR)
    assert (m.quote.last_price, m.quote.last_off_market) == ("55", True)
    m.add_trade(withdrawn("T9"), DAY + HOUR + 1)
    assert (m.quote.last_price, m.quote.last_off_market) == ("51", False)
    assert m.quote.day == FIGURES


def test_a_trade_of_yesterday_is_withdrawn_without_a_change_of_today(m) -> None:
    m.add_trade(trade("T5", "60", NEXT_DAY), NEXT_DAY)
    m.add_trade(withdrawn("T1"), NEXT_DAY + 1)
    corrected(m, "T2", "45", at_ns=NEXT_DAY + 2)
    assert m.quote.day == DayStatistics("60", "60", "60", "51", "1")


def test_a_late_trade_of_yesterday_does_not_count_today(m) -> None:
    m.add_trade(trade("T5", "60", NEXT_DAY), NEXT_DAY)
    m.add_trade(trade("T6", "99", NEXT_DAY - NS_PER_S), NEXT_DAY + 1)
    assert m.quote.day == DayStatistics("60", "60", "60", "51", "1")


TOKYO = TradingCalendar("Asia/Tokyo")
TOKYO_OPENS = DAY + 15 * HOUR


def test_the_day_is_that_of_the_venue() -> None:
    m = InstrumentMarket("7203.XTKS", "XTKS", TOKYO)
    m.add_trade(trade("T1", "50", TOKYO_OPENS - HOUR), TOKYO_OPENS - HOUR)
    m.add_trade(trade("T2", "51", TOKYO_OPENS), TOKYO_OPENS)
    m.add_trade(trade("T3", "52", DAY + NS_PER_DAY + HOUR), DAY + NS_PER_DAY + HOUR)
    assert m.quote.day == DayStatistics("51", "52", "51", "50", "2")


def test_a_calendar_that_comes_later_ends_no_day() -> None:
    """After a restart the quote is there before the venue's feed."""
    m = InstrumentMarket("7203.XTKS", "XTKS")
    m.restore(Quote(last_price="44", day=YESTERDAY, received_ns=TOKYO_OPENS + HOUR))
    m.use_calendar(TOKYO)
    m.grow_old(TOKYO_OPENS + 20 * HOUR, 0)
    assert m.quote.day == YESTERDAY
    m.add_trade(trade("T1", "60", TOKYO_OPENS + 2 * HOUR), TOKYO_OPENS + 2 * HOUR)
    assert m.quote.day == replace(YESTERDAY, high_price="60", volume="901")
    m.grow_old(TOKYO_OPENS + 24 * HOUR, 0)
    assert m.quote.day == DayStatistics(close_price="60")


def test_a_restored_time_of_a_wrong_clock_does_not_stay() -> None:
    m = InstrumentMarket("ASML.SIMA", "SIMA")
    m.restore(Quote(last_price="44", received_ns=DAY, venue_time_ns=DAY + 1000 * NS_PER_DAY))
    m.add_trade(trade("T1", "45", DAY + HOUR), DAY + HOUR)
    assert m.quote.venue_time_ns == DAY + HOUR
    assert m.quote.day.open_price == "45"
