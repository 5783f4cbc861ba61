"""A venue whose clock is wrong: every time of its prices, at every distance."""

import pytest

from conformance.scripted_venue import SOH, body
from fix.wire import utc_ns, utc_text
from kernel.nanoseconds import NS_PER_S
from ordermesh.marketdata.v1 import market_data_pb2 as md
from svc_gateway.adapters.fix.market.market_in import MarketReader

NOW = utc_ns("20260102-03:04:05")
YEAR_S = 365 * 86_400
BOUND_S = 60

OFF = (BOUND_S + 1, -BOUND_S - 1, 3 * YEAR_S, -3 * YEAR_S)
IN_BOUNDS = (0, BOUND_S, -BOUND_S)


def stamp(off_s: int) -> str:
    return utc_text(NOW + off_s * NS_PER_S, "seconds")


def read(kind: str, off_s: int, *entries: str):
    reader = MarketReader("TEST", clock_difference_max_s=BOUND_S)
    message = [body(kind, t52=stamp(off_s), t55="A"), f"268={len(entries)}"]
    raw = SOH.join([*message, *(entry.replace("|", SOH) for entry in entries)])
    return (reader.snapshot if kind == "W" else reader.incremental)(raw, NOW)


W_ENTRIES = ("269=0|270=1|271=5", "269=7|270=9", "269=2|270=2|271=5")
X_ENTRIES = (
    "279=0|269=0|270=1|271=5",
    "279=0|269=7|270=9",
    "279=0|269=2|278=T1|270=2|271=5",
    "279=2|269=2|278=T1",
)


@pytest.mark.parametrize(("kind", "entries"), [("W", W_ENTRIES), ("X", X_ENTRIES)])
@pytest.mark.parametrize("off_s", OFF)
def test_a_clock_that_is_far_off_gives_no_time(kind: str, entries, off_s: int) -> None:
    reading = read(kind, off_s, *entries)
    assert reading.moved_by_ns == -off_s * NS_PER_S
    assert len(reading.updates) == len(entries)
    for update in reading.updates:
        assert update.venue_time.ToNanoseconds() == NOW, update
        if update.HasField("trade"):
            assert update.trade.venue_time.ToNanoseconds() == NOW
        if update.HasField("book"):
            assert update.book.venue_time.ToNanoseconds() == NOW


@pytest.mark.parametrize("off_s", IN_BOUNDS)
def test_a_clock_within_its_bound_counts(off_s: int) -> None:
    reading = read("X", off_s, *X_ENTRIES)
    assert not reading.moved_by_ns
    sent_ns = NOW + off_s * NS_PER_S
    assert {update.venue_time.ToNanoseconds() for update in reading.updates} == {sent_ns}


@pytest.mark.parametrize("off_s", OFF)
@pytest.mark.parametrize(
    ("made_s", "why"),
    [(0, md.OFF_MARKET_UNSPECIFIED), (-3600, md.OFF_MARKET_OLD), (3600, md.OFF_MARKET_AHEAD)],
)
def test_how_old_a_trade_is_stays_what_it_is(off_s: int, made_s: int, why: int) -> None:
    date, time = stamp(off_s + made_s).split("-")
    reading = read("X", off_s, f"279=0|269=2|278=T1|270=2|271=5|272={date}|273={time}")
    (trade,) = [update.trade for update in reading.updates]
    assert trade.venue_time.ToNanoseconds() == NOW + made_s * NS_PER_S
    assert trade.off_market == why


def test_a_time_that_cannot_be_read_is_no_difference() -> None:
    reader = MarketReader("TEST")
    raw = SOH.join([body("X", t52="noon"), "268=1", "279=0", "269=0", "55=A", "270=1", "271=5"])
    reading = reader.incremental(raw, NOW)
    assert (reading.moved_by_ns, reading.updates[0].venue_time.seconds) == (0, 0)
