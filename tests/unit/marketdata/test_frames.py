"""Frames that wait for one reader, joined into one write."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.market import InstrumentMarket
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.frames import Frame, FrameJoiner
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits


class Bench:
    """A hub with one listing and readers of its every event."""

    def __init__(self, readers=1, **limits):
        self.hub = Hub(ProtoEncoder(), Limits(delivery_pause_s_max=0, **limits), "epoch")
        self.market = InstrumentMarket("ASML.SIMA", "SIMA")
        self.channel = self.hub.add_channel("ASML.SIMA", Topic.QUOTE, "SIMA", self.market)
        self.readers = [Subscriber() for _ in range(readers)]
        interest = Interest(frozenset({Topic.QUOTE}), mode=Mode.EVERY_EVENT)
        for reader in self.readers:
            self.hub.open(reader, interest)

    def tick(self, updates=1):
        self.market.told = True
        for _ in range(updates):
            self.hub.touch(self.channel)
        self.hub.flush()


def sequences(frame):
    return [item.update.sequence for item in pb.WatchResponse.FromString(frame.data).items]


async def test_what_waits_for_a_reader_goes_in_one_write_and_in_order():
    bench = Bench()
    (reader,) = bench.readers
    bench.tick()
    assert sequences(await reader.take()) == [1]
    for updates in (2, 1, 3):
        bench.tick(updates)
    frame = await reader.take()
    assert sequences(frame) == [2, 3, 4, 5, 6, 7]
    assert frame.item_count == 6
    assert (reader.queued_updates, reader.high_water) == (0, 7)
    assert bench.hub.high_water(reader) == 7


async def test_a_write_is_no_larger_than_its_limit():
    bench = Bench()
    bench.tick()
    size = len((await bench.readers[0].take()).data)
    bench = Bench(joined_bytes_max=2 * size + 1)
    (reader,) = bench.readers
    for updates in (1, 1, 1, 5, 1):
        bench.tick(updates)
    frames = [await reader.take() for _ in range(4)]
    # A frame that is larger by itself goes as it is.
    assert [sequences(frame) for frame in frames] == [[1, 2], [3], [4, 5, 6, 7, 8], [9]]
    assert reader.high_water == 9


async def test_readers_at_one_place_share_the_joined_bytes():
    bench = Bench(readers=3)
    bench.tick()
    ahead, *others = bench.readers
    await ahead.take()
    bench.tick()
    bench.tick()
    joined = [await reader.take() for reader in others]
    assert joined[0].data is joined[1].data
    assert sequences(joined[0]) == [1, 2, 3]
    assert sequences(await ahead.take()) == [2, 3]


async def test_a_reader_beyond_its_bound_is_ended_all_the_same():
    bench = Bench(subscriber_queue_updates_max=10)
    (reader,) = bench.readers
    for _ in range(11):
        bench.tick()
    assert reader.overflowed
    assert await reader.take() is None


@given(
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=30),
    st.lists(st.integers(0, 9), min_size=1, max_size=10),
    st.integers(0, 40),
)
def test_nothing_is_lost_or_said_twice_however_frames_are_joined(sizes, batches, limit):
    frames = [
        Frame(bytes([n]) * size, size, n + 1 if ends else 0) for n, (size, ends) in enumerate(sizes)
    ]
    joiner, outbox, rest = FrameJoiner(limit), deque(), deque(frames)
    taken, high_water = [], 0
    for arrived in [*batches, len(frames)]:
        for _ in range(min(arrived, len(rest))):
            outbox.append(rest.popleft())
        if outbox:
            taken.append(joiner.take(outbox))
            high_water = taken[-1].high_water or high_water
            seen = sum(frame.item_count for frame in taken)
            marks = [f.high_water for n, f in enumerate(frames) if _end(frames, n) <= seen]
            assert high_water == next((h for h in reversed(marks) if h), 0)
            assert len(taken[-1].data) <= limit or taken[-1] in frames
    while outbox:
        taken.append(joiner.take(outbox))
    assert b"".join(f.data for f in taken) == b"".join(f.data for f in frames)
    assert sum(f.item_count for f in taken) == sum(f.item_count for f in frames)


def _end(frames, place):
    return sum(frame.item_count for frame in frames[: place + 1])
