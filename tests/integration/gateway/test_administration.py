"""What people do to a session over SessionService reaches its FIX session and is on record."""

import asyncio

from ordermesh.oms.v1 import session_pb2 as sessions_pb
from ordermesh.oms.v1 import session_service_pb2 as pb
from tests.support.oms import ALICE, AUDREY
from tests.support.refusals import refusal
from tests.support.session_trial import (
    OSCAR,
    RITA,
    WHY,
    Trial,
    nothing_doubled_and_none_lost,
    trial,
)
from tests.support.waiting import until

DONE = sessions_pb.SESSION_ACTION_STATE_DONE
DOWN = sessions_pb.FIX_SESSION_STATE_DOWN


async def change(t: Trial, **numbers) -> sessions_pb.SessionAction:
    """Have one person propose and another approve; return what came of it."""
    proposed = await t.sessions.ProposeSequenceChange(
        pb.ProposeSequenceChangeRequest(session_id="sima-orders", reason=WHY, **numbers),
        metadata=RITA,
    )
    await t.sessions.ApproveSequenceChange(
        pb.ApproveSequenceChangeRequest(action_id=proposed.action.action_id), metadata=OSCAR
    )
    return await t.settled(proposed.action.action_id)


async def test_numbers_are_changed_by_two_persons_and_the_gap_is_filled(book_url, t: Trial) -> None:
    orders = [await t.place("one")]
    await t.running_order(orders[0])
    before = (await t.session()).numbers
    done = await change(t, next_sender_msg_seq_num=500)
    assert done.state == DONE, done.text
    assert (done.requested_by, done.decided_by, done.reason) == ("rita", "oscar", WHY)
    assert done.before.next_sender_msg_seq_num >= before.next_sender_msg_seq_num
    assert done.after.next_sender_msg_seq_num == 500
    assert done.after.session_epoch == done.before.session_epoch
    session = await t.up("first")
    assert session.numbers.next_sender_msg_seq_num > 500
    orders.append(await t.place("two"))
    await nothing_doubled_and_none_lost(book_url, t, orders)


async def test_a_lower_target_has_the_venue_send_again_and_nothing_counts_twice(
    book_url, t: Trial
) -> None:
    orders = [await t.place(f"k{number}") for number in range(3)]
    for order in orders:
        await t.running_order(order)
    done = await change(t, next_target_msg_seq_num=2)
    assert (done.state, done.after.next_target_msg_seq_num) == (DONE, 2)
    await t.up("first")
    # The venue is a process of its own: what it got is known here a little later.
    await until(
        lambda: any(m["35"] == "2" and m["7"] == "2" for m in t.venue.admin),
        "the venue is asked for everything from 2 on",
    )
    await nothing_doubled_and_none_lost(book_url, t, orders)


def logons(t: Trial) -> list[dict[str, str]]:
    """Each Logon(A) that the venue has got."""
    return [message for message in t.venue.admin if message["35"] == "A"]


async def test_a_reset_makes_a_new_life_of_the_numbers_at_both_ends(t: Trial) -> None:
    before = await t.up("first")
    await t.running_order(await t.place("one"))
    known = len(logons(t))
    done = await change(t, reset=True)
    assert done.state == DONE, done.text
    assert done.after.session_epoch > done.before.session_epoch
    assert done.after.next_sender_msg_seq_num == done.after.next_target_msg_seq_num == 1
    session = await t.up("first")
    # The venue is a process of its own: what it got is known here a little later.
    await until(lambda: len(logons(t)) > known, "the venue reports the logon")
    logon = logons(t)[-1]
    assert (logon["34"], logon["141"]) == ("1", "Y")
    assert session.numbers.session_epoch > before.numbers.session_epoch
    await t.running_order(await t.place("two"))
    # Once only: the next logon keeps the numbers.
    known = len(logons(t))
    await t.gateways.end("first")
    t.gateways.launch("first")
    await t.until_session(lambda s: s.fencing_token > session.fencing_token, "dialled again")
    await t.up("first")
    await until(lambda: len(logons(t)) > known, "the venue reports the next logon")
    assert "141" not in logons(t)[-1]
    assert "FIX store lost" not in t.gateways.log("first")


