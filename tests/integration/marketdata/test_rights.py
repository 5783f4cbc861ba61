"""Which prices a user gets, by right, rpc and topic."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import pytest

from ordermesh.marketdata.v1 import market_data_pb2 as md
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from ordermesh.marketdata.v1 import market_data_service_pb2_grpc
from svc_marketdata.domain.price_rights import PriceRight
from svc_marketdata.service import delayed
from svc_marketdata.service.delayed import DELAY_S
from tests.integration.marketdata.conftest import bid, running
from tests.support.refusals import refusal
from tests.support.tokens import bearer

A, B = "ASML.SIMA", "ASML.SIMB"
KEY = {"isin": "NL0010273215", "currency": "EUR"}
LISTING_TOPICS = {
    md.TOPIC_QUOTE: "quote",
    md.TOPIC_BOOK: "book",
    md.TOPIC_TRADE: "trade",
    md.TOPIC_CANDLE: "candle",
}
WHAT = {
    # right to SIMB: what a stream and GetSnapshot give of it
    "REAL_TIME": {"quote", "book", "trade", "candle"},
    "DELAYED": {"quote", "trade"},
    "NONE": set(),
}


def trade(name, price="10"):
    return {"instrument_id": name, "trade": {"trade_id": f"T-{name}", "price": price, "size": "1"}}


@asynccontextmanager
async def two_venues(folder, mint):
    async with running(folder, mint) as service:
        for mic, name in (("SIMA", A), ("SIMB", B)):
            gateway = await service.gateway(mic).open(names=[name])
            await gateway.send(updates=[trade(name)])
        yield service


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Delayed values come at their next turn; test_delayed.py has the real times."""
    monkeypatch.setattr(delayed, "DELAY_S", 0)
    monkeypatch.setattr(delayed, "DELAYED_INTERVAL_S", 1)


async def until_delayed(service):
    """Wait for the delayed values of SIMB."""
    request = pb.GetSnapshotRequest(instrument_ids=[B], topics=[md.TOPIC_QUOTE, md.TOPIC_TRADE])
    metadata = rights(service, "SIMB=DELAYED")
    async with asyncio.timeout(60):
        while len((await service.prices.GetSnapshot(request, metadata=metadata)).updates) < 2:
            await asyncio.sleep(0.1)


def rights(service, *claims):
    return bearer(service.mint.mint_token(roles=("VIEWER",), prices=list(claims)))


async def snapshot(call):
    """Read a stream up to the end of its snapshot: updates, and each venue's right."""
    updates, venues = [], {}
    async for frame in call:
        for item in frame.items:
            kind = item.WhichOneof("item")
            if kind == "update":
                updates.append(item.update)
            elif kind == "venue_status":
                venues[item.venue_status.venue_mic] = item.venue_status.price_right
            elif kind == "snapshot_complete":
                call.cancel()
                return updates, venues
    raise AssertionError("the stream ended")


async def stream(service, rpc, subscription, metadata):
    request = pb.WatchRequest(subscription=subscription)
    if rpc == "Watch":
        return await snapshot(service.prices.Watch(request, metadata=metadata))
    call = service.prices.Stream(metadata=metadata)
    await call.write(pb.StreamRequest(open=request))
    return await snapshot(call)


