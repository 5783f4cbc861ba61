"""Conflation against its law: the last value always arrives and the counts add up."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.listing import Venue
from svc_marketdata.domain.market import DayStatistics, InstrumentMarket
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits

READERS_MAX = 8
NAMES = [f"S{n}.SIMA" for n in range(4)]


class Reader:
    """A subscriber of the hub that checks the law as it reads."""

    def __init__(self, hub, interest):
        self.hub = hub
        self.subscriber = Subscriber()
        self.sequences: dict[str, int] = {}
        self.values: dict[str, str] = {}
        self.reading: asyncio.Task | None = None
        self.interest = None
        self.subscribe(interest)

    def subscribe(self, interest):
        # The stream's own task is the only one that changes its subscription.
        if self.reading is not None and self.reading.done():
            self.read(self.reading.result().data)
            self.reading = None
        elif self.reading is not None:
            self.stop_reading()
        opening = self.hub.open(self.subscriber, interest)
        # What it had not read of the old subscription may be conflated still.
        self.interest = None
        for frame in opening.frames:
            self.read(frame.data)
        self.interest = interest
        for name in list(self.sequences):
            if name not in (interest.instruments or NAMES):
                del self.sequences[name], self.values[name]
        self.check_high_water()

    def stop_reading(self):
        self.reading.cancel()
        self.reading = None

    def read(self, data):
        for item in pb.WatchResponse.FromString(data).items:
            update = item.update
            name = update.instrument_id
            if update.snapshot:
                self.sequences[name] = update.sequence
            else:
                expected = self.sequences.get(name, 0) + 1 + update.conflated_updates
                assert update.sequence == expected, (name, update.sequence, expected)
                if self.interest is not None and self.interest.mode is Mode.EVERY_EVENT:
                    assert update.conflated_updates == 0
                self.sequences[name] = update.sequence
            self.values[name] = update.quote.volume

    def check_high_water(self):
        if not self.subscriber.outbox:
            assert self.hub.high_water(self.subscriber) == sum(self.sequences.values())

    async def read_what_is_there(self):
        """Take frames until none is ready; then leave the reader waiting, or busy."""
        while True:
            if self.reading is None:
                self.reading = asyncio.create_task(self.subscriber.take())
            for _ in range(3):
                await asyncio.sleep(0)
            if not self.reading.done():
                return
            frame = self.reading.result()
            self.reading = None
            assert frame is not None
            self.read(frame.data)
            self.check_high_water()


def interests():
    return st.builds(
        lambda mode, names, ms: Interest(
            topics=frozenset({Topic.QUOTE}),
            instruments=frozenset(names) if names else None,
            mode=mode,
            interval_ms=ms if mode is Mode.INTERVAL else 0,
        ),
        st.sampled_from(list(Mode)),
        st.sets(st.sampled_from(NAMES)),
        st.sampled_from([50, 100]),
    )


steps = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.lists(st.sampled_from(NAMES), min_size=1, max_size=6)),
        st.tuples(st.just("read"), st.integers(0, 3)),
        st.tuples(st.just("busy"), st.integers(0, 3)),
        st.tuples(st.just("join"), interests()),
        st.tuples(st.just("resubscribe"), st.tuples(st.integers(0, 3), interests())),
        st.tuples(st.just("timer"), st.none()),
        st.tuples(st.just("pause_over"), st.none()),
    ),
    max_size=60,
)


class ByHand:
    """A pace that pauses until the script says that the pause is over."""

    def due(self):
        pass


class Scene:
    """A hub with readers, moved by a script."""

    def __init__(self, first, pauses):
        self.hub = Hub(ProtoEncoder(), Limits(delivery_pause_s_max=0), "epoch")
        if pauses:
            self.hub._pace = ByHand()
        self.markets = {name: InstrumentMarket(name, "SIMA") for name in NAMES}
        self.channels = {
            name: self.hub.add_channel(name, Topic.QUOTE, "SIMA", market)
            for name, market in self.markets.items()
        }
        self.hub.add_channel("SIMA", Topic.VENUE, "SIMA", Venue("SIMA"))
        self.readers = [Reader(self.hub, first)]
        self.count = 0

    async def change(self, names):
        for name in names:
            self.count += 1
            statistics = DayStatistics(volume=str(self.count))
            self.markets[name].tell_statistics(statistics, 1, self.count)
            self.hub.touch(self.channels[name])
        self.hub.flush()

    async def join(self, interest):
        if len(self.readers) < READERS_MAX:
            self.readers.append(Reader(self.hub, interest))

    async def timer(self, _=None):
        for timer in self.hub._timers.values():
            timer.close()
            timer._fire()

    async def pause_over(self, _=None):
        """As if the pause after the last delivery were over."""
        self.hub._deliver()

    async def resubscribe(self, what):
        index, interest = what
        self.readers[index % len(self.readers)].subscribe(interest)

    async def read(self, index):
        await self.readers[index % len(self.readers)].read_what_is_there()

    async def busy(self, index):
        """As if the reader were stuck in a write: it no longer waits for a frame."""
        reader = self.readers[index % len(self.readers)]
        if reader.reading is not None and not reader.reading.done():
            reader.stop_reading()
            await asyncio.sleep(0)
            reader.subscriber.group.waiting.pop(reader.subscriber, None)

    async def settle(self):
        for _ in range(3):
            for reader in self.readers:
                await reader.read_what_is_there()
            await self.timer()
            await self.pause_over()
        for reader in self.readers:
            await reader.read_what_is_there()

    def check(self, reader):
        """The reader has the last value of everything it asked for."""
        for name in reader.interest.instruments or NAMES:
            sequence = self.channels[name].sequence
            assert reader.sequences.get(name, 0) == sequence
            if sequence:
                assert reader.values[name] == self.markets[name].quote.day.volume
        assert not reader.subscriber.outbox

    async def close(self):
        for reader in self.readers:
            reader.stop_reading()
            self.hub.close(reader.subscriber)
        await asyncio.sleep(0)
        assert self.hub.group_count == 0
        assert all(not channel.groups for channel in self.channels.values())


async def run(script, first, pauses):
    scene = Scene(first, pauses)
    for step, what in script:
        await getattr(scene, step)(what)
    await scene.settle()
    for reader in scene.readers:
        scene.check(reader)
    await scene.close()


@settings(deadline=None, max_examples=300)
@given(steps, interests(), st.booleans())
def test_the_last_value_arrives_and_the_counts_add_up(script, first, pauses):
    asyncio.run(run(script, first, pauses))
