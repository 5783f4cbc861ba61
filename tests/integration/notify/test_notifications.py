"""Each event gives its notification once, to those who may see it now, whatever is killed."""

import asyncio
import random
import signal
from collections import Counter

import asyncpg
import grpc
import pytest

from mesh.errors import MeshError
from ordermesh.gateway.v1 import venue_link_service_pb2
from ordermesh.notify.v1 import notification_pb2 as pb
from ordermesh.notify.v1 import notification_service_pb2 as service
from ordermesh.oms.v1 import order_pb2
from tests.support.direct_replica import direct_replica, taken
from tests.support.notify import eventually, fill, in_state

ORDER = "01ORDER0000000000000000001"
KILLS = 6
BURST = 10_000
MEMORY_MAX = 150_000_000


async def test_who_may_see_the_account_gets_history_and_live_notifications(notify, events, user):
    one = await notify().start()
    alice = user(one)
    stream = alice.watch(heartbeat_s=1)
    opened = await stream.read()
    assert opened.items[-1].snapshot_complete.cursor.epoch
    closed = in_state(order_pb2.ORDER_STATE_CANCELED, ORDER)
    closed.progress.cum_quantity = "2"
    closed.canceled.SetInParent()
    await events.write("ACC-ALICE", fill(1), closed)
    live = await next_events(stream)
    # Without a rule of its own a user is shown every kind but single fills.
    assert [item.kind for item in live] == [pb.NOTIFICATION_KIND_ORDER_CLOSED]
    fills = await alice.list(kinds=[pb.NOTIFICATION_KIND_FILL])
    assert [one.text for one in fills] == ["Buy 1 ASML.SIMA at 650.25 EUR; 1 executed, 1 open"]
    assert (fills[0].account_id, fills[0].amount) == ("ACC-ALICE", "650.25")
    assert await user(one, "bob", accounts=("ACC-BOB",)).list() == []
    # What a user may see is decided when it is read.
    assert len(await user(one, "bob", accounts=("ACC-ALICE",)).list()) == 2
    assert len(await user(one, "carol", roles=("RISK",), accounts=()).list()) == 2
    assert await user(one, "olga", roles=("OPERATOR",), accounts=()).list() == []
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await alice.list(account_id="ACC-BOB")
    assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_limit_that_is_nearly_used_up_is_notified_once(notify, user, mesh_url):
    one = await notify().start()
    alice, risk = user(one), user(one, "rita", roles=("RISK",), accounts=())
    near = {"kinds": [pb.NOTIFICATION_KIND_LIMIT_NEAR]}
    async with direct_replica(mesh_url) as replica:
        await replica.link()
        await replica.set_limit("POSITION", long_quantity="120")
        order_id = taken(await replica.place("k1"))
        (found,) = await eventually(lambda: of(alice, 1, **near), "the limit is near")
        await asyncio.to_thread(one.kill)
        taken(await replica.place("k2", quantity="5"))
        await one.start()
        await replica.cancel("k3", order_id)
        # Refused; what follows it in the log was read, and there is no second one.
        assert isinstance(await replica.place("k4", quantity="100"), MeshError)
        await eventually(lambda: of(alice, 1, kinds=[pb.NOTIFICATION_KIND_LIMIT_HIT]), "a hit")
    again = user(one)
    assert [each.notification_id for each in await again.list(**near)] == [found.notification_id]
    assert len(await risk.list(**near)) == 1
    assert (found.account_id, found.order_id) == ("ACC-ALICE", order_id)
    assert found.text.startswith(
        "A limit of ACC-ALICE is nearly used up: POSITION NL0010273215 long: 100 of 120 shares are "
        "used (limit "
    )
    assert found.text.endswith("version 1 of account ACC-ALICE)")


async def next_events(stream):
    """The next frame with new notifications, without heartbeats."""
    while True:
        frame = await stream.read()
        found = [item.event for item in frame.items if item.HasField("event")]
        if found:
            return found


async def test_a_stream_resumes_after_its_cursor_and_shows_what_is_read(notify, events, user):
    one = await notify().start()
    alice, phone = user(one), user(one)
    rejected = [in_state(order_pb2.ORDER_STATE_REJECTED, f"{ORDER[:-1]}{n}") for n in range(3)]
    for event in rejected:
        event.rejected.rejection.text = "no"
    await events.write("ACC-ALICE", *rejected)
    found = await eventually(lambda: of(alice, 3), "three rejects")
    stream = alice.watch()
    frame = await stream.read()
    assert [item.snapshot.sequence for item in frame.items[:3]] == [1, 2, 3]
    cursor = frame.items[-1].snapshot_complete.cursor
    stream.cancel()
    request = service.MarkReadRequest(notification_ids=[found[0].notification_id])
    bidi = phone.notifications.Stream(metadata=phone.metadata)
    cursor.sequence = 2
    await bidi.write(service.StreamRequest(open=service.WatchRequest(cursor=cursor)))
    frame = await bidi.read()
    assert [item.event.sequence for item in frame.items] == [3]
    await bidi.write(service.StreamRequest(mark_read=request))
    frame = await bidi.read()
    assert list(frame.items[0].read.notification_ids) == [found[0].notification_id]
    await alice.notifications.MarkRead(
        service.MarkReadRequest(up_to_sequence=2), metadata=alice.metadata
    )
    frame = await bidi.read()
    assert frame.items[0].read.up_to_sequence == 2
    assert await alice.list(unread_only=True) == []
    assert all(one.HasField("read_at") for one in await phone.list())
    # Nobody else's are read by it.
    assert len(await user(one, "carol", roles=("RISK",), accounts=()).list(unread_only=True)) == 3
    cursor.sequence = 99
    stream = alice.watch(cursor=cursor)
    assert (await stream.read()).items[0].HasField("resync")


