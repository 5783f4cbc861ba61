"""Packed hours are exact, candles of the past are those of their trades, repeated reports change
nothing."""

from collections import defaultdict
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kernel.decimals import parse_nano
from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from kernel.trading_calendar import UTC_DAYS, TradingCalendar
from svc_marketdata.domain.history.adjusting import (
    Line,
    Split,
    adjusted_candles,
    adjusted_trade,
    unchanged,
)
from svc_marketdata.domain.history.fold import fold
from svc_marketdata.domain.history.hours import Minute, between, hour_of, pack, unpack
from svc_marketdata.domain.history.intervals import HOUR_NS, MINUTE_NS, Interval, bounds_of
from svc_marketdata.domain.history.reports import Numbering, Report, apply
from svc_marketdata.domain.market import Aggressor, OffMarket, Trade
from svc_marketdata.domain.tally import Tally

START = 20_000 * NS_PER_DAY
AMSTERDAM = TradingCalendar("Europe/Amsterdam", 0, range(5))
WIDE = st.integers(-(10**27), 10**27)


@st.composite
def minutes(draw, numbers=WIDE):
    """1-minute candles of one hour."""
    made = []
    for minute in sorted(draw(st.sets(st.integers(0, 59), min_size=1, max_size=60))):
        opened, high, low, close = (draw(numbers) for _ in range(4))
        volume, turnover, count = abs(draw(numbers)), draw(numbers), draw(st.integers(1, 9_999))
        prices = (opened, max(opened, high, low, close), min(opened, high, low, close), close)
        made.append(Minute(START + minute * MINUTE_NS, *prices, volume, turnover, count))
    return made


def read(hour):
    """The numbers of an hour, without their units."""
    base, unit = hour.base, hour.price_unit
    return [
        (minute, *(price * unit + base for price in prices), volume * hour.volume_unit,
         turnover * hour.turnover_unit, count)
        for minute, *prices, volume, turnover, count in zip(
            hour.minutes, hour.opens, hour.highs, hour.lows, hour.closes, hour.volumes,
            hour.turnovers, hour.trade_counts, strict=True)
    ]  # fmt: skip


@given(st.one_of(minutes(), minutes(st.integers(1, 500).map(lambda n: n * 10_000_000))))
def test_a_packed_hour_is_exact(candles):
    hour = hour_of(candles)
    unpacked = unpack(START, pack(hour))
    assert read(unpacked) == read(hour)
    assert unpacked.start_ns == START


TRADES = st.lists(
    st.tuples(st.integers(0, 40 * 24 * 60 - 1), st.integers(1, 900), st.integers(1, 50)),
    max_size=60,
)


def tally_of(trades):
    made = Tally()
    for _, price, size in trades:
        made.add(price, size)
    return made


@given(TRADES, st.sampled_from([i for i in Interval if not i.of_trades]))
def test_candles_of_any_length_are_those_of_their_trades(trades, interval):
    trades = sorted(trades, key=lambda trade: trade[0])
    by_minute, by_bounds = defaultdict(list), defaultdict(list)
    for trade in trades:
        at_ns = START + trade[0] * MINUTE_NS
        by_minute[at_ns].append(trade)
        by_bounds[bounds_of(interval, AMSTERDAM, at_ns)].append(trade)
    hours = defaultdict(list)
    for at_ns, some in by_minute.items():
        t = tally_of(some)
        hours[at_ns // HOUR_NS].append(
            Minute(at_ns, t.open, t.high, t.low, t.close, t.volume, t.turnover, t.trade_count)
        )
    packed = [unpack(key * HOUR_NS, pack(hour_of(some))) for key, some in hours.items()]
    found = list(
        fold(packed, lambda at: bounds_of(interval, AMSTERDAM, at), 0, START + 10**3 * NS_PER_DAY)
    )
    assert [(one.start_ns, one.end_ns) for one in found] == list(by_bounds)
    for candle, some in zip(found, by_bounds.values(), strict=True):
        assert candle.copy() == tally_of(some)


