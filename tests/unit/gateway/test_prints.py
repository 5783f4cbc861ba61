"""Prints that are not the market: a table by reason, and every TradeCondition(277) of FIX 4.4."""

import pytest

from conformance.scripted_venue import SOH, body
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import market_data_pb2 as md
from svc_gateway.adapters.fix.market.market_in import MarketReader
from svc_gateway.domain.market.prints import (
    CONDITIONS,
    PRINT_AGE_MAX_S,
    PRINT_AHEAD_MAX_S,
    OffMarket,
    off_market,
)

S = 1_000_000_000
NOW = 1_767_323_045 * S
SENT = "20260102-03:04:05"


def reason(conditions: str = "", own=(), *, has_size: bool = True, made_s: float = 0) -> OffMarket:
    return off_market(
        conditions, own, has_size=has_size, made_ns=NOW + int(made_s * S), sent_ns=NOW
    )


@pytest.mark.parametrize(("code", "off"), CONDITIONS.items())
def test_every_condition_of_fix_4_4(code: str, off: bool) -> None:
    assert (reason(code) is OffMarket.CONDITION) is off
    assert (reason(f"R {code}") is OffMarket.CONDITION) is off


def test_the_table_has_every_code_of_the_standard() -> None:
    assert set(CONDITIONS) == set("ABCDEFGHIJKLMNPQR")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (reason(), OffMarket.NOT),
        (reason("ZZ"), OffMarket.NOT),
        (reason("ZZ", ("ZZ",)), OffMarket.CONDITION),
        (reason(has_size=False), OffMarket.NO_SIZE),
        (reason(made_s=-PRINT_AGE_MAX_S), OffMarket.NOT),
        (reason(made_s=-PRINT_AGE_MAX_S - 0.001), OffMarket.OLD),
        (reason(made_s=PRINT_AHEAD_MAX_S), OffMarket.NOT),
        (reason(made_s=PRINT_AHEAD_MAX_S + 0.001), OffMarket.AHEAD),
    ],
)
def test_the_bounds(found: OffMarket, expected: OffMarket) -> None:
    assert found is expected


def trades(reader: MarketReader, *entries: str) -> list[md.Trade]:
    """The trades of an incremental refresh; entries with | between the fields."""
    message = [body("X", t52=SENT), f"268={len(entries)}", *(e.replace("|", SOH) for e in entries)]
    return [u.trade for u in reader.incremental(SOH.join(message), NOW).updates]


PRINT = "279=0|269=2|278=T1|55=A|270=50.5|271=10"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (PRINT, md.OFF_MARKET_UNSPECIFIED),
        (f"{PRINT}|272=20260102|273=03:04:04", md.OFF_MARKET_UNSPECIFIED),
        (f"{PRINT}|272=20260102|273=01:04:04", md.OFF_MARKET_OLD),
        (f"{PRINT}|272=20260101|273=03:04:04", md.OFF_MARKET_OLD),
        (f"{PRINT}|272=20260102|273=04:04:05", md.OFF_MARKET_AHEAD),
        # A time without date is the nearest one.
        (f"{PRINT}|273=03:04:04", md.OFF_MARKET_UNSPECIFIED),
        (f"{PRINT}|273=01:04:04", md.OFF_MARKET_OLD),
        (f"{PRINT}|273=23:04:04", md.OFF_MARKET_OLD),
        # A time that cannot be read says nothing.
        (f"{PRINT}|272=20260102|273=noon", md.OFF_MARKET_UNSPECIFIED),
        (f"{PRINT}|277=M", md.OFF_MARKET_CONDITION),
        (f"{PRINT}|277=R", md.OFF_MARKET_UNSPECIFIED),
        ("279=0|269=2|55=A|270=50.5|271=0", md.OFF_MARKET_NO_SIZE),
        ("279=0|269=2|55=A|270=50.5", md.OFF_MARKET_NO_SIZE),
    ],
)
def test_a_print_as_a_venue_writes_it(entry: str, why: int) -> None:
    (trade,) = trades(MarketReader("TEST"), entry)
    assert (trade.price, trade.off_market, trade.withdrawn) == ("50.5", why, False)