async def of(who, count, **fields):
    """What a user may see, if it is as many."""
    found = await who.list(**fields)
    return found if len(found) >= count else None


async def test_each_event_is_notified_once_while_processes_are_killed(notify, events, user):
    one, two = notify("one"), notify("two")
    await one.start()
    two.launch()
    rng = random.Random(7)
    alice, written = user(one, roles=("RISK",)), 0

    async def write():
        nonlocal written
        for _ in range(40):
            size = rng.randint(1, 20)
            await events.write(
                rng.choice(["ACC-ALICE", "ACC-BOB"]),
                *(fill(written + n + 1) for n in range(size)),
            )
            written += size
            await asyncio.sleep(0)

    for victim in (one, two) * (KILLS // 2):
        await asyncio.gather(write(), asyncio.to_thread(victim.kill))
        victim.launch()
        await write()
    await eventually(lambda: is_ready(one), "the first process serves")
    found = await eventually(lambda: of(alice, written, kinds=[1]), "every fill is notified")
    numbers = Counter(note.text.partition("; ")[2] for note in found)
    assert len(numbers) == written
    assert set(numbers.values()) == {1}
    assert sorted(note.sequence for note in found) == list(range(1, written + 1))


async def is_ready(process):
    return process.state().startswith(("READING", "STANDBY"))


async def owner_and_standby(*pair):
    """Wait until one process of two reads and the other is its standby; return them so."""

    async def found():
        states = [process.state() for process in pair]
        for owner, standby in ((0, 1), (1, 0)):
            if "READING" in states[owner] and "STANDBY" in states[standby]:
                return pair[owner], pair[standby]
        return None

    return await eventually(found, "one reads and one is its standby")


async def test_a_standby_goes_on_when_the_owner_hangs(notify, events, user):
    one, two = await notify("one").start(), notify("two")
    two.launch()
    # The lease of a second may end on a busy machine: hang whoever has it now.
    owner, standby = await owner_and_standby(one, two)
    await events.write("ACC-ALICE", fill(1))
    owner.send(signal.SIGSTOP)
    await standby.until("READING")
    await events.write("ACC-ALICE", fill(2))
    bob = user(standby, "bob")
    await eventually(lambda: of(bob, 2), "both fills")
    owner.send(signal.SIGCONT)
    await owner_and_standby(one, two)
    assert len(await bob.list()) == 2


async def test_an_order_in_doubt_is_notified_when_it_lasts_too_long(notify, events, user):
    one = await notify(NOTIFY_UNKNOWN_AFTER_S="1").start()
    alice = user(one)
    doubts = [in_state(order_pb2.ORDER_STATE_UNKNOWN, f"{ORDER[:-1]}{n}") for n in range(2)]
    for doubt in doubts:
        doubt.in_doubt.text = "no answer"
    known = in_state(order_pb2.ORDER_STATE_NEW, f"{ORDER[:-1]}0")
    known.resolved.SetInParent()
    await events.write("ACC-ALICE", *doubts, known)
    (found,) = await eventually(lambda: of(alice, 1), "the doubt is notified")
    assert (found.kind, found.order_id) == (pb.NOTIFICATION_KIND_UNKNOWN, f"{ORDER[:-1]}1")
    assert found.severity == pb.SEVERITY_CRITICAL


async def test_a_burst_of_fills_is_read_in_pages_with_bounded_memory(notify, events, user):
    one = notify()
    one.fresh = True
    await one.start()
    for begin in range(0, BURST, 1_000):
        await events.write("ACC-ALICE", *(fill(begin + n) for n in range(1_000)))
    alice = user(one)
    found = await eventually(lambda: of(alice, BURST, page_size=500), "every fill is notified")
    assert len({note.notification_id for note in found}) == BURST
    assert one.memory_peak() < MEMORY_MAX


async def test_of_a_session_that_was_never_up_the_first_start_says_only_that_it_is_up(
    notify, mesh_url, user
):
    connection = await asyncpg.connect(mesh_url)
    await connection.execute(
        "INSERT INTO oms.sessions (session_id, venue_mic) VALUES ('SIMA-9', 'SIMA')"
    )
    change = "UPDATE oms.sessions SET state = $1, linked = $2 WHERE session_id = 'SIMA-9'"
    await connection.execute(change, 2, False)
    one = await notify().start()
    for state, linked in ((1, True), (venue_link_service_pb2.SESSION_STATE_UP, True)):
        await connection.execute(change, state, linked)
    await connection.close()
    alice = user(one)
    kinds = [pb.NOTIFICATION_KIND_SESSION_UP, pb.NOTIFICATION_KIND_SESSION_DOWN]
    await eventually(lambda: alice.list(kinds=kinds), "something is said of the session")
    assert [one.kind for one in await alice.list(kinds=kinds)] == kinds[:1]


async def test_a_log_that_the_role_may_not_read_stops_no_other(notify, mesh_url, events, user):
    connection = await asyncpg.connect(mesh_url)
    view = "SELECT ON marketdata.relayed_alerts"
    await connection.execute(f"REVOKE {view} FROM ordermesh_notify")
    one = await notify().start("BLOCKED: alerts")
    assert "`python -m svc_marketdata.admin grant-log-reader svc-notify ROLE`" in one.state()
    await events.write("ACC-ALICE", fill(1))
    alice = user(one)
    await eventually(lambda: alice.list(kinds=[pb.NOTIFICATION_KIND_FILL]), "the fill is notified")
    await connection.execute(f"GRANT {view} TO ordermesh_notify")
    await connection.close()
    await one.until("READING")
