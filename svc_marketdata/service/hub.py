"""The hub: delivers changed channels to subscribers."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from svc_marketdata.service.channels import AnyForm, Channel, Encoder, Topic
from svc_marketdata.service.delivery.frames import Frame
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.delivery.pace import Pace
from svc_marketdata.service.groups import (
    ConflatingGroup,
    EveryEventGroup,
    Group,
    Subscriber,
    snapshot_frames,
    tick_each,
)
from svc_marketdata.service.limits import Limits


@dataclass(frozen=True, slots=True)
class Opening:
    """The first frames of a subscriber."""

    frames: list[Frame]
    item_count: int
    high_water: int


class IntervalTimer:
    """One timer for all groups of one interval; it sleeps while nothing changes."""

    def __init__(self, interval_ms: int) -> None:
        self.interval_s = interval_ms / 1000
        self.groups: list[ConflatingGroup] = []
        self._last = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """Fire as soon as an interval has passed since the last time."""
        if self._handle is None:
            loop = asyncio.get_running_loop()
            at = max(loop.time(), self._last + self.interval_s)
            self._handle = loop.call_at(at, self._fire)

    def close(self) -> None:
        """Stop."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        self._last = asyncio.get_running_loop().time()
        tick_each(self.groups)


class Hub:
    """All channels and groups of the process.

    Changes are announced with ``touch`` and handed to the groups by ``flush``, both called by the
    feed without an await between, so that no subscriber sees a part of a venue's frame. The
    groups deliver them at once, or together with those of the next frames under load (``Pace``).
    """

    def __init__(self, encoder: Encoder, limits: Limits, epoch: str) -> None:
        self.limits = limits
        self.epoch = epoch
        self.channels: dict[tuple[str, Topic], Channel] = {}
        self.subscribers: dict[Subscriber, None] = {}
        self.updates_published = 0
        self._encoder = encoder
        self._groups: dict[Interest, ConflatingGroup | EveryEventGroup] = {}
        self._timers: dict[int, IntervalTimer] = {}
        self._dirty: dict[Channel, int] = {}
        self._due: dict[Group, None] = {}
        """Groups with news for their readers, which they deliver together."""
        self._pace = Pace(self._deliver, limits.delivery_pause_s_max)

    @property
    def group_count(self) -> int:
        """Distinct interests being served."""
        return len(self._groups)

    def add_channel(self, name: str, topic: Topic, venue_mic: str, source: object) -> Channel:
        """Create a channel and attach it to the groups that want it."""
        channel = Channel(name, topic, venue_mic, source, self._encoder)
        self.channels[name, topic] = channel
        for group in self._groups.values():
            if group.interest.wants(channel):
                group.attach(channel)
        return channel

    def touch(self, channel: Channel) -> None:
        """Announce that the value of a channel changed."""
        # In one place, for every change of every channel: most have no readers.
        if not channel.groups:
            self.updates_published += 1
        elif channel not in self._dirty:
            self._dirty[channel] = channel.sequence
        channel.sequence += 1
        if channel.values:
            channel.values.clear()
            channel.items.clear()
        for group in channel.every:
            group.collect(channel)

    def flush(self) -> None:
        """Hand the announced changes to the groups, which deliver them."""
        if not self._dirty:
            return
        dirty, self._dirty = self._dirty, {}
        groups: dict[Group, None] = {}
        published = 0
        for channel, before in dirty.items():
            published += channel.sequence - before
            for group in channel.groups:
                group.note(channel, before)
                groups[group] = None
        self.updates_published += published
        for group in groups:
            if isinstance(group, ConflatingGroup) and group.at_tick_only:
                self._timers[group.interest.interval_ms].arm()
            else:
                self._due[group] = None
        if self._due:
            self._pace.due()

    def _deliver(self) -> None:
        due, self._due = self._due, {}
        tick_each(due)

    def open(self, subscriber: Subscriber, interest: Interest) -> Opening:
        """Subscribe, or change the subscription of a subscriber.

        The frames are the pending updates of the channels the subscriber keeps, then the
        snapshot of the new channels. All later updates come by ``take``.
        """
        self.flush()
        old = subscriber.group
        rest: list[Frame] = []
        had: set[tuple[Channel, AnyForm]] = set()
        if old is not None:
            had = {(channel, old.interest.form_of(channel)) for channel in old.channels}
            rest = old.leave(subscriber)
            self._drop_if_empty(old)
        group = self._group(interest)
        fresh = [c for c in group.channels if (c, interest.form_of(c)) not in had]
        frames, count = snapshot_frames(fresh, interest, self.limits.frame_bytes_max)
        group.join(subscriber)
        if isinstance(group, ConflatingGroup) and group.at_tick_only and group.changes:
            self._timers[interest.interval_ms].arm()
        self.subscribers[subscriber] = None
        return Opening(rest + frames, count, group.total)

    def close(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        self.subscribers.pop(subscriber, None)
        group = subscriber.group
        if group is not None:
            group.leave(subscriber)
            self._drop_if_empty(group)

    def high_water(self, subscriber: Subscriber) -> int:
        """Sum of the channel sequences the subscriber has received."""
        group = subscriber.group
        return group.high_water(subscriber) if group is not None else subscriber.high_water

    def total(self, channels: Iterable[Channel]) -> int:
        """Sum of the sequences of channels that count."""
        return sum(channel.sequence for channel in channels if channel.counted)

    def _group(self, interest: Interest) -> ConflatingGroup | EveryEventGroup:
        group = self._groups.get(interest)
        if group is not None:
            return group
        if interest.mode is Mode.EVERY_EVENT:
            group = EveryEventGroup(interest, self.limits)
        else:
            group = ConflatingGroup(interest, self.limits.frame_bytes_max)
            if group.at_tick_only:
                timer = self._timers.get(interest.interval_ms)
                if timer is None:
                    timer = self._timers[interest.interval_ms] = IntervalTimer(interest.interval_ms)
                timer.groups.append(group)
                group.arm = timer.arm
        for channel in self._candidates(interest):
            if interest.wants(channel):
                group.attach(channel)
        self._groups[interest] = group
        return group

    def _candidates(self, interest: Interest) -> Iterable[Channel]:
        """Channels an interest may want: venues first, so readers know which prices are live."""
        venues = [c for c in self.channels.values() if c.topic is Topic.VENUE]
        if interest.instruments is None:
            return venues + [c for c in self.channels.values() if c.topic is not Topic.VENUE]
        topics = interest.topics_read()
        names = [(name, topic) for name in sorted(interest.instruments) for topic in topics]
        names += [(key, Topic.CONSOLIDATED_BOOK) for key in sorted(interest.keys or ())]
        return venues + [c for name in names if (c := self.channels.get(name)) is not None]

    def _drop_if_empty(self, group: Group) -> None:
        if group.members:
            return
        group.detach_all()
        self._groups.pop(group.interest, None)
        self._due.pop(group, None)
        if isinstance(group, ConflatingGroup) and group.at_tick_only:
            timer = self._timers[group.interest.interval_ms]
            timer.groups.remove(group)
            if not timer.groups:
                timer.close()
                del self._timers[group.interest.interval_ms]