@pytest.mark.parametrize("rpc", ["Watch", "Stream"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("right", WHAT)
async def test_a_stream_gives_what_the_right_allows(tls_folder, mint, rpc, named, right):
    async with two_venues(tls_folder, mint) as service:
        await until_delayed(service)
        subscription = {"instrument_ids": [A, B] if named else [], "topics": LISTING_TOPICS}
        metadata = rights(service, "*=REAL_TIME", f"SIMB={right}")
        updates, venues = await stream(service, rpc, subscription, metadata)
        found = {name: set() for name in (A, B)}
        for update in updates:
            found[update.instrument_id].add(update.WhichOneof("value"))
            late = update.instrument_id == B and right == "DELAYED"
            assert update.delayed_s == (DELAY_S if late else 0)
        assert found == {A: WHAT["REAL_TIME"], B: WHAT[right]}
        assert venues == {
            "SIMA": md.PRICE_RIGHT_REAL_TIME,
            "SIMB": md.PriceRight.Value(f"PRICE_RIGHT_{right}"),
        }


@pytest.mark.parametrize("right", WHAT)
async def test_a_snapshot_gives_it_or_refuses(tls_folder, mint, right):
    async with two_venues(tls_folder, mint) as service:
        await until_delayed(service)
        metadata = rights(service, "SIMA=REAL_TIME", f"SIMB={right}")
        for topic, name in LISTING_TOPICS.items():
            request = pb.GetSnapshotRequest(instrument_ids=[A, B], topics=[topic])
            call = service.prices.GetSnapshot(request, metadata=metadata)
            if name in WHAT[right]:
                updates = (await call).updates
                assert [one.WhichOneof("value") for one in updates] == [name] * 2
                assert updates[1].delayed_s == (DELAY_S if right == "DELAYED" else 0)
                continue
            refused = await refusal(call)
            assert (refused.code, refused.reason, refused.field) == (
                grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED", "instrument_ids",
            )  # fmt: skip
            assert "SIMB" in refused.text
            assert refused.metadata["price_right"] == right


async def test_the_consolidated_book_of_who_has_only_some_venues(tls_folder, mint):
    async with two_venues(tls_folder, mint) as service:
        gateway = service._gateways[1]
        await gateway.send(updates=[bid(B, "10.5")])
        request = pb.GetSnapshotRequest(instruments=[KEY])
        for claims, best, left_out in (
            (["*=REAL_TIME"], "10.5", {}),
            (["*=REAL_TIME", "SIMB=DELAYED"], "10", {"SIMB": md.LEFT_OUT_DELAYED}),
            (["SIMA=REAL_TIME"], "10", {"SIMB": md.LEFT_OUT_NOT_ENTITLED}),
            (["SIMB=REAL_TIME"], "10.5", {"SIMA": md.LEFT_OUT_NOT_ENTITLED}),
            ([], "", dict.fromkeys(("SIMA", "SIMB"), md.LEFT_OUT_NOT_ENTITLED)),
        ):
            metadata = rights(service, *claims)
            answer = await service.prices.GetSnapshot(request, metadata=metadata)
            for rpc in ("Watch", "Stream"):
                updates, _ = await stream(service, rpc, {"instruments": [KEY]}, metadata)
                assert [one.consolidated_book for one in updates] == [
                    one.consolidated_book for one in answer.updates
                ]
            (update,) = answer.updates
            shown = update.consolidated_book
            assert update.instrument_id == "NL0010273215/EUR"
            assert (shown.bids[0].price if shown.bids else "") == best
            found = {one.venue_mic: one.left_out for one in shown.venues if one.left_out}
            assert found == left_out
            for venue in shown.venues:
                if venue.left_out:
                    assert not venue.HasField("received_at")
                    assert venue.bid_levels == 0
            shares = {share.instrument_id for level in shown.bids for share in level.shares}
            assert not shares & {f"ASML.{mic}" for mic in left_out}


async def test_a_token_without_rights_gives_no_prices(tls_folder, mint):
    async with two_venues(tls_folder, mint) as service:
        metadata = bearer(mint.mint_token(leave_out=("prices",)))
        updates, venues = await stream(service, "Watch", {"topics": LISTING_TOPICS}, metadata)
        assert updates == []
        assert set(venues.values()) == {md.PRICE_RIGHT_NONE}


async def test_a_subscription_that_changes_keeps_the_rights(tls_folder, mint):
    async with two_venues(tls_folder, mint) as service:
        call = service.prices.Stream(metadata=rights(service, "SIMA=REAL_TIME"))
        await call.write(pb.StreamRequest(open={"subscription": {"instrument_ids": [A]}}))
        await call.write(
            pb.StreamRequest(subscribe={"topics": [md.TOPIC_BOOK], "instrument_ids": [A, B]})
        )
        names, completed = [], 0
        async for frame in call:
            for item in frame.items:
                completed += item.HasField("snapshot_complete")
                if item.HasField("update"):
                    names.append((item.update.instrument_id, item.update.WhichOneof("value")))
            if completed == 2:
                break
        call.cancel()
        assert names == [(A, "quote"), (A, "book")]


async def test_the_oms_reads_everything_without_a_user(tls_folder, mint):
    async with two_venues(tls_folder, mint) as service:
        stub = market_data_service_pb2_grpc.MarketDataServiceStub(service.channel("svc-oms"))
        topics = [md.TOPIC_CONSOLIDATED_BOOK, *LISTING_TOPICS]
        call = stub.Watch(pb.WatchRequest(subscription={"topics": topics}))
        updates, venues = await snapshot(call)
        assert len(updates) == 2 * len(LISTING_TOPICS) + 1
        assert set(venues.values()) == {md.PRICE_RIGHT_REAL_TIME}
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.GetSnapshot(pb.GetSnapshotRequest(instrument_ids=[A]))


def test_every_right_is_tried():
    assert {right.name for right in PriceRight} == WHAT.keys()
    assert len(md.PriceRight.keys()) == len(PriceRight) + 1
