"""Standbys and actions of sessions, in memory and on PostgreSQL alike."""

import time

import pytest

from svc_oms.service.ports import SessionHeldError
from svc_oms.service.ports.session_ports import ActionRow, ActionUnderWayError, NewNumbers
from svc_oms.service.venue.session_administration import APPROVED, DONE, FAILED, PROPOSED, SENT

SEQUENCES, EXPIRED, UNKNOWN = 1, 7, 8


@pytest.fixture
async def actions(store):
    await store.take_session("a", "SIMA", "r1", "g", may_add=True)
    return store.session_actions()


def action(name: str, state: int = PROPOSED, life_s: float = 60, body: bytes = b"") -> ActionRow:
    expires_us = (time.time_ns() + int(life_s * 1e9)) // 1000
    return ActionRow(f"01{name}", "a", SEQUENCES, state, expires_us, body)


async def test_an_action_moves_from_one_state_once(actions):
    row = action("X")
    await actions.add(row)
    assert await actions.action("01X") == row
    assert await actions.action("01Y") is None
    approved = row._replace(state=APPROVED, body=b"by")
    assert await actions.move(approved, PROPOSED)
    assert not await actions.move(approved, PROPOSED)
    assert await actions.due(["a"]) == [approved]
    assert await actions.due(["b"]) == []


async def test_one_action_is_under_way_at_a_time(actions):
    await actions.add(action("X", APPROVED))
    await actions.add(action("Y"))
    with pytest.raises(ActionUnderWayError):
        await actions.add(action("Z", APPROVED))
    with pytest.raises(ActionUnderWayError):
        await actions.move(action("Y", APPROVED), PROPOSED)
    assert [row.action_id for row in await actions.actions("", "", 10)] == ["01Y", "01X"]
    assert [row.action_id for row in await actions.actions("a", "01Y", 10)] == ["01X"]
    assert await actions.actions("b", "", 10) == []


async def test_what_lapsed_is_not_carried_out(actions):
    await actions.add(action("X", APPROVED, life_s=-1))
    assert await actions.due(["a"]) == []
    await actions.add(action("Y", PROPOSED, life_s=-1))
    assert not await actions.move(action("Y", APPROVED), PROPOSED)
    assert {row.state for row in await actions.actions("a", "", 10)} == {EXPIRED}


async def lapse(store) -> list[ActionRow]:
    async with store.transaction() as batch:
        return await batch.lapse_actions()


async def test_what_was_sent_and_not_answered_stands_in_nobodys_way(store, actions):
    assert await actions.lapses_in_s() is None
    await actions.add(action("X", APPROVED))
    assert 0 < await actions.lapses_in_s() <= 60
    overdue = action("X", SENT, life_s=-1, body=b"sent")
    assert await actions.move(overdue, APPROVED)
    assert await actions.lapses_in_s() < 0
    assert await actions.due(["a"]) == []
    # Until it is reported: one under way at a time.
    with pytest.raises(ActionUnderWayError):
        await actions.add(action("Y", APPROVED))
    assert await lapse(store) == [overdue._replace(state=UNKNOWN)]
    assert await lapse(store) == []
    assert await actions.lapses_in_s() is None
    await actions.add(action("Y", APPROVED))
    # A late answer is recorded, and its numbers with it.
    assert await actions.settle(action("X", DONE, body=b"late"), 1, NewNumbers(9, 100, 50))
    assert (await actions.action("01X"))[3:6:2] == (DONE, b"late")
    assert (await actions.sessions())[0].next_sender == 100
    assert await actions.due(["a"]) == [(await actions.action("01Y"))]


async def test_what_nobody_decided_or_began_lapses_and_is_not_unknown(store, actions):
    await actions.add(action("X", PROPOSED, life_s=-1))
    await actions.add(action("Y", APPROVED, life_s=-1))
    assert await lapse(store) == []
    assert {row.state for row in await actions.actions("a", "", 10)} == {EXPIRED}


async def test_an_outcome_and_its_numbers_are_stored_by_the_owner_only(actions):
    await actions.add(action("X", SENT))
    done, numbers = action("X", DONE, body=b"done"), NewNumbers(9, 100, 50)
    assert not await actions.settle(done, 7, numbers)
    assert (await actions.sessions())[0].next_sender == 0
    assert await actions.settle(done, 1, numbers)
    row = (await actions.sessions())[0]
    assert (row.sender_epoch, row.next_sender) == (9, 100)
    assert (row.inbound_epoch, row.inbound_msg_seq_num) == (9, 49)
    assert not await actions.settle(action("X", FAILED), 1, None)
    assert (await actions.action("01X")).body == b"done"


async def test_a_wish_stands_in_the_session(actions):
    await actions.add(action("X", DONE), kept_out=True)
    assert (await actions.sessions())[0].kept_out
    await actions.add(action("Y", DONE))
    assert (await actions.sessions())[0].kept_out
    await actions.add(action("Z", DONE), kept_out=False)
    assert not (await actions.sessions())[0].kept_out


async def test_a_gateway_that_handed_over_does_not_have_it_back_at_once(store, actions):
    await actions.hand_over("a", "g", 60)
    with pytest.raises(SessionHeldError):
        await store.take_session("a", "SIMA", "r1", "g", may_add=True)
    await store.free_session("a", 1)
    taken = await store.take_session("a", "SIMA", "r1", "other", may_add=True)
    assert taken.gateway == "other"
    await store.free_session("a", taken.fencing_token)
    assert (await store.take_session("a", "SIMA", "r1", "g", may_add=True)).gateway == "g"


async def test_standbys_are_known(actions):
    await actions.saw_standbys([("a", "h"), ("a", "g"), ("b", "h")], "r1")
    await actions.saw_standbys([("a", "h")], "r2")
    assert await actions.standbys() == {"a": ["g", "h"], "b": ["h"]}


async def test_a_drop_copy_is_leased_like_an_order_session(store, actions):
    async def take(gateway: str):
        return await store.take_session("c", "SIMA", "r1", gateway, may_add=True, drop_copy=True)

    first = await take("g")
    assert (first.drop_copy, first.held, first.gateway) == (True, True, "g")
    with pytest.raises(SessionHeldError):
        await take("other")
    await store.free_session("c", first.fencing_token)
    assert (await take("other")).fencing_token == 2
    assert {row.session_id: row.held for row in await actions.sessions()} == {"a": True, "c": True}
