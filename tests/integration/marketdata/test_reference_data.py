"""Reference data on a real PostgreSQL: imports, watchers, questions about the past, rights."""

import asyncio
import datetime as dt
import gzip

import asyncpg
import grpc
import pytest

from conformance.waiting import POLL_S, WAIT_S
from mesh.errors import read_refusal
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.marketdata.v1 import instrument_service_pb2 as instruments_pb
from ordermesh.marketdata.v1 import reference_data_service_pb2 as pb
from tests.integration.marketdata.conftest import NAMES, running
from tests.integration.marketdata.history.support import replica
from tests.support.marketdata_database import marketdata_url
from tests.support.ports import free_port
from tests.support.postgres import as_service

__all__ = ["marketdata_url"]

HEAD = "isin,cfi,type,name,issuer,mic,symbol,currency,lot_size,tick_table"
ROWS = (
    "NL0010273215,ESVUFR,SHARE,ASML Holding N.V.,ASML,SIMA,ASML,EUR,1,0:0.01",
    "NL0011821202,ESVUFR,SHARE,ING Groep N.V.,ING,SIMA,ING,EUR,1,0:0.01",
    "NL0011821202,ESVUFR,SHARE,ING Groep N.V.,ING,SIMB,ING,USD,1,0:0.01",
    "IE00B4L5Y983,CEOGES,ETF,iShares Core MSCI World,BlackRock,,,,,",
)
FILE = "\n".join((HEAD, *ROWS)) + "\n"
TODAY = dt.datetime.now(dt.UTC).date()


class Reference:
    """The rpcs of one service, by an operator and by a viewer."""

    def __init__(self, service):
        self.service = service
        self.stub = service.reference

    async def call(self, rpc, request):
        return await getattr(self.stub, rpc)(request, metadata=self.service.operator)

    async def load(self, csv=FILE, **fields):
        request = pb.ImportRequest(csv=csv.encode(), reason="first load", **fields)
        return await self.call("Import", request)

    async def search(self, text, **fields):
        request = instruments_pb.SearchRequest(text=text, **fields)
        return await self.service.instruments.Search(request, metadata=self.service.metadata)

    async def get(self, name):
        request = instruments_pb.GetRequest(instrument_id=name)
        answer = await self.service.instruments.Get(request, metadata=self.service.metadata)
        return answer.instrument


@pytest.fixture
async def reference(tls_folder, mint, marketdata_url):
    url = as_service(marketdata_url, "marketdata")
    async with running(tls_folder, mint, database_url=url) as service:
        yield Reference(service)


async def test_an_import_is_pushed_to_watchers_and_fills_what_the_venue_leaves_out(reference):
    await reference.service.gateway().open()
    watch = reference.service.instruments.Watch(
        instruments_pb.InstrumentServiceWatchRequest(), metadata=reference.service.metadata
    )
    seen = {}

    async def until_seen(name):
        async for frame in watch:
            for item in frame.items:
                if item.HasField("instrument"):
                    seen[item.instrument.instrument_id] = item.instrument
            if name in seen and seen[name].issuer:
                return seen[name]
        raise AssertionError("the stream ended")

    done = await reference.load()
    assert (done.changed, done.unchanged, done.fault_count) == (6, 0, 0)
    asml = await until_seen("ASML.SIMA")
    assert (asml.issuer, asml.full_name, asml.cfi_code) == ("ASML", "ASML Holding N.V.", "ESVUFR")
    assert not asml.contradictions
    watch.cancel()


async def test_a_contradiction_is_shown_and_the_venue_stands(reference):
    await reference.service.gateway().open()
    await reference.load(FILE.replace("ASML,EUR,1,", "ASML,USD,10,"))
    await until_enriched(reference, "ASML.SIMA")
    asml = await reference.get("ASML.SIMA")
    assert (asml.currency, asml.lot_size) == ("EUR", "1")
    shown = {one.field: (one.venue_value, one.reference_value) for one in asml.contradictions}
    assert shown == {"currency": ("EUR", "USD"), "lot_size": ("1", "10")}
    ing = await reference.get("ING.SIMA")
    assert [one.field for one in ing.contradictions] == ["isin"]


