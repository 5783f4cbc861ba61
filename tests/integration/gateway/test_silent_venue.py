"""A venue whose session is up and which sends no prices, or nothing at all."""

from collections.abc import AsyncIterator

import pytest

from ordermesh.marketdata.v1 import market_data_pb2 as md
from tests.support.gateway_bench import Bench
from tests.support.raw_venue import RawVenue
from tests.support.waiting import until

BOOK = b"55=ASML\x01268=1\x01269=0\x01270=10\x01271=5\x01"


@pytest.fixture
async def venue(bench: Bench) -> AsyncIterator[RawVenue]:
    made = RawVenue("ORDERMESH-MD")
    made.answer = lambda request: [("W", BOOK)] if request["35"] == "V" else []
    await made.start()
    yield made
    await bench.stop()
    made.stop()


def session(bench: Bench, venue: RawVenue, **keys) -> dict:
    return bench.market_session(
        port=venue.port, heartbeat_s=1, instruments=[{"symbol": "ASML", "currency": "EUR"}],
        dialect={"security_list": False}, **keys,
    )  # fmt: skip


def last(bench: Bench) -> md.VenueStatus:
    return bench.market.statuses[-1]


async def test_a_venue_that_only_sends_heartbeats_is_silent_until_a_price_comes(
    bench: Bench, venue: RawVenue
) -> None:
    bench.sessions = [session(bench, venue, price_silence_max_s=1.5)]
    await bench.start()
    await until(lambda: bench.market.updates, "a book")
    await until(lambda: "price_silence_max_s" in last(bench).silent_because, "it is silent")
    assert last(bench).feed_up
    # It answers TestRequest(1): its session is in order.
    await until(lambda: any(one["35"] == "1" for one in venue.received), "a question")
    assert last(bench).silent_because
    venue.send("W", BOOK)
    await until(lambda: last(bench).feed_up and not last(bench).silent_because, "it speaks again")
    assert venue.logons == 1


async def test_a_frozen_venue_is_silent_before_its_session_ends(
    bench: Bench, venue: RawVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("svc_gateway.domain.market.silence.HEARTBEAT_LATE_MAX_S", 0.0)
    venue.answers_tests = False
    bench.sessions = [session(bench, venue)]
    await bench.start()
    await until(lambda: bench.market.updates, "a book")
    await until(lambda: not last(bench).feed_up, "QuickFIX gives it up")
    before = [one for one in bench.market.statuses if one.silent_because]
    assert before
    assert "heartbeat_s" in before[0].silent_because
    assert before[0].feed_up
