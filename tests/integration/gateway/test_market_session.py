from conformance.scripted_venue import SOH, body
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from ordermesh.marketdata.v1 import market_data_pb2 as md
from tests.support.gateway_bench import Bench
from tests.support.waiting import until

MD = "ORDERMESH-MD"
FILE_INSTRUMENT = {
    "symbol": "SAP",
    "currency": "EUR",
    "isin": "DE0007164600",
    "name": "SAP SE",
    "lot_size": "1",
}


def text(*parts: str) -> str:
    return SOH.join(parts)


def security_list(request: dict[str, str]) -> list[str]:
    return [
        text(
            body("y", t320=request["320"], t322="1", t560="0", t893="N"), "146=1",
            "55=ASML", "48=NL0010273215", "22=4", "461=ESVUFR", "107=ASML Holding", "15=EUR",
            "561=1", "1205=2", "1206=0", "1208=0.01", "1206=500", "1208=0.100",
        ),
        text(
            body("y", t320=request["320"], t322="2", t560="0", t893="Y"), "146=1",
            "55=EXS1", "48=DE0005933931", "22=4", "461=CEOGES", "107=DAX ETF", "15=EUR",
        ),
    ]  # fmt: skip


def snapshot(symbol: str, request_id: str, *, bid: str = "650.10") -> str:
    return text(
        body("W", t262=request_id, t55=symbol), "268=5",
        f"269=0{SOH}270={bid}{SOH}271=100{SOH}346=2", f"269=1{SOH}270=650.30{SOH}271=50",
        f"269=2{SOH}270=650.20{SOH}271=7", f"269=5{SOH}270=649", f"269=B{SOH}271=1000",
    )  # fmt: skip


def subscribed(request: dict[str, str]) -> list[str]:
    symbols = [
        part.removeprefix("55=") for part in request["raw"].split(SOH) if part.startswith("55=")
    ]
    return [snapshot(symbol, request["262"]) for symbol in symbols]


def market_bench(bench: Bench, **keys) -> None:
    bench.sessions = [bench.market_session(**keys)]
    bench.venue.on("x", security_list)
    bench.venue.on("V", subscribed)


def books(bench: Bench) -> list[feed.FeedUpdate]:
    return [update for update in bench.market.updates if update.HasField("book")]


async def started_with_books(bench: Bench) -> None:
    await bench.start()
    await until(lambda: len(books(bench)) >= 2, "books")


async def test_instruments_and_books_reach_market_data(bench: Bench) -> None:
    market_bench(bench)
    await bench.start()
    await until(lambda: {b.instrument_id for b in books(bench)} == {"ASML.TEST", "EXS1.TEST"},
                "both books")  # fmt: skip
    asml, exs1 = bench.market.instruments["ASML.TEST"], bench.market.instruments["EXS1.TEST"]
    assert [(b.from_price, b.tick_size) for b in asml.tick_table] == [("0", "0.01"), ("500", "0.1")]
    assert (asml.isin, asml.name, asml.lot_size) == ("NL0010273215", "ASML Holding", "1")
    assert exs1.kind == instruments.INSTRUMENT_KIND_ETF
    assert [(b.from_price, b.tick_size) for b in exs1.tick_table] == [("0", "0.01")]
    book = books(bench)[0].book
    assert [(level.price, level.size, level.order_count) for level in book.bids] == [
        ("650.1", "100", 2)
    ]
    await until(
        lambda: any(s.feed_up for s in bench.market.statuses), "the venue's feed is reported up"
    )
    request = bench.venue.of_type("V")[0]
    assert (request["263"], request["265"], request["264"]) == ("1", "1", "10")