async def eventually(condition):
    async with asyncio.timeout(WAIT_S):
        while not await condition():
            await asyncio.sleep(POLL_S)


async def until_enriched(reference, name):
    async def enriched():
        return (await reference.get(name)).issuer

    await eventually(enriched)


async def test_a_listing_that_comes_later_gets_its_reference_data(reference):
    await reference.load()
    await reference.service.gateway().open()
    await until_enriched(reference, "ASML.SIMA")


async def test_the_same_file_again_changes_nothing(reference):
    await reference.load()
    again = await reference.load()
    assert (again.changed, again.unchanged, again.change_id) == (0, 7 - 1, "")


async def test_what_is_exported_imports_to_no_change(reference):
    await reference.load()
    page = await reference.call("Export", pb.ExportRequest())
    assert page.csv.startswith("isin,cfi,type,name,issuer,mic,symbol,currency")
    assert len(page.csv.splitlines()) == 1 + 4
    again = await reference.load(page.csv)
    assert (again.changed, again.fault_count) == (0, 0)


async def test_a_file_with_bad_rows_records_nothing_and_names_each(reference):
    bad = FILE.replace("ASML,EUR", "ASML,EURO").replace("CEOGES", "CEOG")
    done = await reference.load(bad)
    assert [(one.line, one.field, one.value) for one in done.faults] == [
        (2, "currency", "EURO"),
        (5, "cfi", "CEOG"),
    ]
    assert (done.changed, done.change_id) == (0, "")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await reference.call("GetRecords", pb.GetRecordsRequest(key="NL0011821202"))
    assert read_refusal(refused.value).reason == "INSTRUMENT_NOT_FOUND"


async def test_a_dry_run_counts_and_records_nothing(reference):
    assert (await reference.load(dry_run=True)).changed == 6
    assert (await reference.load(dry_run=True)).changed == 6


async def test_a_file_may_be_compressed(reference):
    request = pb.ImportRequest(csv=gzip.compress(FILE.encode()), reason="packed")
    assert (await reference.call("Import", request)).changed == 6


async def test_what_was_known_at_a_time_about_a_day_can_be_asked(reference):
    await reference.load(valid_from="2026-01-01")
    before = dt.datetime.now(dt.UTC)
    later = FILE.replace("ASML,EUR,1,", "ASML,EUR,10,")
    await reference.load(later, valid_from="2026-06-01")

    async def lot(date, known_at=None):
        request = pb.GetRecordsRequest(key="ASML.SIMA", date=date)
        if known_at is not None:
            request.known_at.FromDatetime(known_at)
        answer = await reference.call("GetRecords", request)
        return answer.listings[0].lot_size

    assert await lot("2026-05-31") == "1"
    assert await lot("2026-06-01") == "10"
    assert await lot("2026-06-01", before) == "1"
    history = await reference.call("ListHistory", pb.ListHistoryRequest(key="ASML.SIMA"))
    assert [(one.valid_from, one.listing.lot_size, one.reason) for one in history.entries] == [
        ("2026-06-01", "10", "first load"),
        ("2026-01-01", "1", "first load"),
    ]
    assert all(one.username and one.change_id for one in history.entries)


async def test_an_isin_has_all_its_listings(reference):
    await reference.load()
    answer = await reference.call("GetRecords", pb.GetRecordsRequest(key="NL0011821202"))
    assert answer.instrument.name == "ING Groep N.V."
    assert [(one.instrument_id, one.currency) for one in answer.listings] == [
        ("ING.SIMA", "EUR"),
        ("ING.SIMB", "USD"),
    ]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("ing", 100), ("NL0011821202", 100), ("nl00118", 90), ("ing gro", 90), ("groep", 85),
        ("ing.simb", 100), ("roep", 75), ("ing greop", 0), ("inggroep", 0),
    ],
)  # fmt: skip
async def test_search_finds_by_beginning_name_isin_and_with_typing_errors(reference, text, score):
    await reference.load()
    (first, *_) = (await reference.search(text)).instruments
    assert (first.isin, first.name, first.issuer) == ("NL0011821202", "ING Groep N.V.", "ING")
    assert [one.instrument_id for one in first.listings] == ["ING.SIMA", "ING.SIMB"]
    assert first.score == score or (not score and 70 <= first.score < 75)


