"""Kill switches on a real database: two replicas, scripted gateways."""

import asyncio
import itertools
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import kill_switch_pb2 as kill
from ordermesh.oms.v1 import kill_switch_service_pb2 as pb
from ordermesh.oms.v1 import order_pb2
from svc_oms.adapters.postgres.kill.kill_store import PostgresKillStore
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.kill import block_view as blocks
from svc_oms.service.kill.pulls import Puller
from svc_oms.service.ports import StoreUnavailableError
from svc_oms.service.venue import downlink
from tests.support.oms import (
    ALICE,
    AUDREY,
    BOB,
    OSCAR,
    RAVI,
    RITA,
    WAIT_S,
    Client,
    Gateway,
    replica,
    trading,
)
from tests.support.waiting import until

KEYS = itertools.count(1)
FIRM = {"firm_id": "DEMO"}


async def engage(client, by=RITA, drill=False, key="", **scope):
    request = pb.EngageRequest(
        idempotency_key=key or f"e{next(KEYS)}",
        scope=kill.KillScope(**scope),
        reason="test",
        drill=drill,
    )
    return (await client.kills.Engage(request, metadata=by)).kill_switch


async def report(client, switch_id, by=RITA):
    request = pb.KillSwitchServiceGetRequest(switch_id=switch_id)
    return await client.kills.Get(request, metadata=by)


async def settled(client, switch_id):
    """Wait until every order in scope has its final outcome."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = await report(client, switch_id)
            if found.kill_switch.HasField("settled_at"):
                return found
            await asyncio.sleep(0.02)


async def reported(client, switch_id, condition):
    async with asyncio.timeout(WAIT_S):
        while True:
            found = await report(client, switch_id)
            if condition(found):
                return found
            await asyncio.sleep(0.02)


async def refused(call) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return reason_of(caught.value)[0]


async def resting(client, gateway, count, **changes):
    """Place orders and have the venue acknowledge them."""
    orders = [(await client.place(f"r{next(KEYS)}", **changes)).order for _ in range(count)]
    known = {o.order_id for o in orders}
    await until(lambda: known <= {c.order_id for c in gateway.commands}, "all sent")
    await gateway.send(*[gateway.acknowledged(f"{o.order_id}-1") for o in orders])
    await gateway.applied()
    return orders


def cancels(gateway):
    return [c for c in gateway.commands if c.kind == gw.VENUE_COMMAND_KIND_CANCEL]


async def answer_cancels(gateway, already=0):
    """Cancel at the venue whatever is requested, forever."""
    while True:
        found = cancels(gateway)
        for command in found[already:]:
            await gateway.send(
                gateway.report(
                    command.cl_ord_id, "4", "4", orig_cl_ord_id=command.orig_cl_ord_id,
                    leaves_quantity="0", cum_quantity="0",
                )
            )  # fmt: skip
        already = len(found)
        await asyncio.sleep(0.005)


@asynccontextmanager
async def answering(gateway):
    task = asyncio.create_task(answer_cancels(gateway))
    try:
        yield
    finally:
        task.cancel()


@asynccontextmanager
async def two_replicas(url, tls):
    """Two replicas; the venue's link is with the second."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(replica(url, tls))
        second = await stack.enter_async_context(replica(url, tls))
        clients = [
            Client(await stack.enter_async_context(each.channel())) for each in (first, second)
        ]
        peer = await stack.enter_async_context(second.channel("svc-gateway"))
        gateway = Gateway(peer)
        await gateway.open()
        stack.push_async_callback(gateway.close)
        # The first one hears of the link in a moment; until then the venue is not up there.
        await until(lambda: first.book.venues.is_up("SIMA"), "the venue, at the other replica")
        yield *clients, gateway


