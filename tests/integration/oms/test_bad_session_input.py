"""Bad input to every rpc of the FIX sessions: named, recorded, and nothing changes.

No rpc takes an idempotency key: a second proposal is a second one, and anything else meets the
state the first one made.
"""

import asyncio
from typing import Any

import asyncpg
import grpc

from ordermesh.oms.v1 import session_pb2
from ordermesh.oms.v1 import session_service_pb2 as pb
from ordermesh.oms.v1.session_service_pb2_grpc import SessionServiceStub
from svc_oms.api.session_service import ACCESS, SERVICE
from tests.support.bad_input import unbreakable
from tests.support.oms import ALICE, AUDREY, OSCAR, RAVI, RITA, VERA, WAIT_S, Gateway, trading
from tests.support.refusals import broken_fields, garbled_refused, refusal, refused_by_name

NOBODYS = "01JD0000000000000000000000"
NAME = "sima-orders"
WHY = "agreed with the venue's desk"
GOOD = {
    "List": pb.SessionServiceListRequest(),
    "Get": pb.SessionServiceGetRequest(session_id=NAME),
    "Watch": pb.SessionServiceWatchRequest(session_id=NAME),
    "ListActions": pb.ListActionsRequest(session_id=NAME, page_size=1, before_action_id=NOBODYS),
    "ProposeSequenceChange": pb.ProposeSequenceChangeRequest(
        session_id=NAME,
        next_sender_msg_seq_num=9,
        next_target_msg_seq_num=9,
        reason=WHY,
        expires_in_s=60,
    ),
    "ApproveSequenceChange": pb.ApproveSequenceChangeRequest(action_id=NOBODYS),
    "RejectSequenceChange": pb.RejectSequenceChangeRequest(action_id=NOBODYS, reason=WHY),
    "Disconnect": pb.DisconnectRequest(session_id=NAME, reason=WHY),
    "Connect": pb.ConnectRequest(session_id=NAME, reason=WHY),
    "HandOver": pb.HandOverRequest(session_id=NAME, reason=WHY),
}
# A flag: what a wrong one means is tested below.
ANY_VALUE = {"ProposeSequenceChange": {"reset"}, "Connect": {"now"}}
READS = {"List", "Get", "Watch", "ListActions"}
TWO_PERSONS = {"ProposeSequenceChange", "ApproveSequenceChange", "RejectSequenceChange"}
ONE_PERSON = {"Disconnect", "Connect", "HandOver"}
NAMES_A_SESSION = [name for name, good in GOOD.items() if hasattr(good, "session_id")]
ABSENT, STATE, INVALID = "OBJECT_NOT_FOUND", "OBJECT_STATE", "INVALID_FIELD"
SENT = session_pb2.SESSION_ACTION_STATE_SENT
DONE = session_pb2.SESSION_ACTION_STATE_DONE


def changed(rpc: str, **changes: object) -> Any:
    """Return the good request of an rpc with other values."""
    request = type(GOOD[rpc])()
    request.CopyFrom(GOOD[rpc])
    for name, value in changes.items():
        setattr(request, name, value)
    return request


def approve(action_id: str) -> pb.ApproveSequenceChangeRequest:
    return changed("ApproveSequenceChange", action_id=action_id)


def reject(action_id: str) -> pb.RejectSequenceChangeRequest:
    return changed("RejectSequenceChange", action_id=action_id)


async def proposed(sessions: SessionServiceStub, who: Any) -> str:
    request = GOOD["ProposeSequenceChange"]
    return (await sessions.ProposeSequenceChange(request, metadata=who)).action.action_id


async def until_sent(sessions: SessionServiceStub, action_id: str) -> None:
    """Wait until the gateway has the action: from then on the action stands still."""
    async with asyncio.timeout(WAIT_S):
        while True:
            listed = await sessions.ListActions(pb.ListActionsRequest(), metadata=OSCAR)
            if any((a.action_id, a.state) == (action_id, SENT) for a in listed.actions):
                return
            await asyncio.sleep(0.01)