async def test_search_is_paged_and_filtered(reference):
    await reference.load()
    first = await reference.search("r", page_size=1)
    second = await reference.search("r", page_size=1, page_token=first.next_page_token)
    assert first.instruments[0].isin != second.instruments[0].isin
    etf = instrument_pb2.INSTRUMENT_KIND_ETF
    (only,) = (await reference.search("r", kinds=[etf])).instruments
    assert only.isin == "IE00B4L5Y983"
    (only,) = (await reference.search("r", venue_mic="SIMB")).instruments
    assert only.isin == "NL0011821202"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await reference.search("other", page_token=first.next_page_token)
    assert read_refusal(refused.value).metadata["field"] == "page_token"


async def test_a_viewer_reads_and_only_an_operator_changes(reference):
    viewer = reference.service.metadata
    await reference.stub.Export(pb.ExportRequest(), metadata=viewer)
    for rpc, request in (
        ("Import", pb.ImportRequest(csv=b"isin", reason="x")),
        (
            "RecordAction",
            pb.RecordActionRequest(
                kind=3, key="ASML.SIMA", effective_date=TODAY.isoformat(), reason="x"
            ),
        ),
        ("WithdrawAction", pb.WithdrawActionRequest(action_id="01", reason="x")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(reference.stub, rpc)(request, metadata=viewer)
        assert read_refusal(refused.value).reason == "PERMISSION_DENIED"


async def test_listings_and_search_of_live_listings_go_on_while_the_database_is_away(
    tls_folder, mint
):
    away = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    async with running(tls_folder, mint, database_url=away) as service:
        await service.gateway().open()
        reference = Reference(service)
        assert (await reference.get(NAMES[0])).symbol == "ASML"

        async def found():
            return (await reference.search("asml")).instruments

        await eventually(found)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await reference.load()
        assert read_refusal(refused.value).reason == "DEPENDENCY_UNAVAILABLE"


TOMORROW = (TODAY + dt.timedelta(days=1)).isoformat()
SPLIT, RENAME, DELIST = 1, 2, 3


def action(kind, key, date=TOMORROW, **fields):
    return pb.RecordActionRequest(
        kind=kind, key=key, effective_date=date, reason="announced", **fields
    )


async def adjustments(url):
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT instrument_id, price_factor FROM marketdata.adjustments ORDER BY 1"
    )
    await connection.close()
    return [(name, float(factor)) for name, factor in rows]


async def test_a_split_is_shown_by_every_listing_and_adjusts_earlier_prices(
    reference, marketdata_url
):
    await reference.load()
    await reference.service.gateway().open()
    await until_enriched(reference, "ASML.SIMA")
    request = action(SPLIT, "NL0011821202", new_shares="4", old_shares="1")
    done = (await reference.call("RecordAction", request)).action
    assert done.state == instrument_pb2.CORPORATE_ACTION_STATE_ANNOUNCED
    assert done.recorded_by
    with pytest.raises(grpc.aio.AioRpcError, match=done.action_id) as refused:
        await reference.call("RecordAction", request)
    assert read_refusal(refused.value).metadata["field"] == "effective_date"
    assert await adjustments(marketdata_url) == [("ING.SIMA", 0.25), ("ING.SIMB", 0.25)]
    listed = await reference.call("ListActions", pb.ListActionsRequest(key="NL0011821202"))
    assert [one.action_id for one in listed.actions] == [done.action_id]
    request = pb.WithdrawActionRequest(action_id=done.action_id, reason="cancelled")
    withdrawn = (await reference.call("WithdrawAction", request)).action
    assert withdrawn.state == instrument_pb2.CORPORATE_ACTION_STATE_WITHDRAWN
    assert await adjustments(marketdata_url) == []
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await reference.call("WithdrawAction", request)
    assert read_refusal(refused.value).reason == "INVALID_FIELD"


async def test_a_delisting_of_today_reaches_the_listing_at_once(reference):
    await reference.load()
    await reference.service.gateway().open()
    await until_enriched(reference, "ASML.SIMA")
    await reference.call("RecordAction", action(DELIST, "ASML.SIMA", TODAY.isoformat()))
    asml = await reference.get("ASML.SIMA")
    (shown,) = asml.corporate_actions
    assert shown.state == instrument_pb2.CORPORATE_ACTION_STATE_EFFECTIVE
    assert [one.field for one in asml.contradictions] == ["trading_status"]


async def test_a_change_of_symbol_ends_one_listing_and_begins_another(reference):
    await reference.load()
    await reference.call("RecordAction", action(RENAME, "ING.SIMB", new_symbol="INGA"))

    async def on(date):
        request = pb.GetRecordsRequest(key="NL0011821202", date=date)
        answer = await reference.call("GetRecords", request)
        return {one.instrument_id: one.ended for one in answer.listings}

    assert await on(TODAY.isoformat()) == {"ING.SIMA": False, "ING.SIMB": False}
    assert await on(TOMORROW) == {"ING.SIMA": False, "ING.SIMB": True, "INGA.SIMB": False}


async def test_a_withdrawn_change_of_symbol_leaves_what_was_imported_for_its_day(reference):
    await reference.load(valid_from=TODAY.isoformat())
    done = await reference.call("RecordAction", action(RENAME, "ING.SIMB", new_symbol="INGA"))
    await reference.load(FILE.replace("ING,USD,1,", "ING,USD,25,"), valid_from=TOMORROW)
    request = pb.WithdrawActionRequest(action_id=done.action.action_id, reason="cancelled")
    await reference.call("WithdrawAction", request)
    request = pb.GetRecordsRequest(key="NL0011821202", date=TOMORROW)
    answer = await reference.call("GetRecords", request)
    assert {one.instrument_id: (one.lot_size, one.ended) for one in answer.listings} == {
        "ING.SIMA": ("1", False),
        "ING.SIMB": ("25", False),
    }


async def test_other_replicas_push_a_change_to_their_readers_at_once(
    reference, tls_folder, mint, marketdata_url, tmp_path
):
    async with replica(tls_folder, mint, marketdata_url, tmp_path) as (_, past):
        other = Reference(past.service)
        await past.service.gateway().open()
        watch = other.service.instruments.Watch(
            instruments_pb.InstrumentServiceWatchRequest(venue_mic="SIMA"),
            metadata=reference.service.metadata,
        )
        issuers = []

        async def until_issuer(issuer):
            # The other replica would look by itself after FOLLOW_PAUSE_S, which is longer.
            async with asyncio.timeout(WAIT_S):
                async for frame in watch:
                    issuers.extend(
                        item.instrument.issuer
                        for item in frame.items
                        if item.instrument.instrument_id == "ASML.SIMA"
                    )
                    if issuer in issuers:
                        return
            raise AssertionError("the stream ended")

        await until_issuer("")
        await reference.load()
        await until_issuer("ASML")
        await reference.load(FILE.replace("N.V.,ASML,", "N.V.,Another,"))
        await until_issuer("Another")
        watch.cancel()


async def test_a_time_that_no_database_knows_is_refused_by_name(reference):
    for rpc, request in (
        ("Export", pb.ExportRequest(known_at={"seconds": 253_402_300_799})),
        ("GetRecords", pb.GetRecordsRequest(key="NL0010273215", known_at={"seconds": -1})),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await reference.call(rpc, request)
        assert read_refusal(refused.value).metadata["field"] == "known_at"


async def test_an_action_on_what_nobody_knows_is_refused(reference):
    for request in (
        action(SPLIT, "US0378331005", new_shares="2", old_shares="1"),
        action(DELIST, "NONE.SIMA"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await reference.call("RecordAction", request)
        assert read_refusal(refused.value).reason == "INSTRUMENT_NOT_FOUND"
