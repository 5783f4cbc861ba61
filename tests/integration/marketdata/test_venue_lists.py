"""Delisted listings, statuses that a venue does not report, and listings that cannot be read."""

import time

import pytest

from ordermesh.marketdata.v1 import feed_service_pb2 as feed_service
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.marketdata.v1 import instrument_service_pb2 as instrument_service
from ordermesh.marketdata.v1 import market_data_service_pb2 as prices
from tests.integration.marketdata.conftest import bid, instrument, running

OPEN = instrument_pb2.TRADING_STATUS_OPEN
HALTED = instrument_pb2.TRADING_STATUS_HALTED
DELISTED = instrument_pb2.TRADING_STATUS_DELISTED
NOT_KNOWN = instrument_pb2.TRADING_STATUS_NOT_KNOWN
NOT_REPORTED = instrument_pb2.TRADING_STATUS_UNSPECIFIED


async def listing(service, name="ASML.SIMA"):
    request = instrument_service.GetRequest(instrument_id=name)
    return (await service.instruments.Get(request, metadata=service.metadata)).instrument


def listed(name, status=NOT_REPORTED, **fields):
    made = instrument(name, **fields)
    made.trading_status = status
    made.updated_at.FromNanoseconds(time.time_ns())
    return made


async def test_a_listing_that_the_whole_list_lacks_is_delisted(service, gateway):
    await gateway.send(instruments=[listed("ING.SIMA", OPEN)], list_begins=True, list_complete=True)
    gone = await listing(service)
    assert (gone.trading_status, gone.no_prices) == (DELISTED, instrument_pb2.NO_PRICES_DELISTED)
    assert (await listing(service, "ING.SIMA")).trading_status == OPEN
    request = prices.GetSnapshotRequest(instrument_ids=["ASML.SIMA"])
    answer = await service.prices.GetSnapshot(request, metadata=service.metadata)
    assert answer.updates[0].quote.stale
    # It comes back.
    await gateway.send(instruments=[listed("ASML.SIMA", OPEN), listed("ING.SIMA", OPEN)],
                       list_begins=True, list_complete=True)  # fmt: skip
    back = await listing(service)
    assert (back.trading_status, back.no_prices) == (OPEN, instrument_pb2.NO_PRICES_UNSPECIFIED)


async def test_a_list_in_several_frames_is_one_list(service, gateway):
    await gateway.send(instruments=[listed("ASML.SIMA", OPEN)], list_begins=True)
    await gateway.send(instruments=[listed("ING.SIMA", OPEN)], list_complete=True)
    assert (await listing(service)).trading_status == OPEN
    assert (await listing(service, "ING.SIMA")).trading_status == OPEN


async def test_a_listing_that_cannot_be_read_is_not_delisted_and_nothing_is_asked_again(
    service, gateway
):
    await gateway.until(lambda: gateway.refreshes == 1)
    bad = listed("ASML.SIMA", OPEN)
    bad.symbol = "ASM"
    await gateway.send(instruments=[bad, listed("A.B.SIMA", OPEN), listed("ING.SIMA", OPEN)],
                       list_begins=True, list_complete=True)  # fmt: skip
    assert (await listing(service)).trading_status == OPEN
    # Two frames later no refresh was asked for.
    await gateway.send(updates=[bid("ING.SIMA", "10.1")])
    await gateway.send(updates=[bid("ING.SIMA", "10.2")])
    assert gateway.refreshes == 1


async def test_a_status_that_is_not_reported_stays_as_it_was(service, gateway):
    await gateway.send(instruments=[listed("ASML.SIMA", HALTED)])
    await gateway.send(instruments=[listed("ASML.SIMA", max_quantity="7")])
    after = await listing(service)
    assert (after.trading_status, after.max_quantity) == (HALTED, "7")


async def test_a_listing_without_a_status_is_not_known_when_the_venue_reports_no_more(
    service, gateway
):
    await gateway.send(instruments=[listed("SAP.SIMA"), listed("ASML.SIMA", HALTED)])
    assert (await listing(service, "SAP.SIMA")).trading_status == NOT_REPORTED
    await gateway.send(statuses_assumed=True)
    assert (await listing(service, "SAP.SIMA")).trading_status == NOT_KNOWN
    assert (await listing(service)).trading_status == HALTED
    # The venue reports it later, and lists it again without a status.
    await gateway.send(instruments=[listed("SAP.SIMA", OPEN)])
    await gateway.send(instruments=[listed("SAP.SIMA")], statuses_assumed=True)
    assert (await listing(service, "SAP.SIMA")).trading_status == OPEN


async def test_what_a_venue_lists_and_the_mesh_leaves_out_is_shown_with_the_listings(
    service, gateway
):
    left_out = [instrument_pb2.LeftOutListing(symbol="a very long symbol", text="too long")]
    await gateway.send(left_out=feed_service.LeftOutListings(listings=left_out))

    async def shown(**fields):
        request = instrument_service.ListRequest(**fields)
        answer = await service.instruments.List(request, metadata=service.metadata)
        return [(one.venue_mic, one.symbol, one.text) for one in answer.left_out]

    there = [("SIMA", "a very long symbol", "too long")]
    assert await shown() == await shown(text="LONG") == await shown(venue_mic="SIMA") == there
    assert await shown(text="short") == await shown(venue_mic="SIMB") == []
    assert await shown(isin="NL0010273215") == []
    await gateway.send(instruments=[listed("SAP.SIMA", OPEN)])
    assert await shown(page_size=1) == []  # on the last page only
    assert await shown() == there
    await gateway.send(left_out=feed_service.LeftOutListings())
    assert await shown() == []


@pytest.mark.parametrize("status", [HALTED, DELISTED, NOT_KNOWN])
async def test_a_status_survives_a_restart_with_redis(tls_folder, mint, redis_server, status):
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        gateway = await service.gateway().open()
        await gateway.send(instruments=[listed("ASML.SIMA", status)])
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        assert (await listing(service)).trading_status == status


async def test_a_restart_forgets_what_was_delisted_long_ago(
    tls_folder, mint, redis_server, monkeypatch
):
    names = {"ASML.SIMA", "ING.SIMA"}
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        gateway = await service.gateway().open()
        await gateway.send(
            instruments=[listed("ING.SIMA", OPEN)], list_begins=True, list_complete=True
        )
    async with running(tls_folder, mint, redis_url=redis_server.url) as service:
        assert await _known(service) == names
    monkeypatch.setattr("svc_marketdata.domain.listing.DELISTED_KEPT_DAYS", 0)
    for _ in range(2):
        async with running(tls_folder, mint, redis_url=redis_server.url) as service:
            assert await _known(service) == {"ING.SIMA"}
        monkeypatch.undo()  # it is gone from Redis too


async def _known(service):
    request = instrument_service.ListRequest()
    answer = await service.instruments.List(request, metadata=service.metadata)
    return {one.instrument_id for one in answer.instruments}


async def test_a_listing_is_found_by_the_venues_symbol(service, gateway):
    await gateway.send(instruments=[listed("BRK_2EB.SIMA", OPEN, venue_symbol="BRK.B")])
    request = instrument_service.ListRequest(text="brk.b")
    found = await service.instruments.List(request, metadata=service.metadata)
    assert [one.instrument_id for one in found.instruments] == ["BRK_2EB.SIMA"]
