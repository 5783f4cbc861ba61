"""Candles and trades of the past, adjusted for splits and changes of symbol."""

import datetime as dt
import time

import asyncpg
import pytest

from ordermesh.marketdata.v1 import history_service_pb2 as pb
from tests.integration.marketdata.history.support import ASML, HOUR_NS, request, trade

DAY_NS = 24 * HOUR_NS
NEW = "ASMX.SIMA"
MIDNIGHT_NS = time.time_ns() // DAY_NS * DAY_NS
TODAY = dt.datetime.fromtimestamp(MIDNIGHT_NS // 10**9, dt.UTC).date()
"""The fed venue has days of UTC."""
DAY, WEEK = pb.CANDLE_INTERVAL_DAY, pb.CANDLE_INTERVAL_WEEK


@pytest.fixture
async def act(marketdata_url):
    """Record an action as it stands when its date has come."""
    connection = await asyncpg.connect(marketdata_url)
    await connection.execute(
        "INSERT INTO marketdata.changes VALUES (1, $1, 1, 1, 'u', 'u', 'r', 0)", "0" * 26
    )

    async def add(number, kind, name, date, body, factor=None):
        action = f"{number:026}"
        await connection.execute(
            """INSERT INTO marketdata.corporate_actions
                (action_id, kind, isin, instrument_id, effective_date, body, state, change)
            VALUES ($1, $2, 'NL0010273215', $3, $4, $5, 2, 1)""",
            action, kind, name, date, body,
        )  # fmt: skip
        if factor:
            await connection.execute(
                "INSERT INTO marketdata.adjustments VALUES ($1, $2, $3, $4)",
                name, date, action, factor,
            )  # fmt: skip

    yield add
    await connection.close()


async def fed(past, feed, *trades):
    """Feed trades: id, days ago, price, size, listing."""
    await feed.send(
        updates=[
            trade(name, price, size, f"T{n}", MIDNIGHT_NS - days * DAY_NS + (n + 1) * 10**9)
            for n, (days, price, size, name) in enumerate(trades)
        ]
    )
    await past.until_trades(len(trades), *{one[3] for one in trades})


def terms(answer):
    return [
        (one.open_price, one.close_price, one.volume, one.trade_count)
        for series in answer.instruments
        for one in series.candles
    ]


async def test_candles_are_adjusted_for_a_split_and_trades_are_raw_unless_asked(past, feed, act):
    await fed(past, feed, (2, "100", "3", ASML), (1, "50", "6", ASML), (0, "51", "1", ASML))
    await act(1, 1, ASML, TODAY - dt.timedelta(days=1), '{"new_shares":"2","old_shares":"1"}', 0.5)
    # One that is announced for a later day changes nothing yet.
    later = TODAY + dt.timedelta(days=3)
    await act(2, 1, ASML, later, '{"new_shares":"7","old_shares":"1"}', 1)
    answer = await past.candles(interval=DAY, latest=9)
    assert terms(answer) == [("50", "50", "6", 1), ("50", "50", "6", 1), ("51", "51", "1", 1)]
    assert answer.prices == pb.PRICE_BASIS_ADJUSTED
    (by,) = answer.adjustments
    assert (by.instrument_id, by.new_shares, by.old_shares) == (ASML, "2", "1")
    assert by.before.ToNanoseconds() == MIDNIGHT_NS - DAY_NS
    raw = await past.candles(interval=DAY, latest=9, prices=pb.PRICE_BASIS_RAW)
    assert terms(raw)[0] == ("100", "100", "3", 1)
    assert (raw.prices, list(raw.adjustments)) == (pb.PRICE_BASIS_RAW, [])
    reported = await past.trades(latest=9)
    assert reported.prices == pb.PRICE_BASIS_RAW
    assert reported.trades[0].trade.price == "100"
    adjusted = await past.trades(latest=9, prices=pb.PRICE_BASIS_ADJUSTED)
    assert [(one.trade.price, one.trade.size) for one in adjusted.trades] == [
        ("50", "6"), ("50", "6"), ("51", "1"),
    ]  # fmt: skip


async def test_a_month_over_a_split_has_one_price_scale_and_its_volume_is_exact(past, feed, act):
    # Days 40 and 39 ago are not kept as trades; three days in a row are in at most two months.
    await fed(past, feed, (2, "99", "1", ASML), (1, "33", "4", ASML))
    await act(1, 1, ASML, TODAY - dt.timedelta(days=1), '{"new_shares":"3","old_shares":"1"}', 0.3)
    weeks = await past.candles(interval=WEEK, latest=9)
    total = sum(int(one[2]) for one in terms(weeks))
    assert (total, {one[0] for one in terms(weeks)}) == (7, {"33"})


async def test_a_listing_is_followed_through_a_change_of_symbol(past, feed, act):
    await fed(past, feed, (2, "10", "1", ASML), (1, "11", "2", ASML), (0, "12", "3", NEW))
    await act(1, 2, ASML, TODAY, '{"new_symbol":"ASMX"}')
    for interval in (DAY, pb.CANDLE_INTERVAL_MINUTE):
        answer = await past.candles(NEW, interval=interval, latest=9)
        assert [one[0] for one in terms(answer)] == ["10", "11", "12"]
        assert [one.previous_instrument_id for one in answer.adjustments] == [ASML]
        begin_ns = MIDNIGHT_NS - 5 * DAY_NS
        ranged = await past.candles(NEW, interval=interval, from_ns=begin_ns)
        assert terms(ranged) == terms(answer)
    raw = await past.candles(NEW, interval=DAY, latest=9, prices=pb.PRICE_BASIS_RAW)
    assert terms(raw) == [("12", "12", "3", 1)]
    asked = request(
        pb.ListTradesRequest, [NEW], MIDNIGHT_NS - 5 * DAY_NS, prices=pb.PRICE_BASIS_ADJUSTED,
        page_size=1,
    )  # fmt: skip
    found = []
    while True:
        page = await past.stub.ListTrades(asked, metadata=past.service.metadata)
        found += [(one.instrument_id, one.trade.price) for one in page.trades]
        if not page.next_page_token:
            break
        asked.page_token = page.next_page_token
    assert found == [(NEW, "10"), (NEW, "11"), (NEW, "12")]
    last = await past.trades(NEW, latest=2, prices=pb.PRICE_BASIS_ADJUSTED)
    assert [one.trade.price for one in last.trades] == ["11", "12"]