async def test_an_engaged_switch_blocks_new_and_replace_and_lets_cancels_pass(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        [order] = await resting(client, gateway, 1)
        switch = await engage(client, account_id="ACC-BOB")
        assert switch.state == kill.KILL_SWITCH_STATE_ENGAGED
        assert switch.engaged_by == "rita"
        await client.place("free")
        bob = client.request("blocked", account_id="ACC-BOB")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.orders.Place(bob, metadata=BOB)
        reason, metadata = reason_of(caught.value)
        assert reason == "KILL_SWITCH_ENGAGED"
        assert metadata["switch_id"] == switch.switch_id
        assert metadata["scope"] == "account ACC-BOB"
        assert metadata["engaged_by"] == "rita"
        assert metadata["kill_reason"] == "test"
        assert switch.switch_id in caught.value.details()
        await client.cancel("c1", order.order_id)


async def test_resting_orders_are_pulled_and_the_report_converges(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        orders = await resting(client, gateway, 20)
        async with answering(gateway):
            switch = await engage(client, **FIRM)
            found = await settled(client, switch.switch_id)
        assert {o.order_id for o in found.orders} == {o.order_id for o in orders}
        assert found.kill_switch.counts.pulled == found.kill_switch.counts.orders == 20
        assert [s.standing for s in found.kill_switch.sessions] == [
            kill.KILL_SESSION_STANDING_CONFIRMED
        ]
        assert len(cancels(gateway)) == 20


async def test_what_could_not_be_pulled_is_named_with_the_reason(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        filled, refused_, lost = await resting(client, gateway, 3)
        switch = await engage(client, **FIRM)
        await until(lambda: len(cancels(gateway)) == 3, "three cancels")
        asked = {c.order_id: c for c in cancels(gateway)}
        reject = gw.OrderCancelReject(
            cl_ord_id=asked[refused_.order_id].cl_ord_id,
            orig_cl_ord_id=f"{refused_.order_id}-1",
            ord_status="0",
            response_to="1",
            cxl_rej_reason=2,
            text="not now",
        )
        await gateway.send(
            gateway.filled(f"{filled.order_id}-1"), gateway.message(order_cancel_reject=reject)
        )
        await gateway.receipt(asked[filled.order_id])
        await gateway.receipt(asked[refused_.order_id])
        await gateway.receipt(asked[lost.order_id], gw.COMMAND_OUTCOME_IN_DOUBT)

        def all_told(found):
            outcomes = {o.order_id: o.outcome for o in found.orders}
            return outcomes == {
                filled.order_id: kill.KILL_OUTCOME_FILLED_MEANWHILE,
                refused_.order_id: kill.KILL_OUTCOME_CANNOT,
                lost.order_id: kill.KILL_OUTCOME_CANNOT,
            }

        found = await reported(client, switch.switch_id, all_told)
        why = {o.order_id: o.rejection for o in found.orders}
        assert why[refused_.order_id].venue_text == "not now"
        assert why[lost.order_id].reason == 43  # OUTCOME_UNKNOWN
        # A refused cancel is asked for again; one in doubt is not.
        await until(lambda: len(cancels(gateway)) == 4, "asked again")
        assert cancels(gateway)[3].order_id == refused_.order_id


async def test_while_the_venue_is_down_the_report_says_so_and_the_cancel_waits(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        [order] = await resting(client, gateway, 1)
        down = gw.SessionStatus(
            session_id="sima-orders", venue_mic="SIMA", state=gw.SESSION_STATE_DOWN
        )
        await gateway.send(status=down)
        await asyncio.sleep(0)
        switch = await engage(client, **FIRM)
        found = await reported(client, switch.switch_id, lambda r: r.kill_switch.counts.cannot == 1)
        assert found.orders[0].rejection.reason == 40  # VENUE_UNAVAILABLE
        down.state = gw.SESSION_STATE_UP
        await gateway.send(status=down)
        async with answering(gateway):
            found = await settled(client, switch.switch_id)
        assert found.orders[0].outcome == kill.KILL_OUTCOME_PULLED
        assert (await client.get(order.order_id)).order.progress.state == (
            order_pb2.ORDER_STATE_CANCELED
        )


async def test_under_load_on_two_replicas_no_new_order_follows_the_confirmation(book_url, tls):
    """Invariant 10: after its confirmation the gateway holds back what it was asked to."""
    async with two_replicas(book_url, tls) as (one, other, gateway):
        stop, accepted, denied = asyncio.Event(), [], []

        async def load(client, name):
            for number in itertools.count():
                if stop.is_set():
                    return
                try:
                    placed = await client.place(f"{name}-{number}")
                    accepted.append(placed.order.order_id)
                except grpc.aio.AioRpcError as error:
                    denied.append(reason_of(error)[0])

        tasks = [
            asyncio.create_task(load(client, f"{name}{n}"))
            for name, client in (("a", one), ("b", other))
            for n in range(8)
        ]
        await until(lambda: len(accepted) > 100, "load")
        async with answering(gateway):
            switch = await engage(one, **FIRM)
            assert switch.state == kill.KILL_SWITCH_STATE_ENGAGED
            acknowledged_at = len(gateway.log)
            before = len(accepted)
            await until(lambda: len(denied) > 200, "refused under load")
            stop.set()
            await asyncio.gather(*tasks)
            # Only answers on their way when Engage returned may still have come.
            assert len(accepted) - before <= 16
            assert set(denied) == {"KILL_SWITCH_ENGAGED"}
            confirmed = next(n for n, e in enumerate(gateway.log) if e[0] == "confirmed")
            assert confirmed < acknowledged_at
            found = await settled(one, switch.switch_id)
        # Every order is in the report, and every cancel was asked for once.
        assert found.kill_switch.counts.orders == len(accepted)
        pulled = [c.order_id for c in cancels(gateway)]
        assert sorted(pulled) == sorted(accepted)
        # The account's lock and the block are one: nothing was committed after the switch.
        committed = [c.committed_at.ToMicroseconds() for c in gateway.commands if c.kind == 1]
        assert max(committed) <= switch.acknowledged_at.ToMicroseconds()


async def test_a_replica_that_dies_while_pulling_leaves_the_rest_to_the_other(
    book_url, tls, monkeypatch
):
    pullers, hung = [], []
    make, work, ask = Puller.__init__, Puller.work, Puller._ask

    def noted(self, parts):
        make(self, parts)
        pullers.append(self)

    async def second_comes_first(self, row):
        # Whichever replica sees it first may begin; here it must be the one that dies.
        return False if self is pullers[0] and not hung else await work(self, row)

    async def ask_half_and_hang(self, row, due):
        if self is pullers[0]:
            return await ask(self, row, due)
        hung.append(self)
        await ask(self, row, due[: len(due) // 2])
        # Never gets to note what it asked for.
        return await asyncio.Event().wait()

    monkeypatch.setattr(Puller, "__init__", noted)
    monkeypatch.setattr(Puller, "work", second_comes_first)
    monkeypatch.setattr(Puller, "_ask", ask_half_and_hang)
    async with AsyncExitStack() as stack:
        survivor = await stack.enter_async_context(replica(book_url, tls))
        client = Client(await stack.enter_async_context(survivor.channel()))
        gateway = Gateway(await stack.enter_async_context(survivor.channel("svc-gateway")))
        await gateway.open()
        stack.push_async_callback(gateway.close)
        await resting(client, gateway, 10)
        async with replica(book_url, tls) as victim, victim.channel() as channel:
            switch = await engage(Client(channel), **FIRM)
            assert switch.state == kill.KILL_SWITCH_STATE_ENGAGED
            await until(lambda: len(cancels(gateway)) == 5, "half is asked for")
        async with answering(gateway):
            found = await settled(client, switch.switch_id)
        assert found.kill_switch.counts.pulled == 10
        assert len(cancels(gateway)) == 10


async def test_a_switch_survives_a_restart_and_a_link_opens_with_it(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        switch = await engage(client, **FIRM)
    async with trading(book_url, tls) as (_, client, gateway):
        assert [b.switch_id for b in gateway.opened.blocks.blocks] == [switch.switch_id]
        assert await refused(client.place("k1")) == "KILL_SWITCH_ENGAGED"
        kept = (await report(client, switch.switch_id)).kill_switch
        assert kept.state == kill.KILL_SWITCH_STATE_ENGAGED


async def test_a_session_that_does_not_confirm_is_named_until_it_does(book_url, tls):
    async with trading(book_url, tls, engage_confirm_s_max=0.3) as (_, client, gateway):
        gateway.confirms = False
        switch = await engage(client, **FIRM)
        assert switch.state == kill.KILL_SWITCH_STATE_ENGAGING
        assert [(s.session_id, s.standing) for s in switch.sessions] == [
            ("sima-orders", kill.KILL_SESSION_STANDING_NOT_CONFIRMED)
        ]
        # It blocks all the same.
        assert await refused(client.place("k1")) == "KILL_SWITCH_ENGAGED"
        await gateway.send(blocks_version=gateway.blocks[-1].version)
        found = await reported(
            client,
            switch.switch_id,
            lambda r: r.kill_switch.state == kill.KILL_SWITCH_STATE_ENGAGED,
        )
        assert found.kill_switch.sessions[0].standing == kill.KILL_SESSION_STANDING_CONFIRMED


async def test_a_confirmation_over_an_older_link_counts_for_nothing(book_url, tls):
    async with trading(book_url, tls, engage_confirm_s_max=0.3) as (running, client, gateway):
        await engage(client, venue_mic="SIMA")
        await gateway.close()
        async with running.channel("svc-gateway") as channel:
            again = Gateway(channel)
            again.confirms = False
            await again.open()
            assert len(again.opened.blocks.blocks) == 1
            switch = await engage(client, **FIRM)
            assert switch.state == kill.KILL_SWITCH_STATE_ENGAGING
            await again.close()


async def test_release_takes_two_persons_and_enters_nothing_again(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        orders = await resting(client, gateway, 2)
        async with answering(gateway):
            switch = await engage(client, by=OSCAR, **FIRM)
            await settled(client, switch.switch_id)
        approve = pb.ApproveReleaseRequest(switch_id=switch.switch_id)
        propose = pb.ProposeReleaseRequest(switch_id=switch.switch_id, reason="fixed")
        kills = client.kills
        assert await refused(kills.ApproveRelease(approve, metadata=RAVI)) == "OBJECT_STATE"
        assert await refused(kills.ProposeRelease(propose, metadata=OSCAR)) == "PERMISSION_DENIED"
        await kills.ProposeRelease(propose, metadata=RITA)
        assert await refused(kills.ProposeRelease(propose, metadata=RAVI)) == "OBJECT_STATE"
        assert await refused(kills.ApproveRelease(approve, metadata=RITA)) == (
            "SECOND_PERSON_REQUIRED"
        )
        assert await refused(client.place("still")) == "KILL_SWITCH_ENGAGED"
        released = (await kills.ApproveRelease(approve, metadata=RAVI)).kill_switch
        assert released.state == kill.KILL_SWITCH_STATE_RELEASED
        assert (released.release_proposed_by, released.released_by) == ("rita", "ravi")
        await until(lambda: not gateway.blocks[-1].blocks, "the gateway has the release")
        sent = len(gateway.commands)
        placed = (await client.place("after")).order
        assert (await gateway.command(sent)).order_id == placed.order_id
        for order in orders:
            await client.in_state(order.order_id, order_pb2.ORDER_STATE_CANCELED)


async def test_a_drill_reports_all_and_changes_nothing(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        orders = await resting(client, gateway, 3)
        for command in gateway.commands:
            await gateway.receipt(command)
        # Its answer brings the receipts of the others to the OMS.
        orders += await resting(client, gateway, 1)
        late = (await client.place("late")).order
        await gateway.command(4)
        switch = await engage(client, drill=True, **FIRM)
        assert switch.state == kill.KILL_SWITCH_STATE_NOT_BLOCKING
        assert switch.drill
        assert switch.commands_held == 2
        assert switch.counts.would_pull == 5
        assert switch.sessions[0].standing == kill.KILL_SESSION_STANDING_CONFIRMED
        assert gateway.blocks[-1].blocks[0].drill
        await client.place("free")
        assert not cancels(gateway)
        found = await report(client, switch.switch_id, AUDREY)
        assert {o.order_id for o in found.orders} == {o.order_id for o in (*orders, late)}
        listed = await client.kills.List(pb.KillSwitchServiceListRequest(), metadata=AUDREY)
        assert [s.drill for s in listed.kill_switches] == [True]


async def test_a_mass_cancel_pulls_its_scope_and_blocks_nothing(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        mine = await resting(client, gateway, 3)
        request = pb.MassCancelRequest(
            idempotency_key="m1", scope=kill.KillScope(account_id="ACC-ALICE"), reason="test"
        )
        async with answering(gateway):
            answer = await client.kills.MassCancel(request, metadata=ALICE)
            assert answer.kill_switch.listed
            found = await settled(client, answer.kill_switch.switch_id)
        assert {o.order_id for o in found.orders} == {o.order_id for o in mine}
        assert found.kill_switch.counts.pulled == 3
        later = (await client.place("later")).order
        again = await client.kills.MassCancel(request, metadata=ALICE)
        assert again.duplicate
        assert again.kill_switch.switch_id == answer.kill_switch.switch_id
        assert later.order_id not in {c.order_id for c in cancels(gateway)}


async def test_who_may_what(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        own = await engage(client, by=ALICE, account_id="ACC-ALICE")
        assert own.engaged_by == "alice"
        assert await refused(engage(client, by=ALICE, account_id="ACC-BOB")) == (
            "ACCOUNT_NOT_ALLOWED"
        )
        assert await refused(engage(client, by=ALICE, **FIRM)) == "ACCOUNT_NOT_ALLOWED"
        assert await refused(engage(client, by=AUDREY, **FIRM)) == "PERMISSION_DENIED"
        assert await refused(engage(client)) == "INVALID_FIELD"
        assert await refused(report(client, own.switch_id, BOB)) == "OBJECT_NOT_FOUND"
        listed = await client.kills.List(pb.KillSwitchServiceListRequest(), metadata=BOB)
        assert not listed.kill_switches
        first = await engage(client, key="same", **FIRM)
        assert (await engage(client, key="same", **FIRM)).switch_id == first.switch_id
        assert await refused(engage(client, key="same", venue_mic="SIMA")) == (
            "IDEMPOTENCY_KEY_REUSED"
        )


async def test_a_watch_begins_with_a_snapshot_and_reports_changes(book_url, tls):
    async with two_replicas(book_url, tls) as (one, other, _gateway):
        first = await engage(one, account_id="ACC-BOB")
        call = other.kills.Watch(pb.KillSwitchServiceWatchRequest(heartbeat_s=1), metadata=AUDREY)
        items = []
        async with asyncio.timeout(WAIT_S):
            while not any(i.HasField("snapshot_complete") for i in items):
                items.extend((await call.read()).items)
            assert items[0].snapshot.switch_id == first.switch_id
            second = await engage(one, venue_mic="SIMA")
            while not any(i.changed.switch_id == second.switch_id for i in items):
                items.extend((await call.read()).items)
            while not any(i.HasField("heartbeat") for i in items):
                items.extend((await call.read()).items)
        call.cancel()


async def test_a_link_lost_a_moment_ago_is_named_and_the_next_one_confirms(book_url, tls):
    async with trading(book_url, tls, engage_confirm_s_max=0.3) as (running, client, gateway):
        await gateway.close()
        switch = await engage(client, **FIRM)
        assert switch.state == kill.KILL_SWITCH_STATE_ENGAGING
        async with running.channel("svc-gateway") as channel:
            again = Gateway(channel)
            await again.open()
            assert again.opened.blocks.blocks[0].switch_id == switch.switch_id
            await reported(
                client,
                switch.switch_id,
                lambda r: r.kill_switch.state == kill.KILL_SWITCH_STATE_ENGAGED,
            )
            await again.close()


async def test_a_session_without_a_link_for_long_needs_no_confirmation(book_url, tls):
    async with trading(book_url, tls) as (_, client, gateway):
        await gateway.close()
        store = await PostgresStore.connect(book_url)
        # The owner's last report is the state: after it nobody renews the time it was seen.
        given_up = "SELECT count(*) FROM oms.sessions WHERE NOT linked AND state = 1"
        async with asyncio.timeout(WAIT_S):
            while not await store._write_pool.fetchval(given_up):
                await asyncio.sleep(0.01)
        old = "UPDATE oms.sessions SET owner_seen_at = now() - interval '16 s'"
        await store._write_pool.execute(old)
        await store.close()
        switch = await engage(client, **FIRM)
        assert switch.state == kill.KILL_SWITCH_STATE_ENGAGED
        assert switch.sessions[0].standing == kill.KILL_SESSION_STANDING_NO_LINK


async def test_a_standby_that_takes_over_knows_the_switches_before_any_command(book_url, tls):
    async with (
        trading(book_url, tls) as (running, client, owner),
        running.channel("svc-gateway") as channel,
    ):
        await client.place("k1")
        first = await owner.command(0)
        standby = Gateway(channel, instance="second")
        opening = asyncio.create_task(standby.open())
        await until(lambda: standby.standbys, "it stands by")
        switch = await engage(client, account_id="ACC-BOB")
        assert [one.session_id for one in switch.sessions] == ["sima-orders"]
        await owner.close()
        opened = await opening
        assert [one.switch_id for one in opened.blocks.blocks] == [switch.switch_id]
        await standby.command(0)
        version = opened.blocks.version
        assert standby.log == [
            ("block", version), ("confirmed", version), ("command", first.cl_ord_id),
        ]  # fmt: skip
        assert standby.beats, "the OMS reported later than the standby's dial"
        await standby.close()


async def test_a_link_ends_when_switches_can_no_longer_be_read(book_url, tls, monkeypatch):
    async with trading(book_url, tls) as (_, _client, gateway):

        async def away(*_):
            raise StoreUnavailableError("made to be away")

        monkeypatch.setattr(blocks, "BLOCKS_AGE_MAX_S", 0.2)
        monkeypatch.setattr(PostgresKillStore, "current", away)
        async with asyncio.timeout(WAIT_S):
            await gateway.ended.wait()
        assert gateway.code is grpc.StatusCode.UNAVAILABLE


async def test_a_gateway_never_has_more_than_it_can_take(book_url, tls, monkeypatch):
    """So it goes on reading, and a switch does not wait for commands."""
    monkeypatch.setattr(downlink, "OUTSTANDING_COMMANDS_MAX", 3)
    async with trading(book_url, tls) as (_, client, gateway):
        orders = [(await client.place(f"o{n}")).order for n in range(5)]
        await gateway.command(2)
        switch = await engage(client, account_id="ACC-BOB")
        assert switch.state == kill.KILL_SWITCH_STATE_ENGAGED
        assert len(gateway.commands) == 3
        for command in tuple(gateway.commands):
            await gateway.receipt(command)
        await gateway.command(4)
        assert [c.order_id for c in gateway.commands] == [o.order_id for o in orders]


async def test_heartbeats_come_between_commands_too(book_url, tls, monkeypatch):
    monkeypatch.setattr(downlink, "HEARTBEAT_S", 0.05)
    async with trading(book_url, tls) as (_, client, gateway):
        for number in range(3):
            await client.place(f"o{number}")
        await gateway.command(2)
        await until(lambda: gateway.beats > 1, "a heartbeat after the first one")
