"""Price alerts of users: made, listed, fired, watched, ended; each user's own."""

import datetime as dt
import time
from contextlib import aclosing

import asyncpg
import grpc
import pytest

from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from mesh.auth.revocations import Revoked
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import price_alert_pb2 as alert_pb
from ordermesh.marketdata.v1 import price_alert_service_pb2 as pb
from ordermesh.marketdata.v1 import reference_data_service_pb2 as reference_pb
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.adapters.postgres.alerts.store import PostgresAlertStore
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.domain.alerts.alert import AlertState
from svc_marketdata.service import delayed
from svc_marketdata.service.alerts import keeper
from svc_marketdata.service.alerts.ports import End
from tests.integration.marketdata.alerts.support import (
    ACTIVE,
    ASML,
    BID,
    ENDED,
    FIRED,
    User,
    logged,
)
from tests.integration.marketdata.conftest import bid, running
from tests.integration.marketdata.history.support import eventually, recorded, trade
from tests.support.postgres import as_service
from tests.support.refusals import refusal

NOW_NS = time.time_ns


async def test_an_alert_fires_at_its_price_and_is_reported(vera, feed):
    made = await vera.make(above="12", note="sell half")
    assert (made.state, made.price, made.threshold) == (ACTIVE, alert_pb.ALERT_PRICE_LAST, "12")
    days = (made.expires_at.ToNanoseconds() - made.created_at.ToNanoseconds()) / NS_PER_DAY
    assert days == 90
    await feed.send(updates=[trade(ASML, "11.99"), trade(ASML, "12.5")])
    fired = await vera.until(made.alert_id, FIRED)
    assert (fired.fired_price, fired.note, fired.ended_text) == ("12.5", "sell half", "")
    assert fired.created_at.ToNanoseconds() < fired.ended_at.ToNanoseconds() <= NOW_NS()


async def test_a_change_by_percent_is_of_the_price_now_or_of_a_given_one(vera, feed):
    one = await vera.make(percent="-5", price=BID)
    assert (one.condition, one.reference_price, one.threshold) == (
        alert_pb.ALERT_CONDITION_BELOW, "10", "9.5",
    )  # fmt: skip
    other = await vera.make(percent="2.5", reference_price="40")
    assert (other.condition, other.threshold) == (alert_pb.ALERT_CONDITION_ABOVE, "41")
    await feed.send(updates=[bid(ASML, "10", "0"), bid(ASML, "9.4")])
    assert (await vera.until(one.alert_id, FIRED)).fired_price == "9.4"
    assert (await vera.alert(other.alert_id)).state == ACTIVE


