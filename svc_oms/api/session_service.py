"""SessionService: reads FIX sessions, and takes people's actions on them."""

import asyncio
from collections.abc import AsyncIterator

from kernel.clock import Clock
from kernel.ulid import valid_ulid
from mesh.auth.access import Access, user
from mesh.rpc.call import Call
from mesh.streams.life import StreamLife
from mesh.tasks import is_set_within
from ordermesh.oms.v1 import session_pb2, session_service_pb2
from svc_oms.service.audit.refusal_entries import call_action
from svc_oms.service.directory.user_names import person_of
from svc_oms.service.errors import invalid_field
from svc_oms.service.readiness import Readiness
from svc_oms.service.venue.session_administration import ACTIONS_SHOWN, SessionAdministration

SERVICE = "ordermesh.oms.v1.SessionService"
_READERS = user("OPERATOR", "RISK", "AUDITOR")
_TWO_PERSONS = user("OPERATOR", "RISK")
_OPERATORS = user("OPERATOR")
ACCESS: dict[str, Access] = {
    "List": _READERS,
    "Get": _READERS,
    "Watch": _READERS,
    "ListActions": _READERS,
    "ProposeSequenceChange": _TWO_PERSONS,
    "ApproveSequenceChange": _TWO_PERSONS,
    "RejectSequenceChange": _TWO_PERSONS,
    "Disconnect": _OPERATORS,
    "Connect": _OPERATORS,
    "HandOver": _OPERATORS,
}

PAGE_ACTIONS_DEFAULT = 100
# Sessions are looked at at least this often: wake-ups may be lost. Seconds.
LOOK_INTERVAL_S = 1.0
DISCONNECT = session_pb2.SESSION_ACTION_KIND_DISCONNECT
CONNECT = session_pb2.SESSION_ACTION_KIND_CONNECT
HAND_OVER = session_pb2.SESSION_ACTION_KIND_HAND_OVER
pb = session_service_pb2