async def test_changes_trades_and_statistics(bench: Bench) -> None:
    market_bench(bench)
    await started_with_books(bench)
    bench.market.updates.clear()
    bench.venue.send(
        text(
            body("X", t262="md-1"), "268=4",
            f"279=1{SOH}269=0{SOH}55=ASML{SOH}270=650.10{SOH}271=40{SOH}346=1",
            f"279=2{SOH}269=1{SOH}55=ASML{SOH}270=650.30{SOH}271=0",
            f"279=0{SOH}269=2{SOH}278=T1{SOH}55=ASML{SOH}270=650.30{SOH}271=50{SOH}2446=1",
            f"279=0{SOH}269=B{SOH}55=ASML{SOH}271=1050",
        ),
        MD,
    )  # fmt: skip
    await until(lambda: len(bench.market.updates) >= 4, "the changes")
    bid, offer, trade, statistics = bench.market.updates
    assert (bid.level.side, bid.level.price, bid.level.size) == (feed.BOOK_SIDE_BID, "650.1", "40")
    assert (offer.level.side, offer.level.size) == (feed.BOOK_SIDE_ASK, "0")
    assert (trade.trade.trade_id, trade.trade.price, trade.trade.size) == ("T1", "650.3", "50")
    assert statistics.statistics.volume == "1050"


async def test_prints_that_are_not_the_market_say_why(bench: Bench) -> None:
    market_bench(bench)
    await started_with_books(bench)
    bench.market.updates.clear()
    print_ = f"279=0{SOH}269=2{SOH}55=ASML{SOH}270=600"
    bench.venue.send(
        text(
            body("X", t262="md-1"), "268=5",
            f"{print_}{SOH}278=T1{SOH}271=50{SOH}277=M",
            f"{print_}{SOH}278=T2{SOH}271=0",
            f"{print_}{SOH}278=T3{SOH}271=50{SOH}272=20260101{SOH}273=09:00:00",
            f"{print_}{SOH}278=T4{SOH}271=50{SOH}272=20990101{SOH}273=09:00:00",
            f"279=2{SOH}269=2{SOH}278=T5{SOH}55=ASML",
        ),
        MD,
    )  # fmt: skip
    await until(lambda: len(bench.market.updates) >= 5, "the prints")
    assert [u.trade.off_market for u in bench.market.updates] == [
        md.OFF_MARKET_CONDITION, md.OFF_MARKET_NO_SIZE, md.OFF_MARKET_OLD, md.OFF_MARKET_AHEAD,
        md.OFF_MARKET_UNSPECIFIED,
    ]  # fmt: skip
    assert [u.trade.withdrawn for u in bench.market.updates] == [False] * 4 + [True]


async def test_a_venue_without_security_list_is_described_by_the_file(bench: Bench) -> None:
    market_bench(bench, instruments=[FILE_INSTRUMENT], dialect={"security_list": False})
    await bench.start()
    await until(lambda: books(bench), "a book")
    assert books(bench)[0].instrument_id == "SAP.TEST"
    assert bench.market.instruments["SAP.TEST"].isin == "DE0007164600"
    assert bench.venue.of_type("x") == []


async def test_refresh_and_reconnect_bring_the_books_whole(bench: Bench) -> None:
    market_bench(bench)
    await started_with_books(bench)
    bench.market.updates.clear()
    bench.market.refresh()
    await until(lambda: len(books(bench)) >= 2, "books after refresh")
    bench.market.updates.clear()
    bench.market.cut()
    await until(lambda: len(bench.market.opens) >= 2, "another stream")
    await until(lambda: len(books(bench)) >= 2, "books after reconnect")
    assert bench.market.opens[0].epoch != bench.market.opens[1].epoch


async def test_the_venue_going_down_is_reported_and_its_return_brings_books(bench: Bench) -> None:
    market_bench(bench)
    await started_with_books(bench)
    bench.cable.cut()
    await until(lambda: not bench.market.statuses[-1].feed_up, "down is reported")
    bench.market.updates.clear()
    bench.cable.mend()
    await until(lambda: len(books(bench)) >= 2, "books again")
    assert bench.market.statuses[-1].feed_up


