"""Groups of subscribers with the same interest, and how each gets its frames.

Subscribers with the same interest get the same bytes. A group works in *ticks*: frames of
venues were applied and the hub delivers (EVERY_EVENT, LATEST_ON_READY), or the shared timer
fired (INTERVAL).
A ``Position`` is a point in the group's past together with the channels that changed
since, each with its sequence at that point. A reader at that position needs the latest
value of those channels, and the number of updates left out is known exactly. All readers
that keep up share one position, hence one frame. A reader that did not take its frame
stays at its position, costs one dictionary with at most one entry per channel, and is
served from there when it is ready; no other reader waits for it.

EVERY_EVENT groups collect each update as it happens and hand the joined bytes to the
bounded queue of each subscriber. The frames that wait there are sent in one write when the
reader is ready.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from typing_extensions import override

from svc_marketdata.service.channels import AnyForm, Channel, Topic
from svc_marketdata.service.delivery.frames import Frame, FrameBuilder, FrameJoiner
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.limits import Limits


class Position:
    """A point in a group's past."""

    __slots__ = ("before", "behind", "frames", "users")

    def __init__(self) -> None:
        self.users = 0
        self.before: dict[Channel, int] = {}
        """Channels that changed since, with the sequence each had then."""
        self.behind = False
        """True if a tick has passed since."""
        self.frames: list[Frame] | None = None

    def fold(self, changes: dict[Channel, int]) -> None:
        """Add the changes of a tick."""
        if self.before:
            for channel, sequence in changes.items():
                self.before.setdefault(channel, sequence)
        else:
            self.before = changes.copy()
        self.behind = True
        self.frames = None


