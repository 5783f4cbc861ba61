"""A file of ITCH 5.0 is played into a real svc_marketdata, which then has the book of the file."""

import gzip

import grpc
import pytest

from feeds.itch.__main__ import main
from feeds.itch.source import ItchFile
from feeds.publisher import Publisher
from kernel.clock import SystemClock
from kernel.decimals import format_scaled
from mesh.streams.peer_call import CallEndedError
from ordermesh.marketdata.v1 import (
    feed_service_pb2,
    feed_service_pb2_grpc,
    instrument_pb2,
    instrument_service_pb2,
    market_data_service_pb2,
)
from ordermesh_rpc.backoff import Backoff
from tests.support.itch import OPEN_NS, STOCKS, RandomDay, file_of, message

IDS = {"AAPL": "AAPL.XITC", "BRK.B": "BRK_2EB.XITC"}
STEPS = 2_500


def publisher(service, path, name="svc-feed", speed=0.0):
    stub = feed_service_pb2_grpc.FeedServiceStub(service.channel(name))
    source = ItchFile(path, mic="XITC", currency="USD", speed=speed, clock=SystemClock())
    opening = feed_service_pb2.FeedOpen(session_id="itch-XITC", venue_mic="XITC")
    return Publisher(stub, opening, source, SystemClock())


def levels(side):
    return [(one.price, one.size, one.order_count) for one in side]


@pytest.fixture
def day(tmp_path):
    day = RandomDay(7)
    for _ in range(STEPS):
        day.step()
    halted = message("H", day.at_ns, "8scc4s", "AAPL", "H", " ", b"T1  ")
    (tmp_path / "day.itch.gz").write_bytes(gzip.compress(file_of([*day.messages, halted])))
    return day


async def test_the_books_of_a_played_file_are_those_of_its_orders(service, day, tmp_path):
    await publisher(service, tmp_path / "day.itch.gz").run(Backoff())
    found = await service.prices.GetSnapshot(
        market_data_service_pb2.GetSnapshotRequest(
            instrument_ids=IDS.values(), topics=["TOPIC_QUOTE", "TOPIC_BOOK"], depth=100
        ),
        metadata=service.metadata,
    )
    books = {one.instrument_id: one.book for one in found.updates if one.HasField("book")}
    quotes = {one.instrument_id: one.quote for one in found.updates if one.HasField("quote")}
    for stock in STOCKS:
        book = books[IDS[stock]]
        for side, rows in (("B", book.bids), ("S", book.asks)):
            expected = [
                (format_scaled(price, 4), str(shares), count)
                for price, shares, count in day.levels(stock, side)
            ]
            assert levels(rows) == expected, (stock, side)
        assert quotes[IDS[stock]].volume == str(day.traded[stock])
    listed = await service.instruments.List(
        instrument_service_pb2.ListRequest(), metadata=service.metadata
    )
    statuses = {
        one.instrument_id: (one.trading_status, one.simulated) for one in listed.instruments
    }
    assert statuses == {
        "AAPL.XITC": (instrument_pb2.TRADING_STATUS_HALTED, True),
        "BRK_2EB.XITC": (instrument_pb2.TRADING_STATUS_OPEN, True),
    }


@pytest.mark.usefixtures("day")
async def test_a_process_that_is_no_feed_is_refused(service, tmp_path):
    with pytest.raises(CallEndedError) as refused:
        await publisher(service, tmp_path / "day.itch.gz", "svc-identity").run(Backoff())
    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_a_file_that_cannot_be_read_is_an_error_in_words(tmp_path, tls_folder, capsys):
    file = tmp_path / "cut.itch"
    file.write_bytes(file_of([message("S", OPEN_NS, "c", "Q")])[:-1])
    words = ["--mic", "XITC", "--marketdata", "127.0.0.1:1", "--tls", str(tls_folder)]
    assert main([str(file), *words]) == 1
    assert "message 1 at byte 0 is cut: 12 bytes announced, 11 there" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([str(file), "--mic", "itch", *words[2:]])
    assert "is 'itch', expected a MIC, as in XNAS" in capsys.readouterr().err
