"""ParkedService: what waits for a person, and what persons decide about it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from google.protobuf.message import Message

from kernel.clock import Clock
from mesh.auth.access import Access, user
from mesh.auth.tokens import Principal
from mesh.rpc.call import Call
from mesh.streams.life import StreamLife
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1 import parked_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from svc_oms.service.codec.parked_messages import (
    fix_text,
    parked_content,
    parked_item,
    statement_message,
)
from svc_oms.service.directory.user_names import person_of
from svc_oms.service.parked.parked_messages import ParkedMessages, Wanted, not_found
from svc_oms.service.parked.parked_view import ParkedView
from svc_oms.service.ports import OrderStore
from svc_oms.service.ports.parked_ports import ParkedFilter
from svc_oms.service.readiness import Readiness

SERVICE = "ordermesh.oms.v1.ParkedService"
ACCESS: dict[str, Access] = {
    # Each message's account decides who may see it.
    "List": user(),
    "Get": user(),
    "Watch": user(),
    "Apply": user("RISK"),
    "Discard": user("RISK"),
}

PAGE_ITEMS_DEFAULT = 100


def may_list(reader: Principal, account_id: str) -> bool:
    """Return whether a user may know of a message; OPERATOR may, as of the audit log."""
    return "OPERATOR" in reader.roles or may_read(reader, account_id)


def may_read(reader: Principal, account_id: str) -> bool:
    """Return whether a user may read a message: one of no account is for RISK and AUDITOR."""
    return reader.may_view(account_id) if account_id else reader.sees_all


class ParkedServicer:
    """See the comments in parked_service.proto."""

    def __init__(
        self,
        readiness: Readiness,
        store: OrderStore,
        messages: ParkedMessages,
        view: ParkedView,
        clock: Clock,
    ) -> None:
        self._readiness = readiness
        self._store = store
        self._messages = messages
        self._view = view
        self._clock = clock

    async def List(  # noqa: N802
        self, request: pb.ParkedServiceListRequest, call: Call
    ) -> pb.ParkedServiceListResponse:
        """Return a page of parked messages."""
        reader = call.user
        accounts: tuple[str, ...] | None = None
        if request.account_id:
            if "OPERATOR" not in reader.roles:
                reader.require_view(request.account_id)
            accounts = (request.account_id,)
        elif not (reader.sees_all or "OPERATOR" in reader.roles):
            accounts = tuple(sorted(reader.accounts))
        state = 0 if request.all_states else request.state or pb.PARKED_STATE_OPEN
        wanted = ParkedFilter(
            accounts,
            request.order_id,
            request.session_id,
            state,
            request.before_parked_id,
            request.page_size or PAGE_ITEMS_DEFAULT,
        )
        with self._readiness.reaching():
            rows = await self._store.parked().messages(wanted)
        return pb.ParkedServiceListResponse(items=map(parked_item, rows))

    async def Get(  # noqa: N802
        self, request: pb.ParkedServiceGetRequest, call: Call
    ) -> pb.ParkedServiceGetResponse:
        """Return one parked message with its content."""
        with self._readiness.reaching():
            row = await self._store.parked().message(request.parked_id)
        if row is None or not may_read(call.user, row.account_id):
            raise not_found(request.parked_id)
        message = parked_content(row.body)
        text, as_received = fix_text(message)
        return pb.ParkedServiceGetResponse(
            item=parked_item(row), fix_text=text, as_received=as_received, can_apply=not as_received
        )

    async def Watch(  # noqa: N802
        self, request: pb.ParkedServiceWatchRequest, call: Call
    ) -> AsyncIterator[pb.ParkedServiceWatchResponse]:
        """Stream what waits for a person."""
        self._readiness.require()
        news = asyncio.Event()
        with self._view.reading(news):
            async for item in self._changes(request.heartbeat_s, call, news):
                yield item

    async def _changes(
        self, heartbeat_s: int, call: Call, news: asyncio.Event
    ) -> AsyncIterator[pb.ParkedServiceWatchResponse]:
        sent: dict[object, bytes] = {}
        began_at, whole = self._view.looks, False
        with StreamLife(call, self._clock, heartbeat_s, news.set) as life:
            while not life.is_over:
                news.clear()
                # What was read before this reader came may be older than the reader.
                if self._view.looks > began_at or whole:
                    for item in self._new(call.user, sent):
                        life.put_off_heartbeat()
                        yield item
                    if not whole:
                        whole = True
                        done = stream_pb2.SnapshotComplete()
                        yield pb.ParkedServiceWatchResponse(snapshot_complete=done)
                if life.heartbeat_due():
                    yield pb.ParkedServiceWatchResponse(heartbeat=life.heartbeat())
                await news.wait()
            yield pb.ParkedServiceWatchResponse(drain=life.drain())
            raise life.end_error("this stream ends; open another")

    def _new(
        self, reader: Principal, sent: dict[object, bytes]
    ) -> Iterator[pb.ParkedServiceWatchResponse]:
        """Return what a reader does not have yet, oldest first."""
        view, now_ns = self._view, self._clock.now_ns()
        for _, row in sorted(view.messages.items()):
            if may_list(reader, row.account_id):
                item = parked_item(row)
                if _is_news(sent, row.parked_id, item, begins=row.state == pb.PARKED_STATE_OPEN):
                    yield pb.ParkedServiceWatchResponse(parked=item)
        for _, statement in sorted(view.statements.items()):
            if may_list(reader, statement.account_id):
                one = statement_message(statement, now_ns)
                if _is_news(sent, one.statement_id, one, begins=not one.decided_by):
                    yield pb.ParkedServiceWatchResponse(statement=one)

    async def Apply(  # noqa: N802
        self, request: pb.ParkedServiceApplyRequest, call: Call
    ) -> pb.ParkedServiceApplyResponse:
        """Interpret a message again."""
        wanted = Wanted(request.parked_id, request.order_id, person_of(call.user), request.reason)
        with self._readiness.reaching():
            row, body = await self._messages.apply(wanted)
        return pb.ParkedServiceApplyResponse(
            item=parked_item(row), order=order_pb2.Order.FromString(body)
        )

    async def Discard(  # noqa: N802
        self, request: pb.ParkedServiceDiscardRequest, call: Call
    ) -> pb.ParkedServiceDiscardResponse:
        """Settle a message without applying it."""
        wanted = Wanted(request.parked_id, "", person_of(call.user), request.reason)
        with self._readiness.reaching():
            return pb.ParkedServiceDiscardResponse(
                item=parked_item(await self._messages.discard(wanted))
            )


def _is_news(sent: dict[object, bytes], key: object, message: Message, *, begins: bool) -> bool:
    """Return whether a reader has not got this; the end of what it never got is no news."""
    body = message.SerializeToString(deterministic=True)
    if sent.get(key) == body or (key not in sent and not begins):
        return False
    sent[key] = body
    return True