class Subscriber:
    """A stream that receives from the hub. Used by one task; see ``take``."""

    __slots__ = ("attention", "group", "high_water", "outbox", "overflowed", "position",
                 "queued_updates", "waiter")  # fmt: skip

    def __init__(self) -> None:
        self.group: Group | None = None
        self.position: Position | None = None
        self.outbox: deque[Frame] = deque()
        self.queued_updates = 0
        self.high_water = 0
        """Sum of the channel sequences this subscriber has received."""
        self.overflowed = False
        self.attention = False
        """True if the owner must look at something besides frames; the owner clears it."""
        self.waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Wake ``take``."""
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def call(self) -> None:
        """Ask for attention."""
        self.attention = True
        self.wake()

    async def take(self) -> Frame | None:
        """Wait for the next frame.

        Returns:
            The frame, or None when ``attention`` or ``overflowed`` is set.
        """
        while True:
            if self.attention or self.overflowed:
                return None
            if not self.outbox and self.group is not None:
                self.group.serve_now(self)
            if self.outbox:
                frame = self._next()
                self.queued_updates -= frame.item_count
                self.high_water = frame.high_water or self.high_water
                return frame
            self.waiter = asyncio.get_running_loop().create_future()
            if self.group is not None:
                self.group.waiting[self] = None
            try:
                await self.waiter
            finally:
                self.waiter = None

    def _next(self) -> Frame:
        """Take the next frame, joined with those after it if the group joins frames."""
        outbox, joiner = self.outbox, self.group.joiner if self.group is not None else None
        return outbox.popleft() if joiner is None or len(outbox) == 1 else joiner.take(outbox)


class Group:
    """Subscribers with one interest; the base of both kinds."""

    def __init__(self, interest: Interest, frame_bytes_max: int) -> None:
        self.interest = interest
        self.channels: list[Channel] = []
        self.members: dict[Subscriber, None] = {}
        self.waiting: dict[Subscriber, None] = {}
        self.total = 0
        """Sum of the sequences of the channels that count."""
        self.frame_bytes_max = frame_bytes_max
        self.joiner: FrameJoiner | None = None

    def attach(self, channel: Channel) -> None:
        """Add a channel."""
        self.channels.append(channel)
        channel.groups.append(self)
        if channel.counted:
            self.total += channel.sequence

    def detach_all(self) -> None:
        """Remove all channels, after the last member has left."""
        for channel in self.channels:
            channel.groups.remove(self)
        self.channels.clear()

    def note(self, channel: Channel, before: int) -> None:
        """Note that a channel has changed since this sequence."""
        raise NotImplementedError

    def join(self, subscriber: Subscriber) -> None:
        """Add a subscriber that has just received a snapshot."""
        self.members[subscriber] = None
        subscriber.group = self
        subscriber.high_water = self.total

    def leave(self, subscriber: Subscriber) -> list[Frame]:
        """Remove a subscriber.

        Returns:
            The frames it has not received yet.
        """
        self.members.pop(subscriber, None)
        self.waiting.pop(subscriber, None)
        subscriber.group = None
        frames = list(subscriber.outbox)
        subscriber.outbox.clear()
        subscriber.queued_updates = 0
        return frames

    def tick(self) -> None:
        """Deliver."""
        raise NotImplementedError

    def serve_now(self, subscriber: Subscriber) -> None:
        """Put frames that are due at once into the subscriber's outbox."""

    def high_water(self, subscriber: Subscriber) -> int:
        """Sum of the channel sequences the subscriber has received."""
        return subscriber.high_water

    def _wake_waiting(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for subscriber in waiting:
            subscriber.wake()


class ConflatingGroup(Group):
    """Latest values: on ready, or at a shared interval."""

    def __init__(self, interest: Interest, frame_bytes_max: int) -> None:
        super().__init__(interest, frame_bytes_max)
        self.changes: dict[Channel, int] = {}
        """Channels that changed since the last tick, with the sequence each had then."""
        self.current = Position()
        self.positions: set[Position] = set()
        self.at_tick_only = interest.mode is Mode.INTERVAL
        self.arm: Callable[[], None] | None = None
        """Starts the interval's timer."""

    @override
    def note(self, channel: Channel, before: int) -> None:
        self.changes.setdefault(channel, before)
        if channel.counted:
            self.total += channel.sequence - before

    @override
    def join(self, subscriber: Subscriber) -> None:
        super().join(subscriber)
        if not self.changes:
            self._move(subscriber, self.current)
            return
        # The snapshot contains these changes already: start from its sequences, at a position
        # of its own.
        position = Position()
        position.before = {channel: channel.sequence for channel in self.changes}
        self._move(subscriber, position)

    @override
    def leave(self, subscriber: Subscriber) -> list[Frame]:
        position = subscriber.position
        frames: list[Frame] = []
        if position is not None:
            pending = Position()
            pending.before = position.before | {
                channel: sequence
                for channel, sequence in self.changes.items()
                if channel not in position.before
            }
            frames = self._build(pending)
            self._release(subscriber)
        return super().leave(subscriber) + frames

    def _fold(self) -> None:
        """Have the changes of a tick in every position."""
        if self.changes:
            for position in self.positions:
                position.fold(self.changes)
            self.changes = {}
            self.current = Position()

    def tick(self) -> None:
        """Send the latest values to all ready subscribers, built once per position."""
        self._fold()
        current = self.current
        for subscriber in self.waiting:
            held = subscriber.position
            assert held is not None
            if held.behind:
                if held.frames is None:
                    held.frames = self._build(held)
                subscriber.outbox.extend(held.frames)
                self._move(subscriber, current)
        self._wake_waiting()

    def serve_now(self, subscriber: Subscriber) -> None:
        """Serve a slow reader that is ready now; in INTERVAL mode only the timer does."""
        position = subscriber.position
        if position is None or not position.behind:
            return
        if self.at_tick_only:
            if self.arm is not None:
                self.arm()
            return
        # It gets the changes of the next tick too: the values that are sent contain them.
        self._fold()
        if position.frames is None:
            position.frames = self._build(position)
        subscriber.outbox.extend(position.frames)
        self._move(subscriber, self.current)

    @override
    def high_water(self, subscriber: Subscriber) -> int:
        if subscriber.outbox:
            return subscriber.high_water
        before = subscriber.position.before if subscriber.position else {}
        pending = sum(c.sequence - base for c, base in before.items() if c.counted)
        pending += sum(
            c.sequence - base for c, base in self.changes.items() if c.counted and c not in before
        )
        return self.total - pending

    def _build(self, position: Position) -> list[Frame]:
        builder = FrameBuilder(self.frame_bytes_max)
        form_of = self.interest.form_of
        for channel, base in position.before.items():
            builder.add(*channel.items_since(form_of(channel), base))
        return builder.finish(self.total)

    def _move(self, subscriber: Subscriber, position: Position) -> None:
        self._release(subscriber)
        subscriber.position = position
        if not position.users:
            self.positions.add(position)
        position.users += 1

    def _release(self, subscriber: Subscriber) -> None:
        position = subscriber.position
        if position is None:
            return
        position.users -= 1
        if not position.users:
            self.positions.discard(position)
        subscriber.position = None


class EveryEventGroup(Group):
    """Each update, in order; the stream of a reader that is too slow ends."""

    def __init__(self, interest: Interest, limits: Limits) -> None:
        super().__init__(interest, limits.frame_bytes_max)
        self.queue_updates_max = limits.subscriber_queue_updates_max
        self.joiner = FrameJoiner(limits.joined_bytes_max)
        self._builder = FrameBuilder(limits.frame_bytes_max)
        self._forms: dict[Channel, AnyForm] = {}

    def attach(self, channel: Channel) -> None:
        """Add a channel and collect each of its updates."""
        super().attach(channel)
        self._forms[channel] = self.interest.form_of(channel)
        channel.every.append(self)

    @override
    def detach_all(self) -> None:
        for channel in self.channels:
            channel.every.remove(self)
        self._forms.clear()
        super().detach_all()

    @override
    def join(self, subscriber: Subscriber) -> None:
        # The snapshot that the subscriber has contains what was collected.
        self.tick()
        super().join(subscriber)

    @override
    def leave(self, subscriber: Subscriber) -> list[Frame]:
        # Who leaves takes what was collected along: it does not wait in the queue, whose limit
        # could otherwise drop all that the subscriber has not received.
        frames = self._builder.finish(self.total)
        rest = super().leave(subscriber)
        self._hand_out(frames)
        return rest if subscriber.overflowed else rest + frames

    def collect(self, channel: Channel) -> None:
        """Add the current value of a channel that has just changed."""
        self._builder.add(channel.item(self._forms[channel]))

    @override
    def note(self, channel: Channel, before: int) -> None:
        if channel.counted:
            self.total += channel.sequence - before

    def tick(self) -> None:
        """Deliver the collected updates to all members."""
        self._hand_out(self._builder.finish(self.total))

    def _hand_out(self, frames: list[Frame]) -> None:
        if not frames:
            return
        updates = sum(frame.item_count for frame in frames)
        limit = self.queue_updates_max
        for subscriber in self.members:
            if subscriber.overflowed:
                continue
            if subscriber.queued_updates + updates > limit and subscriber.queued_updates:
                subscriber.overflowed = True
                subscriber.outbox.clear()
                subscriber.queued_updates = 0
                subscriber.wake()
                continue
            subscriber.outbox.extend(frames)
            subscriber.queued_updates += updates
        self._wake_waiting()


def tick_each(groups: Iterable[Group]) -> None:
    """Let each group deliver, also after one that fails; then raise what failed."""
    failures: list[Exception] = []
    for group in groups:
        try:
            group.tick()
        except Exception as error:  # noqa: BLE001  raised below, after the others are served
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise ExceptionGroup("groups that could not deliver", failures)


def snapshot_frames(
    channels: Iterable[Channel], interest: Interest, frame_bytes_max: int
) -> tuple[list[Frame], int]:
    """Serialise the present value of each channel, marked as snapshot.

    Returns:
        The frames, and how many updates or listings they hold.
    """
    builder = FrameBuilder(frame_bytes_max)
    count = 0
    for channel in channels:
        if not interest.opens_with(channel):
            continue
        item = channel.item(interest.form_of(channel), snapshot=True)
        builder.add(item)
        if item and channel.topic is not Topic.VENUE:
            count += 1
    return builder.finish(0), count