@pytest.mark.parametrize("price", ["0", "0.00", "-0"])
def test_a_price_of_zero_is_none(price: str) -> None:
    reader = MarketReader("TEST")
    (trade,) = trades(reader, f"279=0|269=2|278=T1|55=A|270={price}|271=10")
    assert (trade.price, trade.off_market) == ("0", md.OFF_MARKET_NO_PRICE)
    for kind in "4578":
        assert trades(reader, f"279=0|269={kind}|55=A|270={price}") == []
        figures = statistics(MarketReader("TEST"), f"269={kind}|270={price}")
        assert figures == [feed.Statistics(complete=True)]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ("270=50.4|271=10", md.OFF_MARKET_CORRECTED),
        ("270=50.4|271=10|272=20260102|273=01:00:00", md.OFF_MARKET_CORRECTED),
        ("270=50.4|271=10|277=B", md.OFF_MARKET_CONDITION),
        ("270=50.4|271=0", md.OFF_MARKET_NO_SIZE),
        ("270=0|271=10", md.OFF_MARKET_NO_PRICE),
        ("270=50.4|271=10|272=20270102|273=01:00:00", md.OFF_MARKET_AHEAD),
    ],
)
def test_a_correction_counts_unless_it_is_no_market_by_itself(fields: str, why: int) -> None:
    gone, right = trades(MarketReader("TEST"), f"279=1|269=2|278=T1|55=A|{fields}")
    assert (gone.withdrawn, right.off_market) == (True, why)


def test_a_venue_without_sizes_trades_all_the_same() -> None:
    (trade,) = trades(MarketReader("TEST", trade_sizes=False), "279=0|269=2|55=A|270=50.5")
    assert (trade.size, trade.off_market) == ("0", md.OFF_MARKET_UNSPECIFIED)


def test_a_trade_is_withdrawn_or_corrected() -> None:
    reader = MarketReader("TEST")
    (gone,) = trades(reader, "279=2|269=2|278=T1|55=A|270=50.5|271=10")
    assert (gone.trade_id, gone.price, gone.withdrawn) == ("T1", "50.5", True)
    (gone,) = trades(reader, "279=2|278=T1|55=A")
    assert (gone.trade_id, gone.withdrawn) == ("T1", True)
    gone, new = trades(reader, "279=1|269=2|278=T1|55=A|270=50.4|271=10")
    assert (gone.trade_id, gone.price, gone.withdrawn) == ("T1", "", True)
    assert (new.price, new.off_market) == ("50.4", md.OFF_MARKET_CORRECTED)


@pytest.mark.parametrize(
    ("fields", "before", "after"),
    [
        ("279=1|269=2|278=T2|280=T1", "T1", "T2"),
        ("279=1|278=T2|280=T1", "T1", "T2"),
        ("279=1|278=T1", "T1", "T1"),
        ("279=1|269=2|278=E2|280=E1|1003=T1", "T1", "T1"),
        ("279=2|269=2|278=T2|280=T1", "T1", None),
        ("279=2|280=T1", "T1", None),
    ],
)
def test_a_trade_is_found_by_the_id_that_it_had_before(fields, before, after) -> None:
    found = trades(MarketReader("TEST"), f"{fields}|55=A|270=50.4|271=10")
    assert (found[0].trade_id, found[0].withdrawn) == (before, True)
    assert [one.trade_id for one in found[1:]] == ([] if after is None else [after])


@pytest.mark.parametrize("fields", ["279=0|278=T1", "279=1", "279=2"])
def test_an_entry_that_may_be_anything_makes_the_book_incomplete(fields) -> None:
    reader = MarketReader("TEST")
    entry = f"{fields}|55=A|270=50.4|271=10".replace("|", SOH)
    reading = reader.incremental(SOH.join([body("X", t52=SENT), "268=1", entry]), NOW)
    assert [one.book_incomplete for one in reading.updates] == [True]
    assert reading.refresh == {"A"}
    assert "MDEntryType(269) is missing" in reading.faults[0]


def test_a_change_of_an_unknown_id_may_be_of_a_book_with_ids() -> None:
    reader = MarketReader("TEST")
    for fields in ("279=0|269=0|278=x", "279=1|278=y"):
        entry = f"{fields}|55=A|270=50.4|271=10".replace("|", SOH)
        reading = reader.incremental(SOH.join([body("X", t52=SENT), "268=1", entry]), NOW)
    assert [one.book_incomplete for one in reading.updates] == [True]


def statistics(reader: MarketReader, *entries: str) -> list[feed.Statistics]:
    message = [body("W", t52=SENT, t55="A"), f"268={len(entries)}", *entries]
    reading = reader.snapshot(SOH.join(e.replace("|", SOH) for e in message), NOW)
    return [u.statistics for u in reading.updates if u.HasField("statistics")]


def test_a_snapshot_says_which_figures_are_left_out() -> None:
    reader = MarketReader("TEST")
    assert statistics(reader, "269=7|270=60", "269=8|270=40") == [
        feed.Statistics(high_price="60", low_price="40", complete=True)
    ]
    assert statistics(reader) == [feed.Statistics(complete=True)]
    assert statistics(reader) == [], "nothing is left that the next one could leave out"
    reader.incremental(
        SOH.join([body("X", t52=SENT), "268=1", "279=0", "269=7", "55=A", "270=61"]), NOW
    )
    assert statistics(reader) == [feed.Statistics(complete=True)]