BAD = {
    # fields: field that is named, part of the text
    "none": ({"above": ""}, "above", "exactly one"),
    "two": ({"above": "12", "below": "9"}, "below", "exactly one"),
    "a reference": ({"above": "12", "reference_price": "9"}, "reference_price", "nothing"),
    "no change": ({"percent": "0"}, "percent", "not 0"),
    "all lost": ({"percent": "-100"}, "percent", "more than -100"),
    "too much": ({"percent": "100001"}, "percent", "at most 100000"),
    "no price now": ({"percent": "5"}, "reference_price", "no LAST price now"),
    "no price at all": (
        {"percent": "100000", "reference_price": "999999999999999999"}, "percent", "is no price",
    ),
    "past": ({"expires_at": to_timestamp(1)}, "expires_at", "later than now"),
    "far": ({"expires_at": to_timestamp(NOW_NS() + 400 * NS_PER_DAY)}, "expires_at", "366 days"),
    "reached": ({"above": "9", "price": BID}, "above", "BID is 10 now"),
    "reached below": ({"below": "10", "price": BID}, "below", "BID is 10 now"),
    "reached change": (
        {"percent": "-1", "reference_price": "12", "price": BID}, "percent", "below 11.88",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
async def test_an_alert_that_means_nothing_is_refused(vera, case):
    fields, field, text = BAD[case]
    found = await refusal(vera.create(**fields))
    assert (found.reason, found.field) == ("INVALID_FIELD", field)
    assert text in found.text
    assert await vera.alerts() == []


async def test_the_same_key_makes_one_alert_and_another_request_is_refused(vera, feed):
    first = await vera.ask(idempotency_key="k", above="12")
    await feed.send(updates=[trade(ASML, "13")])
    await vera.until(first.alert.alert_id, FIRED)
    # The condition holds now: the key counts first.
    again = await vera.ask(idempotency_key="k", above="12")
    assert (again.alert.alert_id, again.duplicate) == (first.alert.alert_id, True)
    assert (again.alert.state, first.duplicate) == (FIRED, False)
    found = await refusal(vera.create(idempotency_key="k", above="14"))
    assert (found.reason, found.field) == ("IDEMPOTENCY_KEY_REUSED", "idempotency_key")
    other = User(vera.service, "otto")
    assert not (await other.ask(idempotency_key="k", above="14")).duplicate


async def test_nobody_sees_or_removes_the_alerts_of_another(vera, feed):
    otto = User(vera.service, "otto")
    made = await vera.make(above="12")
    assert await otto.alerts() == []
    found = await refusal(otto.cancel(made.alert_id))
    assert (found.reason, found.field) == ("OBJECT_NOT_FOUND", "alert_id")
    mine = await otto.make(above="12")
    await feed.send(updates=[trade(ASML, "13")])
    await vera.until(made.alert_id, FIRED)
    await otto.until(mine.alert_id, FIRED)
    (opening,) = await otto.watch(events=0)
    cursor = opening.snapshot_complete.cursor
    cursor.sequence = 0
    seen = await otto.watch(events=2, cursor=cursor)
    names = {one.event.alert.alert_id for one in seen if one.HasField("event")}
    assert names == {mine.alert_id}
    (only,) = await otto.alerts()
    assert only.alert_id == mine.alert_id


async def test_a_removed_alert_does_not_fire_and_cannot_be_removed_after_it_fired(vera, feed):
    gone, fired = await vera.make(above="12"), await vera.make(above="12.5")
    for _ in range(2):
        answer = await vera.cancel(gone.alert_id)
        assert answer.alert.state == alert_pb.ALERT_STATE_CANCELED
    await feed.send(updates=[trade(ASML, "13")])
    await vera.until(fired.alert_id, FIRED)
    found = await refusal(vera.cancel(fired.alert_id))
    assert (found.reason, found.metadata["state"]) == ("OBJECT_STATE", "FIRED")
    assert (await vera.alert(gone.alert_id)).fired_price == ""


async def test_pages_and_filters(vera):
    made = [await vera.make(above=str(20 + n)) for n in range(5)]
    other = await vera.make(instrument_id="ING.SIMA")
    await vera.cancel(made[0].alert_id)
    newest_first = [one.alert_id for one in reversed([*made, other])]
    found, token = [], ""
    while True:
        page = await vera.stub.ListAlerts(
            pb.ListAlertsRequest(page_size=2, page_token=token), metadata=vera.metadata
        )
        found += [one.alert_id for one in page.alerts]
        token = page.next_page_token
        if not token:
            break
    assert found == newest_first
    assert len(await vera.alerts(active_only=True)) == 5
    first = await vera.stub.ListAlerts(pb.ListAlertsRequest(page_size=2), metadata=vera.metadata)
    active = pb.ListAlertsRequest(page_token=first.next_page_token, active_only=True)
    found = await refusal(vera.stub.ListAlerts(active, metadata=vera.metadata))
    assert (found.reason, found.field) == ("INVALID_FIELD", "page_token")
    assert [one.alert_id for one in await vera.alerts(instrument_id="ING.SIMA")] == [other.alert_id]
    request = pb.ListAlertsRequest(page_token="made up")
    found = await refusal(vera.stub.ListAlerts(request, metadata=vera.metadata))
    assert found.field == "page_token"


async def test_a_user_and_all_users_have_a_limited_number_of_active_alerts(
    tls_folder, mint, marketdata_url
):
    limits = {"alerts_per_user_max": 2, "alerts_max": 3}
    async with recorded(tls_folder, mint, marketdata_url, **limits) as (service, _):
        await service.gateway().open()
        vera, otto = User(service, "vera"), User(service, "otto")
        made = [await vera.make(above=str(20 + n)) for n in range(2)]
        assert (await refusal(vera.create(above="30"))).reason == "OBJECT_STATE"
        await vera.cancel(made[0].alert_id)
        await vera.make(above="30")
        assert (await otto.make(above="30")).state == ACTIVE
        found = await refusal(otto.create(above="31"))
        assert (found.reason, found.metadata["limit"]) == ("OVERLOADED", "3")


async def test_what_another_replica_records_comes_by_notice(vera, marketdata_url):
    """The store of another replica; the pause of the fallback is longer than the test may last."""
    database = Database(as_service(marketdata_url, "marketdata"))
    await database.open()
    made = await vera.make()
    async with aclosing(vera.items()) as items:
        async for item in items:
            if item.HasField("snapshot_complete"):
                ends = [End(made.alert_id, AlertState.CANCELED, NOW_NS())]
                await PostgresAlertStore(database, lambda *_: 0).end(ends, NOW_NS())
            elif item.HasField("event"):
                assert item.event.alert.state == alert_pb.ALERT_STATE_CANCELED
                break
    await database.close()


async def test_what_is_old_is_removed_and_a_cursor_before_it_gets_a_snapshot(vera, marketdata_url):
    first = await vera.make()
    cursor = (await vera.watch(events=0))[-1].snapshot_complete.cursor
    await vera.cancel(first.alert_id)
    await vera.make()
    connection = await asyncpg.connect(marketdata_url)
    await connection.execute("ALTER TABLE marketdata.alert_log DISABLE TRIGGER USER")
    await connection.execute("ALTER TABLE marketdata.alerts DISABLE TRIGGER USER")
    old = f"recorded_ns - {401 * NS_PER_DAY}"
    await connection.execute(f"UPDATE marketdata.alert_log SET recorded_ns = {old}"  # noqa: S608
                             " WHERE sequence < 3")  # fmt: skip
    await connection.execute("UPDATE marketdata.alerts SET ended_ns = 1 WHERE state <> 1")
    await connection.execute("ALTER TABLE marketdata.alert_log ENABLE TRIGGER USER")
    await connection.execute("ALTER TABLE marketdata.alerts ENABLE TRIGGER USER")

    database = Database(as_service(marketdata_url, "marketdata"))
    await database.open()
    before_ns = NOW_NS() - 400 * NS_PER_DAY
    assert await PostgresAlertStore(database, lambda *_: 0).cut(before_ns) == 2
    await database.close()
    assert [one[1] for one in await logged(marketdata_url)] == [3]
    assert len(await vera.alerts()) == 1
    items = vera.items(cursor)
    assert (await anext(items)).resync.cause == stream_pb2.RESYNC_CAUSE_CURSOR_TOO_OLD
    await items.aclose()
    for statement in (
        "DELETE FROM marketdata.alert_log",
        "TRUNCATE marketdata.alert_log",
        f"SELECT marketdata.cut_alerts({NOW_NS()}, 10)",
    ):
        with pytest.raises(asyncpg.PostgresError, match=r"append-only|last 35 days"):
            await connection.execute(statement)
    await connection.close()


async def test_a_stream_gives_active_alerts_then_each_change_once(vera, feed):
    first, second = await vera.make(above="12"), await vera.make(above="13")
    await vera.cancel(second.alert_id)
    opening = await vera.watch(events=0)
    assert [one.WhichOneof("item") for one in opening] == ["snapshot", "snapshot_complete"]
    assert opening[0].snapshot.alert_id == first.alert_id
    cursor = opening[-1].snapshot_complete.cursor
    assert cursor.sequence == 3
    await feed.send(updates=[trade(ASML, "12")])
    await vera.until(first.alert_id, FIRED)
    third = await vera.make(above="14")
    events = [one.event for one in await vera.watch(events=2, cursor=cursor)]
    assert [(one.sequence, one.alert.alert_id, one.alert.state) for one in events] == [
        (4, first.alert_id, FIRED),
        (5, third.alert_id, ACTIVE),
    ]
    # Live: nothing is left out between the replay and what comes.
    cursor.sequence = 5
    items = vera.items(cursor)
    async for item in items:
        if item.HasField("heartbeat"):
            assert item.heartbeat.high_water == cursor
            await vera.cancel(third.alert_id)
        elif item.HasField("event"):
            assert (item.event.sequence, item.event.alert.alert_id) == (6, third.alert_id)
            break
    await items.aclose()


@pytest.mark.parametrize(
    ("epoch", "sequence", "cause"),
    [
        ("another", 1, stream_pb2.RESYNC_CAUSE_EPOCH_CHANGED),
        ("", 99, stream_pb2.RESYNC_CAUSE_CURSOR_UNKNOWN),
    ],
)
async def test_a_cursor_that_cannot_be_resumed_from_gets_a_snapshot(vera, epoch, sequence, cause):
    made = await vera.make()
    known = (await vera.watch(events=0))[-1].snapshot_complete.cursor
    asked = stream_pb2.Cursor(epoch=epoch or known.epoch, sequence=sequence)
    items = vera.items(asked)
    seen = [await anext(items) for _ in range(3)]
    await items.aclose()
    assert seen[0].resync.cause == cause
    assert seen[0].resync.requested == asked
    assert seen[1].snapshot.alert_id == made.alert_id
    assert seen[2].snapshot_complete.cursor == known


async def test_without_a_right_an_alert_is_refused_and_with_a_delayed_one_it_is_late(
    vera, feed, monkeypatch
):
    monkeypatch.setattr(delayed, "DELAYED_INTERVAL_S", 1)
    found = await refusal(vera.be("vera", "*=REAL_TIME", "SIMA=NONE").create(above="12"))
    assert (found.reason, found.field) == ("PERMISSION_DENIED", "instrument_id")
    late = await vera.be("vera", "*=NONE", "SIMA=DELAYED").make(above="12")
    assert late.delayed_s == delayed.DELAY_S
    await feed.send(updates=[trade(ASML, "13")])
    live = await User(vera.service, "otto").make(percent="1", price=BID)
    assert live.delayed_s == 0
    assert (await vera.alert(late.alert_id)).state == ACTIVE


async def test_who_loses_a_right_loses_the_alerts_and_does_not_see_the_price(vera, feed):
    fired, waits = await vera.make(above="12"), await vera.make(above="20")
    await feed.send(updates=[trade(ASML, "13")])
    assert (await vera.until(fired.alert_id, FIRED)).fired_price == "13"
    vera.be("vera", "*=DELAYED")
    assert (await vera.alert(fired.alert_id)).fired_price == ""
    ended = await vera.alert(waits.alert_id)
    assert (ended.state, ended.ended_text) == (ENDED, keeper.RIGHT_LOST)


async def test_a_right_that_is_taken_away_ends_alerts_without_a_call_of_the_user(
    vera, feed, marketdata_url
):
    """As the list of svc_identity says, which this process fetches every few seconds."""
    made = await vera.make(above="12")
    revocations = vera.service.server.verifier.revocations
    revocations.put(Revoked(prices={"vera": frozenset({"*=REAL_TIME", "SIMA=NONE"})}))
    await feed.send(updates=[trade(ASML, "13")])

    async def ended():
        return (await logged(marketdata_url))[-1][2:] == (made.alert_id, ENDED)

    await eventually(ended, "the alert has ended")
    assert [state for *_, state in await logged(marketdata_url)] == [ACTIVE, ENDED]


async def test_an_alert_expires_and_does_not_fire_after_it(vera, feed, monkeypatch):
    monkeypatch.setattr(keeper, "DUE_PAUSE_S", 0)
    monkeypatch.setattr(keeper, "PAUSE_S", 0.05)
    expires = to_timestamp(NOW_NS() + NS_PER_S)
    made = await vera.make(above="12", expires_at=expires)
    ended = await vera.until(made.alert_id, alert_pb.ALERT_STATE_EXPIRED)
    assert ended.ended_at == expires
    assert "expired" in ended.ended_text
    await feed.send(updates=[trade(ASML, "13")])
    assert (await vera.alert(made.alert_id)).state == alert_pb.ALERT_STATE_EXPIRED


SPLIT, DELISTING = 1, 3


@pytest.mark.parametrize(
    ("kind", "key", "fields", "words"),
    [
        (SPLIT, "NL0010273215", {"new_shares": "4", "old_shares": "1"}, "split effective"),
        (DELISTING, ASML, {}, "delisting effective"),
    ],
)
async def test_a_corporate_action_ends_the_alerts_it_makes_meaningless(
    vera, feed, kind, key, fields, words
):
    """The price after a split of 4 for 1 is below every threshold that was set before it."""
    made, other = await vera.make(below="5"), await vera.make(instrument_id="ING.SIMA")
    request = reference_pb.RecordActionRequest(
        kind=kind, key=key, effective_date=dt.datetime.now(dt.UTC).date().isoformat(),
        reason="announced", **fields,
    )  # fmt: skip
    await vera.service.reference.RecordAction(request, metadata=vera.service.operator)
    await feed.send(updates=[trade(ASML, "2.5")])
    ended = await vera.until(made.alert_id, ENDED)
    assert words in ended.ended_text
    assert ended.fired_price == ""
    # The test gives both listings one ISIN: a split is of both, a delisting of one.
    left = await vera.alert(other.alert_id)
    assert left.state == (ENDED if kind == SPLIT else ACTIVE)
    # An alert that was made after it knows the new prices.
    after = await vera.make(below="2")
    await feed.send(updates=[trade(ASML, "1.9")])
    assert (await vera.until(after.alert_id, FIRED)).fired_price == "1.9"


async def test_the_log_has_every_change_in_commit_order_and_cannot_be_rewritten(
    vera, feed, marketdata_url
):
    otto = User(vera.service, "otto")
    first, second = await vera.make(above="12"), await otto.make(above="12")
    await feed.send(updates=[trade(ASML, "13")])
    await vera.until(first.alert_id, FIRED)
    await otto.until(second.alert_id, FIRED)
    entries = await logged(marketdata_url)
    assert [(user, sequence, state) for user, sequence, _, state in entries[:2]] == [
        ("vera", 1, ACTIVE), ("otto", 1, ACTIVE),
    ]  # fmt: skip
    assert sorted((user, sequence, state) for user, sequence, _, state in entries[2:]) == [
        ("otto", 2, FIRED), ("vera", 2, FIRED),
    ]  # fmt: skip
    connection = await asyncpg.connect(as_service(marketdata_url, "marketdata"))
    for statement in (
        "DELETE FROM marketdata.alert_log",
        "UPDATE marketdata.alert_log SET sequence = 9",
        "UPDATE marketdata.alerts SET threshold = '1'",
        "DELETE FROM marketdata.alerts",
        "UPDATE marketdata.alert_epoch SET epoch = 'x'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    with pytest.raises(asyncpg.RaiseError, match="has ended"):
        await connection.execute("UPDATE marketdata.alerts SET state = 4")
    await connection.close()


async def test_without_a_database_alerts_are_refused_and_prices_go_on(tls_folder, mint):
    async with running(tls_folder, mint) as service:
        await service.gateway().open()
        vera = User(service, "vera")
        watch = vera.stub.WatchAlerts(pb.WatchAlertsRequest(), metadata=vera.metadata)
        for call in (vera.create(), vera.cancel("x"), watch):
            found = await refusal(call)
            assert found.reason == "DEPENDENCY_UNAVAILABLE"
            assert found.code is grpc.StatusCode.UNAVAILABLE


async def test_an_alert_is_watched_as_soon_as_it_is_made(vera, feed):
    for number in range(20):
        made = await vera.make(above=str(100 + number))
        await feed.send(updates=[trade(ASML, str(100 + number))])

        async def fired(alert_id=made.alert_id):
            return (await vera.alert(alert_id)).state == FIRED

        await eventually(fired, "it fires at the first price after the answer")
        await feed.send(updates=[trade(ASML, "50")])