async def test_too_many_changes_become_fresh_books(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr("svc_gateway.service.market.market_session.FEED_UPDATES_MAX", 50)
    monkeypatch.setattr("svc_gateway.service.market.market_session.UNACKNOWLEDGED_FRAMES_MAX", 3)
    market_bench(bench)
    await started_with_books(bench)
    bench.market.acknowledge = False
    entry = f"279=1{SOH}269=0{SOH}55=ASML{SOH}270=650.10{SOH}271="
    for place in range(20):
        sizes = [f"{entry}{place * 10 + number + 1}" for number in range(10)]
        bench.venue.send(text(body("X", t262="md-1"), "268=10", *sizes), MD)
    await until(
        lambda: [v["263"] for v in bench.venue.of_type("V")][-1] == "0", "snapshots are asked for"
    )
    bench.market.updates.clear()
    bench.market.acknowledge = True
    bench.market.refresh()
    await until(lambda: len(books(bench)) >= 2, "the books came whole")


async def test_garbage_is_counted_and_the_feed_goes_on(bench: Bench) -> None:
    market_bench(bench)
    await started_with_books(bench)
    bench.market.updates.clear()
    bench.venue.send(text(body("X", t262="1"), "268=1", f"279=0{SOH}269=0{SOH}55=ASML{SOH}270=x"),
                     MD)  # fmt: skip
    bench.venue.send(body("W", t262="1"), MD)
    bench.venue.send(body("zz", t1="2"), MD)
    bench.venue.send(snapshot("ASML", "md-1"), MD)
    await until(lambda: books(bench), "the good one")


async def test_a_trading_halt_is_reported(bench: Bench) -> None:
    market_bench(bench, dialect={"trading_session_status": True})
    bench.venue.on("g", lambda _: [body("h", t336="1", t340="2")])
    await started_with_books(bench)
    bench.venue.send(body("f", t55="ASML", t326="2"), MD)
    await until(
        lambda: (
            bench.market.instruments["ASML.TEST"].trading_status
            == instruments.TRADING_STATUS_HALTED
        ),
        "the halt",
    )
    reported = len(bench.market.statuses)
    bench.venue.send(body("h", t336="2", t340="3"), MD)
    await until(lambda: len(bench.market.statuses) > reported, "another trading session's close")
    assert bench.market.statuses[-1].trading_status == instruments.TRADING_STATUS_OPEN
    bench.venue.send(body("h", t336="1", t340="3"), MD)
    await until(
        lambda: bench.market.statuses[-1].trading_status == instruments.TRADING_STATUS_CLOSED,
        "the close",
    )


async def test_repeated_gaps_ask_for_a_snapshot_once_in_its_interval(
    bench: Bench, monkeypatch
) -> None:
    monkeypatch.setattr("svc_gateway.service.market.snapshot_asks.SNAPSHOT_INTERVAL_S", 3600.0)
    market_bench(bench)

    def snapshots_asked() -> int:
        asked = [v for v in bench.venue.of_type("V") if v["263"] == "0"]
        return sum(f"55=ASML{SOH}" in f"{v['raw']}{SOH}" for v in asked)

    await started_with_books(bench)
    for number in range(20):
        gap = f"279=1{SOH}269=0{SOH}278=gone-{number}{SOH}55=ASML{SOH}271=5"
        bench.venue.send(text(body("X", t262="md-1"), "268=1", gap), MD)
    trade = f"279=0{SOH}269=2{SOH}278=T9{SOH}55=ASML{SOH}270=650.30{SOH}271=50"
    bench.venue.send(text(body("X", t262="md-1"), "268=1", trade), MD)
    await until(lambda: any(u.trade.trade_id == "T9" for u in bench.market.updates), "the trade")
    # Once, be it at the start, when the link came up after the session.
    await until(snapshots_asked, "the snapshot is asked for")
    assert snapshots_asked() == 1
