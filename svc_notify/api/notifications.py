"""NotificationService: history, live, and what is read."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from mesh.auth.access import Access, user
from mesh.errors import MeshError, wrong
from mesh.rpc.call import Call
from mesh.rpc.page_tokens import page_place, page_token
from mesh.timestamps import from_timestamp, to_timestamp
from ordermesh.notify.v1 import notification_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from svc_notify.api.answering import answered, not_found, viewer_of
from svc_notify.api.mapping import to_proto
from svc_notify.api.stream import SEQUENCE_END, NotificationStream, StreamParts
from svc_notify.service.history import Filter, NotFoundError

SERVICE: Final = "ordermesh.notify.v1.NotificationService"
ACCESS: Final[Mapping[str, Access]] = {
    "Stream": user(),
    "Watch": user(),
    "List": user(),
    "MarkRead": user(),
}
PAGE_SIZE_DEFAULT: Final = 100
LOOKED_AT_MAX: Final = 5_000
"""Notifications that a page looks at."""
IDS: Final = "notification_ids"
NAMED_MAX: Final = 3
"""Ids that a refusal names."""


class NotificationServicer:
    """Serves ``ordermesh.notify.v1.NotificationService``."""

    def __init__(self, parts: StreamParts) -> None:
        self._parts = parts

    async def Watch(  # noqa: N802  # rpc names are the contract's
        self, request: pb.WatchRequest, call: Call
    ) -> AsyncIterator[pb.WatchResponse]:
        """The newest notifications, then each new one."""
        stream = NotificationStream(self._parts, call, request.heartbeat_s)
        async for frame in stream.frames(_cursor(request)):
            yield frame

    async def Stream(  # noqa: N802
        self, requests: AsyncIterator[pb.StreamRequest], call: Call
    ) -> AsyncIterator[pb.StreamResponse]:
        """Like Watch; further requests mark notifications as read."""
        first = await anext(aiter(requests), None)
        if first is None or not first.HasField("open"):
            raise wrong("open", "", "a WatchRequest in the first request")
        stream = NotificationStream(self._parts, call, first.open.heartbeat_s)
        reader = asyncio.create_task(self._read(requests, stream, call))
        try:
            async for frame in stream.frames(_cursor(first.open)):
                yield pb.StreamResponse(items=frame.items)
        finally:
            reader.cancel()

    async def _read(
        self,
        requests: AsyncIterator[pb.StreamRequest],
        stream: NotificationStream,
        call: Call,
    ) -> None:
        """Mark what the reader sends; the stream goes on after the last request."""
        try:
            async for request in requests:
                await self._mark_in(request, call)
        except Exception as error:  # noqa: BLE001  # sent to the caller, who waits in the stream
            stream.fail(error)

    async def _mark_in(self, request: pb.StreamRequest, call: Call) -> None:
        if not request.HasField("mark_read"):
            raise wrong("mark_read", "", "a MarkReadRequest after the first request")
        await self._mark(request.mark_read, call, "mark_read.")

    async def List(  # noqa: N802
        self, request: pb.ListRequest, call: Call
    ) -> pb.ListResponse:
        """Return a page of what the caller may see."""
        if request.account_id:
            call.user.require_view(request.account_id)
        (before,) = page_place(request, (int,)) or (SEQUENCE_END,)
        wanted = Filter(
            kinds=list(request.kinds),
            severity_min=request.severity_min,
            account_id=request.account_id,
            order_id=request.order_id,
            venue_mic=request.venue_mic,
            unread_only=request.unread_only,
            from_ns=from_timestamp(request.at_from),
            until_ns=from_timestamp(request.at_until),
        )
        listed = await answered(
            self._parts.history.page(
                viewer_of(call), wanted, before, request.page_size or PAGE_SIZE_DEFAULT,
                LOOKED_AT_MAX,
            )
        )  # fmt: skip
        return pb.ListResponse(
            notifications=[to_proto(one) for one in listed.page],
            next_page_token=page_token(request, [listed.next_before]) if listed.next_before else "",
        )

    async def MarkRead(  # noqa: N802
        self, request: pb.MarkReadRequest, call: Call
    ) -> pb.MarkReadResponse:
        """Mark notifications as read."""
        now_ns = await self._mark(request, call)
        return pb.MarkReadResponse(read_at=to_timestamp(now_ns))

    async def _mark(self, request: pb.MarkReadRequest, call: Call, path: str = "") -> int:
        """Mark notifications as read; return when."""
        viewer, now_ns = viewer_of(call), self._parts.clock.now_ns()
        history, ids = self._parts.history, request.notification_ids
        if bool(ids) == bool(request.up_to_sequence):
            given = "both" if ids else "neither"
            raise wrong(f"{path}{IDS}", given, "either notification_ids or up_to_sequence")
        if request.up_to_sequence:
            await answered(history.mark_up_to(viewer, request.up_to_sequence, now_ns))
        else:
            try:
                await answered(history.mark(viewer, ids, now_ns))
            except NotFoundError as error:
                raise _unknown(f"{path}{IDS}", ids) from error
        self._parts.watch.marked(viewer.user_id)
        return now_ns


def _unknown(field: str, ids: Sequence[str]) -> MeshError:
    given = ", ".join(ids[:NAMED_MAX])
    return not_found(field, given, "notification, or it is older than what is kept")


def _cursor(request: pb.WatchRequest) -> stream_pb2.Cursor | None:
    return request.cursor if request.HasField("cursor") else None