@given(st.integers(0, 4 * 365 * 24 * 3600))
def test_an_instant_is_in_its_interval_and_intervals_join(seconds):
    at_ns = START + seconds * NS_PER_S
    for interval in Interval:
        start_ns, end_ns = bounds_of(interval, AMSTERDAM, at_ns)
        assert start_ns <= at_ns < end_ns
        assert bounds_of(interval, AMSTERDAM, start_ns) == (start_ns, end_ns)
        assert bounds_of(interval, AMSTERDAM, end_ns).start_ns == end_ns


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), st.integers(1, 9), st.integers(1, 5)),
        st.tuples(st.just("withdraw"), st.integers(0, 8), st.just(1)),
        st.tuples(st.just("correct"), st.integers(0, 8), st.integers(1, 9)),
    ),
    max_size=30,
)


def reports_of(steps):
    """Reports as one gateway sends them."""
    numbering, made = Numbering(), []
    for number, (kind, one, other) in enumerate(steps):
        now_ns = START + number * NS_PER_S
        trade = Trade(f"T{number}", str(one), str(other), Aggressor.BUY, now_ns, now_ns)
        if kind == "withdraw":
            trade = replace(trade, trade_id=f"T{one}", withdrawn=True)
        elif kind == "correct":
            trade = replace(
                trade, trade_id=f"T{one}", price=str(other), off_market=OffMarket.CORRECTED
            )
        key = numbering.key_of("ASML.SIMA", trade, now_ns)
        made.append(Report("ASML.SIMA", key, now_ns, now_ns, trade, UTC_DAYS.day_of(now_ns)))
    return made


def written(stored, reports):
    """What is stored after a transaction."""
    changes = apply(stored.values(), reports)
    changed = [*changes.added, *changes.amended]
    return {**stored, **{one.place: one for one in changed}}


@given(STEPS, st.data())
def test_batches_of_several_replicas_in_any_division_give_what_one_gives(steps, data):
    reports = reports_of(steps)
    once = written({}, reports)
    replicas = [list(reports) for _ in range(3)]
    stored = {}
    while any(replicas):
        queue = data.draw(st.sampled_from([one for one in replicas if one]))
        count = data.draw(st.integers(1, len(queue)))
        stored = written(stored, queue[:count])
        if data.draw(st.booleans()):  # else the answer was lost, and it is written again
            del queue[:count]
    assert stored == once


DAYS_STEPS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(["T1", "T2"]), st.integers(1, 9),
        st.sampled_from(["trade", "withdraw", "correct"]),
    ),
    max_size=25,
)  # fmt: skip


