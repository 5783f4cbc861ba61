"""Pages of candles and trades, the last ones, bounds, rights."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import grpc
import pytest

from ordermesh.marketdata.v1 import calendar_pb2
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from svc_marketdata.service.history import candles as past_candles
from tests.integration.marketdata.conftest import running
from tests.integration.marketdata.history.support import (
    ASML,
    HOUR_NS,
    ING,
    MINUTE,
    NS_PER_S,
    Past,
    request,
    stamp,
    trade,
)
from tests.integration.marketdata.history.test_recording import packed
from tests.support.bad_input import cases, garbled, unbreakable
from tests.support.ports import free_port
from tests.support.refusals import refusal
from tests.support.tokens import bearer

DAY_NS = 24 * HOUR_NS
INTERVALS = {
    pb.CANDLE_INTERVAL_SECOND: 1,
    pb.CANDLE_INTERVAL_FIVE_SECONDS: 5,
    pb.CANDLE_INTERVAL_MINUTE: 60,
    pb.CANDLE_INTERVAL_FIVE_MINUTES: 300,
    pb.CANDLE_INTERVAL_QUARTER: 900,
    pb.CANDLE_INTERVAL_HOUR: 3_600,
}
# Candles without trades between them: many pages, so the last seconds only.
SHORT = {pb.CANDLE_INTERVAL_SECOND: 600, pb.CANDLE_INTERVAL_FIVE_SECONDS: 3_000}


@pytest.fixture
async def begin_ns(past, feed, marketdata_url):
    """When the first of 90 trades of two listings was made: one each 100 s, packed but for the
    last ones."""
    now_ns = time.time_ns()
    begin_ns = now_ns // HOUR_NS * HOUR_NS - 3 * HOUR_NS
    updates = [
        trade(name, str(100 + n), "2", f"{name}-{n}", begin_ns + n * 100 * NS_PER_S, now_ns)
        for n in range(90)
        for name in (ASML, ING)
    ]
    await feed.send(updates=updates)
    await past.until_trades(2 * 90, ASML, ING)
    await packed(marketdata_url)
    return begin_ns


@pytest.mark.parametrize(
    "interval",
    [pytest.param(one, marks=[pytest.mark.long] if one in SHORT else []) for one in INTERVALS],
)
async def test_pages_are_the_whole_in_order(past, begin_ns, interval):
    length_ns = INTERVALS[interval] * NS_PER_S
    to_ns = begin_ns + 9_000 * NS_PER_S
    from_ns = to_ns - SHORT.get(interval, 9_000) * NS_PER_S
    bounds = {"from_ns": from_ns, "to_ns": to_ns, "interval": interval}
    whole = await past.all_candles(ASML, ING, **bounds)
    expected = []
    starts = [at for n in range(90) if (at := begin_ns + n * 100 * NS_PER_S) >= from_ns]
    for name in (ASML, ING):
        expected += [(name, at_ns) for at_ns in sorted({at - at % length_ns for at in starts})]
    assert [(name, one.start.ToNanoseconds()) for name, one in whole] == expected
    assert sum(one.trade_count for _, one in whole) == 2 * len(starts)
    for size in (1, 7, 50):
        assert await past.all_candles(ASML, ING, page_size=size, **bounds) == whole
    last = (await past.candles(interval=interval, latest=5, to_ns=bounds["to_ns"])).instruments
    assert list(last[0].candles) == [one for name, one in whole if name == ASML][-5:]


@pytest.mark.parametrize("hours", [1, 5, 50])
async def test_listings_are_read_in_turns_if_they_have_many_hours(
    past, begin_ns, monkeypatch, hours
):
    bounds = {"from_ns": begin_ns, "interval": pb.CANDLE_INTERVAL_HOUR}
    whole = await past.all_candles(ASML, ING, **bounds)
    last = await past.candles(ASML, ING, interval=pb.CANDLE_INTERVAL_DAY, latest=2)
    monkeypatch.setattr(past_candles, "HOURS_TOGETHER_MAX", hours)
    assert await past.all_candles(ASML, ING, **bounds) == whole
    assert await past.candles(ASML, ING, interval=pb.CANDLE_INTERVAL_DAY, latest=2) == last


async def test_pages_of_trades_are_the_whole_in_order(past, begin_ns):
    whole = list((await past.trades(ASML, ING, from_ns=begin_ns, page_size=5_000)).trades)
    assert [one.trade.trade_id for one in whole] == [
        f"{name}-{n}" for name in (ASML, ING) for n in range(90)
    ]
    for size in (1, 89, 90, 91):
        found, token = [], ""
        while True:
            page = await past.trades(ASML, ING, from_ns=begin_ns, page_size=size, page_token=token)
            assert len(page.trades) <= size
            found += page.trades
            token = page.next_page_token
            if not token:
                break
        assert found == whole
    last = await past.last_trades(ASML, ING, latest=3)
    assert [one.trade.trade_id for one in last] == [
        f"{name}-{n}" for name in (ASML, ING) for n in (87, 88, 89)
    ]


async def test_days_weeks_and_months_are_those_of_the_venue(past):
    tokyo = calendar_pb2.TradingCalendar(time_zone="Asia/Tokyo", weekdays=[1, 2, 3, 4, 5])
    gateway = past.service.gateway()
    gateway._opening.trading_calendar.CopyFrom(tokyo)
    await gateway.open()
    # 20 days ago, 23:30 in Tokyo and one hour later: two dates there.
    zone = ZoneInfo("Asia/Tokyo")
    day = datetime.fromtimestamp(time.time() - 20 * 86_400, zone).replace(
        hour=23, minute=30, second=0, microsecond=0
    )
    while day.weekday() > 3:
        day = datetime.fromtimestamp(day.timestamp() - 86_400, zone)
    late_ns = int(day.timestamp()) * NS_PER_S
    await gateway.send(updates=[
        trade(ASML, "10", at_ns=late_ns), trade(ASML, "12", at_ns=late_ns + HOUR_NS)
    ])  # fmt: skip
    await past.until_trades(2)
    days = await past.all_candles(interval=pb.CANDLE_INTERVAL_DAY, from_ns=late_ns - 10 * DAY_NS)
    midnight_ns = late_ns - (23 * 60 + 30) * 60 * NS_PER_S
    starts = [one.start.ToNanoseconds() for _, one in days]
    assert starts == [midnight_ns, midnight_ns + DAY_NS]
    weeks = await past.all_candles(interval=pb.CANDLE_INTERVAL_WEEK, from_ns=late_ns - 10 * DAY_NS)
    ((_, week),) = weeks
    assert week.start.ToNanoseconds() == midnight_ns - day.weekday() * DAY_NS
    assert (week.open_price, week.close_price, week.interval_s) == ("10", "12", 604_800)
    assert datetime.fromtimestamp(week.start.seconds, UTC).hour == 15


NOW_NS = time.time_ns() - NS_PER_S
GOOD = {
    "ListCandles": request(
        pb.ListCandlesRequest, from_ns=NOW_NS, to_ns=NOW_NS + 1, interval=MINUTE, latest=1,
        page_size=1, page_token="x", prices=1,
    ),
    "ListTrades": request(
        pb.ListTradesRequest, from_ns=NOW_NS, to_ns=NOW_NS + 1, latest=1, page_size=1,
        page_token="x", prices=1,
    ),
    "Replay": pb.ReplayRequest(
        subscription={
            "instrument_ids": [ASML], "topics": [1], "depth": 1, "mode": 2, "interval_ms": 100,
            "instruments": [{"isin": "NL0010273215", "currency": "EUR", "instrument_id": ASML}],
            "fields": {"paths": ["trade.price"]},
        },
        **{"from": stamp(NOW_NS)}, to=stamp(NOW_NS + 1), speed=1, heartbeat_s=1,
    ),
}  # fmt: skip


async def found_refusal(past, rpc, asked):
    return await refusal(getattr(past.stub, rpc)(asked, metadata=past.service.metadata))


def test_every_rpc_and_field_has_a_case():
    (service,) = pb.DESCRIPTOR.services_by_name.values()
    for method in service.methods:
        good = GOOD[method.name]
        assert good.DESCRIPTOR.full_name == method.input_type.full_name
        assert unbreakable(good) == set()


@pytest.mark.usefixtures("feed")
@pytest.mark.parametrize("rpc", GOOD)
async def test_broken_fields_are_refused_by_name(past, rpc):
    for case in cases(GOOD[rpc]):
        found = await found_refusal(past, rpc, case.request)
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT, case.name
        assert (found.reason, found.field) == ("INVALID_FIELD", case.field), case.name
        assert case.field in found.text, case.name
    channel = past.service.channel("envoy")
    path = f"/ordermesh.marketdata.v1.HistoryService/{rpc}"
    for case in garbled(GOOD[rpc]):
        kind = channel.unary_stream if rpc == "Replay" else channel.unary_unary
        found = await refusal(kind(path)(case.data, metadata=past.service.metadata))
        assert found.reason == "INVALID_FIELD", case.name


def candles(names=(ASML,), **fields):
    return request(pb.ListCandlesRequest, names, **{"interval": MINUTE} | fields)


def trades(names=(ASML,), **fields):
    return request(pb.ListTradesRequest, names, **fields)


def replay(topics=(1,), from_ns=NOW_NS, names=(ASML,), paths=(), **fields):
    chosen = {"fields": {"paths": paths}} if paths else {}
    return pb.ReplayRequest(
        subscription={"instrument_ids": names, "topics": topics, "mode": 1} | chosen,
        **{"from": stamp(from_ns)}, **fields,
    )  # fmt: skip


MEANING = [
    ("ListCandles", candles(["NONE.SIMA"], latest=1), "instrument_ids[0]", "no instrument"),
    ("ListCandles", candles(), "from", "latest"),
    ("ListCandles", candles(from_ns=NOW_NS, to_ns=NOW_NS), "from", "before `to`"),
    ("ListCandles", candles(from_ns=NOW_NS - 101 * DAY_NS), "from", "at most 100 days"),
    (
        "ListCandles",
        candles(from_ns=NOW_NS - 2 * DAY_NS, interval=pb.CANDLE_INTERVAL_SECOND),
        "from",
        "at most 1 days",
    ),
    ("ListCandles", candles(from_ns=NOW_NS, to_ns=NOW_NS * 10), "to", "2099"),
    ("ListCandles", candles(from_ns=NOW_NS, latest=1), "from", "nothing beside `latest`"),
    ("ListCandles", candles(page_token="x", latest=1), "page_token", "nothing beside `latest`"),
    ("ListCandles", candles(from_ns=NOW_NS, page_token="made up"), "page_token", "same request"),
    ("ListTrades", trades(from_ns=NOW_NS - 32 * DAY_NS), "from", "at most 31 days"),
    ("ListTrades", trades(), "from", "latest"),
    ("ListTrades", trades(from_ns=NOW_NS, page_token="bWFkZQ=="), "page_token", "same request"),
    ("ListTrades", trades(["NONE.SIMA"], latest=1), "instrument_ids[0]", "no instrument"),
    ("Replay", replay(topics=[2]), "subscription.topics[0]", "books are not stored"),
    ("Replay", replay(topics=[1, 5]), "subscription.topics[1]", "books are not stored"),
    ("Replay", replay(paths=["trade.price"]), "subscription.fields", "whole messages"),
    ("Replay", replay(names=[]), "subscription.instrument_ids", "1 to 200"),
    ("Replay", replay(names=["NONE.SIMA"]), "subscription.instrument_ids[0]", "no instrument"),
    ("Replay", replay(from_ns=NOW_NS - 32 * DAY_NS), "from", "at most 31 days"),
    ("Replay", replay(from_ns=NOW_NS + DAY_NS), "from", "before `to`"),
]


@pytest.mark.usefixtures("feed")
async def test_requests_that_mean_no_good_are_refused(past):
    for rpc, asked, field, words in MEANING:
        found = await found_refusal(past, rpc, asked)
        assert found.field == field, (rpc, asked, found)
        assert words in found.text, (rpc, found)


async def test_a_page_of_another_request_is_refused(past, begin_ns):
    page = await past.candles(from_ns=begin_ns, page_size=3)
    asked = candles([ING], from_ns=begin_ns, page_size=3, page_token=page.next_page_token)
    assert (await found_refusal(past, "ListCandles", asked)).field == "page_token"


async def test_more_candles_than_a_page_may_have_are_refused(past, feed):
    names = [f"L{n}.SIMA" for n in range(5)]
    await feed.send(updates=[trade(name, "10") for name in names])
    found = await found_refusal(past, "ListCandles", candles(names, latest=5_000))
    assert found.field == "latest"
    assert "4000 for 5" in found.text


def rights(past, *claims):
    return bearer(past.service.mint.mint_token(roles=("VIEWER",), prices=list(claims)))


async def test_delayed_history_ends_15_minutes_ago(past, feed):
    now_ns = time.time_ns()
    ages_s = (20 * 60, 18 * 60, 5 * 60, 1)
    updates = [trade(ASML, "10", "1", f"T{age}", now_ns - age * NS_PER_S) for age in ages_s]
    await feed.send(updates=updates)
    await past.until_trades(len(ages_s))
    past.service.metadata = rights(past, "SIMA=DELAYED")
    visible = ["T1200", "T1080"]
    begin = {"from_ns": now_ns - HOUR_NS}
    ranges = ({"latest": 100}, begin, begin | {"to_ns": now_ns})
    for bounds in ranges:
        found = await past.trades(**bounds)
        assert [one.trade.trade_id for one in found.trades] == visible
    for interval in (1, 2, MINUTE, pb.CANDLE_INTERVAL_HOUR, pb.CANDLE_INTERVAL_MONTH):
        series = (await past.candles(interval=interval, latest=100)).instruments
        assert sum(one.trade_count for one in series[0].candles) == len(visible), interval
    call = past.stub.Replay(replay([3], now_ns - HOUR_NS), metadata=past.service.metadata)
    replayed = [
        item.update.trade.trade_id
        async for response in call
        for item in response.items
        if item.HasField("update")
    ]
    assert replayed == visible


@pytest.mark.usefixtures("feed")
async def test_history_of_a_venue_without_a_right_is_refused(past):
    past.service.metadata = rights(past, "*=REAL_TIME", "SIMA=NONE")
    for rpc, asked in (
        ("ListCandles", candles(latest=1)),
        ("ListTrades", trades(latest=1)),
        ("Replay", replay()),
    ):
        found = await found_refusal(past, rpc, asked)
        assert found.code is grpc.StatusCode.PERMISSION_DENIED, rpc
        assert "SIMA" in found.text


async def test_history_needs_a_user(past):
    found = await refusal(past.stub.ListCandles(candles(latest=1)))
    assert found.code is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("configured", [False, True])
async def test_without_a_database_history_is_refused_and_prices_go_on(tls_folder, mint, configured):
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing" if configured else ""
    async with running(tls_folder, mint, database_url=url) as service:
        past = Past(service)
        gateway = await service.gateway().open()
        await gateway.send(updates=[trade(ASML, "10")])
        for rpc, asked in (
            ("ListCandles", candles(latest=1)),
            ("ListTrades", trades(latest=1)),
            ("Replay", replay()),
        ):
            found = await found_refusal(past, rpc, asked)
            assert found.reason == "DEPENDENCY_UNAVAILABLE", rpc
