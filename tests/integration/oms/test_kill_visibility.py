"""Who sees which kill switch: a trader all that can block it, and no more of others than that."""

import asyncio

import pytest

from ordermesh.oms.v1 import kill_switch_pb2 as kill
from ordermesh.oms.v1 import kill_switch_service_pb2 as pb
from tests.support.oms import ALICE, BOB, MINT, OSCAR, RAVI, RITA, WAIT_S, trading
from tests.support.refusals import refusal
from tests.support.tokens import bearer

CAROL = bearer(MINT.mint_token("carol"))


async def engage(client, key, by=RITA, drill=False, **scope) -> str:
    request = pb.EngageRequest(
        idempotency_key=key, scope=kill.KillScope(**scope), reason="test", drill=drill
    )
    return (await client.kills.Engage(request, metadata=by)).kill_switch.switch_id


async def listed(client, who) -> list[kill.KillSwitch]:
    request = pb.KillSwitchServiceListRequest()
    return list((await client.kills.List(request, metadata=who)).kill_switches)


async def snapshot(client, who) -> dict[str, kill.KillSwitch]:
    call = client.kills.Watch(pb.KillSwitchServiceWatchRequest(), metadata=who)
    try:
        async with asyncio.timeout(WAIT_S):
            first = await call.read()
    finally:
        call.cancel()
    return {i.snapshot.switch_id: i.snapshot for i in first.items if i.HasField("snapshot")}


@pytest.mark.parametrize(
    "scope",
    [
        {"firm_id": "DEMO"},
        {"venue_mic": "SIMA"},
        {"session_id": "sima-orders"},
        {"instrument_id": "ASML.SIMA"},
        {"algorithm_id": "momentum-7"},
        {"trader": "alice"},
        {"firm_id": "DEMO", "venue_mic": "SIMA"},
    ],
    ids=str,
)
async def test_a_trader_sees_what_blocks_it_and_why(book_url, tls, scope):
    async with trading(book_url, tls) as (_, client, gateway):
        await client.place("k1")
        await client.place("k2", account_id="ACC-ALICE")
        await gateway.command(1)
        mine = client.metadata
        client.metadata = BOB
        other = (await client.place("k3", account_id="ACC-BOB")).order.order_id
        client.metadata = mine
        switch_id = await engage(client, "e1", **scope)
        for found in (
            {one.switch_id: one for one in await listed(client, ALICE)},
            await snapshot(client, ALICE),
        ):
            switch = found[switch_id]
            assert (switch.reason, switch.engaged_by_name) == ("test", "Rita")
            assert switch.scope == kill.KillScope(**scope)
            assert not switch.HasField("counts"), "nothing of the orders of others is shown"
        request = pb.KillSwitchServiceGetRequest(switch_id=switch_id)
        answer = await client.kills.Get(request, metadata=ALICE)
        assert all(one.account_id == "ACC-ALICE" for one in answer.orders)
        assert other not in {one.order_id for one in answer.orders}


async def test_a_trader_does_not_see_what_cannot_block_it(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        for who in (ALICE, BOB, CAROL):
            await listed(client, who)
        own = await engage(client, "e1", account_id="ACC-ALICE", trader="bob")
        foreign = await engage(client, "e2", account_id="ACC-BOB")
        of_bob = await engage(client, "e3", trader="bob")
        drill = await engage(client, "e4", drill=True, firm_id="DEMO")
        # One that names the account is seen, whoever it is about, and so whole.
        for who, seen in (
            (ALICE, {own}),
            (CAROL, {own}),
            (BOB, {foreign, of_bob}),
            (OSCAR, {own, foreign, of_bob, drill}),
        ):
            assert {one.switch_id for one in await listed(client, who)} == seen
            assert set(await snapshot(client, who)) == seen
        for switch_id in (foreign, of_bob, drill):
            found = await refusal(
                client.kills.Get(
                    pb.KillSwitchServiceGetRequest(switch_id=switch_id), metadata=ALICE
                )
            )
            assert found.reason == "OBJECT_NOT_FOUND"


async def test_a_trader_sees_when_a_switch_of_its_firm_is_released(book_url, tls):
    async with trading(book_url, tls) as (_, client, _gateway):
        switch_id = await engage(client, "e1", firm_id="DEMO")
        call = client.kills.Watch(pb.KillSwitchServiceWatchRequest(), metadata=ALICE)
        try:
            await client.kills.ProposeRelease(
                pb.ProposeReleaseRequest(switch_id=switch_id, reason="over"), metadata=RITA
            )
            await client.kills.ApproveRelease(
                pb.ApproveReleaseRequest(switch_id=switch_id), metadata=RAVI
            )
            state, switch = 0, None
            async with asyncio.timeout(WAIT_S):
                while state != kill.KILL_SWITCH_STATE_RELEASED:
                    for item in (await call.read()).items:
                        if item.WhichOneof("item") in {"snapshot", "changed"}:
                            switch = getattr(item, item.WhichOneof("item"))
                            state = switch.state
            assert (switch.release_proposed_by_name, switch.released_by_name) == ("Rita", "Ravi")
        finally:
            call.cancel()
