"""Who may call what, and what each rpc says to bad input."""

import grpc
import pytest

from ordermesh.marketdata.v1 import feed_service_pb2 as feed_pb
from ordermesh.marketdata.v1 import (
    feed_service_pb2_grpc,
    instrument_service_pb2_grpc,
    market_data_service_pb2_grpc,
)
from ordermesh.marketdata.v1 import instrument_service_pb2 as instrument_service
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from tests.integration.marketdata.conftest import NAMES, bid, book, instrument
from tests.support.refusals import refusal

FEED = "Feed"
ONE = {"instrument_ids": ["ASML.SIMA"]}


def watch(**fields):
    return pb.WatchRequest(subscription=pb.Subscription(**fields))


BAD_REQUESTS = [
    # rpc, request, field named, part of the text
    ("Watch", pb.WatchRequest(), "subscription", "required"),
    ("Watch", watch(instrument_ids=["asml"]), "subscription.instrument_ids[0]", "SYMBOL.MIC"),
    ("Watch", watch(topics=[0]), "subscription.topics[0]", "Topic"),
    ("Watch", watch(topics=[9]), "subscription.topics[0]", ""),
    ("Watch", watch(topics=[1] * 6), "subscription.topics", "5"),
    ("Watch", watch(depth=1_001), "subscription.depth", "1000"),
    ("Watch", watch(depth=-1), "subscription.depth", "-1"),
    ("Watch", watch(mode=9), "subscription.mode", ""),
    ("Watch", watch(mode=2, interval_ms=49), "subscription.interval_ms", "50"),
    ("Watch", watch(mode=2, interval_ms=10_001), "subscription.interval_ms", "10000"),
    ("Watch", watch(instrument_ids=["A.SIMA"] * 501), "subscription.instrument_ids", "500"),
    ("Watch", pb.WatchRequest(subscription={}, heartbeat_s=61), "heartbeat_s", "60"),
    (
        "Watch",
        pb.WatchRequest(subscription={}, cursor=stream_pb2.Cursor(epoch="x" * 65)),
        "cursor.epoch",
        "64",
    ),
    ("GetSnapshot", pb.GetSnapshotRequest(), "instrument_ids", "1"),
    ("GetSnapshot", pb.GetSnapshotRequest(topics=[0], **ONE), "topics[0]", "Topic"),
    ("GetSnapshot", pb.GetSnapshotRequest(depth=1_001, **ONE), "depth", "1000"),
    ("GetSnapshot", pb.GetSnapshotRequest(instrument_ids=["\x01"]), "instrument_ids[0]", ""),
    ("Get", instrument_service.GetRequest(), "instrument_id", "required"),
    ("Get", instrument_service.GetRequest(instrument_id="x"), "instrument_id", "SYMBOL.MIC"),
    ("List", instrument_service.ListRequest(venue_mic="SIMAA"), "venue_mic", "4"),
    ("List", instrument_service.ListRequest(isin="NL"), "isin", "ISIN"),
    ("List", instrument_service.ListRequest(text="x" * 51), "text", "50"),
    ("List", instrument_service.ListRequest(page_size=501), "page_size", "500"),
    ("List", instrument_service.ListRequest(page_size=-1), "page_size", "-1"),
    ("List", instrument_service.ListRequest(page_token="!"), "page_token", "next_page_token"),
    ("List", instrument_service.ListRequest(page_token="QUJD"), "page_token", "next_page_token"),
]


def stub_of(service, rpc):
    if rpc in {"Get", "List", "GetCalendar"}:
        return getattr(service.instruments, rpc)
    return getattr(service.prices, rpc)


@pytest.fixture
async def fed(service):
    await service.gateway().open()
    return service


async def test_bad_input_names_the_field_what_it_was_and_what_is_expected(fed):
    for rpc, request, field, text in BAD_REQUESTS:
        refused = await refusal(stub_of(fed, rpc)(request, metadata=fed.metadata))
        received = (rpc, str(request), refused)
        assert refused.code is grpc.StatusCode.INVALID_ARGUMENT, received
        assert refused.reason == "INVALID_FIELD", received
        assert refused.field == field, received
        assert text in refused.text, received


async def test_an_unknown_instrument_is_named(fed):
    unknown = "NONE.SIMA"
    for rpc, request in (
        ("Watch", watch(instrument_ids=["ASML.SIMA", unknown])),
        ("GetSnapshot", pb.GetSnapshotRequest(instrument_ids=[unknown])),
        ("Get", instrument_service.GetRequest(instrument_id=unknown)),
    ):
        refused = await refusal(stub_of(fed, rpc)(request, metadata=fed.metadata))
        assert refused.code is grpc.StatusCode.NOT_FOUND
        assert refused.reason == "INSTRUMENT_NOT_FOUND"
        assert unknown in refused.text
        assert refused.metadata["instrument_id"] == unknown