@given(DAYS_STEPS, st.data())
def test_an_id_that_comes_again_each_day_names_the_trade_of_its_day(steps, data):
    """What one venue means, day by day, is what is stored, however often it is written."""
    reports, meant = [], {}
    for number, (day, trade_id, price, kind) in enumerate(sorted(steps, key=lambda one: one[0])):
        now_ns = START + day * NS_PER_DAY + number * NS_PER_S
        trade = Trade(trade_id, str(price), "1", Aggressor.BUY, now_ns, now_ns)
        days_before = [one for one in meant if one[0] == trade_id]
        if kind == "trade":
            meant.setdefault((trade_id, day), [str(price), False])
            if meant[trade_id, day][1]:  # withdrawn, and reported again
                meant[trade_id, day] = [str(price), False]
        elif not days_before:
            continue
        elif kind == "withdraw":
            trade = replace(trade, withdrawn=True)
            meant[max(days_before)][1] = True
        else:
            trade = replace(trade, off_market=OffMarket.CORRECTED)
            meant[max(days_before)] = [str(price), False]
        reports.append(
            Report("ASML.SIMA", trade_id, now_ns, now_ns, trade, UTC_DAYS.day_of(now_ns))
        )
    stored, at = {}, 0
    while at < len(reports):
        count = data.draw(st.integers(1, len(reports) - at))
        again = data.draw(st.integers(0, at))
        # Another replica is late, and writes once more what is written.
        stored = written(written(stored, reports[at : at + count]), reports[again : at + count])
        at += count
    found = {
        (one.key, one.at_ns // NS_PER_DAY - START // NS_PER_DAY): [one.price, one.withdrawn]
        for one in stored.values()
    }
    assert found == meant


def test_trades_without_an_id_that_are_equal_are_two_trades():
    numbering = Numbering()
    trade = Trade("", "10", "5", Aggressor.BUY, START)
    keys = [numbering.key_of("ASML.SIMA", trade, START) for _ in range(2)]
    assert len(set(keys)) == len(keys)
    # Another process numbers them in the same way.
    again = Numbering()
    assert [again.key_of("ASML.SIMA", trade, START) for _ in range(2)] == keys


def test_prices_are_weighted_by_volume():
    tally = Tally()
    for price, size in (("10", "1"), ("11", "3")):
        tally.add(parse_nano(price), parse_nano(size))
    assert tally.vwap == parse_nano("10.75")
    assert Tally().vwap is None


SHARES = st.sampled_from(["1", "2", "3", "7", "10", "1.5"])


@st.composite
def lines(draw):
    """Splits at minutes of the time that TRADES cover."""
    ats = sorted(draw(st.sets(st.integers(0, 40 * 24 * 60 - 1), max_size=3)))
    splits = [Split(START + at * MINUTE_NS, "2027-01-04", draw(SHARES), draw(SHARES)) for at in ats]
    return Line(unchanged("ASML.SIMA").parts, tuple(splits))


@given(TRADES, lines(), st.sampled_from([i for i in Interval if not i.of_trades]))
def test_adjusting_and_aggregating_may_change_places(trades, line, interval):
    """Candles that are adjusted are the candles of exactly adjusted trades, rounded once."""
    trades = sorted(trades, key=lambda trade: trade[0])
    by_minute, by_bounds = defaultdict(list), defaultdict(list)
    for minute, cents, shares in trades:
        at_ns = START + minute * MINUTE_NS
        price, size = cents * 10_000_019, shares * 10**9
        by_minute[at_ns].append((minute, price, size))
        factor = line.factor(at_ns)
        by_bounds[bounds_of(interval, AMSTERDAM, at_ns)].append((price * factor, size / factor))
    hours = defaultdict(list)
    for at_ns, some in by_minute.items():
        t = tally_of(some)
        hours[at_ns // HOUR_NS].append(
            Minute(at_ns, t.open, t.high, t.low, t.close, t.volume, t.turnover, t.trade_count)
        )
    stored = [unpack(key * HOUR_NS, pack(hour_of(some))) for key, some in hours.items()]
    found = adjusted_candles(
        (
            factor,
            fold(
                between(stored, begin_ns, end_ns),
                lambda at: bounds_of(interval, AMSTERDAM, at),
                0,
                START + 10**3 * NS_PER_DAY,
            ),
        )
        for begin_ns, end_ns, factor in line.spans()
    )
    assert [(one.start_ns, one.end_ns) for one in found] == list(by_bounds)
    for candle, some in zip(found, by_bounds.values(), strict=True):
        prices = [round(price) for price, _ in some]
        assert candle.copy() == Tally(
            prices[0], max(prices), min(prices), prices[-1],
            round(sum(size for _, size in some)), len(some),
            sum(price * size for price, size in some),
        )  # fmt: skip


def test_a_trade_before_two_splits_is_adjusted_by_their_product_rounded_half_to_even():
    line = Line(
        unchanged("ASML.SIMA").parts,
        (Split(START + 1, "2027-01-04", "3", "1"), Split(START + 2, "2027-01-05", "2", "1")),
    )
    trade = Trade("T1", "10", "5", Aggressor.BUY, START)
    report = Report("ASML.SIMA", "T1", START, START, trade, UTC_DAYS.day_of(START))
    (stored,) = apply((), [report]).added
    made = adjusted_trade(stored, line)
    assert (made.price, made.size) == ("1.666666667", "30")
    assert adjusted_trade(replace(stored, at_ns=START + 2), line).price == "10"