class SessionServicer:
    """See the comments in session_service.proto."""

    def __init__(
        self, readiness: Readiness, administration: SessionAdministration, clock: Clock
    ) -> None:
        self._readiness = readiness
        self._clock = clock
        self._administration = administration

    async def List(  # noqa: N802
        self, request: pb.SessionServiceListRequest, call: Call
    ) -> pb.SessionServiceListResponse:
        """Return every session."""
        del request, call
        with self._readiness.reaching():
            return pb.SessionServiceListResponse(sessions=await self._administration.sessions())

    async def Get(  # noqa: N802
        self, request: pb.SessionServiceGetRequest, call: Call
    ) -> pb.SessionServiceGetResponse:
        """Return one session and its last actions."""
        del call
        with self._readiness.reaching():
            return pb.SessionServiceGetResponse(
                session=await self._administration.require(request.session_id),
                actions=await self._administration.actions(request.session_id, "", ACTIONS_SHOWN),
            )

    async def Watch(  # noqa: N802
        self, request: pb.SessionServiceWatchRequest, call: Call
    ) -> AsyncIterator[pb.SessionServiceWatchResponse]:
        """Stream sessions as they change."""
        if request.session_id:
            with self._readiness.reaching():
                await self._administration.require(request.session_id)
        news = asyncio.Event()
        self._administration.watch(news)
        try:
            async for item in self._changes(request.session_id, call, news):
                yield item
        finally:
            self._administration.unwatch(news)

    async def _changes(
        self, session_id: str, call: Call, news: asyncio.Event
    ) -> AsyncIterator[pb.SessionServiceWatchResponse]:
        sent: dict[str, bytes] = {}
        with StreamLife(call, self._clock, 0, news.set) as life:
            while not life.is_over:
                news.clear()
                with self._readiness.reaching():
                    sessions = await self._administration.sessions(session_id)
                for session in sessions:
                    body = session.SerializeToString(deterministic=True)
                    if sent.get(session.session_id) != body:
                        sent[session.session_id] = body
                        life.put_off_heartbeat()
                        yield pb.SessionServiceWatchResponse(session=session)
                if life.heartbeat_due():
                    yield pb.SessionServiceWatchResponse(heartbeat=life.heartbeat())
                await is_set_within(news, LOOK_INTERVAL_S)
            yield pb.SessionServiceWatchResponse(drain=life.drain())
            raise life.end_error("this stream ends; open another")

    async def ListActions(  # noqa: N802
        self, request: pb.ListActionsRequest, call: Call
    ) -> pb.ListActionsResponse:
        """Return a page of actions."""
        del call
        size = request.page_size or PAGE_ACTIONS_DEFAULT
        before = _action_id(request.before_action_id)
        with self._readiness.reaching():
            if request.session_id:
                await self._administration.require(request.session_id)
            return pb.ListActionsResponse(
                actions=await self._administration.actions(request.session_id, before, size)
            )

    async def ProposeSequenceChange(  # noqa: N802
        self, request: pb.ProposeSequenceChangeRequest, call: Call
    ) -> pb.ProposeSequenceChangeResponse:
        """Propose other numbers."""
        with self._readiness.reaching():
            action = await self._administration.propose(
                request.session_id,
                (request.next_sender_msg_seq_num, request.next_target_msg_seq_num),
                reset=request.reset,
                who=person_of(call.user),
                why=request.reason,
                life_s=request.expires_in_s,
                audit=call_action(call, request),
            )
        return pb.ProposeSequenceChangeResponse(action=action)

    async def ApproveSequenceChange(  # noqa: N802
        self, request: pb.ApproveSequenceChangeRequest, call: Call
    ) -> pb.ApproveSequenceChangeResponse:
        """Approve another person's proposal."""
        with self._readiness.reaching():
            action = await self._administration.decide(
                request.action_id,
                person_of(call.user),
                approve=True,
                audit=call_action(call, request),
            )
        return pb.ApproveSequenceChangeResponse(action=action)

    async def RejectSequenceChange(  # noqa: N802
        self, request: pb.RejectSequenceChangeRequest, call: Call
    ) -> pb.RejectSequenceChangeResponse:
        """Reject a proposal."""
        with self._readiness.reaching():
            action = await self._administration.decide(
                request.action_id,
                person_of(call.user),
                approve=False,
                audit=call_action(call, request),
                why=request.reason,
            )
        return pb.RejectSequenceChangeResponse(action=action)

    async def _ordered(
        self,
        request: pb.DisconnectRequest | pb.ConnectRequest | pb.HandOverRequest,
        kind: session_pb2.SessionActionKind,
        call: Call,
        *,
        now: bool = False,
    ) -> session_pb2.SessionAction:
        with self._readiness.reaching():
            return await self._administration.order(
                request.session_id,
                kind,
                person_of(call.user),
                request.reason,
                call_action(call, request),
                now=now,
            )

    async def Disconnect(  # noqa: N802
        self, request: pb.DisconnectRequest, call: Call
    ) -> pb.DisconnectResponse:
        """Log a session out until Connect."""
        action = await self._ordered(request, DISCONNECT, call)
        return pb.DisconnectResponse(action=action)

    async def Connect(  # noqa: N802
        self, request: pb.ConnectRequest, call: Call
    ) -> pb.ConnectResponse:
        """Let a session log on again, or at once."""
        action = await self._ordered(request, CONNECT, call, now=request.now)
        return pb.ConnectResponse(action=action)

    async def HandOver(  # noqa: N802
        self, request: pb.HandOverRequest, call: Call
    ) -> pb.HandOverResponse:
        """Give a session to a standby."""
        action = await self._ordered(request, HAND_OVER, call)
        return pb.HandOverResponse(action=action)


def _action_id(before: str) -> str:
    if before and not valid_ulid(before):
        expected = "the action_id of the last action of the page before"
        raise invalid_field("before_action_id", before, expected)
    return before
