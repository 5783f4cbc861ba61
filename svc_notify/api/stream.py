"""One stream of a user's notifications: snapshot or replay, then live, by the stream contract.

Every notification is stored before a reader is woken. New ones are read once for all streams
(`service.watch`); a stream that is behind reads the store from its place on, and keeps nothing
else. It cannot be too slow: what it has not read waits in the store.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final, NamedTuple

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.rpc.call import Call
from mesh.streams.cursor import Kept, cursor, resync, resync_cause
from mesh.streams.life import StreamLife
from mesh.telemetry import histogram
from mesh.timestamps import to_timestamp
from ordermesh.notify.v1 import notification_pb2, notification_service_pb2
from ordermesh.type.v1 import stream_pb2
from svc_notify.api.answering import answered, viewer_of
from svc_notify.api.mapping import to_proto
from svc_notify.domain.notification import Draft, Notification
from svc_notify.domain.rules import Rule, in_app_rules
from svc_notify.service.choices import Choices
from svc_notify.service.history import History, ReadState, Shown
from svc_notify.service.progress import BUCKETS_S
from svc_notify.service.rule_messages import rule_from_proto
from svc_notify.service.watch import Watch

FRAME_ITEMS_MAX: Final = 200
"""Notifications in one frame, as many of a snapshot."""
SNAPSHOT_LOOKED_AT_MAX: Final = 5_000
"""Notifications that the reader may see, and that a snapshot looks at."""
RULES_READ_S: Final = 1.0
"""For which a stream uses its rules before it reads them again."""
SEQUENCE_END: Final = 2**63 - 1

Frame = notification_service_pb2.WatchResponse
Item = notification_pb2.NotificationItem

_sent = histogram(
    "notify_sent_delay_seconds",
    "Time from an event to its notification on a live stream",
    buckets=BUCKETS_S,
)


class StreamParts(NamedTuple):
    """What all streams share."""

    history: History
    choices: Choices
    watch: Watch
    clock: Clock


class NotificationStream:
    """A reader of one user's notifications."""

    def __init__(self, parts: StreamParts, call: Call, heartbeat_s: int) -> None:
        self._parts = parts
        self._viewer = viewer_of(call)
        self._sequence = 0
        self._live_after = 0
        self._epoch = ""
        self._read = ReadState()
        self._marked = False
        self._rules: list[Rule] = []
        self._rules_at = 0.0
        self._failure: Exception | None = None
        self._wake = asyncio.Event()
        self._life = StreamLife(call, parts.clock, heartbeat_s, self._wake.set)

    def fail(self, error: Exception) -> None:
        """End the stream with this error."""
        self._failure = error
        self._wake.set()

    def _on_marked(self) -> None:
        self._marked = True
        self._wake.set()

    async def frames(self, wanted: stream_pb2.Cursor | None) -> AsyncIterator[Frame]:
        """Yield frames until the stream must end.

        Raises:
            MeshError: DRAINING, DEPENDENCY_UNAVAILABLE, or what `fail` was given.
        """
        watch, life, wake = self._parts.watch, self._life, self._wake.set
        watch.join(wake, self._viewer.user_id, self._on_marked)
        try:
            with life:
                async for frame in self._open(wanted):
                    yield frame
                while not life.is_over and self._failure is None:
                    self._wake.clear()
                    frame, whole = await self._next()
                    if frame.items:
                        yield frame
                    if whole:
                        await self._wake.wait()
                if self._failure is not None:
                    raise self._failure
                yield Frame(items=[Item(drain=life.drain(self._cursor()))])
                raise life.end_error("the stream has ended; connect again and resume")
        finally:
            watch.leave(wake)

    async def _open(self, wanted: stream_pb2.Cursor | None) -> AsyncIterator[Frame]:
        """Begin after a cursor, or with a snapshot."""
        history, user_id = self._parts.history, self._viewer.user_id
        feed = await answered(history.feed())
        self._epoch, self._live_after = feed.epoch, feed.last_sequence
        self._read = await answered(history.read_state(user_id))
        if wanted is not None and wanted.epoch:
            cause = resync_cause(wanted, Kept(feed.epoch, feed.last_sequence, feed.oldest))
            if cause is None:
                self._sequence = wanted.sequence
                return
            yield Frame(items=[Item(resync=resync(wanted, cause))])
        shown = await self._snapshot(feed.last_sequence)
        self._sequence = feed.last_sequence
        complete = stream_pb2.SnapshotComplete(cursor=self._cursor(), item_count=len(shown))
        items = [Item(snapshot=to_proto(one)) for one in shown]
        yield Frame(items=[*items, Item(snapshot_complete=complete)])

    async def _snapshot(self, last: int) -> list[Shown]:
        """Return the newest notifications that the user is shown, oldest first."""
        rules = await self._present_rules()
        found: list[Shown] = []
        before, looked_at = last + 1, 0
        while len(found) < FRAME_ITEMS_MAX and looked_at < SNAPSHOT_LOOKED_AT_MAX:
            page = await answered(self._parts.history.older(self._viewer, before, FRAME_ITEMS_MAX))
            found += _selected(page, rules)
            looked_at += len(page)
            if len(page) < FRAME_ITEMS_MAX:
                break
            before = page[-1].notification.sequence
        return found[:FRAME_ITEMS_MAX][::-1]

    async def _next(self) -> tuple[Frame, bool]:
        """Return the next items, and whether these are all there are now."""
        items, whole = await self._from_watch() or await self._from_store()
        heartbeat = self._life.heartbeat_due()
        self._marked |= heartbeat
        # A mark comes after what it is about.
        if whole and self._marked:
            self._marked = False
            items += await self._marks()
        if heartbeat:
            items.append(Item(heartbeat=self._life.heartbeat(self._cursor())))
        return Frame(items=items), whole

    async def _from_watch(self) -> tuple[list[Item], bool] | None:
        """Return new items of what is read for all streams; None if this one is further behind.

        Of what is older than the stream, the user may have read single ones: the store knows which.
        """
        if self._sequence < self._live_after:
            return None
        rules = await self._present_rules()
        recent = self._parts.watch.newer(self._sequence)
        if recent is None:
            return None
        items: list[Item] = []
        for one, item in recent:
            self._sequence = one.sequence
            if self._viewer.may_see(one.draft) and _selects(rules, one.draft):
                read = one.sequence <= self._read.up_to
                items.append(item_of(one, self._read.up_to_ns) if read else item)
                self._observe(one)
                if len(items) == FRAME_ITEMS_MAX:
                    return items, False
        return items, True

    async def _from_store(self) -> tuple[list[Item], bool]:
        """Return new items of the store."""
        history, viewer = self._parts.history, self._viewer
        # Read first: everything up to it that the user may see is among the rows or before them.
        feed = await answered(history.feed())
        page = await answered(history.newer(viewer, self._sequence, FRAME_ITEMS_MAX))
        whole = len(page) < FRAME_ITEMS_MAX
        shown = _selected(page, await self._present_rules())
        newest = page[-1].notification.sequence if page else self._sequence
        self._sequence = max(newest, feed.last_sequence) if whole else newest
        for one in shown:
            self._observe(one.notification)
        return [item_of(*one) for one in shown], whole

    async def _marks(self) -> list[Item]:
        """Return what the user has marked as read since the last look."""
        history, user_id, before = self._parts.history, self._viewer.user_id, self._read
        now = await answered(history.read_state(user_id))
        if now.number == before.number:
            return []
        self._read = now
        marks = []
        if now.up_to_since > before.number:
            marks.append(_mark(now.up_to_ns, up_to=now.up_to))
        single = await answered(history.read_since(user_id, before.number, now.number))
        return marks + [_mark(read_ns, ids) for read_ns, ids in single.items()]

    async def _present_rules(self) -> list[Rule]:
        """Return the rules that select what is shown, read again after RULES_READ_S."""
        now, user_id = self._parts.clock.monotonic(), self._viewer.user_id
        if not self._rules or now >= self._rules_at + RULES_READ_S:
            stored = await answered(self._parts.choices.rules(user_id))
            self._rules = in_app_rules(user_id, map(rule_from_proto, stored))
            self._rules_at = now
        return self._rules

    def _observe(self, one: Notification) -> None:
        if one.sequence > self._live_after:
            delay_ns = self._parts.clock.now_ns() - one.draft.occurred_ns
            _sent.observe(max(0, delay_ns) / NS_PER_S)

    def _cursor(self) -> stream_pb2.Cursor:
        return cursor(self._epoch, self._sequence)


def _selected(shown: Iterable[Shown], rules: Iterable[Rule]) -> list[Shown]:
    every = list(rules)
    return [one for one in shown if _selects(every, one.notification.draft)]


def _selects(rules: Iterable[Rule], draft: Draft) -> bool:
    return any(rule.selects(draft) for rule in rules)


def item_of(one: Notification, read_ns: int = 0) -> Item:
    """Make the item of a new notification."""
    return Item(event=to_proto(Shown(one, read_ns)))


def _mark(read_ns: int, ids: Iterable[str] = (), up_to: int = 0) -> Item:
    read = notification_pb2.NotificationsRead(
        notification_ids=ids, up_to_sequence=up_to, read_at=to_timestamp(read_ns)
    )
    return Item(read=read)
