"""One stream of a user's settings: snapshot or what changed, then live, by the stream contract.

A change is committed before a reader is woken, and the table holds the present state alone. So a
stream reads what has a greater revision than it has sent, and cannot be too slow.
"""

import asyncio
from collections.abc import AsyncIterator

from mesh.rpc.call import Call
from mesh.streams.cursor import Kept, cursor, resync, resync_cause
from mesh.streams.life import StreamLife
from ordermesh.identity.v1 import user_setting_pb2, user_settings_service_pb2
from ordermesh.type.v1 import stream_pb2
from svc_identity.api.answering import answered
from svc_identity.api.user_settings.mapping import change_to_item, setting_to_proto
from svc_identity.service.user_settings import SettingsKeeper

Frame = user_settings_service_pb2.WatchUserSettingsResponse
Item = user_setting_pb2.UserSettingItem


class SettingsStream:
    """A reader of one user's settings."""

    def __init__(self, keeper: SettingsKeeper, call: Call, heartbeat_s: int) -> None:
        self._keeper = keeper
        self._user_id = call.user.subject
        self._revision = 0
        self._epoch = ""
        self._changed = True
        self._wake = asyncio.Event()
        self._life = StreamLife(call, keeper.clock, heartbeat_s, self._wake.set)

    def _on_change(self) -> None:
        self._changed = True
        self._wake.set()

    async def frames(self, wanted: stream_pb2.Cursor | None) -> AsyncIterator[Frame]:
        """Yield frames until the stream must end.

        Raises:
            MeshError: DRAINING, or DEPENDENCY_UNAVAILABLE.
        """
        readers, life = self._keeper.readers, self._life
        readers.join(self._user_id, self._on_change)
        try:
            with life:
                async for frame in self._open(wanted):
                    yield frame
                while not life.is_over:
                    self._wake.clear()
                    items = await self._next()
                    if items:
                        yield Frame(items=items)
                    await self._wake.wait()
                yield Frame(items=[Item(drain=life.drain(self._cursor()))])
                raise life.end_error("the stream has ended; connect again and resume")
        finally:
            readers.leave(self._user_id, self._on_change)

    async def _open(self, wanted: stream_pb2.Cursor | None) -> AsyncIterator[Frame]:
        """Begin after a cursor, or with a snapshot."""
        snapshot = await answered(self._keeper.snapshot(self._user_id))
        head, self._epoch = snapshot.head, snapshot.epoch
        if wanted is not None and wanted.epoch:
            kept = Kept(snapshot.epoch, head.last_revision, head.forgotten + 1)
            cause = resync_cause(wanted, kept)
            if cause is None:
                self._revision = wanted.sequence
                # So that the reader knows at once that nothing is missing.
                self._life.hasten_heartbeat()
                return
            yield Frame(items=[Item(resync=resync(wanted, cause))])
        self._revision = head.last_revision
        items = [Item(snapshot=setting_to_proto(one)) for one in snapshot.settings]
        complete = stream_pb2.SnapshotComplete(cursor=self._cursor(), item_count=len(items))
        yield Frame(items=[*items, Item(snapshot_complete=complete)])

    async def _next(self) -> list[Item]:
        """Return what changed, and the heartbeat if it is due."""
        items: list[Item] = []
        if self._changed:
            # First: what is committed while it is read wakes the stream again.
            self._changed = False
            changes = await answered(self._keeper.after(self._user_id, self._revision))
            items += map(change_to_item, changes)
            if changes:
                self._revision = changes[-1].revision
        if self._life.heartbeat_due():
            items.append(Item(heartbeat=self._life.heartbeat(self._cursor())))
        return items

    def _cursor(self) -> stream_pb2.Cursor:
        return cursor(self._epoch, self._revision)