async def test_a_session_is_kept_out_whatever_restarts(t: Trial) -> None:
    request = pb.DisconnectRequest(session_id="sima-orders", reason=WHY)
    out = await t.sessions.Disconnect(request, metadata=OSCAR)
    assert (await t.settled(out.action.action_id)).state == DONE
    session = await t.until_session(lambda s: s.state == DOWN, "logged out")
    assert session.kept_out
    assert (await refusal(t.sessions.Disconnect(request, metadata=OSCAR))).reason == "OBJECT_STATE"
    logons = t.venue.logon_count
    await t.gateways.end("first")
    t.gateways.launch("first")
    await t.until_session(
        lambda s: s.fencing_token > session.fencing_token and "kept out" in s.text, "kept out"
    )
    assert t.venue.logon_count == logons
    back = await t.sessions.Connect(
        pb.ConnectRequest(session_id="sima-orders", reason=WHY), metadata=OSCAR
    )
    assert (await t.settled(back.action.action_id)).state == DONE
    await t.up("first")
    await t.running_order(await t.place("one"))


async def test_a_session_that_waits_for_its_next_attempt_connects_now(
    book_url, tls_folder, tmp_path
) -> None:
    """`ordermesh sessions connect --now`, after an outage whose next attempt is minutes away."""
    request = pb.ConnectRequest(session_id="sima-orders", reason=WHY, now=True)
    async with trial(book_url, tls_folder, tmp_path, reconnect_s=300) as t:
        t.gateways.launch("first")
        await t.up("first")
        orders = [await t.place("one")]
        await t.running_order(orders[0])
        # A session that is logged on stays so.
        known = t.venue.logon_count
        same = await t.sessions.Connect(request, metadata=OSCAR)
        assert (await t.settled(same.action.action_id)).state == DONE
        assert t.venue.logon_count == known
        t.venue.crash()
        await t.until_session(lambda s: s.state == DOWN, "the venue is away")
        t.venue.start()
        now = await t.sessions.Connect(request, metadata=OSCAR)
        assert (await t.settled(now.action.action_id)).state == DONE
        await t.up("first")
        orders.append(await t.place("two"))
        await nothing_doubled_and_none_lost(book_url, t, orders)


async def test_who_may_do_what_and_what_is_refused(t: Trial) -> None:
    calls, propose = t.sessions, pb.ProposeSequenceChangeRequest
    good = propose(session_id="sima-orders", reason=WHY, next_sender_msg_seq_num=9)
    out = pb.DisconnectRequest(session_id="sima-orders", reason=WHY)
    for call, who in (
        (calls.List(pb.SessionServiceListRequest(), metadata=ALICE), "a trader"),
        (calls.ProposeSequenceChange(good, metadata=AUDREY), "an auditor"),
        (calls.Disconnect(out, metadata=RITA), "risk"),
    ):
        assert (await refusal(call)).reason == "PERMISSION_DENIED", who
    for wrong in (
        propose(session_id="sima-orders", reason=WHY),
        propose(session_id="sima-orders", reason=WHY, reset=True, next_sender_msg_seq_num=2),
        propose(session_id="sima-orders", reason="short", reset=True),
    ):
        call = calls.ProposeSequenceChange(wrong, metadata=RITA)
        assert (await refusal(call)).reason == "INVALID_FIELD"
    nowhere = propose(session_id="simz", reason=WHY, reset=True)
    call = calls.ProposeSequenceChange(nowhere, metadata=RITA)
    assert (await refusal(call)).reason == "OBJECT_NOT_FOUND"
    action = (await calls.ProposeSequenceChange(good, metadata=RITA)).action
    approve = pb.ApproveSequenceChangeRequest(action_id=action.action_id)
    call = calls.ApproveSequenceChange(approve, metadata=RITA)
    assert (await refusal(call)).reason == "SECOND_PERSON_REQUIRED"
    reject = pb.RejectSequenceChangeRequest(action_id=action.action_id, reason="not today")
    await calls.RejectSequenceChange(reject, metadata=OSCAR)
    assert (
        await refusal(calls.ApproveSequenceChange(approve, metadata=OSCAR))
    ).reason == "OBJECT_STATE"
    listed = await calls.ListActions(pb.ListActionsRequest(), metadata=AUDREY)
    assert [a.state for a in listed.actions] == [sessions_pb.SESSION_ACTION_STATE_REJECTED]


async def test_watch_sends_every_change(t: Trial) -> None:
    call = t.sessions.Watch(pb.SessionServiceWatchRequest(), metadata=AUDREY)
    first = await call.read()
    assert first.session.owner_instance == "first"
    await t.gateways.end("first")
    async with asyncio.timeout(20):
        while (item := await call.read()).session.state != DOWN:
            pass
    assert item.session.owner_instance == ""
    call.cancel()
