"""A gateway that gets an action for its session and does not answer."""

import asyncio

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import session_pb2
from ordermesh.oms.v1 import session_service_pb2 as pb
from ordermesh.oms.v1.session_service_pb2_grpc import SessionServiceStub
from svc_oms.service.venue import session_administration
from tests.support.oms import OSCAR, RITA, WAIT_S, replica, trading

NAME = "sima-orders"
WHY = "agreed with the venue's desk"
SENT = session_pb2.SESSION_ACTION_STATE_SENT
UNKNOWN = session_pb2.SESSION_ACTION_STATE_UNKNOWN
DONE = session_pb2.SESSION_ACTION_STATE_DONE


async def approved(sessions: SessionServiceStub) -> str:
    """Have two persons want other numbers; return the action."""
    request = pb.ProposeSequenceChangeRequest(
        session_id=NAME, next_sender_msg_seq_num=500, reason=WHY
    )
    proposed = (await sessions.ProposeSequenceChange(request, metadata=RITA)).action
    await sessions.ApproveSequenceChange(
        pb.ApproveSequenceChangeRequest(action_id=proposed.action_id), metadata=OSCAR
    )
    return proposed.action_id


async def in_state(sessions: SessionServiceStub, action_id: str, *states: int):
    request = pb.ListActionsRequest(session_id=NAME)
    async with asyncio.timeout(WAIT_S):
        while True:
            listed = (await sessions.ListActions(request, metadata=OSCAR)).actions
            found = next(one for one in listed if one.action_id == action_id)
            if found.state in states:
                return found
            await asyncio.sleep(0.01)


async def recorded(book, command: str, *action_ids: str) -> None:
    """Wait until the audit log has these actions, and of no others."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = [one for one in await book.audit() if one.command == command]
            if len(found) >= len(action_ids):
                break
            await asyncio.sleep(0.01)
    assert {one.actor for one in found} == {"oms:session-timeouts"}
    assert [one.metadata["action_id"] for one in found] == list(action_ids)


async def test_an_action_that_is_not_answered_is_unknown_and_others_go_on(
    book_url, tls, book, monkeypatch
):
    monkeypatch.setattr(session_administration, "ANSWER_S", 1)
    async with trading(book_url, tls) as (running, _, gateway), running.channel() as channel:
        sessions = SessionServiceStub(channel)
        first = await approved(sessions)
        unknown = await in_state(sessions, first, UNKNOWN)
        assert unknown.answer_due_at.ToNanoseconds() - unknown.sent_at.ToNanoseconds() == 10**9
        assert "has not answered within 1 s" in unknown.text
        assert not unknown.HasField("settled_at")
        assert (unknown.requested_by_name, unknown.decided_by_name) == ("Rita", "Oscar")
        await recorded(book, "SessionAnswerMissing", first)
        second = await approved(sessions)
        await in_state(sessions, second, SENT, UNKNOWN)
        # The answer comes all the same: the numbers are a fact.
        after = session_pb2.SequenceNumbers(
            next_sender_msg_seq_num=500, next_target_msg_seq_num=7, session_epoch=7
        )
        await gateway.send(admin_result=gw.AdminResult(action_id=first, done=True, after=after))
        late = await in_state(sessions, first, DONE)
        assert late.HasField("settled_at")
        assert late.after.next_sender_msg_seq_num == 500
        await recorded(book, "SessionAnswerLate", first)
        request = pb.SessionServiceGetRequest(session_id=NAME)
        session = (await sessions.Get(request, metadata=OSCAR)).session
        assert session.numbers.next_sender_msg_seq_num == 500
        await in_state(sessions, second, UNKNOWN)
        await recorded(book, "SessionAnswerMissing", first, second)


async def test_the_time_runs_on_while_nobody_is_there_and_is_reported_once(
    book_url, tls, book, monkeypatch
):
    """Two replicas start at about the instant: one of them records it."""
    monkeypatch.setattr(session_administration, "ANSWER_S", 1)
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        sessions = SessionServiceStub(channel)
        action_id = await approved(sessions)
        await in_state(sessions, action_id, SENT, UNKNOWN)
    async with replica(book_url, tls) as one, replica(book_url, tls) as other:
        for running in (one, other):
            async with running.channel() as channel:
                await in_state(SessionServiceStub(channel), action_id, UNKNOWN)
        await recorded(book, "SessionAnswerMissing", action_id)


@pytest.mark.parametrize("rpc", ["Disconnect", "HandOver"])
async def test_what_one_person_wants_has_a_time_too(book_url, tls, book, monkeypatch, rpc):
    monkeypatch.setattr(session_administration, "ANSWER_S", 1)
    async with trading(book_url, tls) as (running, _, gateway), running.channel() as channel:
        sessions = SessionServiceStub(channel)
        await running.book.administration.saw_standbys([(NAME, "other")], "r")
        request = getattr(pb, f"{rpc}Request")(session_id=NAME, reason=WHY)
        action = (await getattr(sessions, rpc)(request, metadata=OSCAR)).action
        await in_state(sessions, action.action_id, UNKNOWN)
        await recorded(book, "SessionAnswerMissing", action.action_id)
        assert not gateway.ended.is_set()