def test_every_rpc_and_every_field_has_a_case() -> None:
    (service,) = pb.DESCRIPTOR.services_by_name.values()
    assert {method.name for method in service.methods} == set(GOOD) == set(ACCESS)
    assert set(GOOD) == READS | TWO_PERSONS | ONE_PERSON
    for name, good in GOOD.items():
        assert unbreakable(good) == ANY_VALUE.get(name, set()), name


async def test_broken_fields_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        sessions = SessionServiceStub(channel)
        for rpc, good in GOOD.items():
            if good.DESCRIPTOR.fields:
                await broken_fields(book, getattr(sessions, rpc), good, "oscar", OSCAR)


async def test_bytes_that_are_no_message_are_refused(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        count = await garbled_refused(book, channel, SERVICE, GOOD, lambda _: OSCAR)
        assert len(await book.refused()) == count


async def test_who_may_not_is_refused_on_every_rpc(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        sessions = SessionServiceStub(channel)
        may_not = [(ALICE, set(GOOD)), (VERA, set(GOOD)), (AUDREY, TWO_PERSONS | ONE_PERSON)]
        may_not.append((RITA, ONE_PERSON))
        table = [
            (rpc, GOOD[rpc], who, "PERMISSION_DENIED", "")
            for who, rpcs in may_not
            for rpc in sorted(rpcs)
        ]
        await refused_by_name(book, sessions, table)
        before = await book.state()
        for rpc, good in GOOD.items():
            found = await refusal(getattr(sessions, rpc)(good))
            assert found.code is grpc.StatusCode.UNAUTHENTICATED, rpc
        assert await book.state() == before


async def test_who_may_read_reads(book_url, tls) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        sessions = SessionServiceStub(channel)
        for who in (OSCAR, RITA, AUDREY):
            for rpc in ("List", "Get", "ListActions"):
                await getattr(sessions, rpc)(GOOD[rpc], metadata=who)
            watch = sessions.Watch(GOOD["Watch"], metadata=who)
            assert (await watch.read()).session.session_id == NAME
            watch.cancel()


async def test_what_is_not_there_is_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        table: list[tuple] = [
            (rpc, changed(rpc, session_id=name), OSCAR, ABSENT, "session_id")
            for rpc in NAMES_A_SESSION
            for name in ("simz-orders", "SIMA-ORDERS", NAME[:-1], NAME + " ", "'; DROP", "é")
        ]
        for action_id in (NOBODYS, "x", "'; DROP", NAME):
            table.append(("ApproveSequenceChange", approve(action_id), RITA, ABSENT, "action_id"))
            table.append(("RejectSequenceChange", reject(action_id), RITA, ABSENT, "action_id"))
        for before in ("x", "'; DROP", NOBODYS[:-1], NOBODYS.lower(), "~" * 26, "8" * 26):
            request = changed("ListActions", before_action_id=before)
            table.append(("ListActions", request, AUDREY, INVALID, "before_action_id"))
        await refused_by_name(book, SessionServiceStub(channel), table)


async def test_proposals_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        none = {"next_sender_msg_seq_num": 0, "next_target_msg_seq_num": 0}
        bad: list[tuple[dict, str]] = [
            (none, "reset"),
            ({"reset": True}, "reset"),
            ({"reset": True, "next_sender_msg_seq_num": 0}, "reset"),
            ({"reset": True, "next_target_msg_seq_num": 0}, "reset"),
            ({"expires_in_s": 1}, "expires_in_s"),
            ({"expires_in_s": 59}, "expires_in_s"),
            (none | {"reset": True, "expires_in_s": 59}, "expires_in_s"),
        ]
        rpc = "ProposeSequenceChange"
        table = [(rpc, changed(rpc, **fields), RITA, INVALID, field) for fields, field in bad]
        await refused_by_name(book, SessionServiceStub(channel), table)
        for entry in await book.refused():
            assert entry.metadata["value"]
            assert entry.metadata["expected"]


async def test_decisions_at_the_wrong_time_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        sessions = SessionServiceStub(channel)
        over, lapsed, waits, runs = [await proposed(sessions, RITA) for _ in range(4)]
        await sessions.RejectSequenceChange(reject(over), metadata=OSCAR)
        other = await asyncpg.connect(book_url)
        await other.execute(
            "UPDATE oms.session_actions SET expires_at = now() WHERE action_id = $1", lapsed
        )
        await other.close()
        await sessions.ApproveSequenceChange(approve(runs), metadata=RAVI)
        # The scripted gateway answers no command of this kind: it stays under way.
        await until_sent(sessions, runs)
        table = [
            ("ApproveSequenceChange", approve(waits), RITA, "SECOND_PERSON_REQUIRED", "action_id"),
            # Another one is under way.
            ("ApproveSequenceChange", approve(waits), OSCAR, STATE, "action_id"),
            ("ProposeSequenceChange", GOOD["ProposeSequenceChange"], RITA, STATE, "session_id"),
            ("Disconnect", GOOD["Disconnect"], OSCAR, STATE, "session_id"),
            # It is not kept out, and nobody waits for it.
            ("Connect", GOOD["Connect"], OSCAR, STATE, "session_id"),
            ("HandOver", GOOD["HandOver"], OSCAR, STATE, "session_id"),
        ]
        for action_id in (over, lapsed, runs):
            table.append(("ApproveSequenceChange", approve(action_id), OSCAR, STATE, "action_id"))
            table.append(("RejectSequenceChange", reject(action_id), RITA, STATE, "action_id"))
        await refused_by_name(book, sessions, table)
        # What was refused has not spoilt it; and one may take back one's own.
        await sessions.RejectSequenceChange(reject(waits), metadata=RITA)


async def test_a_hand_over_while_something_is_under_way_is_refused(book_url, tls, book) -> None:
    async with (
        trading(book_url, tls) as (running, _, _gateway),
        running.channel() as channel,
        running.channel("svc-gateway") as peer,
    ):
        sessions = SessionServiceStub(channel)
        standby = Gateway(peer, instance="standby")
        opening = asyncio.create_task(standby.open())
        async with asyncio.timeout(WAIT_S):
            while True:
                session = (await sessions.Get(GOOD["Get"], metadata=OSCAR)).session
                if list(session.standby_instances) == ["standby"]:
                    break
                await asyncio.sleep(0.01)
        out = (await sessions.Disconnect(GOOD["Disconnect"], metadata=OSCAR)).action.action_id
        await until_sent(sessions, out)
        table = [
            (rpc, GOOD[rpc], OSCAR, STATE, "session_id")
            # Kept out already; and twice another one is under way.
            for rpc in ("Disconnect", "Connect", "HandOver")
        ]
        await refused_by_name(book, sessions, table)
        texts = [entry.text for entry in await book.refused()]
        assert "already kept out" in texts[0]
        assert all("another action" in text for text in texts[1:])
        opening.cancel()


async def test_a_session_nobody_has_is_not_handed_over(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, gateway), running.channel() as channel:
        sessions = SessionServiceStub(channel)
        await gateway.close()
        async with asyncio.timeout(WAIT_S):
            while (await sessions.Get(GOOD["Get"], metadata=OSCAR)).session.owner_instance:
                await asyncio.sleep(0.01)
        out = (await sessions.Disconnect(GOOD["Disconnect"], metadata=OSCAR)).action
        assert out.state == DONE
        table = [
            ("HandOver", GOOD["HandOver"], OSCAR, STATE, "session_id"),
            ("Disconnect", GOOD["Disconnect"], OSCAR, STATE, "session_id"),
            ("ApproveSequenceChange", approve(out.action_id), RITA, STATE, "action_id"),
            ("RejectSequenceChange", reject(out.action_id), RITA, STATE, "action_id"),
        ]
        await refused_by_name(book, sessions, table)
        await sessions.Connect(GOOD["Connect"], metadata=OSCAR)
        await refused_by_name(
            book, sessions, [("Connect", GOOD["Connect"], OSCAR, STATE, "session_id")]
        )
