"""One stream of a user's alerts: snapshot or replay, then live, by the stream contract.

Every change is in the log before a reader is woken, so a stream reads the log from its place on,
and keeps nothing else. It cannot be too slow: what it has not read waits in the log.
"""

import asyncio
from collections.abc import AsyncIterator

from mesh.rpc.call import Call
from mesh.streams.cursor import Kept, cursor, resync, resync_cause
from mesh.streams.life import StreamLife
from ordermesh.marketdata.v1 import price_alert_pb2, price_alert_service_pb2
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.alerts.mapping import alert_to_proto, event_to_proto
from svc_marketdata.api.answering import answered
from svc_marketdata.api.rights import rights_of
from svc_marketdata.service.alerts.keeper import AlertKeeper

FRAME_ITEMS_MAX = 200
"""Events in one frame, as many alerts of a snapshot."""

Frame = price_alert_service_pb2.WatchAlertsResponse
Item = price_alert_pb2.AlertItem


class AlertStream:
    """A reader of one user's alerts."""

    def __init__(self, keeper: AlertKeeper, call: Call, heartbeat_s: int) -> None:
        self._keeper = keeper
        self._user_id = call.user.subject
        self._rights = rights_of(call)
        self._sequence = 0
        self._epoch = ""
        self._wake = asyncio.Event()
        self._life = StreamLife(call, keeper.data.clock, heartbeat_s, self._wake.set)

    async def frames(self, wanted: stream_pb2.Cursor | None) -> AsyncIterator[Frame]:
        """Yield frames until the stream must end.

        Raises:
            MeshError: DRAINING, or DEPENDENCY_UNAVAILABLE.
        """
        keeper, life, wake = self._keeper, self._life, self._wake.set
        keeper.join(self._user_id, wake)
        try:
            with life:
                async for frame in self._open(wanted):
                    yield frame
                while not life.is_over:
                    self._wake.clear()
                    frame = await self._read()
                    if frame.items:
                        yield frame
                    else:
                        await self._wake.wait()
                yield Frame(items=[Item(drain=life.drain(self._cursor()))])
                raise life.end_error("the stream has ended; connect again and resume")
        finally:
            keeper.leave(self._user_id, wake)

    async def _open(self, wanted: stream_pb2.Cursor | None) -> AsyncIterator[Frame]:
        """Begin after a cursor, or with a snapshot."""
        store = self._keeper.store
        self._epoch = await answered(store.epoch())
        if wanted is not None and wanted.epoch:
            kept = await answered(store.sequences(self._user_id))
            cause = resync_cause(wanted, Kept(self._epoch, *kept))
            if cause is None:
                self._sequence = wanted.sequence
                return
            yield Frame(items=[Item(resync=resync(wanted, cause))])
        self._sequence, alerts = await answered(store.snapshot(self._user_id))
        now_ns = self._keeper.data.clock.now_ns()
        items = [Item(snapshot=alert_to_proto(one, self._rights, now_ns)) for one in alerts]
        complete = stream_pb2.SnapshotComplete(cursor=self._cursor(), item_count=len(items))
        yield Frame(items=[*items, Item(snapshot_complete=complete)])

    async def _read(self) -> Frame:
        """Return the next events, and the heartbeat if it is due."""
        entries = await answered(
            self._keeper.store.events(self._user_id, self._sequence, FRAME_ITEMS_MAX)
        )
        now_ns = self._keeper.data.clock.now_ns()
        items = [Item(event=event_to_proto(one, self._rights, now_ns)) for one in entries]
        if entries:
            self._sequence = entries[-1].sequence
        if self._life.heartbeat_due():
            items.append(Item(heartbeat=self._life.heartbeat(self._cursor())))
        return Frame(items=items)

    def _cursor(self) -> stream_pb2.Cursor:
        return cursor(self._epoch, self._sequence)
