"""Packed trades, ids and candles are those that plain objects would be, however large they are."""

from collections import deque
from dataclasses import replace
from struct import Struct

from hypothesis import given
from hypothesis import strategies as st

from svc_marketdata.domain import candles, kept_trades
from svc_marketdata.domain.candles import CANDLE_NS, Candle, CandleSeries, candle_start
from svc_marketdata.domain.kept_trades import KeptTrade, KeptTrades
from svc_marketdata.domain.packed.queues import ROWS_AT_ONCE, PackedIds, PackedRows
from svc_marketdata.domain.tally import Tally

NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**63), 2**63 - 1),
    # Canonical decimals have up to 27 digits in 10⁻⁹.
    st.integers(-(10**27), 10**27),
)
IDS = st.sampled_from(["", "1", "11", "T-1", "T-2", "é", "ÿ"])
KEPT = 4

ROW_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "append", "turn", "pop left", "pop", "insert", "set"]),
        st.integers(0, 3 * ROWS_AT_ONCE),
        st.tuples(NUMBERS, NUMBERS, st.integers(0, 255)),
    ),
    max_size=80,
)
ID_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "turn", "pop left", "pop", "insert", "remove"]),
        st.integers(0, 20),
        IDS,
    ),
    max_size=40,
)


@given(ROW_STEPS)
def test_packed_rows_are_those_of_a_list(steps) -> None:
    packed, plain = PackedRows(Struct("<qqB")), []
    for what, index, row in steps:
        if what == "append" or not plain:
            packed.append(row)
            plain.append(row)
        elif what == "turn":
            assert packed.turn(row) == plain.pop(0)
            plain.append(row)
        elif what == "pop left":
            assert packed.popleft() == plain.pop(0)
        elif what == "pop":
            assert packed.pop(index % len(plain)) == plain.pop(index % len(plain))
        elif what == "insert":
            packed.insert(index % len(plain), row)
            plain.insert(index % len(plain), row)
        else:
            packed[index % len(plain)] = plain[index % len(plain)] = row
        assert list(packed) == plain
        assert len(packed) == len(plain)


@given(ID_STEPS)
def test_packed_ids_are_those_of_a_list(steps) -> None:
    packed, plain = PackedIds(), []
    for what, index, one in steps:
        if what == "append" or not plain:
            packed.append(one)
            plain.append(one)
        elif what == "turn":
            packed.turn(one)
            plain = [*plain[1:], one]
        elif what == "pop left":
            packed.popleft()
            plain.pop(0)
        elif what == "pop":
            assert packed.pop(index % len(plain)) == plain.pop(index % len(plain))
        elif what == "insert":
            packed.insert(index % len(plain), one)
            plain.insert(index % len(plain), one)
        else:
            packed.remove(one)
            if one in plain:
                plain.reverse()
                plain.remove(one)
                plain.reverse()
        assert list(packed) == plain
        assert len(packed) == len(plain)
        places = [place for place, known in enumerate(plain) if known == one]
        assert (one in packed) == bool(places)
        assert list(packed.indexes(one)) == places[::-1]


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 2)), max_size=40), st.integers(0, 12))
def test_packed_candles_are_those_that_were_completed(trades, amended) -> None:
    series, plain = CandleSeries(), deque(maxlen=KEPT)
    known, candles.CANDLES_KEPT_MAX = candles.CANDLES_KEPT_MAX, KEPT
    try:
        at_ns = 0
        for number, (price, size, minutes) in enumerate(trades):
            at_ns += minutes * CANDLE_NS
            if series.is_over(at_ns):
                series.complete()
                series.keep_completed(number)
                plain.append((number, replace(series.latest)))
            series.add(price, size, at_ns)
            assert [(one.sequence, one.candle) for one in series.completed] == list(plain)
        for _, candle in plain:
            if candle.start_ns == amended * CANDLE_NS:
                candle.set(Tally(1, 2, 3, 4, 5, 6, -(10**40)))
        if series.latest is not None and amended * CANDLE_NS < series.latest.start_ns:
            tally = Tally(1, 2, 3, 4, 5, 6, -(10**40))
            series.amend(amended * CANDLE_NS, tally)
            assert series.amended is not None
            assert series.amended.turnover == tally.turnover
            assert [(one.sequence, one.candle) for one in series.completed] == list(plain)
    finally:
        candles.CANDLES_KEPT_MAX = known


def test_the_latest_candle_is_amended_where_it_is_although_it_is_kept() -> None:
    series = CandleSeries()
    series.add(10, 1, 5)
    series.complete()
    series.keep_completed(4)
    series.amend(0, Tally(7, 7, 7, 7, 2, 1, 14))
    assert series.amended is None
    assert series.latest == series.completed[0].candle == Candle(7, 7, 7, 7, 2, 1, 14, 0, True)


class PlainTrades:
    """The trades that are kept, as objects, and all that were made."""

    def __init__(self) -> None:
        self.kept: list[KeptTrade] = []
        self.older: list[KeptTrade] = []

    def add(self, one: KeptTrade) -> None:
        self.kept.append(one)
        if len(self.kept) > KEPT:
            self.older.append(self.kept.pop(0))

    def sum_of(self, choose) -> Tally:
        tally = Tally()
        for one in filter(choose, self.older + self.kept):
            tally.add(one.price, one.size)
        return tally

    def take(self, trade_id: str, before_ns: int) -> tuple[int, KeptTrade] | None:
        for index in reversed(range(len(self.kept))):
            one = self.kept[index]
            if trade_id and one.trade_id == trade_id and one.at_ns < before_ns:
                return index, self.kept.pop(index)
        return None


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), IDS, NUMBERS, NUMBERS, st.booleans()),
            st.tuples(st.just("withdraw"), IDS, st.integers(0, 40), st.just(0), st.just(False)),
            st.tuples(st.just("correct"), IDS, NUMBERS, NUMBERS, st.just(False)),
        ),
        max_size=40,
    )
)
def test_packed_trades_are_those_of_a_list(steps) -> None:
    packed, plain, at_ns = KeptTrades(), PlainTrades(), 0
    known, kept_trades.TRADES_KEPT_MAX = kept_trades.TRADES_KEPT_MAX, KEPT
    try:
        for what, trade_id, first, second, flag in steps:
            if what == "add":
                at_ns += CANDLE_NS // 3
                made = KeptTrade(trade_id, first, second, at_ns, market=flag, counts=not flag)
                packed.add(made, 0)
                made.in_candle = flag
                plain.add(replace(made))
            else:
                before_ns = first * CANDLE_NS // 3 if what == "withdraw" else at_ns + 1
                taken = packed.take(trade_id, before_ns)
                assert taken == plain.take(trade_id, before_ns)
                if taken is not None and what == "correct":
                    right = replace(taken[1], price=first, size=second, market=False)
                    packed.put(taken[0], right)
                    plain.kept.insert(taken[0], right)
            assert packed.newest == (plain.kept[-1] if plain.kept else None)
            if flag:
                continue  # the newest stays as it is; to make a sum packs it
            assert packed.of_day(0) == plain.sum_of(lambda one: one.counts)
            for start_ns in {candle_start(one.at_ns) for one in plain.kept if one.in_candle}:
                assert packed.of_candle(start_ns) == plain.sum_of(
                    lambda one, start_ns=start_ns: (
                        one.in_candle and candle_start(one.at_ns) == start_ns
                    )
                )
    finally:
        kept_trades.TRADES_KEPT_MAX = known
