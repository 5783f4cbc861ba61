"""Deliveries at their limits: a full queue at a change of subscription, a group that fails."""

import pytest

from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.market import InstrumentMarket
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits

NAME = "ASML.SIMA"
QUEUE_UPDATES_MAX = 4
EVERY_QUOTE = Interest(frozenset({Topic.QUOTE}), mode=Mode.EVERY_EVENT)
BROKEN_DEPTH = 3


class AfterThePause:
    """A pace whose pause is never over by itself."""

    def due(self):
        pass


class Broken(ProtoEncoder):
    """Cannot serialise books of one depth while ``fails`` is set."""

    fails = False

    def value(self, source, topic, form):
        if self.fails and form == BROKEN_DEPTH:
            raise ValueError("a value that cannot be serialised")
        return super().value(source, topic, form)


class Scene:
    """A hub with one listing; the test says when it delivers."""

    def __init__(self):
        self.encoder = Broken()
        limits = Limits(delivery_pause_s_max=0, subscriber_queue_updates_max=QUEUE_UPDATES_MAX)
        self.hub = Hub(self.encoder, limits, "epoch")
        self.hub._pace = AfterThePause()
        market = InstrumentMarket(NAME, "SIMA")
        market.told = True
        self.channels = [
            self.hub.add_channel(NAME, topic, "SIMA", market) for topic in (Topic.QUOTE, Topic.BOOK)
        ]

    def open(self, interest):
        reader = Subscriber()
        self.hub.open(reader, interest)
        return reader

    def update(self, count=1):
        for _ in range(count):
            for channel in self.channels:
                self.hub.touch(channel)
        self.hub.flush()


def sequences(frames):
    items = [item for frame in frames for item in pb.WatchResponse.FromString(frame.data).items]
    return [item.update.sequence for item in items if not item.update.snapshot]


@pytest.mark.parametrize("mode", list(Mode))
async def test_who_changes_its_subscription_with_a_full_queue_loses_nothing(mode):
    """What waits is written with the answer, so the limit of the queue does not count."""
    scene = Scene()
    changes, stays = scene.open(EVERY_QUOTE), scene.open(EVERY_QUOTE)
    scene.update(QUEUE_UPDATES_MAX)
    scene.hub._deliver()
    scene.update(2)
    interval_ms = 50 if mode is Mode.INTERVAL else 0
    topics = frozenset({Topic.QUOTE, Topic.BOOK})
    opening = scene.hub.open(changes, Interest(topics, mode=mode, interval_ms=interval_ms))
    assert sequences(opening.frames) == [1, 2, 3, 4, 5, 6]
    assert not changes.overflowed
    # Six quotes, and the book in the snapshot with its six changes.
    assert (opening.high_water, changes.high_water) == (12, 12)
    # A reader that stays has the limit; its cursor is what it has received.
    assert stays.overflowed
    assert (scene.hub.high_water(stays), list(stays.outbox)) == (0, [])
    for reader in (changes, stays):
        scene.hub.close(reader)


def deliver_pass(scene):
    scene.hub._deliver()


def deliver_interval(scene):
    (timer,) = scene.hub._timers.values()
    timer.close()
    timer._fire()


@pytest.mark.parametrize(
    ("mode", "interval_ms", "deliver"),
    [(Mode.LATEST_ON_READY, 0, deliver_pass), (Mode.INTERVAL, 50, deliver_interval)],
)
@pytest.mark.parametrize("broken", [[0], [1], [2], [0, 2], [0, 1, 2]])
async def test_a_group_that_fails_delays_no_other(mode, interval_ms, deliver, broken):
    scene = Scene()
    depths = [BROKEN_DEPTH if place in broken else 10 for place in range(3)]
    readers = []
    for place, depth in enumerate(depths):
        topics, names = frozenset({Topic.BOOK, Topic.QUOTE}), frozenset({NAME, f"{place}.SIMA"})
        reader = scene.open(
            Interest(topics, names, depth=depth, mode=mode, interval_ms=interval_ms)
        )
        reader.group.waiting[reader] = None
        readers.append(reader)
    scene.encoder.fails = True
    scene.update()
    with pytest.raises((ValueError, ExceptionGroup)) as failed:
        deliver(scene)
    failures = getattr(failed.value, "exceptions", [failed.value])
    assert [str(one) for one in failures] == ["a value that cannot be serialised"] * len(broken)
    assert [bool(reader.outbox) for reader in readers] == [
        depth != BROKEN_DEPTH for depth in depths
    ]
    scene.encoder.fails = False
    for reader in readers:
        scene.hub.close(reader)
