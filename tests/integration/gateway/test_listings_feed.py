"""A venue with nothing but an order session: its listings come from the venues file."""

from structlog.testing import capture_logs

from conformance.scripted_venue import filled
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from tests.support.gateway_bench import Bench, command
from tests.support.waiting import until

ASML = {"symbol": "ASML", "isin": "NL0010273215", "currency": "EUR", "lot_size": "10"}
EXS1 = {"symbol": "EXS1", "kind": "etf", "currency": "EUR", "tick_table": [{"tick_size": "0.05"}]}


def listing_bench(bench: Bench) -> None:
    bench.sessions = [bench.order_session(instruments=[ASML, EXS1])]


async def test_listings_are_reported_and_that_there_are_no_prices(bench: Bench) -> None:
    listing_bench(bench)
    await bench.start()
    await until(lambda: len(bench.market.instruments) == 2, "both listings are reported")
    asml, exs1 = bench.market.instruments["ASML.TEST"], bench.market.instruments["EXS1.TEST"]
    assert (asml.isin, asml.lot_size, asml.trading_status) == (
        "NL0010273215", "10", instruments.TRADING_STATUS_OPEN,
    )  # fmt: skip
    assert [(b.from_price, b.tick_size) for b in exs1.tick_table] == [("0", "0.05")]
    assert bench.market.opens[0].session_id == "test-orders-listings"
    assert bench.market.opens[0].venue_mic == "TEST"
    await until(lambda: bench.market.statuses, "the status of the venue")
    assert [status.feed_up for status in bench.market.statuses] == [False]
    assert bench.market.updates == []


async def test_orders_are_sent_as_ever_and_the_venue_is_asked_for_no_data(bench: Bench) -> None:
    listing_bench(bench)
    bench.venue.on("D", lambda order: [filled(order, "F1", "100", "650.5")])
    await bench.up()
    bench.oms.command(command(1))
    await bench.oms.until_reports(1)
    assert {message["35"] for message in bench.venue.messages} == {"D"}


async def test_refresh_and_reconnect_send_the_listings_anew(bench: Bench) -> None:
    listing_bench(bench)
    await bench.start()
    for again in (bench.market.refresh, bench.market.cut):
        await until(lambda: len(bench.market.instruments) == 2, "both listings are reported")
        bench.market.instruments.clear()
        again()
    await until(lambda: len(bench.market.instruments) == 2, "the listings are reported again")
    assert bench.market.opens[0].epoch != bench.market.opens[1].epoch


async def test_a_venue_nobody_lists_is_warned_of_and_linked(bench: Bench) -> None:
    with capture_logs() as logs:
        await bench.start()
    (warning,) = [line for line in logs if line["log_level"] == "warning"]
    assert warning["venue"] == "TEST"
    assert "nothing can be traded here" in warning["event"]
    await bench.oms.until_up()
    assert bench.market.opens == []