async def test_a_stream_must_be_opened_and_only_once(fed):
    for frames, field in (
        ([pb.StreamRequest()], "open"),
        ([pb.StreamRequest(subscribe=pb.Subscription())], "open"),
        ([pb.StreamRequest(open=watch())] * 2, "open"),
        ([pb.StreamRequest(open=watch()), pb.StreamRequest(subscribe={"depth": 1_001})],
         "subscribe.depth"),
        ([pb.StreamRequest(open=watch()), pb.StreamRequest(subscribe={"topics": [0]})],
         "subscribe.topics[0]"),
    ):  # fmt: skip
        call = fed.prices.Stream(metadata=fed.metadata)
        for frame in frames:
            await call.write(frame)
        refused = await refusal(call)
        assert (refused.reason, refused.field) == ("INVALID_FIELD", field)


async def test_every_public_rpc_needs_a_token(fed):
    for rpc, request in (
        ("Watch", watch()),
        ("GetSnapshot", pb.GetSnapshotRequest(**ONE)),
        ("Get", instrument_service.GetRequest(instrument_id="ASML.SIMA")),
        ("List", instrument_service.ListRequest()),
        ("GetCalendar", instrument_service.GetCalendarRequest(venue_mic="SIMA")),
    ):
        refused = await refusal(stub_of(fed, rpc)(request))
        assert refused.code is grpc.StatusCode.UNAUTHENTICATED, rpc
    refused = await refusal(
        fed.instruments.Watch(instrument_service.InstrumentServiceWatchRequest())
    )
    assert refused.code is grpc.StatusCode.UNAUTHENTICATED
    refused = await refusal(fed.prices.Stream())
    assert refused.code is grpc.StatusCode.UNAUTHENTICATED


async def test_only_the_gateway_feeds(service):
    for stranger in ("svc-oms", "envoy", "svc-identity", "bench"):
        stub = feed_service_pb2_grpc.FeedServiceStub(service.channel(stranger))
        refused = await refusal(stub.Feed(metadata=service.metadata))
        assert refused.code is grpc.StatusCode.PERMISSION_DENIED, stranger
        assert stranger in refused.text


async def test_feeds_that_break_the_contract_are_refused(service):
    opened = feed_pb.FeedOpen(session_id="s", venue_mic="SIMA", epoch="e")
    mars = feed_pb.FeedOpen(
        session_id="s", venue_mic="SIMA", epoch="e", trading_calendar={"follows": "MARS"}
    )
    many = [bid("ASML.SIMA", "1")] * 1001
    for frames, field in (
        ([feed_pb.FeedRequest()], "open"),
        ([feed_pb.FeedRequest(open=feed_pb.FeedOpen(session_id="s"))], "open.venue_mic"),
        ([feed_pb.FeedRequest(open={"session_id": "s", "venue_mic": "sima"})], "open.venue_mic"),
        ([feed_pb.FeedRequest(open=mars)], "open.trading_calendar"),
        ([feed_pb.FeedRequest(open=opened), feed_pb.FeedRequest(frame_sequence=5)],
         "frame_sequence"),
        ([feed_pb.FeedRequest(open=opened), feed_pb.FeedRequest(frame_sequence=1, updates=many)],
         "updates"),
    ):  # fmt: skip
        call = service.gateway().call
        for frame in frames:
            await call.write(frame)
        refused = await refusal(call)
        assert (refused.reason, refused.field) == ("INVALID_FIELD", field)


async def test_a_second_gateway_takes_over(service):
    first = await service.gateway().open()
    second = await service.gateway().open()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await first.reader
    assert caught.value.code() is grpc.StatusCode.ABORTED
    await second.send(updates=[bid("ASML.SIMA", "10.1")])


async def test_one_bad_update_costs_one_listing_and_asks_for_everything_again(service, gateway):
    assert gateway.refreshes == 1, "at the opening"
    bad = [
        bid("ASML.SIMA", "1.0"),
        bid("ASML.SIMB", "1"),
        bid("asml.SIMA", "1"),
        feed_pb.FeedUpdate(instrument_id="ASML.SIMA"),
        feed_pb.FeedUpdate(
            instrument_id="ASML.SIMA", level=feed_pb.LevelChange(price="1", size="1")
        ),
    ]
    wrong = instrument("ASML.SIMA")
    wrong.symbol = "ING"
    await gateway.send(updates=[*bad, bid("ING.SIMA", "10.4")], instruments=[wrong])
    snapshot = await service.prices.GetSnapshot(
        pb.GetSnapshotRequest(instrument_ids=NAMES), metadata=service.metadata
    )
    received = {update.instrument_id: update.quote for update in snapshot.updates}
    assert received["ASML.SIMA"].stale
    assert not received["ING.SIMA"].stale
    assert received["ING.SIMA"].bid_price == "10.4"
    await gateway.send(updates=[book("ASML.SIMA")])
    listed = await service.instruments.Get(
        instrument_service.GetRequest(instrument_id="ASML.SIMA"), metadata=service.metadata
    )
    assert listed.instrument.symbol == "ASML"


async def test_listings_by_filter_and_page(service):
    names = [f"S{n:02}.SIMA" for n in range(25)]
    await service.gateway().open(names=names)
    await service.gateway("SIMB").open(names=["S00.SIMB"])
    seen, token = [], ""
    while True:
        page = await service.instruments.List(
            instrument_service.ListRequest(venue_mic="SIMA", page_size=10, page_token=token),
            metadata=service.metadata,
        )
        seen += [item.instrument_id for item in page.instruments]
        token = page.next_page_token
        if not token:
            break
    assert seen == names

    async def found(**fields):
        request = instrument_service.ListRequest(**fields)
        answer = await service.instruments.List(request, metadata=service.metadata)
        return [item.instrument_id for item in answer.instruments]

    assert await found(text="s00 hold") == ["S00.SIMA", "S00.SIMB"]
    assert await found(text="s00", venue_mic="SIMB") == ["S00.SIMB"]
    assert await found(isin="NL0000009082") == []
    assert len(await found(isin="NL0010273215")) == 26
    first = await service.instruments.List(
        instrument_service.ListRequest(page_size=1), metadata=service.metadata
    )
    refused = await refusal(
        service.instruments.List(
            instrument_service.ListRequest(page_token=first.next_page_token, text="other"),
            metadata=service.metadata,
        )
    )
    assert refused.field == "page_token"


async def test_the_oms_watches_listings_without_a_user(service, gateway):
    stub = instrument_service_pb2_grpc.InstrumentServiceStub(service.channel("svc-oms"))
    call = stub.Watch(instrument_service.InstrumentServiceWatchRequest(venue_mic="SIMA"))
    received = []
    while not received or not received[-1].HasField("snapshot_complete"):
        received.extend((await call.read()).items)
    assert [item.instrument.instrument_id for item in received[:-1]] == sorted(NAMES)
    assert received[-1].snapshot_complete.item_count == len(NAMES)
    halted = feed_pb.FeedUpdate(instrument_id="ASML.SIMA", trading_status=2)
    await gateway.send(updates=[halted])
    change = (await call.read()).items[0].instrument
    assert (change.instrument_id, change.trading_status) == ("ASML.SIMA", 2)


async def test_only_the_oms_watches_prices_without_a_user(fed):
    subscription = pb.Subscription(mode=pb.DELIVERY_MODE_INTERVAL, interval_ms=1000)
    request = pb.WatchRequest(subscription=subscription)
    call = market_data_service_pb2_grpc.MarketDataServiceStub(fed.channel("svc-oms")).Watch(request)
    received = []
    while not received or not received[-1].HasField("snapshot_complete"):
        received.extend((await call.read()).items)
    assert {item.update.instrument_id for item in received if item.HasField("update")} == set(NAMES)
    for stranger in ("svc-gateway", "svc-identity", "envoy"):
        stub = market_data_service_pb2_grpc.MarketDataServiceStub(fed.channel(stranger))
        refused = await refusal(stub.Watch(request))
        assert refused.code is grpc.StatusCode.UNAUTHENTICATED, stranger
    oms = market_data_service_pb2_grpc.MarketDataServiceStub(fed.channel("svc-oms"))
    refused = await refusal(oms.GetSnapshot(pb.GetSnapshotRequest(**ONE)))
    assert refused.code is grpc.StatusCode.UNAUTHENTICATED


async def test_snapshot_of_every_topic(fed):
    answer = await fed.prices.GetSnapshot(
        pb.GetSnapshotRequest(instrument_ids=["ASML.SIMA"], topics=[1, 2, 3, 4], depth=1),
        metadata=fed.metadata,
    )
    assert [update.WhichOneof("value") for update in answer.updates] == ["quote", "book"]
    assert all(update.snapshot for update in answer.updates)
    assert answer.cursor.sequence == sum(update.sequence for update in answer.updates)
